//! What hangs on issues: links and attachments.

use docket::sandbox::{LinkType, Site};
use http::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use super::{Jira, Reply, openapi};

fn link(kind: &str, inward: &str, outward: &str) -> Value {
    json!({"type": {"name": kind}, "inwardIssue": {"key": inward}, "outwardIssue": {"key": outward}})
}

#[tokio::test]
async fn the_inward_issue_blocks_the_outward_one() {
    let jira = Jira::start().await;
    let (a, b) = (jira.created(json!({})).await, jira.created(json!({})).await);
    let path = "/rest/api/3/issueLink";
    for _ in 0..2 {
        assert_eq!(jira.post(path, &link("Blocks", &a, &b)).await.status, 201);
    }
    let links = jira.sandbox.links();
    assert_eq!(
        links.len(),
        1,
        "a second link of the same kind adds nothing"
    );
    assert_eq!((&links[0].inward, &links[0].outward), (&a, &b));

    let seen = async |key: &str| {
        jira.get(&format!("/rest/api/3/issue/{key}?fields=issuelinks"))
            .await
            .body["fields"]["issuelinks"][0]
            .clone()
    };
    let (from_a, from_b) = (seen(&a).await, seen(&b).await);
    assert_eq!(
        (&from_a["outwardIssue"]["key"], &from_a["type"]["outward"]),
        (&json!(b), &json!("blocks"))
    );
    assert_eq!(
        (&from_b["inwardIssue"]["key"], &from_b["type"]["inward"]),
        (&json!(a), &json!("is blocked by"))
    );

    let one = format!("{path}/{}", links[0].id);
    assert_eq!(jira.get(&one).await.body["inwardIssue"]["key"], json!(a));
    assert_eq!(jira.delete(&one).await.status, 204);
    assert_eq!(jira.get(&one).await.status, 404);
}

#[tokio::test]
async fn a_link_that_cannot_be_made_is_refused() {
    let jira = Jira::with_site(Site::demo().with_link_types(vec![LinkType::new(
        "1",
        "Needs",
        "is needed by",
        "needs",
    )]))
    .await;
    let (a, b) = (jira.created(json!({})).await, jira.created(json!({})).await);
    assert_eq!(
        jira.get("/rest/api/3/issueLinkType").await.body["issueLinkTypes"][0]["name"],
        "Needs"
    );
    let path = "/rest/api/3/issueLink";
    assert_eq!(jira.post(path, &link("Blocks", &a, &b)).await.status, 404);
    assert_eq!(
        jira.post(path, &link("Needs", &a, "DEMO-9")).await.status,
        404
    );
    assert_eq!(jira.post(path, &link("Needs", &a, &a)).await.status, 400);
    assert_eq!(jira.post(path, &link("Needs", &a, &b)).await.status, 201);
    jira.sandbox
        .change_site(|site| site.issue_linking_enabled = false);
    assert_eq!(jira.post(path, &link("Needs", &b, &a)).await.status, 404);
    assert_eq!(jira.sandbox.links().len(), 1);
}

async fn attach(
    jira: &Jira,
    key: &str,
    token: Option<&str>,
    files: Vec<(&'static str, Vec<u8>)>,
) -> Reply {
    let mut form = Form::new();
    for (name, content) in files {
        form = form.part(
            "file",
            Part::bytes(content)
                .file_name(name)
                .mime_str("text/plain")
                .unwrap(),
        );
    }
    let path = format!("/rest/api/3/issue/{key}/attachments");
    let mut request = jira.request(Method::POST, &path).multipart(form);
    if let Some(token) = token {
        request = request.header("X-Atlassian-Token", token);
    }
    let reply = jira.send(request).await.unwrap();
    openapi::check_exchange("POST", &path, None, reply.status, Some(&reply.body)).unwrap();
    reply
}

#[tokio::test]
async fn files_are_attached_read_and_deleted() {
    let jira = Jira::start().await;
    let key = jira.created(json!({})).await;
    assert_eq!(
        attach(&jira, &key, None, vec![("a.txt", b"x".to_vec())])
            .await
            .status,
        403
    );
    let files = vec![("a.txt", b"hello".to_vec()), ("big.bin", vec![7; 3 << 20])];
    let added = attach(&jira, &key, Some("no-check"), files).await;
    assert_eq!(added.status, 200);
    assert_eq!(
        (&added.body[0]["filename"], &added.body[0]["size"]),
        (&json!("a.txt"), &json!(5))
    );
    assert_eq!(&jira.sandbox.attachments()[0].content[..], b"hello");

    let shown = jira
        .get(&format!("/rest/api/3/issue/{key}?fields=attachment"))
        .await
        .body;
    assert_eq!(shown["fields"]["attachment"].as_array().unwrap().len(), 2);
    let path = format!(
        "/rest/api/3/attachment/{}",
        added.body[0]["id"].as_str().unwrap()
    );
    assert_eq!(jira.get(&path).await.body["size"], 5);
    let content = added.body[0]["content"]
        .as_str()
        .unwrap()
        .replace(&jira.sandbox.url(), "");
    let bytes = jira
        .request(Method::GET, &content)
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    assert_eq!(&bytes[..], b"hello");
    assert_eq!(jira.delete(&path).await.status, 204);
    assert_eq!(jira.get(&path).await.status, 404);
}

#[tokio::test]
async fn limits_on_files_hold() {
    let mut site = Site::demo();
    site.upload_limit = 10;
    let jira = Jira::with_site(site).await;
    let key = jira.created(json!({})).await;
    assert_eq!(
        jira.get("/rest/api/3/attachment/meta").await.body,
        json!({"enabled": true, "uploadLimit": 10})
    );
    let add = async |key: &str, files| attach(&jira, key, Some("no-check"), files).await.status;
    assert_eq!(add(&key, vec![("a", vec![0; 10])]).await, 200);
    assert_eq!(add(&key, vec![("a", vec![0; 11])]).await, 413);
    assert_eq!(
        add(&key, (0..61).map(|_| ("a", vec![0])).collect()).await,
        413
    );
    assert_eq!(add("DEMO-9", vec![("a", vec![0])]).await, 404);
    jira.sandbox
        .change_site(|site| site.attachments_enabled = false);
    assert_eq!(add(&key, vec![("a", vec![0])]).await, 403);
    assert_eq!(jira.sandbox.attachments().len(), 1);
}
