//! Files that are deleted in docket before Jira has them: they stay here, and nobody is asked for them any more.

use std::time::Duration;

use docket::{
    db::attachment,
    domain::actor::Role,
    proto::v1,
    sandbox::{Action, Fault, Operation},
};
use rstest::rstest;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::{
    bench::{Bench, assert_completed},
    files::{FILES, File, add, bench, in_jira, uploaded, wanted},
    refused_files::{apply, sent, tickets, totals},
};
use crate::support::database::Kind;

impl Bench {
    /// Deletes the file of this name in docket.
    async fn delete_file(&self, name: &str) {
        let files = attachment::Entity::find().filter(attachment::Column::Filename.eq(name));
        let files = files.all(self.server.database().read()).await.unwrap();
        assert_eq!(files.len(), 1, "{name}");
        let id = files[0].id.to_string();
        let request = v1::DeleteAttachmentRequest { id };
        let mut tickets = self.server.tickets(Role::Admin);
        tickets.delete_attachment(request).await.unwrap();
    }
}

/// While the one before it is sent, and while it waits itself.
#[rstest]
#[case::behind_another(1, Action::Delay { ms: 1500 })]
#[case::waiting(2, Action::Throttle { retry_after: Some(7), reason: None })]
#[tokio::test]
async fn a_file_that_is_deleted_before_it_is_sent_stays_here(
    #[case] nth: u32,
    #[case] action: Action,
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let files: [File; 3] = [
        (0, "first.log", b"one"),
        (0, "second.log", b"two"),
        (2, "third.log", b"three"),
    ];
    let bench = bench(kind, &[]).await;
    for file in files {
        add(&bench, &[file]).await;
        // They are sent in the order in which they came.
        bench.clock.advance(Duration::from_secs(1));
    }
    let fault = Fault::on(Operation::AddAttachments, action);
    bench.jira.order(fault.nth(nth));
    bench.clock.hold();
    bench.start().await.unwrap();
    let sends = || bench.jira.requests_of(Operation::AddAttachments).len();
    bench.until(|| sends() == nth as usize).await;
    bench.delete_file("second.log").await;
    bench.clock.release();
    let events = bench.events(0).await;
    assert_completed(&events);
    assert_eq!(in_jira(&bench), wanted(&[files[0], files[2]]));
    assert_eq!(uploaded(&events).len(), 2);
    let results = bench.results().await;
    assert_eq!(results.manual_fixes, []);
    let result = bench.tickets().await[0].integration_result.clone();
    let files = result.unwrap().response.unwrap().attachments;
    let names: Vec<_> = files.iter().map(|file| file.filename.as_str()).collect();
    assert_eq!(names, ["first.log"]);
}

#[rstest]
#[tokio::test]
async fn a_refused_file_that_is_deleted_here_is_not_missed_any_more(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let files = [FILES[0], (1, "large.log", b"ten bytes."), FILES[3]];
    let bench = bench(kind, &files).await;
    bench.jira.change_site(|site| site.upload_limit = 9);
    assert_completed(&bench.run().await);
    assert_eq!(totals(&tickets(&bench).await[1]), (1, 0, 1));
    let before = sent(&bench);
    bench.delete_file("large.log").await;
    assert_eq!(apply(&bench).await, [None]);
    assert_eq!(sent(&bench), before, "nothing is sent");
    assert_eq!(totals(&tickets(&bench).await[1]), (0, 0, 0));
    let results = bench.results().await;
    assert_eq!(results.export.unwrap().manual_fixes_needed, 0);
    assert!(results.manual_fixes[0].applied);
    assert_eq!(apply(&bench).await, []);
}
