//! Reading issues: by key, in bulk, by a search that lags, and by people.

use docket::sandbox::{Options, Site};
use http::Method;
use serde_json::{Value, json};

use super::{Jira, issue};

#[tokio::test]
async fn a_bulk_read_names_what_it_finds_and_what_it_does_not() {
    let jira = Jira::start().await;
    let mut body = issue(json!({}));
    body["properties"] = json!([{"key": "docket", "value": 7}]);
    jira.post("/rest/api/3/issue", &body).await;
    jira.sandbox.foreign_issue("DEMO", "Theirs");
    let keys: Vec<String> = (1..=100).map(|number| format!("DEMO-{number}")).collect();
    let fetch = json!({"issueIdsOrKeys": keys, "fields": ["summary"], "properties": ["docket"]});
    let found = jira.post("/rest/api/3/issue/bulkfetch", &fetch).await.body;
    let own: Vec<&Value> = found["issues"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|issue| issue["properties"]["docket"] == 7)
        .collect();
    assert_eq!(own.len(), 1);
    assert_eq!(own[0]["key"], "DEMO-1");
    assert_eq!(found["issues"].as_array().unwrap().len(), 2);
    assert_eq!(found["issueErrors"], json!([]));
    let keys: Vec<String> = (1..=101).map(|number| format!("DEMO-{number}")).collect();
    let many = jira
        .post(
            "/rest/api/3/issue/bulkfetch",
            &json!({"issueIdsOrKeys": keys}),
        )
        .await;
    assert_eq!(many.status, 400);
}

#[tokio::test]
async fn search_lags_behind() {
    let jira = Jira::with(Options {
        search_lag: 2,
        ..Options::default()
    })
    .await;
    let key = jira.created(json!({"labels": ["docket"]})).await;
    let search = json!({"jql": "project = DEMO AND labels = \"docket\" ORDER BY created", "fields": ["summary"]});
    let mut found = Vec::new();
    for _ in 0..3 {
        let answer = jira.post("/rest/api/3/search/jql", &search).await.body;
        found.push(answer["issues"].as_array().unwrap().len());
    }
    assert_eq!(found, [0, 0, 1]);
    jira.created(json!({})).await;
    jira.sandbox.reindex();
    let page = jira
        .get("/rest/api/3/search/jql?jql=project%20%3D%20DEMO&maxResults=1")
        .await
        .body;
    assert_eq!(
        page["issues"],
        json!([{"id": jira.sandbox.issue(&key).unwrap().id.to_string()}])
    );
    let path = format!(
        "/rest/api/3/search/jql?jql=project%3DDEMO&nextPageToken={}",
        page["nextPageToken"].as_str().unwrap()
    );
    assert_eq!(jira.get(&path).await.body["isLast"], true);
    for jql in ["", "ORDER BY created", "text ~ \"x\""] {
        assert_eq!(
            jira.post("/rest/api/3/search/jql", &json!({"jql": jql}))
                .await
                .status,
            400,
            "{jql}"
        );
    }
}

#[tokio::test]
async fn wrong_credentials_are_refused() {
    let jira = Jira::start().await;
    let url = |path: &str| format!("{}{path}", jira.sandbox.url());
    let wrong = jira
        .client
        .get(url("/rest/api/3/myself"))
        .basic_auth(Options::EMAIL, Some("guess"));
    let none = jira.client.get(url("/rest/api/3/myself"));
    for request in [wrong, none] {
        let reply = jira.send(request).await.unwrap();
        assert_eq!(reply.status, 401);
        assert!(reply.headers.contains_key("www-authenticate"));
    }
    let open = jira
        .send(jira.client.get(url("/rest/api/3/serverInfo")))
        .await
        .unwrap();
    assert_eq!(open.body["baseUrl"], json!(jira.sandbox.url()));
}

#[tokio::test]
async fn what_may_not_be_done_is_refused() {
    let site = Site::demo()
        .without_permission("EDIT_ISSUES")
        .without_permission("DELETE_ISSUES")
        .without_permission("ASSIGN_ISSUES");
    let jira = Jira::with_site(site).await;
    let path = format!("/rest/api/3/issue/{}", jira.created(json!({})).await);
    assert_eq!(jira.put(&path, &json!({"fields": {}})).await.status, 403);
    assert_eq!(jira.delete(&path).await.status, 403);
    let refused = jira.create(json!({"assignee": {"accountId": "x"}})).await;
    assert!(
        refused.body["errors"]["assignee"]
            .as_str()
            .unwrap()
            .contains("cannot be set")
    );
    jira.sandbox
        .change_site(|site| site.denied.extend(["BROWSE_PROJECTS".to_owned()]));
    assert_eq!(jira.get(&path).await.status, 404);
    assert_eq!(jira.get("/rest/api/3/project/DEMO").await.status, 404);
}

#[tokio::test]
async fn a_link_from_a_demonstration_opens_to_a_page() {
    let jira = Jira::start().await;
    let key = jira
        .created(json!({"summary": "<b>Bold</b>", "description": super::document("a & b")}))
        .await;
    let url = format!("{}/browse/{key}", jira.sandbox.url());
    let page = jira
        .client
        .get(url)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        page.contains("&lt;b&gt;Bold&lt;/b&gt;") && page.contains("a &amp; b"),
        "{page}"
    );
    let missing = jira
        .client
        .get(format!("{}/browse/DEMO-9", jira.sandbox.url()))
        .send()
        .await
        .unwrap();
    assert_eq!(missing.status(), 404);
}

#[tokio::test]
async fn what_the_sandbox_does_not_know_is_not_found() {
    let jira = Jira::start().await;
    let reply = jira
        .send(jira.request(Method::GET, "/rest/api/3/dashboard"))
        .await
        .unwrap();
    assert_eq!(reply.status, 404);
    assert_eq!(jira.post("/rest/api/3/issue", &json!([])).await.status, 400);
    let broken = jira.request(Method::POST, "/rest/api/3/issue").body("{");
    assert_eq!(jira.send(broken).await.unwrap().status, 400);
}
