//! What has changed beside the values that were sent: fields that docket left empty, links and files.

use docket::{
    domain::actor::Role,
    proto::v1,
    sandbox::{Operation, Person, STORY_POINTS, Touch},
};
use rstest::rstest;
use serde_json::{Value, json};

use super::{
    bench::{Bench, ticket},
    drift::told,
};
use crate::{
    attachments::{header, upload},
    support::database::Kind,
};

impl Bench {
    fn set(&self, key: &str, field: &str, value: Value) {
        let edit = Touch::Edit {
            field: field.to_owned(),
            value,
        };
        assert!(self.jira.touch(key, Person::Account, &edit), "{field}");
    }

    /// Uploads a file to the session's first ticket.
    async fn upload(&self, filename: &str) -> String {
        let ticket = self.tickets().await.remove(0).id;
        let mut tickets = self.server.tickets(Role::SeniorEngineer);
        let uploaded = upload(&mut tickets, header(&ticket, filename), b"bytes").await;
        uploaded.unwrap().id
    }
}

#[rstest]
#[tokio::test]
async fn what_somebody_has_set_where_docket_sent_nothing_is_told(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, vec![ticket("a"), ticket("b")]).await;
    bench.run().await;
    assert_eq!(bench.drift().await.unwrap(), []);
    let key = bench.results().await.jira_tickets[0].jira_key.clone();
    bench.set(&key, "labels", json!(["hot"]));
    bench.set(&key, STORY_POINTS, json!(8));
    bench.set(&key, "assignee", json!({ "displayName": "Bo" }));
    bench.set(&key, "duedate", json!("2026-12-24"));
    // Set, and taken away again.
    bench.set(&key, "environment", json!("x"));
    bench.set(&key, "environment", Value::Null);
    bench.set(&key, "resolution", json!("of Jira's alone"));
    let drift = bench.drift().await.unwrap();
    assert!(drift.iter().all(|it| it.jira_key == key), "{drift:?}");
    let expected = [
        ("assignee", "", Some("Bo"), None),
        (STORY_POINTS, "", Some("8"), None),
        ("duedate", "", Some("2026-12-24"), None),
        ("labels", "", Some("hot"), None),
    ];
    assert_eq!(told(&drift), expected);
}

#[rstest]
#[tokio::test]
async fn links_that_were_deleted_or_added_are_told_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let after = |reference: &str, before: &str| v1::NewSessionTicket {
        depends_on_refs: vec![before.to_owned()],
        ..ticket(reference)
    };
    let tickets = vec![ticket("a"), after("b", "a"), after("c", "b")];
    let bench = Bench::new(kind, tickets).await;
    let other = bench.jira.foreign_issue("DEMO", "Somebody else's").unwrap();
    bench.run().await;
    assert_eq!(bench.drift().await.unwrap(), []);
    let results = bench.results().await;
    let keys: Vec<String> = results
        .jira_tickets
        .into_iter()
        .map(|it| it.jira_key)
        .collect();
    let mut links = bench.jira.links().into_iter();
    let link = links.find(|link| link.inward == keys[0]).unwrap();
    let path = format!("/rest/api/3/issueLink/{}", link.id);
    bench
        .in_jira(reqwest::Method::DELETE, &path, Value::Null)
        .await;
    for (from, to) in [(&keys[0], &keys[2]), (&keys[1], &other)] {
        let to = to.clone();
        let link = Touch::Link { to };
        assert!(bench.jira.touch(from, Person::Other, &link));
    }
    let drift = bench.drift().await.unwrap();
    let keyed: Vec<&String> = drift.iter().map(|it| &it.jira_key).collect();
    let deleted = format!("{} blocks {}", keys[0], keys[1]);
    let added = |from: &str, to: &str| format!("{from} blocks {to}");
    let (within, beyond) = (added(&keys[0], &keys[2]), added(&keys[1], &other));
    assert_eq!(keyed, [&keys[0], &keys[1], &keys[1]]);
    let expected = [
        ("issuelinks", "", Some(within.as_str()), None),
        ("issuelinks", deleted.as_str(), None, Some(deleted.as_str())),
        ("issuelinks", "", Some(beyond.as_str()), None),
    ];
    assert_eq!(told(&drift), expected);
}

#[rstest]
#[tokio::test]
async fn files_that_were_deleted_are_told(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let bench = Bench::new(kind, vec![ticket("a")]).await;
    bench.upload("one.txt").await;
    let second = bench.upload("two.txt").await;
    bench.upload("three.txt").await;
    bench.run().await;
    assert_eq!(bench.drift().await.unwrap(), []);
    assert!(bench.jira.requests_of(Operation::AddAttachments).len() == 3);
    let id = |name: &str| {
        let files = bench.jira.attachments();
        files.iter().find(|it| it.filename == name).unwrap().id
    };
    let path = format!("/rest/api/3/attachment/{}", id("one.txt"));
    bench
        .in_jira(reqwest::Method::DELETE, &path, Value::Null)
        .await;
    let request = v1::DeleteAttachmentRequest { id: second };
    let mut tickets = bench.server.tickets(Role::SeniorEngineer);
    tickets.delete_attachment(request).await.unwrap();
    let drift = bench.drift().await.unwrap();
    let expected = [
        ("attachment", "one.txt", None, Some("one.txt")),
        ("attachment", "two.txt", Some("two.txt"), None),
    ];
    assert_eq!(told(&drift), expected);
}
