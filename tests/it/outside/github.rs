//! GitHub: issues of a repository, by its REST API's document.

use std::sync::{Arc, Mutex};

use docket::{
    connectors::{
        Connector, Credentials, GithubCredentials,
        outcome::{Outcome, Sought},
        parcel::ParcelFile,
    },
    domain::integration::{GithubConfig, PlatformConfig},
    error::Reason,
};
use serde_json::{Value, json};

use super::{
    connector, dispatch, parcel,
    stand_in::{Act, Asked, Reply, StandIn},
};

pub(crate) const TOKEN: &str = "ghp_planted_token";
pub(crate) const ISSUES: &str = "POST /repos/acme/app/issues";

/// A GitHub with one repository.
pub(crate) struct Github {
    pub(crate) stand_in: StandIn,
    pub(super) connector: Connector,
    issues: Arc<Mutex<Vec<Value>>>,
}

impl Github {
    pub(crate) async fn start() -> Self {
        let issues = Arc::<Mutex<Vec<Value>>>::default();
        let kept = Arc::clone(&issues);
        let stand_in = StandIn::start(move |asked| answer(asked, &kept)).await;
        let config = config(&stand_in.url);
        let credentials = GithubCredentials::new(TOKEN.into()).unwrap();
        let connector = connector(&config, &Credentials::Github(credentials));
        Self {
            stand_in,
            connector,
            issues,
        }
    }

    pub(crate) fn issues(&self) -> Vec<Value> {
        self.issues.lock().unwrap().clone()
    }
}

fn config(url: &str) -> PlatformConfig {
    PlatformConfig::Github(GithubConfig {
        owner: "acme".to_owned(),
        repository: "app".to_owned(),
        api_url: GithubConfig::api_url(url).unwrap(),
        labels: vec!["from docket".to_owned()],
    })
}

fn answer(asked: &Asked, issues: &Mutex<Vec<Value>>) -> Reply {
    if asked.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
        return Reply::json(401, &json!({ "message": "Bad credentials" }));
    }
    let mut issues = issues.lock().unwrap();
    match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/user") => Reply::json(200, &json!({ "login": "docket-bot", "id": 1 })),
        ("GET", "/repos/acme/app") => Reply::json(
            200,
            &json!({ "id": 1, "has_issues": true, "archived": false }),
        ),
        ("POST", "/repos/acme/app/issues") => {
            let number = issues.len() + 1;
            let given = asked.json();
            let issue = json!({
                "id": 9_000_000_000_u64 + number as u64,
                "number": number,
                "title": given["title"],
                "body": given["body"],
                "state": "open",
                "state_reason": null,
                "labels": given["labels"],
                "html_url": format!("https://github.com/acme/app/issues/{number}"),
                "url": format!("https://api.github.com/repos/acme/app/issues/{number}"),
                "created_at": chrono::Utc::now(),
            });
            issues.push(issue.clone());
            Reply::json(201, &issue)
        }
        ("GET", "/repos/acme/app/issues") => {
            let size: usize = asked.value("per_page").unwrap().parse().unwrap();
            let page: usize = asked.value("page").unwrap().parse().unwrap();
            let newest = issues.iter().rev().skip((page - 1) * size).take(size);
            Reply::json(200, &newest.cloned().collect())
        }
        _ => Reply::json(404, &json!({ "message": "Not Found" })),
    }
}

#[tokio::test]
async fn a_ticket_becomes_an_issue_that_mentions_nobody_and_bears_a_mark() {
    let github = Github::start().await;
    assert!(github.connector.check().await.ok);
    let parcel = parcel();
    let aim = github.connector.aim(&parcel).await.unwrap();
    let Outcome::Created(external) = dispatch(&github.connector, &parcel, &aim).await else {
        panic!("no issue");
    };
    assert_eq!(
        (external.key.as_str(), external.id.as_str()),
        ("1", "9000000001")
    );
    assert_eq!(external.url, "https://github.com/acme/app/issues/1");
    assert_eq!(external.project_key, "acme/app");
    assert_eq!(external.raw["state"], "open");
    let issue = &github.issues()[0];
    assert_eq!(issue["title"], parcel.title);
    assert_eq!(issue["labels"], json!(["from docket"]));
    let body = issue["body"].as_str().unwrap();
    assert!(
        body.starts_with("It **jams**, see #\u{200b}12. *@\u{200b}octocat* &lt;!channel\\>"),
        "{body}"
    );
    assert!(
        body.contains("TKT-000042") && body.contains("photo.png"),
        "{body}"
    );
    assert!(
        body.ends_with(&format!("<!-- docket:{} -->", parcel.key)),
        "{body}"
    );
    let asked = &github.stand_in.asked_for(ISSUES)[0];
    assert_eq!(asked.header("x-github-api-version"), Some("2022-11-28"));
    assert!(github.connector.takes_files().is_err());
}

#[tokio::test]
async fn an_issue_whose_answer_was_lost_is_found_by_its_mark() {
    let github = Github::start().await;
    let parcel = parcel();
    let aim = github.connector.aim(&parcel).await.unwrap();
    assert_eq!(github.connector.look(&parcel, &aim).await, Sought::Absent);
    github.stand_in.order(ISSUES, Act::DoAndDrop);
    let lost = dispatch(&github.connector, &parcel, &aim).await;
    assert!(matches!(lost, Outcome::Uncertain(_)), "{lost:?}");
    // Other people's issues lie above it, more than a page of them.
    for _ in 0..150 {
        let other = json!({
            "id": 1, "number": 5, "title": "Another", "body": "x", "state": "open", "created_at": chrono::Utc::now(),
        });
        github.issues.lock().unwrap().push(other);
    }
    let Sought::Found(external) = github.connector.look(&parcel, &aim).await else {
        panic!("not found");
    };
    assert_eq!(external.key, "1");
    assert_eq!(github.stand_in.asked_for(ISSUES).len(), 1);
    // More than one look reads, and no later one reads less: a person decides.
    let others = vec![github.issues.lock().unwrap()[1].clone(); 3_000];
    github.issues.lock().unwrap().extend(others);
    let endless = github.connector.look(&parcel, &aim).await;
    assert!(matches!(endless, Sought::CannotAsk(text) if text.contains("more issues")));
    // An integration that leads elsewhere by now does not look in the wrong place.
    let elsewhere = json!({ "repository": "acme/other", "since": chrono::Utc::now() });
    let sought = github.connector.look(&parcel, &elsewhere).await;
    assert!(matches!(sought, Sought::CannotAsk(text) if text.contains("acme/other")));
}

#[tokio::test]
async fn a_used_up_rate_limit_is_a_wait_however_it_is_told() {
    let github = Github::start().await;
    let parcel = parcel();
    let aim = github.connector.aim(&parcel).await.unwrap();
    let reset = chrono::Utc::now().timestamp() + 90;
    let message = |text: &str| json!({ "message": text });
    let primary = Reply::json(403, &message("API rate limit exceeded"))
        .with("x-ratelimit-remaining", 0)
        .with("x-ratelimit-reset", reset);
    let secondary = message("You have exceeded a secondary rate limit");
    let cases = [
        (primary, 80..=91),
        (Reply::json(403, &secondary).with("retry-after", 7), 7..=7),
        (Reply::json(403, &secondary), 60..=60),
        (Reply::json(429, &json!({})), 60..=60),
        // Used up, and not told until when.
        (
            Reply::json(403, &json!({})).with("x-ratelimit-remaining", 0),
            60..=60,
        ),
    ];
    for (reply, wait) in cases {
        github.stand_in.order(ISSUES, Act::Answer(reply));
        let Outcome::RetryLater(failure) = dispatch(&github.connector, &parcel, &aim).await else {
            panic!("no wait");
        };
        assert_eq!(failure.reason, Reason::PlatformRateLimited);
        let seconds = failure.retry_after.unwrap().as_secs();
        assert!(wait.contains(&seconds), "{seconds}");
    }
}

#[tokio::test]
async fn what_an_administrator_puts_right_waits_and_is_told_in_githubs_words() {
    let github = Github::start().await;
    let parcel = parcel();
    let aim = github.connector.aim(&parcel).await.unwrap();
    let cases = [
        (
            403,
            "Resource not accessible by personal access token",
            Reason::PlatformForbidden,
        ),
        (
            403,
            "Repository was archived so is read-only.",
            Reason::PlatformForbidden,
        ),
        (
            410,
            "Issues has been disabled in this repository.",
            Reason::PlatformNotFound,
        ),
    ];
    for (status, said, reason) in cases {
        let refusal =
            Reply::json(status, &json!({ "message": said })).with("x-ratelimit-remaining", 4999);
        github.stand_in.order(ISSUES, Act::Answer(refusal));
        let outcome = dispatch(&github.connector, &parcel, &aim).await;
        let Outcome::RetryLater(failure) = outcome else {
            panic!("{said}: {outcome:?}");
        };
        assert_eq!(failure.reason, reason);
        let said = said.trim_end_matches('.');
        assert!(failure.message.contains(said), "{}", failure.message);
    }
}

#[tokio::test]
async fn a_check_tells_what_stands_in_the_way() {
    let github = Github::start().await;
    let repository = "GET /repos/acme/app";
    let archived = Reply::json(200, &json!({ "archived": true, "has_issues": true }));
    let closed = Reply::json(200, &json!({ "archived": false, "has_issues": false }));
    let missing = Reply::json(404, &json!({ "message": "Not Found" }));
    let cases = [
        (archived, Reason::PlatformForbidden),
        (closed, Reason::PlatformForbidden),
        (missing, Reason::PlatformNotFound),
    ];
    for (reply, reason) in cases {
        github.stand_in.order(repository, Act::Answer(reply));
        let check = github.connector.check().await;
        assert!(!check.ok);
        assert_eq!(check.problems[0].reason, reason);
        assert_eq!(check.problems[0].field, "repository");
        assert!(!check.problems[0].recommended_action.is_empty());
    }
}

#[tokio::test]
async fn an_issue_of_another_repository_tells_nothing_of_the_tickets_copy() {
    let github = Github::start().await;
    let parcel = parcel();
    let aim = github.connector.aim(&parcel).await.unwrap();
    let Outcome::Created(mut external) = dispatch(&github.connector, &parcel, &aim).await else {
        panic!("no issue");
    };
    let read = "GET /repos/acme/app/issues/1";
    let issue = |id: &str| {
        let id: u64 = id.parse().unwrap();
        Act::Answer(Reply::json(
            200,
            &json!({ "id": id, "number": 1, "state": "closed" }),
        ))
    };
    github.stand_in.order(read, issue(&external.id));
    let own = github.connector.standing(&external).await.unwrap();
    assert_eq!(own.unwrap().category, "DONE");
    github.stand_in.order(read, issue("5"));
    assert_eq!(github.connector.standing(&external).await.unwrap(), None);
    // One that is not there is gone only where it was.
    let gone = github.connector.standing(&external).await.unwrap();
    assert_eq!(gone.unwrap().category, "GONE");
    external.project_key = "acme/other".to_owned();
    assert_eq!(github.connector.standing(&external).await.unwrap(), None);
}

#[tokio::test]
async fn whatever_a_ticket_holds_its_issue_is_no_longer_than_github_takes() {
    let github = Github::start().await;
    let mut parcel = parcel();
    parcel.description = "<p>*** many & words</p>".repeat(8_000);
    parcel.tags = vec!["<&>".repeat(60); 30];
    let file = parcel.files[0].clone();
    parcel.files = (0..60)
        .map(|_| ParcelFile {
            filename: "&".repeat(200),
            ..file.clone()
        })
        .collect();
    let aim = github.connector.aim(&parcel).await.unwrap();
    // The answer repeats all of it, which is more than this client reads.
    let _ = dispatch(&github.connector, &parcel, &aim).await;
    let issues = github.issues();
    let body = issues[0]["body"].as_str().unwrap();
    let length = body.chars().count();
    assert!((30_000..=65_536).contains(&length), "{length}");
    assert!(body.ends_with(&format!("<!-- docket:{} -->", parcel.key)));
}
