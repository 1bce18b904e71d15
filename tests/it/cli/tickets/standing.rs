//! Where a ticket stands survives a file, too; what was done with it since an import is not undone by the next one.

use std::collections::BTreeMap;

use docket::proto::v1::{self, CreateTicketRequest, ticket_service_client::TicketServiceClient};
use rstest::rstest;
use serde_json::Value;

use super::{empty, signed};
use crate::cli::server::Office;

/// A ticket's title, and which way it has gone.
const WAYS: [(&str, &[&str]); 11] = [
    ("New", &[]),
    ("Open", &["OPEN"]),
    ("In progress", &["IN_PROGRESS"]),
    ("Pending", &["OPEN", "PENDING_INFO"]),
    ("Escalated", &["OPEN", "ESCALATED"]),
    ("Review", &["IN_PROGRESS", "REVIEW"]),
    ("Resolved", &["OPEN", "RESOLVED"]),
    ("Closed at once", &["CLOSED"]),
    ("Closed", &["OPEN", "RESOLVED", "CLOSED"]),
    ("Reopened", &["OPEN", "RESOLVED", "REOPENED"]),
    ("Deleted", &["OPEN", "DELETED"]),
];

async fn go(office: &Office, id: &str, to: &str) {
    let url = office.server.url.clone();
    let mut tickets = TicketServiceClient::connect(url).await.unwrap();
    let id = id.to_owned();
    match to {
        "RESOLVED" => {
            let resolution_notes = "A new cable,\nand patience".to_owned();
            let request = v1::ResolveTicketRequest {
                id,
                resolution_notes,
            };
            let answer = tickets.resolve_ticket(signed(office, request)).await;
            answer.map(drop)
        }
        "REOPENED" => {
            let reason = "It is back".to_owned();
            let request = v1::ReopenTicketRequest { id, reason };
            let answer = tickets.reopen_ticket(signed(office, request)).await;
            answer.map(drop)
        }
        "DELETED" => {
            let request = v1::DeleteTicketRequest { id, etag: None };
            let answer = tickets.delete_ticket(signed(office, request)).await;
            answer.map(drop)
        }
        status => {
            let status = v1::TicketStatus::from_str_name(&format!("TICKET_STATUS_{status}"));
            let request = v1::TransitionTicketRequest {
                id,
                status: status.unwrap().into(),
                ..Default::default()
            };
            let answer = tickets.transition_ticket(signed(office, request)).await;
            answer.map(drop)
        }
    }
    .unwrap();
}

/// Where each ticket stands, by its title.
fn standings(office: &Office) -> BTreeMap<String, (Value, Value, bool)> {
    let said = office.run(&["tickets", "export", "-", "--format", "jsonl", "--deleted"]);
    let tickets = said.succeeded().lines();
    let standing = |line: &str| {
        let ticket: Value = serde_json::from_str(line).unwrap();
        let title = ticket["title"].as_str().unwrap().to_owned();
        let (status, notes) = (ticket["status"].clone(), ticket["resolution_notes"].clone());
        (title, (status, notes, !ticket["delete_time"].is_null()))
    };
    tickets.map(standing).collect()
}

#[rstest]
#[tokio::test]
async fn where_a_ticket_stands_survives_a_file(#[values("csv", "jsonl")] format: &str) {
    let first = empty().await;
    let url = first.server.url.clone();
    let mut tickets = TicketServiceClient::connect(url).await.unwrap();
    for (title, way) in WAYS {
        let request = CreateTicketRequest {
            ticket: Some(v1::Ticket {
                title: title.to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let made = tickets.create_ticket(signed(&first, request)).await;
        let id = made.unwrap().into_inner().ticket.unwrap().id;
        for to in way {
            go(&first, &id, to).await;
        }
    }
    let file = first.folder.path().join(format!("tickets.{format}"));
    let file = file.to_str().unwrap();
    first
        .run(&["tickets", "export", file, "--deleted"])
        .succeeded();
    let wanted = standings(&first);
    assert_eq!(wanted.len(), WAYS.len());
    assert!(wanted["Deleted"].2 && !wanted["Closed"].1.is_null());

    let second = empty().await;
    for _ in 0..2 {
        let said = second.run(&["tickets", "import", file]);
        assert_eq!(said.succeeded(), "11 tickets\n");
        assert_eq!(standings(&second), wanted);
    }
    // What somebody has done with one since is not undone.
    let said = second.run(&[
        "tickets", "export", "-", "--format", "jsonl", "--status", "OPEN",
    ]);
    let open: Value = serde_json::from_str(said.succeeded().trim()).unwrap();
    assert_eq!(open["title"], "Open");
    go(&second, open["id"].as_str().unwrap(), "IN_PROGRESS").await;
    let said = second.run(&[
        "tickets", "export", "-", "--format", "jsonl", "--status", "RESOLVED",
    ]);
    let resolved: Value = serde_json::from_str(said.succeeded().trim()).unwrap();
    for to in ["REOPENED", "OPEN"] {
        go(&second, resolved["id"].as_str().unwrap(), to).await;
    }
    second.run(&["tickets", "import", file]).succeeded();
    let now = standings(&second);
    assert_eq!(
        (&now["Open"].0, &now["Resolved"].0),
        (&"IN_PROGRESS".into(), &"OPEN".into())
    );
    let said = second.run(&["tickets", "import", file, "--as-new", "--anew"]);
    assert_eq!(said.succeeded(), "11 tickets\n");
    let said = second.run(&[
        "tickets", "export", "-", "--format", "csv", "--status", "NEW",
    ]);
    assert!(said.err.ends_with("12 tickets\n"), "{said:?}");
}
