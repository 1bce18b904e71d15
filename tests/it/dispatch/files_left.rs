//! Files that the ticket has no more once they were sent, or may have been: whoever reads the ticket is told what to delete there.

use std::time::Duration;

use docket::{
    app::clock::Clock as _,
    proto::v1,
    sandbox::{Action, Fault, Operation, Options},
};
use rstest::rstest;

use super::{
    bench::{Bench, result},
    files_later::{add, there, told, why},
    held::replay,
};
use crate::support::{database::Kind, eventually};

const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// Has the next file be answered like this, and nobody able to look for it.
pub(super) fn lose(bench: &Bench, how: Action) {
    bench.jira.order(Fault::on(Operation::AddAttachments, how));
    let ill = Fault::on(Operation::GetIssue, Action::status(503));
    bench.jira.order(ill.always());
}

async fn delete(bench: &Bench, file: v1::Attachment) {
    let request = v1::DeleteAttachmentRequest { id: file.id };
    bench.tickets().delete_attachment(request).await.unwrap();
}

/// What the ticket tells of its files, and how many attempts were made.
async fn dispatched(bench: &Bench, ticket: &str) -> (v1::Ticket, usize) {
    let integration = Some(bench.integration.as_str());
    bench.dispatch(ticket, integration).await.unwrap();
    let attempts = bench.attempts(ticket).await;
    bench.until_ended(ticket, attempts.len()).await;
    (bench.get(ticket).await, attempts.len())
}

/// A ticket with one file, a.txt, that was answered like this, that nobody can look for, and that is deleted here.
async fn deleted_in_doubt(bench: &Bench, how: Action) -> v1::Ticket {
    let ticket = bench.file("With files").await;
    let file = add(bench, &ticket.id, "a.txt", b"one").await;
    lose(bench, how);
    dispatched(bench, &ticket.id).await;
    delete(bench, file).await;
    ticket
}

/// Lets the second attempt, which is made by itself, come to its end.
async fn retried(bench: &Bench, ticket: &str) {
    bench.pass(Duration::from_secs(7));
    bench.until_ended(ticket, 2).await;
}

#[rstest]
#[tokio::test]
async fn a_file_that_was_sent_and_is_deleted_here_is_told_with_its_id_there(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let ticket = deleted_in_doubt(&bench, Action::StatusAfter { status: 503 }).await;
    retried(&bench, &ticket.id).await;
    let now = bench.get(&ticket.id).await;
    let text = why(&now, "a.txt").to_owned();
    assert!(
        text.contains("deleted here after it may have been sent") && !text.contains("by itself"),
        "{text}"
    );

    // Once it can be looked for it is told for certain, and is not taken for one that comes after it.
    bench.jira.clear_orders();
    let id = bench.jira.attachments()[0].id;
    add(&bench, &ticket.id, "a.txt", b"two").await;
    let (now, attempts) = dispatched(&bench, &ticket.id).await;
    assert_eq!(told(&now), [("a.txt", false), ("a.txt", true)]);
    let expected =
        format!("it was deleted here after it was sent; delete it there, too: its id is {id}");
    assert_eq!(why(&now, "a.txt"), expected);
    let response = result(&now).response.clone().unwrap();
    assert_eq!(response.attachments[0].external_id, None);
    let sums = response.attachment_summary.unwrap();
    assert_eq!((sums.successful_uploads, sums.failed_uploads), (1, 1));
    assert_eq!(there(&bench), ["a.txt", "a.txt"]);
    // Nothing is left to be done.
    assert_eq!(dispatched(&bench, &ticket.id).await, (now, attempts));
    assert_eq!(replay(&bench.server, bench.clock.now()).await, 0);
    // Nor is anything to be told once somebody has deleted it there.
    let gone = reqwest::Client::new()
        .delete(format!("{}/rest/api/3/attachment/{id}", bench.jira.url()))
        .basic_auth(Options::EMAIL, Some(Options::TOKEN));
    assert!(gone.send().await.unwrap().status().is_success());
    bench.pass(Duration::from_secs(1));
    add(&bench, &ticket.id, "b.txt", b"three").await;
    let (now, _) = dispatched(&bench, &ticket.id).await;
    assert_eq!(told(&now), [("a.txt", true), ("b.txt", true)]);
}

/// What is there may be the other one: a file that was never sent is not taken for it.
#[rstest]
#[tokio::test]
async fn a_file_is_sent_though_one_like_it_that_is_deleted_here_may_be_there(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let ticket = deleted_in_doubt(&bench, Action::StatusAfter { status: 503 }).await;
    retried(&bench, &ticket.id).await;
    // One look in vain, and then Jira is well.
    bench.jira.clear_orders();
    bench.pass(Duration::from_secs(70));
    let ill = Fault::on(Operation::GetIssue, Action::status(503));
    bench.jira.order(ill);
    add(&bench, &ticket.id, "a.txt", b"two").await;
    let (now, _) = dispatched(&bench, &ticket.id).await;
    assert_eq!(told(&now), [("a.txt", false), ("a.txt", true)]);
    assert_eq!(there(&bench), ["a.txt", "a.txt"]);
}

#[rstest]
#[tokio::test]
async fn a_file_that_never_arrived_and_is_deleted_here_is_nobodys_concern(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let ticket = deleted_in_doubt(&bench, Action::DropBefore).await;
    bench.jira.clear_orders();
    retried(&bench, &ticket.id).await;
    assert_eq!(told(&bench.get(&ticket.id).await), []);
    assert_eq!(there(&bench), [""; 0]);
}

/// Nobody has looked for it since it was sent last.
#[rstest]
#[tokio::test]
async fn a_file_that_is_deleted_here_while_it_waits_to_be_sent_again_is_told_while_it_is_in_doubt(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::set(kind, &[("DISPATCH_WAIT_SECONDS", "0")]).await;
    let ticket = bench.file("With files").await;
    let file = add(&bench, &ticket.id, "a.txt", b"one").await;
    lose(&bench, Action::DropBefore);
    dispatched(&bench, &ticket.id).await;
    bench.jira.clear_orders();
    let wait = Action::Throttle {
        retry_after: Some(20),
        reason: None,
    };
    bench.jira.order(Fault::on(Operation::AddAttachments, wait));
    bench.clock.hold();
    bench.pass(Duration::from_secs(70));
    let twenty = || bench.clock.waits().iter().any(|wait| wait.as_secs() == 20);
    eventually("it waits", async || twenty()).await;
    delete(&bench, file).await;
    bench.clock.release();
    bench.until_ended(&ticket.id, 2).await;
    let now = bench.get(&ticket.id).await;
    let text = why(&now, "a.txt");
    assert!(
        text.contains("deleted here after it may have been sent"),
        "{text}"
    );
    // It is looked for at the next occasion.
    add(&bench, &ticket.id, "b.txt", b"two").await;
    let (now, _) = dispatched(&bench, &ticket.id).await;
    assert_eq!(told(&now), [("b.txt", true)]);
}

#[rstest]
#[tokio::test]
async fn a_picture_that_the_description_has_no_more_is_told_and_holds_nothing_up(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let mut request = bench.request("Look");
    let picture = format!("<p>See</p><img src=\"data:image/png;base64,{PIXEL}\">");
    request.ticket.as_mut().unwrap().description = picture.clone();
    lose(&bench, Action::StatusAfter { status: 503 });
    let answer = bench.tickets().create_ticket(request).await.unwrap();
    let id = answer.into_inner().ticket.unwrap().id;
    bench.until_ended(&id, 1).await;
    bench.jira.clear_orders();
    let describe = async |text: &str| {
        let request = v1::UpdateTicketRequest {
            ticket: Some(v1::Ticket {
                id: id.clone(),
                description: text.to_owned(),
                ..Default::default()
            }),
            update_mask: Some(prost_types::FieldMask {
                paths: vec!["description".to_owned()],
            }),
            ..Default::default()
        };
        bench.tickets().update_ticket(request).await.unwrap();
    };
    describe("<p>Never mind</p>").await;
    let (now, attempts) = dispatched(&bench, &id).await;
    let text = why(&now, "image-1.png");
    assert!(
        text.starts_with("the description has changed after it was sent; delete it there, too"),
        "{text}"
    );
    assert_eq!(dispatched(&bench, &id).await, (now, attempts));
    // As it was: the issue has it.
    describe(&picture).await;
    add(&bench, &id, "a.txt", b"one").await;
    let (now, _) = dispatched(&bench, &id).await;
    assert_eq!(told(&now), [("a.txt", true), ("image-1.png", true)]);
    assert_eq!(there(&bench), ["a.txt", "image-1.png"]);
}

#[rstest]
#[tokio::test]
async fn a_platform_that_asks_to_wait_when_it_is_asked_for_one_is_sent_nothing_until_then(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(20, 3600)] seconds: u64,
) {
    let bench = Bench::new(kind).await;
    let ticket = deleted_in_doubt(&bench, Action::DropBefore).await;
    retried(&bench, &ticket.id).await;
    bench.jira.clear_orders();
    let wait = Action::Throttle {
        retry_after: Some(seconds),
        reason: None,
    };
    bench.jira.order(Fault::on(Operation::GetIssue, wait));
    bench.pass(Duration::from_secs(70));
    add(&bench, &ticket.id, "b.txt", b"two").await;
    let (now, attempts) = dispatched(&bench, &ticket.id).await;
    assert_eq!(told(&now), [("a.txt", false), ("b.txt", false)]);
    assert_eq!(there(&bench), [""; 0]);
    bench.pass(Duration::from_secs(seconds - 1));
    assert_eq!(bench.attempts(&ticket.id).await.len(), attempts);
    bench.pass(Duration::from_secs(2));
    bench.until_ended(&ticket.id, attempts + 1).await;
    assert_eq!(told(&bench.get(&ticket.id).await), [("b.txt", true)]);
}

#[rstest]
#[tokio::test]
async fn a_file_that_is_deleted_here_while_it_is_sent_is_told_with_its_id_there(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::set(kind, &[("DISPATCH_WAIT_SECONDS", "0")]).await;
    let ticket = bench.file("With files").await;
    let file = add(&bench, &ticket.id, "a.txt", b"one").await;
    let slow = Fault::on(Operation::AddAttachments, Action::Delay { ms: 500 });
    bench.jira.order(slow);
    let integration = Some(bench.integration.as_str());
    bench.dispatch(&ticket.id, integration).await.unwrap();
    let sent = || bench.jira.requests_of(Operation::AddAttachments).len();
    eventually("it is on its way", async || sent() == 1).await;
    delete(&bench, file).await;
    bench.until_ended(&ticket.id, 1).await;
    let now = bench.get(&ticket.id).await;
    let text = why(&now, "a.txt");
    let begin = "it was deleted here after it was sent; delete it there, too: its id is ";
    assert!(text.starts_with(begin), "{text}");
}
