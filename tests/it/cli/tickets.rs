//! `docket tickets export` and `import`: whatever a ticket says comes back as it was, and nothing is made twice.

mod anew;
mod places;
mod standing;

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink},
};

use docket::proto::v1::{
    self, CreateTicketRequest, UpsertUsersRequest, ticket_service_client::TicketServiceClient,
    user_service_client::UserServiceClient,
};
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, TestRunner},
};
use prost_types::{ListValue, Struct, Value as Wire, value::Kind};
use rstest::rstest;
use serde_json::Value;
use tonic::Request;

use super::server::Office;

/// What an import takes over, beside where the ticket stands.
const TAKEN: [&str; 12] = [
    "title",
    "description",
    "priority",
    "category",
    "environment",
    "affected_service",
    "assignee_id",
    "team",
    "conversation_id",
    "tags",
    "custom_fields",
    "ai_assisted",
];

/// Texts that files have trouble with: quotes, separators, blanks at the ends, what looks like JSON or like a formula.
fn text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "B c",
        " ",
        ",",
        ";",
        "\"",
        "'",
        "[",
        "]",
        "{\"a\":1}",
        "\\",
        "=1+1",
        "+",
        "-2",
        "@SUM(1)",
        "ü",
        "😀",
        "null",
        "true",
        "0012",
        "#",
        "|",
        "<b>&amp;</b>",
    ]);
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// Texts of a line that show something.
fn named() -> impl Strategy<Value = String> {
    (text(), "[a-z]{1,3}").prop_map(|(text, end)| format!("{text}{end}"))
}

fn fields() -> impl Strategy<Value = Struct> {
    let leaf = prop_oneof![
        Just(Kind::NullValue(0)),
        any::<bool>().prop_map(Kind::BoolValue),
        any::<i32>().prop_map(|number| Kind::NumberValue(number.into())),
        (-1e6..1e6).prop_map(Kind::NumberValue),
        text().prop_map(Kind::StringValue),
        prop::collection::vec(text(), 0..3).prop_map(|texts| {
            let text = |text| Wire {
                kind: Some(Kind::StringValue(text)),
            };
            Kind::ListValue(ListValue {
                values: texts.into_iter().map(text).collect(),
            })
        }),
    ];
    prop::collection::btree_map("[a-z ,\"]{1,8}", leaf, 0..4).prop_map(|fields| Struct {
        fields: fields
            .into_iter()
            .map(|(key, kind)| (key, Wire { kind: Some(kind) }))
            .collect(),
    })
}

fn ticket() -> impl Strategy<Value = CreateTicketRequest> {
    let description = prop::collection::vec(text(), 0..4).prop_map(|lines| lines.join("\r\n\n"));
    let texts = (named(), description, text(), prop::option::of(named()));
    let tags = prop::collection::btree_set(named(), 0..4);
    let assignee = prop::option::of(Just("grace".to_owned()));
    let choices = (1i32..=4, 1i32..=9, 1i32..=4, any::<bool>());
    let conversation = prop::option::of(named());
    (texts, tags, fields(), assignee, choices, conversation).prop_map(
        |(
            (title, description, service, team),
            tags,
            fields,
            assignee_id,
            choices,
            conversation,
        )| {
            let (priority, category, environment, ai_assisted) = choices;
            CreateTicketRequest {
                ticket: Some(v1::Ticket {
                    title,
                    description,
                    priority,
                    category,
                    environment,
                    affected_service: service,
                    assignee_id,
                    team,
                    tags: tags.into_iter().collect(),
                    custom_fields: Some(fields),
                    ai_assisted,
                    ..Default::default()
                }),
                conversation: conversation.map(|id| v1::Conversation {
                    id,
                    ..Default::default()
                }),
                ..Default::default()
            }
        },
    )
}

fn signed<T>(office: &Office, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let token = format!("Bearer {}", office.token("ADMIN")).parse().unwrap();
    request.metadata_mut().insert("authorization", token);
    request
}

/// A server that knows Grace and has no ticket.
async fn empty() -> Office {
    let office = Office::open();
    let url = office.server.url.clone();
    let mut users = UserServiceClient::connect(url).await.unwrap();
    let grace = v1::User {
        id: "grace".to_owned(),
        display_name: "Grace".to_owned(),
        role: v1::Role::Admin.into(),
        active: true,
        ..Default::default()
    };
    let request = UpsertUsersRequest { users: vec![grace] };
    users.upsert_users(signed(&office, request)).await.unwrap();
    office
}

/// The tickets as JSON lines tell of them, in the order of their titles and descriptions.
fn told(office: &Office) -> Vec<BTreeMap<String, Value>> {
    let said = office.run(&["tickets", "export", "-", "--format", "jsonl"]);
    let mut tickets: Vec<BTreeMap<String, Value>> = said
        .succeeded()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let numbers: Vec<String> = tickets.iter().map(|t| t["number"].to_string()).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
    for ticket in &mut tickets {
        assert_eq!(ticket["status"], "NEW");
        ticket.retain(|column, _| TAKEN.contains(&column.as_str()));
        assert_eq!(ticket.len(), TAKEN.len());
    }
    tickets.sort_by_key(|ticket| format!("{ticket:?}"));
    tickets
}

#[rstest]
#[tokio::test]
async fn what_a_ticket_says_survives_a_file(#[values("csv", "jsonl")] format: &str) {
    let first = empty().await;
    let url = first.server.url.clone();
    let mut tickets = TicketServiceClient::connect(url).await.unwrap();
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        ..Config::default()
    });
    for _ in 0..150 {
        let request = ticket().new_tree(&mut runner).unwrap().current();
        let made = tickets.create_ticket(signed(&first, request.clone())).await;
        made.unwrap_or_else(|status| panic!("{status:?}: {request:?}"));
    }
    let file = first.folder.path().join(format!("tickets.{format}"));
    let file = file.to_str().unwrap();
    let said = first.run(&["tickets", "export", file]);
    assert_eq!(said.succeeded(), "");
    assert!(said.err.ends_with("150 tickets\n"), "{said:?}");
    let wanted = told(&first);
    assert_eq!(wanted.len(), 150);

    let second = empty().await;
    let import = |more: &[&str]| second.run(&[&["tickets", "import", file], more].concat());
    assert_eq!(import(&[]).succeeded(), "150 tickets\n");
    assert_eq!(told(&second), wanted);
    // Again, it makes nothing; told to, it makes all of them once more.
    assert_eq!(import(&[]).succeeded(), "150 tickets\n");
    assert_eq!(told(&second), wanted);
    assert_eq!(
        import(&["--anew", "--unassigned"]).succeeded(),
        "150 tickets\n"
    );
    assert_eq!(told(&second).len(), 300);
}

#[tokio::test]
async fn a_file_with_faults_makes_nothing() {
    let office = empty().await;
    let file = |name: &str, text: &str| {
        let path = office.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let import = |file: &str| office.run(&["tickets", "import", file]);
    let csv = file(
        "bad.csv",
        "title,priority,tags,custom_fields,number\n\
         Fine,P1,a;b,\"{\"\"n\"\":1}\",TKT-000007\n\
         ,P9,,,\n\
         Short\n\
         Odd,,[a,{,\n",
    );
    let said = import(&csv);
    let lines = said.failed();
    let expected = [
        "line 3: title: is missing",
        "line 3: priority: must be one of P1, P2, P3, P4, not \"P9\"",
        "line 4: has 1 cell, the header has 5",
        "line 5: tags: is no JSON",
    ];
    assert_eq!(lines.len(), expected.len(), "{said:?}");
    for (line, fault) in lines.iter().zip(expected) {
        assert!(
            line.starts_with(&format!("docket: {csv}: {fault}")),
            "{said:?}"
        );
    }
    let lines = file(
        "bad.jsonl",
        "{\"title\":\"Fine\",\"tags\":[\"a\"],\"status\":\"CLOSED\"}\n\n[]\n{\"title\":1,\"colour\":\"red\"}\n{\n",
    );
    let said = import(&lines);
    for fault in [
        "line 3: must be one JSON object",
        "line 4: title: must be a text",
        "line 4: colour: is no key of a ticket",
        "line 5: is no JSON",
    ] {
        assert!(said.err.contains(fault), "{said:?}");
    }
    let odd = file("odd.csv", "title,colour\nA,red\n");
    let said = import(&odd);
    assert!(said.failed()[0].contains("\"colour\" is no column of a ticket"));
    let cut = file("cut.csv", "title,description\nA,\"begun\nand");
    let said = import(&cut);
    assert!(
        said.failed()[0].contains("line 2: the file ends within quotation marks"),
        "{said:?}"
    );
    let twice = file("twice.jsonl", "{\"title\":\"A\",\"title\":\"B\"}\n");
    let said = import(&twice);
    assert!(
        said.failed()[0].contains("\"title\" comes twice"),
        "{said:?}"
    );
    assert!(import(&file("none.csv", "")).failed()[0].contains("names of the columns"));
    assert!(import("tickets.txt").failed()[0].contains("--format"));
    assert!(told(&office).is_empty());
}

#[tokio::test]
async fn an_import_that_breaks_off_goes_on() {
    let office = empty().await;
    let path = office.folder.path().join("tickets.csv");
    let mut rows = String::from("title,assignee_id\n");
    for n in 0..40 {
        let assignee = if n == 30 { "nobody" } else { "grace" };
        rows.push_str(&format!("Ticket {n},{assignee}\n"));
    }
    fs::write(&path, &rows).unwrap();
    let file = path.to_str().unwrap();
    let said = office.run(&["tickets", "import", file]);
    assert!(
        said.err.contains("line 32: the ticket cannot be created"),
        "{said:?}"
    );
    assert!(said.err.contains("ticket.assignee_id"), "{said:?}");
    assert!(said.err.contains("of 40 tickets are there"), "{said:?}");
    fs::write(&path, rows.replace("nobody", "grace")).unwrap();
    let said = office.run(&["tickets", "import", file]);
    assert_eq!(said.succeeded(), "40 tickets\n");
    assert_eq!(told(&office).len(), 40);
    let said = office.run(&["tickets", "import", file, "--unassigned"]);
    assert!(
        said.err.contains("REQUEST_ID"),
        "none is made twice: {said:?}"
    );
    assert_eq!(told(&office).len(), 40);

    let some = [
        "tickets", "export", "-", "--format", "csv", "--team", "none",
    ];
    assert_eq!(office.run(&some).succeeded().lines().count(), 1);
    let all = [
        "tickets", "export", "-", "--format", "csv", "--status", "NEW",
    ];
    assert_eq!(office.run(&all).succeeded().lines().count(), 41);
}

#[tokio::test]
async fn an_export_of_nothing_can_be_imported() {
    let office = empty().await;
    for name in ["none.csv", "none.jsonl"] {
        let file = office.folder.path().join(name);
        let file = file.to_str().unwrap();
        office.run(&["tickets", "export", file]).succeeded();
        let said = office.run(&["tickets", "import", file]);
        assert_eq!(said.succeeded(), "0 tickets\n", "{name}");
    }
}

#[tokio::test]
async fn a_text_is_no_formula_in_a_spreadsheet() {
    let office = empty().await;
    let file = office.folder.path().join("tickets.csv");
    let titles = [
        "=cmd|' /C calc'!A0",
        "+1+1",
        "-2+3",
        "@SUM(1)",
        "'=1",
        "'plain",
        "5-3",
    ];
    let rows: String = titles
        .iter()
        .map(|title| format!("'{title},{title}\n"))
        .collect();
    fs::write(&file, format!("title,description\n{rows}")).unwrap();
    let file = file.to_str().unwrap();
    office.run(&["tickets", "import", file]).succeeded();
    office.run(&["tickets", "export", file]).succeeded();
    let mut reader = csv::Reader::from_path(file).unwrap();
    let cells: Vec<[String; 2]> = reader
        .records()
        .map(|row| {
            row.map(|row| [row[0].to_owned(), row[1].to_owned()])
                .unwrap()
        })
        .collect();
    let mut written: Vec<[&str; 2]> = vec![
        ["'=cmd|' /C calc'!A0"; 2],
        ["'+1+1"; 2],
        ["'-2+3"; 2],
        ["'@SUM(1)"; 2],
        // One mark is taken off where what follows is a formula behind marks, and put there again.
        ["''=1", "'=1"],
        ["''plain", "'plain"],
        ["'5-3", "5-3"],
    ];
    let mut cells: Vec<[&str; 2]> = cells.iter().map(|[a, b]| [a.as_str(), b]).collect();
    written.sort_unstable();
    cells.sort_unstable();
    assert_eq!(cells, written);
}
