//! What ends in the middle of two things that belong together: a ticket's intent that another one has written down, and the tickets of
//! a run of which one meets a fault of docket's own.

use std::os::unix::process::ExitStatusExt as _;

use docket::{
    proto::v1::{
        CreateCommentRequest, ExportStatus, ListSessionTicketsRequest, RetryExportRequest,
    },
    sandbox::{Action, Fault, Operation},
};
use rstest::rstest;

use super::{
    bench::{Bench, Setup},
    check,
    process::{Docket, until},
    story::Story,
};
use crate::support::database::Kind;

/// SIGABRT, by which a process ends that ends itself.
const ABORTED: i32 = 6;

fn sent(bench: &Bench) -> usize {
    bench.jira.requests_of(Operation::CreateIssue).len()
}

/// The third ticket's key is written down together with the intent of the fourth, which has changed meanwhile: it would be taken back.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_before_an_intent_is_taken_back_costs_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let setup = Setup::new(kind, Story::wide()).crashing_at("key_kept", 3);
    let (bench, mut process) = setup.start().await;
    let slow = Fault::on(Operation::CreateIssue, Action::Delay { ms: 1000 });
    bench.jira.order(slow.nth(3));
    let watcher = bench.watch();
    bench.begin(&process).await.expect("it starts");
    until("the third create is sent", || sent(&bench) == 3).await;
    comment_on(&bench, &process, 3).await;
    let ended = process.ended().await;
    assert_eq!(ended.signal(), Some(ABORTED));
    assert_eq!(sent(&bench), 3, "the fourth is not sent");

    let process = bench.process().await;
    let (_, taken_over) = bench.conclude(&process, watcher).await;
    assert_eq!(taken_over, 1);
    assert_eq!(sent(&bench), bench.story.len(), "one create a ticket");
}

/// Comments on the ticket at this place.
async fn comment_on(bench: &Bench, process: &Docket, place: usize) {
    let request = ListSessionTicketsRequest {
        session_id: bench.session.clone(),
        page_size: 100,
        ..Default::default()
    };
    let listed = bench.exports(process).list_session_tickets(request).await;
    let ticket = listed.expect("tickets").into_inner().tickets.remove(place);
    let request = CreateCommentRequest {
        ticket_id: ticket.id,
        body: "Seen again today.".to_owned(),
        ..Default::default()
    };
    let commented = bench.tickets(process).create_comment(request).await;
    commented.expect("a comment");
}

/// What the others were about to write then comes too late, or is known to whoever ends the run.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_at_one_ticket_ends_the_run_for_all_and_a_retry_goes_on(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut setup = Setup::new(kind, Story::wide()).doing_at("answered", 3, "panic");
    setup.lanes = 4;
    let (bench, process) = setup.start().await;
    let watcher = bench.watch();
    bench.begin(&process).await.expect("it starts");
    let events = watcher.events().await;
    let export = events.last().and_then(|event| event.export.clone());
    let failure = export.expect("an export").failure.expect("a failure");
    assert_eq!(failure.reason, "INTERNAL");
    let export = bench.results(&process).await.export.expect("an export");
    assert_eq!(export.status(), ExportStatus::Failed, "and stays so");

    let request = RetryExportRequest {
        session_id: bench.session.clone(),
        ..Default::default()
    };
    let retried = bench.exports(&process).retry_export(request).await;
    retried.expect("it goes on");
    bench.watch().events().await;
    check::hold(&bench.jira, &bench.story, &bench.results(&process).await);
}
