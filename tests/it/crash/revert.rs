//! The process dies in the middle of a revert: repeated, it goes on where it stopped and tells of everything that is deleted.

use docket::{
    proto::v1::{ExportStatus, RevertExportRequest, RevertExportResponse},
    sandbox::{Action, Fault, Operation},
};
use rstest::rstest;
use tonic::Status;

use super::{
    bench::{Bench, Setup},
    process::{Docket, until},
    story::Story,
};
use crate::support::database::Kind;

/// The deletion during which the process dies, counted from 1.
const LAST: u32 = 4;

async fn revert(bench: &Bench, process: &Docket) -> Result<RevertExportResponse, Status> {
    let request = RevertExportRequest {
        session_id: bench.session.clone(),
        dry_run: false,
    };
    let reverted = bench.exports(process).revert_export(request).await?;
    Ok(reverted.into_inner())
}

#[rstest]
#[case::before_jira_deletes(Action::Hang)]
#[case::when_jira_deletes(Action::WorkAfterClientLeft { delay_ms: 0, after_calls: 0 })]
#[case::after_jira_has_deleted(Action::DropAfter)]
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_in_a_revert_costs_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] action: Action,
) {
    let (bench, process) = Setup::new(kind, Story::small()).start().await;
    let watcher = bench.watch();
    bench.begin(&process).await.expect("it starts");
    bench.conclude(&process, watcher).await;
    let keys: Vec<String> = bench.jira.issues().into_iter().map(|i| i.key).collect();
    let held = Fault::on(Operation::DeleteIssue, action);
    bench.jira.order(held.nth(LAST).always());

    let deletions = || bench.jira.requests_of(Operation::DeleteIssue).len();
    let interrupted = async {
        until("the deletion is sent", || deletions() >= LAST as usize).await;
    };
    tokio::select! {
        reverted = revert(&bench, &process) => panic!("it ended: {reverted:?}"),
        () = interrupted => (),
    }
    process.kill();
    bench.jira.clear_orders();

    let next = bench.process().await;
    let reverted = revert(&bench, &next).await.expect("it goes on");
    assert_eq!(reverted.deleted, keys, "all of them, also the earlier ones");
    assert!(reverted.kept.is_empty(), "{:?}", reverted.kept);
    assert!(bench.jira.issues().is_empty());
    assert!(bench.jira.links().is_empty());
    let export = bench.results(&next).await.export.expect("an export");
    assert_eq!(export.status(), ExportStatus::Reverted);
}
