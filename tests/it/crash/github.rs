//! Single tickets on their way to GitHub while the processes that hand them over are killed: each becomes one issue, found by its mark.

use std::{collections::BTreeMap, time::Duration};

use docket::proto::v1::{self, credentials::Platform as Secret, integration::Config};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use rstest::rstest;
use tokio::time::sleep;

use super::{
    office::Office,
    process::{Docket, until},
    random::{kills, number},
};
use crate::{
    outside::github::{Github, ISSUES, TOKEN},
    support::database::Kind,
};

/// How long GitHub takes before it makes an issue, and before it answers.
const LATENCY: Duration = Duration::from_millis(50);

async fn integrate(office: &Office, process: &Docket, github: &Github) -> String {
    let request = v1::CreateIntegrationRequest {
        integration: Some(v1::Integration {
            name: "GitHub".to_owned(),
            enabled: true,
            config: Some(Config::Github(v1::GithubConfig {
                owner: "acme".to_owned(),
                repository: "app".to_owned(),
                api_url: github.stand_in.url.clone(),
                ..Default::default()
            })),
            ..Default::default()
        }),
        credentials: Some(v1::Credentials {
            platform: Some(Secret::Github(v1::GithubCredentials {
                token: TOKEN.to_owned(),
                ..Default::default()
            })),
        }),
        ..Default::default()
    };
    let mut integrations = office.integrations(process);
    let made = integrations.create_integration(request).await;
    let made = made.expect("an integration").into_inner();
    made.integration.expect("an integration").id
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn any_number_of_kills_while_github_makes_an_issue_doubles_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (kills, seed) = (kills(), number("DOCKET_CRASH_SEED", 2026));
    println!("DOCKET_CRASH_KILLS={kills} DOCKET_CRASH_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let github = Github::start().await;
    github.stand_in.set_latency(LATENCY);
    let (office, process) = Office::open(kind, None).await;
    let integration = integrate(&office, &process, &github).await;
    let reach = || {
        let sent = || github.stand_in.asked_for(ISSUES).len();
        let begun = sent();
        // Before the issue is made, or before docket has read the answer.
        let moment = LATENCY.mul_f64(rng.random_range(0.0..2.0));
        async move {
            until("the ticket is sent", || sent() > begun).await;
            sleep(moment).await;
        }
    };
    let killed = office.kill_between(process, &integration, kills, reach);
    let (_process, ids, recovered) = killed.await;
    assert!(recovered > 0, "no kill has come between commit and answer");
    let mut marks: BTreeMap<String, u32> = BTreeMap::new();
    for issue in github.issues() {
        let body = issue["body"].as_str().expect("a body");
        let mark = body.rsplit_once("<!-- docket:").expect("a mark").1;
        *marks.entry(mark.to_owned()).or_default() += 1;
    }
    assert_eq!(marks.len(), ids.len(), "each ticket has its issue");
    assert!(marks.values().all(|count| *count == 1), "{marks:?}");
    println!(
        "crash: dispatch to GitHub: {kind:?}: {kills} kills, {recovered} hand-overs went on elsewhere: {} tickets have one issue each",
        ids.len(),
    );
}
