//! `docket session import`: the files that come with the project, through a server of its own.

use docket::proto::v1::{
    ListSessionTicketsRequest, Ticket, export_service_client::ExportServiceClient,
};
use tonic::Request;

use super::server::{Office, example};

/// The tickets of a session, as the server has them.
async fn tickets(office: &Office, session: &str) -> Vec<Ticket> {
    let url = office.server.url.clone();
    let mut client = ExportServiceClient::connect(url).await.unwrap();
    let mut request = Request::new(ListSessionTicketsRequest {
        session_id: session.to_owned(),
        ..ListSessionTicketsRequest::default()
    });
    let token = format!("Bearer {}", office.token("ADMIN"));
    request
        .metadata_mut()
        .insert("authorization", token.parse().unwrap());
    client
        .list_session_tickets(request)
        .await
        .unwrap()
        .into_inner()
        .tickets
}

#[tokio::test]
async fn json_and_csv_become_sessions() {
    let office = Office::open();
    for (file, count, dependencies) in [("session.json", 6, 5), ("session.csv", 5, 3)] {
        let path = example(file).display().to_string();
        let said = office.run(&[
            "session",
            "import",
            &path,
            "--name",
            "Mine",
            "--project",
            "OPS",
        ]);
        let session = said.succeeded().trim();
        assert_eq!(session.parse::<uuid::Uuid>().unwrap().get_version_num(), 7);
        let told = format!("imported \"Mine\": {count} tickets, {dependencies} dependencies");
        assert!(said.err.contains(&told), "{said:?}");
        assert!(
            said.err.contains(&format!("docket export {session}")),
            "{said:?}"
        );

        let tickets = tickets(&office, session).await;
        let exports: Vec<_> = tickets
            .iter()
            .map(|ticket| ticket.export.as_ref().unwrap())
            .collect();
        let orders: Vec<i32> = exports.iter().map(|export| export.order).collect();
        assert_eq!(orders, (1..=count).collect::<Vec<i32>>());
        let made: usize = exports
            .iter()
            .map(|export| export.depends_on_ids.len())
            .sum();
        assert_eq!(made, dependencies);
    }
}

#[tokio::test]
async fn one_of_a_thing_is_told_as_one() {
    let office = Office::open();
    let file = office.folder.path().join("one.csv");
    std::fs::write(&file, "ref,title,issue_type\na,The only one,Task\n").unwrap();
    let said = office.run(&["session", "import", &file.display().to_string()]);
    said.succeeded();
    let told = "imported \"one\": 1 ticket, 0 dependencies;";
    assert!(said.err.contains(told), "{said:?}");
}

#[tokio::test]
async fn what_the_server_refuses_is_told_with_its_reason() {
    let office = Office::open();
    let path = example("session.json").display().to_string();
    let import = ["session", "import", &path];
    let token = office.token("END_USER");
    let said = office.run(&[&import[..], &["--token", &token]].concat());
    let lines = said.failed();
    assert!(
        lines[0].contains("PERMISSION_DENIED (PERMISSION_DENIED)"),
        "{lines:?}"
    );
    assert!(
        lines.iter().any(|line| line.contains("request id: ")),
        "{lines:?}"
    );

    let nowhere = "0199c0de-0000-7000-8000-000000000000";
    let token = office.token("TEAM_LEAD");
    let said = office.run(&[&import[..], &["--token", &token, "--integration", nowhere]].concat());
    let lines = said.failed();
    assert!(
        lines[0].contains("INVALID_ARGUMENT (INVALID_FIELDS)"),
        "{lines:?}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.contains("session.integration_id: ")),
        "{lines:?}"
    );
}

#[tokio::test]
async fn a_call_without_a_token_says_as_whom_it_is_made() {
    let office = Office::open();
    let path = example("session.csv").display().to_string();
    let said = office.run(&["session", "import", &path]);
    said.succeeded();
    assert!(said.err.contains("as ADMIN \"local\""), "{said:?}");
}
