//! Files that were not there when their ticket was handed over, or were not taken then: they get there later, each once.

use std::time::Duration;

use docket::{
    proto::v1::{self, DispatchOutcome, DispatchTrigger},
    sandbox::{Action, Fault, Operation},
};
use rstest::rstest;

use super::bench::{Bench, result};
use crate::{
    attachments::{
        header,
        scan::{Clamd, EVIL, port, until},
        upload,
    },
    support::database::Kind,
};

/// A bench with a scanner that comes to no verdict before it is permitted to.
async fn scanning(kind: Kind, set: &[(&str, &str)]) -> (Bench, Clamd) {
    let (address, listener) = port().await;
    let clamd = Clamd::new(0);
    clamd.on_tcp(listener);
    let set = [&[("SCAN_CLAMD", address.as_str())], set].concat();
    (Bench::set(kind, &set).await, clamd)
}

pub(super) async fn add(bench: &Bench, ticket: &str, name: &str, bytes: &[u8]) -> v1::Attachment {
    let mut tickets = bench.tickets();
    let made = upload(&mut tickets, header(ticket, name), bytes).await;
    made.unwrap()
}

/// Each file that the ticket tells of, and whether it is there.
pub(super) fn told(ticket: &v1::Ticket) -> Vec<(&str, bool)> {
    let response = result(ticket).response.as_ref().unwrap();
    let files = response.attachments.iter();
    files
        .map(|file| (file.filename.as_str(), file.success))
        .collect()
}

/// Why this file is not there.
pub(super) fn why<'a>(ticket: &'a v1::Ticket, name: &str) -> &'a str {
    let response = result(ticket).response.as_ref().unwrap();
    let mut files = response.attachments.iter();
    let file = files.find(|file| file.filename == name).expect("the file");
    file.error_message.as_deref().expect("a reason")
}

/// The names of the files that Jira has, sorted.
pub(super) fn there(bench: &Bench) -> Vec<String> {
    let files = bench.jira.attachments().into_iter();
    let mut names: Vec<String> = files.map(|file| file.filename).collect();
    names.sort();
    names
}

#[rstest]
#[tokio::test]
async fn a_file_that_is_being_scanned_follows_by_itself_once_nothing_was_found_in_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (bench, clamd) = scanning(kind, &[]).await;
    let ticket = bench.file("With files").await;
    add(&bench, &ticket.id, "a.txt", b"what is in it").await;
    let integration = Some(bench.integration.as_str());
    let sent = bench.dispatch(&ticket.id, integration).await.unwrap();
    assert_eq!(told(&sent), [("a.txt", false)]);
    let text = why(&sent, "a.txt").to_owned();
    assert!(text.contains("being scanned; docket sends it"), "{text}");
    // Nothing could be done before the scan is over.
    let again = bench.dispatch(&ticket.id, None).await.unwrap();
    assert_eq!(again.integration_result, sent.integration_result);
    assert_eq!(bench.attempts(&ticket.id).await.len(), 1);

    clamd.permits.add_permits(1);
    bench.until_ended(&ticket.id, 2).await;
    let expected = [
        (DispatchTrigger::Request, DispatchOutcome::Created),
        (DispatchTrigger::Retry, DispatchOutcome::Created),
    ];
    assert_eq!(bench.told(&ticket.id).await, expected);
    let now = bench.get(&ticket.id).await;
    assert_eq!(told(&now), [("a.txt", true)]);
    assert_eq!(there(&bench), ["a.txt"]);
    assert_eq!(bench.creates(), 1);
    assert_eq!(
        bench.integration().await.dispatch_count,
        1,
        "it is one ticket"
    );
}

#[rstest]
#[tokio::test]
async fn a_file_that_something_was_found_in_is_told_as_such_and_never_sent(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (bench, clamd) = scanning(kind, &[]).await;
    let ticket = bench.file("With files").await;
    add(&bench, &ticket.id, "evil.txt", EVIL).await;
    let integration = Some(bench.integration.as_str());
    bench.dispatch(&ticket.id, integration).await.unwrap();
    clamd.permits.add_permits(1);
    bench.until_ended(&ticket.id, 2).await;
    let now = bench.get(&ticket.id).await;
    assert_eq!(why(&now, "evil.txt"), "it was found to be infected");
    bench.dispatch(&ticket.id, None).await.unwrap();
    assert_eq!(bench.attempts(&ticket.id).await.len(), 2);
    assert_eq!(bench.jira.requests_of(Operation::AddAttachments).len(), 0);
}

#[rstest]
#[tokio::test]
async fn a_scan_that_ends_while_its_ticket_is_on_its_way_is_not_missed(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let patient = [
        ("DISPATCH_WAIT_SECONDS", "0"),
        ("OUTBOUND_TIMEOUT_SECONDS", "300"),
    ];
    let (bench, clamd) = scanning(kind, &patient).await;
    let ticket = bench.file("With files").await;
    let file = add(&bench, &ticket.id, "a.txt", b"what is in it").await;
    let slow = Action::Delay { ms: 1500 };
    bench.jira.order(Fault::on(Operation::CreateIssue, slow));
    let integration = Some(bench.integration.as_str());
    bench.dispatch(&ticket.id, integration).await.unwrap();
    while bench.creates() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    clamd.permits.add_permits(1);
    let clean = v1::ScanStatus::Clean;
    until(&mut bench.tickets(), &ticket.id, &file.id, clean).await;
    bench.until_ended(&ticket.id, 2).await;
    assert_eq!(told(&bench.get(&ticket.id).await), [("a.txt", true)]);
    assert_eq!(there(&bench), ["a.txt"]);
    assert_eq!(bench.creates(), 1);
}

#[rstest]
#[tokio::test]
async fn what_is_not_there_yet_is_sent_when_somebody_asks_for_it_and_nothing_twice(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let ticket = bench.file("With files").await;
    add(&bench, &ticket.id, "a.txt", b"one").await;
    bench.pass(Duration::from_secs(1));
    add(&bench, &ticket.id, "b.txt", b"two").await;
    let refuse = Fault::on(Operation::AddAttachments, Action::status(413));
    bench.jira.order(refuse);
    let integration = Some(bench.integration.as_str());
    let sent = bench.dispatch(&ticket.id, integration).await.unwrap();
    assert_eq!(told(&sent), [("a.txt", false), ("b.txt", true)]);
    bench.pass(Duration::from_secs(1));
    add(&bench, &ticket.id, "c.txt", b"three").await;

    let sent = bench.dispatch(&ticket.id, None).await.unwrap();
    let all = [("a.txt", true), ("b.txt", true), ("c.txt", true)];
    assert_eq!(told(&sent), all, "in upload order");
    assert_eq!(there(&bench), ["a.txt", "b.txt", "c.txt"]);
    let expected = [
        (DispatchTrigger::Request, DispatchOutcome::Created),
        (DispatchTrigger::Request, DispatchOutcome::Created),
    ];
    assert_eq!(bench.told(&ticket.id).await, expected);
    let again = bench.dispatch(&ticket.id, None).await.unwrap();
    assert_eq!(again.integration_result, sent.integration_result);
    assert_eq!(bench.attempts(&ticket.id).await.len(), 2, "all is there");
    assert_eq!((bench.creates(), there(&bench).len()), (1, 3));
    assert_eq!(bench.integration().await.dispatch_count, 1);
}

#[rstest]
#[tokio::test]
async fn a_refused_file_that_was_deleted_since_is_no_longer_told(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let ticket = bench.file("With files").await;
    let file = add(&bench, &ticket.id, "a.txt", b"one").await;
    let refuse = Fault::on(Operation::AddAttachments, Action::status(413));
    bench.jira.order(refuse);
    let integration = Some(bench.integration.as_str());
    bench.dispatch(&ticket.id, integration).await.unwrap();
    let request = v1::DeleteAttachmentRequest { id: file.id };
    bench.tickets().delete_attachment(request).await.unwrap();
    bench.dispatch(&ticket.id, None).await.unwrap();
    assert_eq!(
        bench.attempts(&ticket.id).await.len(),
        1,
        "nothing is lacking"
    );
    add(&bench, &ticket.id, "b.txt", b"two").await;
    let sent = bench.dispatch(&ticket.id, None).await.unwrap();
    assert_eq!(told(&sent), [("b.txt", true)]);
}

#[rstest]
#[tokio::test]
async fn a_file_that_was_deleted_while_it_was_being_scanned_is_no_longer_told(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (bench, _clamd) = scanning(kind, &[]).await;
    let ticket = bench.file("With files").await;
    let file = add(&bench, &ticket.id, "a.txt", b"what is in it").await;
    let integration = Some(bench.integration.as_str());
    let sent = bench.dispatch(&ticket.id, integration).await.unwrap();
    assert_eq!(told(&sent), [("a.txt", false)]);
    let request = v1::DeleteAttachmentRequest { id: file.id };
    bench.tickets().delete_attachment(request).await.unwrap();
    bench.until_ended(&ticket.id, 2).await;
    assert_eq!(told(&bench.get(&ticket.id).await), []);
    assert_eq!(bench.jira.requests_of(Operation::AddAttachments).len(), 0);
}

#[rstest]
#[tokio::test]
async fn a_platform_that_asks_to_wait_before_it_takes_a_file_is_left_alone_until_then(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let ticket = bench.file("With files").await;
    add(&bench, &ticket.id, "a.txt", b"one").await;
    bench.pass(Duration::from_secs(1));
    add(&bench, &ticket.id, "b.txt", b"two").await;
    let wait = Action::Throttle {
        retry_after: Some(3600),
        reason: None,
    };
    bench.jira.order(Fault::on(Operation::AddAttachments, wait));
    let integration = Some(bench.integration.as_str());
    let sent = bench.dispatch(&ticket.id, integration).await.unwrap();
    assert!(result(&sent).success, "the issue is there");
    assert_eq!(told(&sent), [("a.txt", false), ("b.txt", false)]);
    for name in ["a.txt", "b.txt"] {
        let text = why(&sent, name);
        assert!(text.ends_with("docket sends it by itself."), "{text}");
    }
    assert_eq!(bench.jira.requests_of(Operation::AddAttachments).len(), 1);
    let wait = bench.wait_of(&bench.attempts(&ticket.id).await[0]);
    assert!((3599..=3600).contains(&wait), "{wait}");
    // Nor is it sent another ticket, or this one's files because somebody asks.
    let other = bench.create("Waits").await.unwrap();
    let asked = bench.dispatch(&ticket.id, None).await.unwrap();
    assert!(result(&asked).success && !result(&other).success);
    assert_eq!(bench.creates(), 1);
    assert_eq!(bench.jira.requests_of(Operation::AddAttachments).len(), 1);

    bench.pass(Duration::from_secs(3601));
    bench.until_ended(&ticket.id, 3).await;
    let now = bench.get(&ticket.id).await;
    assert_eq!(told(&now), [("a.txt", true), ("b.txt", true)]);
    assert_eq!(there(&bench), ["a.txt", "b.txt"]);
    assert!(bench.integration().await.enabled);
}

#[rstest]
#[tokio::test]
async fn a_file_that_nobody_knows_of_and_nobody_could_look_for_is_looked_for_before_it_is_sent_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let ticket = bench.file("With files").await;
    add(&bench, &ticket.id, "a.txt", b"one").await;
    bench.pass(Duration::from_secs(1));
    add(&bench, &ticket.id, "b.txt", b"two").await;
    let taken = Action::StatusAfter { status: 503 };
    bench
        .jira
        .order(Fault::on(Operation::AddAttachments, taken));
    let ill = Fault::on(Operation::GetIssue, Action::status(503));
    bench.jira.order(ill.always());
    let integration = Some(bench.integration.as_str());
    let sent = bench.dispatch(&ticket.id, integration).await.unwrap();
    assert_eq!(told(&sent), [("a.txt", false), ("b.txt", true)]);
    assert!(why(&sent, "a.txt").ends_with("docket sends it by itself."));
    bench.jira.clear_orders();
    bench.pass(Duration::from_secs(7));
    bench.until_ended(&ticket.id, 2).await;
    let expected = [("a.txt", true), ("b.txt", true)];
    assert_eq!(told(&bench.get(&ticket.id).await), expected);
    assert_eq!(there(&bench), ["a.txt", "b.txt"]);
    assert_eq!(bench.jira.requests_of(Operation::AddAttachments).len(), 2);
}

#[rstest]
#[tokio::test]
async fn a_file_that_could_not_be_taken_for_a_while_is_sent_again_by_itself_and_a_refused_one_is_not(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let ticket = bench.file("With files").await;
    for name in ["a.txt", "b.txt", "c.txt"] {
        add(&bench, &ticket.id, name, name.as_bytes()).await;
        bench.pass(Duration::from_secs(1));
    }
    let refuse = Fault::on(Operation::AddAttachments, Action::status(413));
    bench.jira.order(refuse);
    let gateway = Fault::on(Operation::AddAttachments, Action::status(503));
    bench.jira.order(gateway.nth(2));
    let integration = Some(bench.integration.as_str());
    let sent = bench.dispatch(&ticket.id, integration).await.unwrap();
    let expected = [("a.txt", false), ("b.txt", false), ("c.txt", true)];
    assert_eq!(told(&sent), expected);
    assert!(!why(&sent, "a.txt").contains("by itself"));
    bench.pass(Duration::from_secs(7));
    bench.until_ended(&ticket.id, 2).await;
    let expected = [("a.txt", false), ("b.txt", true), ("c.txt", true)];
    assert_eq!(told(&bench.get(&ticket.id).await), expected);
    let expected = [
        (DispatchTrigger::Request, DispatchOutcome::Created),
        (DispatchTrigger::Retry, DispatchOutcome::Created),
    ];
    assert_eq!(bench.told(&ticket.id).await, expected);
    assert_eq!(there(&bench), ["b.txt", "c.txt"]);
    // Once refused, once not taken, and one of each of the others.
    assert_eq!(bench.jira.requests_of(Operation::AddAttachments).len(), 4);
    assert_eq!(bench.integration().await.dispatch_count, 1);
}
