//! A ticket's files: each once, and each accounted for.

use docket::{
    proto::v1,
    sandbox::{Action, Fault, Operation},
};
use rstest::rstest;

use super::bench::{Bench, plain, result};
use crate::{
    attachments::{header, upload},
    support::database::Kind,
};

async fn with_files(bench: &Bench, names: &[&str]) -> v1::Ticket {
    let ticket = bench.file("With files").await;
    for name in names {
        let text = format!("what is in {name}\n");
        let mut tickets = bench.tickets();
        let made = upload(&mut tickets, header(&ticket.id, name), text.as_bytes());
        made.await.unwrap();
    }
    ticket
}

fn names(bench: &Bench) -> Vec<String> {
    let mut names: Vec<String> = bench
        .jira
        .attachments()
        .into_iter()
        .map(|file| file.filename)
        .collect();
    names.sort();
    names
}

fn summary(ticket: &v1::Ticket) -> (i32, i32, i32) {
    let response = result(ticket).response.as_ref().unwrap();
    let totals = response.attachment_summary.unwrap();
    (
        totals.total_files,
        totals.successful_uploads,
        totals.failed_uploads,
    )
}

#[rstest]
#[tokio::test]
async fn the_files_go_along_and_are_told(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let bench = Bench::new(kind).await;
    let ticket = with_files(&bench, &["a.txt", "b.log"]).await;
    let sent = bench
        .dispatch(&ticket.id, Some(&bench.integration))
        .await
        .unwrap();
    assert_eq!(summary(&sent), (2, 2, 0));
    assert_eq!(names(&bench), ["a.txt", "b.log"]);
    let response = result(&sent).response.as_ref().unwrap();
    let mut told: Vec<_> = response
        .attachments
        .iter()
        .map(|file| (file.filename.as_str(), file.success))
        .collect();
    // Of two that came in at the same moment either may be first.
    told.sort_unstable();
    assert_eq!(told, [("a.txt", true), ("b.log", true)]);
    assert!(
        response
            .attachments
            .iter()
            .all(|file| file.external_id.is_some())
    );
    assert_eq!(bench.get(&ticket.id).await, sent);
}

#[rstest]
#[tokio::test]
async fn a_file_that_is_refused_is_told_and_holds_up_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let ticket = with_files(&bench, &["a.txt", "b.log"]).await;
    bench
        .jira
        .order(Fault::on(Operation::AddAttachments, Action::status(413)));
    let sent = bench
        .dispatch(&ticket.id, Some(&bench.integration))
        .await
        .unwrap();
    assert!(result(&sent).success, "the issue is there");
    assert_eq!(summary(&sent), (2, 1, 1));
    let response = result(&sent).response.as_ref().unwrap();
    let (first, second) = (&response.attachments[0], &response.attachments[1]);
    assert!(!first.success && first.error_message.is_some() && first.external_id.is_none());
    assert!(second.success && second.error_message.is_none() && second.external_id.is_some());
    assert_eq!(names(&bench), [second.filename.as_str()]);
}

#[rstest]
#[tokio::test]
async fn a_file_whose_bytes_cannot_be_read_is_told_and_holds_up_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let ticket = with_files(&bench, &["a.txt"]).await;
    // As a disk that is ill answers: there is something, and it cannot be read.
    let mut folders = vec![bench.server.uploads().to_owned()];
    let mut found = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            std::fs::remove_file(&path).unwrap();
            std::os::unix::fs::symlink(&path, &path).unwrap();
            found += 1;
        }
    }
    assert!(found > 0, "the bytes lie elsewhere");
    let sent = bench
        .dispatch(&ticket.id, Some(&bench.integration))
        .await
        .unwrap();
    assert!(result(&sent).success, "the issue is there");
    assert_eq!(summary(&sent), (1, 0, 1));
    let response = result(&sent).response.as_ref().unwrap();
    let why = response.attachments[0].error_message.as_deref().unwrap();
    assert!(why.contains("could not read"), "{why}");
}

#[rstest]
#[tokio::test]
async fn a_file_whose_answer_is_lost_is_not_sent_twice(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let ticket = with_files(&bench, &["a.txt", "b.log"]).await;
    bench
        .jira
        .order(Fault::on(Operation::AddAttachments, Action::DropAfter));
    let sent = bench
        .dispatch(&ticket.id, Some(&bench.integration))
        .await
        .unwrap();
    assert_eq!(summary(&sent), (2, 2, 0));
    assert_eq!(names(&bench), ["a.txt", "b.log"]);
}

#[rstest]
#[tokio::test]
async fn the_copy_is_told_while_a_file_is_on_its_way_to_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let patient = [
        ("DISPATCH_WAIT_SECONDS", "0"),
        ("OUTBOUND_TIMEOUT_SECONDS", "300"),
    ];
    let bench = Bench::set(kind, &patient).await;
    let ticket = with_files(&bench, &["a.txt", "b.log"]).await;
    bench.order(Action::status(401));
    let integration = Some(bench.integration.as_str());
    bench.dispatch(&ticket.id, integration).await.unwrap();
    bench.until_ended(&ticket.id, 1).await;
    assert!(!result(&bench.get(&ticket.id).await).success);
    let hang = Fault::on(Operation::AddAttachments, Action::Hang);
    bench.jira.order(hang.nth(2));
    bench.pass(std::time::Duration::from_secs(7));
    let give_up = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
    while bench.jira.requests_of(Operation::AddAttachments).len() < 2 {
        assert!(tokio::time::Instant::now() < give_up, "no file is sent");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let attempts = bench.attempts(&ticket.id).await;
    assert_eq!(attempts[1].latency, None, "it is on its way still");
    let now = bench.get(&ticket.id).await;
    let told = result(&now);
    assert!(
        told.success,
        "not the picture of the attempt before: {told:?}"
    );
    let keys = bench.issues_of(&ticket.id);
    assert_eq!(told.external_ticket_id.as_ref(), keys.first());
    let history = bench.history(&ticket.id).await;
    let field = Some("integration_result.external_ticket_id");
    let told = history
        .iter()
        .filter(|entry| entry.field.as_deref() == field);
    let told: Vec<_> = told.map(|entry| entry.new_value.clone()).collect();
    assert_eq!(told, [keys.first().cloned()]);
}

#[rstest]
#[tokio::test]
async fn a_picture_in_the_text_becomes_a_file(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let bench = Bench::new(kind).await;
    let pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    let mut request = bench.request("Look");
    request.ticket = Some(v1::Ticket {
        description: format!("<p>See</p><img src=\"data:image/png;base64,{pixel}\">"),
        integration_id: Some(bench.integration.clone()),
        ..plain("Look")
    });
    let answer = bench.tickets().create_ticket(request).await.unwrap();
    let ticket = answer.into_inner().ticket.unwrap();
    assert_eq!(summary(&ticket), (1, 1, 0));
    assert_eq!(bench.jira.attachments().len(), 1);
}
