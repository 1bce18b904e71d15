//! What happens to files, their issue and their integration while files are on their way.

use std::time::Duration;

use docket::{
    proto::v1,
    sandbox::{Action, Fault, Operation, Options},
};
use rstest::rstest;

use super::{
    bench::Bench,
    files_later::{add, there, told, why},
    files_left::lose,
};
use crate::{
    attachments::scan::until,
    support::{database::Kind, eventually},
};

#[rstest]
#[tokio::test]
async fn what_was_deleted_or_switched_off_while_another_file_waited_is_not_sent(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::set(kind, &[("DISPATCH_WAIT_SECONDS", "0")]).await;
    let ticket = bench.file("With files").await;
    add(&bench, &ticket.id, "a.txt", b"one").await;
    bench.pass(Duration::from_secs(1));
    let deleted = add(&bench, &ticket.id, "b.txt", b"two").await;
    bench.pass(Duration::from_secs(1));
    add(&bench, &ticket.id, "c.txt", b"three").await;
    let wait = || Action::Throttle {
        retry_after: Some(20),
        reason: None,
    };
    let throttle = Fault::on(Operation::AddAttachments, wait());
    bench.jira.order(throttle.times(2));
    let waiting = async |times: usize| {
        let twenty = || {
            let waits = bench.clock.waits().into_iter();
            waits.filter(|wait| wait.as_secs() == 20).count()
        };
        eventually("it waits", async || twenty() >= times).await;
    };
    bench.clock.hold();
    let integration = Some(bench.integration.as_str());
    bench.dispatch(&ticket.id, integration).await.unwrap();
    waiting(1).await;
    let request = v1::DeleteAttachmentRequest { id: deleted.id };
    bench.tickets().delete_attachment(request).await.unwrap();
    bench.clock.release();
    waiting(2).await;
    bench.clock.hold();
    bench.until_ended(&ticket.id, 1).await;
    let now = bench.get(&ticket.id).await;
    assert_eq!(told(&now), [("a.txt", true), ("c.txt", true)]);
    assert_eq!(there(&bench), ["a.txt", "c.txt"]);
    bench.clock.release();

    add(&bench, &ticket.id, "d.txt", b"four").await;
    bench.pass(Duration::from_secs(1));
    add(&bench, &ticket.id, "e.txt", b"five").await;
    let throttle = Fault::on(Operation::AddAttachments, wait());
    bench.jira.order(throttle);
    bench.clock.hold();
    bench.dispatch(&ticket.id, None).await.unwrap();
    waiting(3).await;
    bench.switch(false).await;
    bench.clock.release();
    let attempts = bench.until_ended(&ticket.id, 2).await;
    assert!(attempts[1].next_attempt_time.is_some());
    assert_eq!(there(&bench), ["a.txt", "c.txt"]);
    bench.switch(true).await;
    bench.pass(Duration::from_secs(7));
    bench.until_ended(&ticket.id, 3).await;
    assert_eq!(there(&bench), ["a.txt", "c.txt", "d.txt", "e.txt"]);
}

/// A token that is renewed, a right that is given: somebody sees to it, and the file follows.
#[rstest]
#[case(401)]
#[case(403)]
#[tokio::test]
async fn a_file_that_docket_may_not_add_yet_follows_by_itself(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] status: u16,
) {
    let bench = Bench::new(kind).await;
    let ticket = bench.file("With files").await;
    add(&bench, &ticket.id, "a.txt", b"one").await;
    let refuse = Fault::on(Operation::AddAttachments, Action::status(status));
    bench.jira.order(refuse);
    let integration = Some(bench.integration.as_str());
    let sent = bench.dispatch(&ticket.id, integration).await.unwrap();
    assert_eq!(told(&sent), [("a.txt", false)]);
    let text = why(&sent, "a.txt");
    assert!(text.starts_with("Jira refused the file"), "{text}");
    assert!(text.ends_with("docket sends it by itself."), "{text}");
    assert_eq!(bench.jira.requests_of(Operation::AddAttachments).len(), 1);
    bench.pass(Duration::from_secs(7));
    bench.until_ended(&ticket.id, 2).await;
    assert_eq!(there(&bench), ["a.txt"]);
}

/// Nobody knows whether the issue has it: a person is to look.
#[rstest]
#[tokio::test]
async fn a_file_that_is_infected_after_it_may_have_been_sent_is_told_as_such(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let folder = tempfile::tempdir().unwrap();
    let flag = folder.path().join("newer");
    let command = format!("sh {}", folder.path().join("scan").display());
    let script = format!("cat > /dev/null; test ! -e {}", flag.display());
    std::fs::write(folder.path().join("scan"), script).unwrap();
    let bench = Bench::set(kind, &[("SCAN_COMMAND", &command)]).await;
    let (ticket, other) = (bench.file("One").await, bench.file("Other").await);
    let scanned = async |ticket: &str, file: &v1::Attachment, status| {
        until(&mut bench.tickets(), ticket, &file.id, status).await;
    };
    let file = add(&bench, &ticket.id, "a.txt", b"one").await;
    scanned(&ticket.id, &file, v1::ScanStatus::Clean).await;
    lose(&bench, Action::StatusAfter { status: 503 });
    let integration = Some(bench.integration.as_str());
    bench.dispatch(&ticket.id, integration).await.unwrap();
    bench.jira.clear_orders();

    std::fs::write(&flag, "").unwrap();
    let same = add(&bench, &other.id, "b.txt", b"one").await;
    scanned(&other.id, &same, v1::ScanStatus::Infected).await;
    bench.pass(Duration::from_secs(7));
    bench.until_ended(&ticket.id, 2).await;
    let says_so = async || {
        let now = bench.get(&ticket.id).await;
        let text = why(&now, "a.txt");
        assert!(
            text.contains("infected after it may have been sent"),
            "{text}"
        );
    };
    says_so().await;
    assert_eq!(bench.jira.requests_of(Operation::AddAttachments).len(), 1);

    // Nor is it forgotten once another one is sent.
    std::fs::remove_file(&flag).unwrap();
    let clean = add(&bench, &ticket.id, "c.txt", b"two").await;
    scanned(&ticket.id, &clean, v1::ScanStatus::Clean).await;
    bench.dispatch(&ticket.id, None).await.unwrap();
    bench.until_ended(&ticket.id, 3).await;
    says_so().await;
    assert_eq!(there(&bench), ["a.txt", "c.txt"]);

    // It is looked for once it is deleted here.
    let request = v1::DeleteAttachmentRequest { id: file.id };
    bench.tickets().delete_attachment(request).await.unwrap();
    bench.pass(Duration::from_secs(1));
    let clean = add(&bench, &ticket.id, "d.txt", b"three").await;
    scanned(&ticket.id, &clean, v1::ScanStatus::Clean).await;
    bench.dispatch(&ticket.id, None).await.unwrap();
    bench.until_ended(&ticket.id, 4).await;
    let now = bench.get(&ticket.id).await;
    let expected = [("a.txt", false), ("c.txt", true), ("d.txt", true)];
    assert_eq!(told(&now), expected);
    let text = why(&now, "a.txt");
    let begin = "it was found to be infected after it was sent; delete it there, too: its id is ";
    assert!(text.starts_with(begin), "{text}");
}

#[rstest]
#[tokio::test]
async fn a_file_for_an_issue_that_is_gone_is_told_and_not_tried_for_ever(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let ticket = bench.file("With files").await;
    let integration = Some(bench.integration.as_str());
    bench.dispatch(&ticket.id, integration).await.unwrap();
    add(&bench, &ticket.id, "a.txt", b"one").await;
    let lost = Fault::on(Operation::AddAttachments, Action::DropBefore);
    bench.jira.order(lost);
    bench.dispatch(&ticket.id, None).await.unwrap();
    let key = bench.issues_of(&ticket.id).remove(0);
    let gone = reqwest::Client::new()
        .delete(format!("{}/rest/api/3/issue/{key}", bench.jira.url()))
        .basic_auth(Options::EMAIL, Some(Options::TOKEN));
    assert!(gone.send().await.unwrap().status().is_success());
    bench.pass(Duration::from_secs(7));
    let attempts = bench.until_ended(&ticket.id, 3).await;
    assert_eq!(attempts[2].next_attempt_time, None);
    let now = bench.get(&ticket.id).await;
    let text = why(&now, "a.txt");
    assert!(text.contains(&format!("no issue {key} any more")), "{text}");
    assert_eq!(bench.creates(), 1);
}
