//! Whether an integration works, told in words.

use docket::{
    connectors::{Check, Connector, JiraCredentials, http::Http, jira::Jira},
    sandbox::{Action, Fault, Operation, Options, Site},
};

use super::{Bench, config, jira, settings};

#[tokio::test]
async fn a_working_integration_names_its_account() {
    let bench = Bench::new().await;
    let check = Connector::Jira(bench.jira).check().await;
    assert!(check.ok, "{check:?}");
    assert_eq!(check.account.as_deref(), Some("Demo Account"));
    assert_eq!(check.problems, []);
}

#[tokio::test]
async fn a_wrong_token_is_one_problem_and_one_call() {
    let bench = Bench::new().await;
    let check = jira(&bench.sandbox.url(), &settings(), "wrong")
        .check()
        .await;
    assert!(!check.ok && check.account.is_none());
    assert_eq!(check.problems.len(), 1, "{check:?}");
    let problem = &check.problems[0];
    assert!(
        problem.message.contains("account or token")
            && problem
                .recommended_action
                .contains("an API token on Jira Cloud")
            && problem
                .recommended_action
                .ends_with("Then test the integration again."),
        "{check:?}"
    );
    assert_eq!(bench.sandbox.requests().len(), 1);
}

#[tokio::test]
async fn a_missing_project_and_missing_permissions_are_told() {
    let bench = Bench::new().await;
    let http = Http::new(&settings()).unwrap();
    let credentials = JiraCredentials::new(Options::EMAIL, Options::TOKEN.into()).unwrap();
    let of = |project| Jira::new(&http, &config(&bench.sandbox.url(), project), &credentials);
    let missing = of("NOPE").check().await;
    assert_eq!(missing.problems.len(), 1, "{missing:?}");
    assert!(missing.problems[0].message.contains("NOPE"), "{missing:?}");
    assert!(of("").check().await.ok);

    let site = Site::demo().without_permission("CREATE_ISSUES");
    let bench = Bench::with(
        Options {
            site,
            ..Options::default()
        },
        &settings(),
    )
    .await;
    let check = bench.jira.check().await;
    assert!(!check.ok);
    assert_eq!(
        texts(&check),
        ["docket's Jira account may not create issues in the project DEMO."]
    );
}

#[tokio::test]
async fn an_outage_is_told() {
    let bench = Bench::new().await;
    bench
        .sandbox
        .order(Fault::on(Operation::Myself, Action::status(503)));
    let check = bench.jira.check().await;
    assert_eq!(
        texts(&check),
        ["Jira has a problem of its own (status 503)."]
    );
}

fn texts(check: &Check) -> Vec<&str> {
    check
        .problems
        .iter()
        .map(|problem| problem.message.as_str())
        .collect()
}
