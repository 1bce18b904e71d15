//! A step that makes a table anew takes nothing along that points at it, up and down.

use docket::{
    db::{Db, export, export_event, export_item},
    domain::{export::ExportStatus, ids::SessionId},
};
use rstest::rstest;
use sea_orm::EntityTrait as _;

use super::{
    fill::fill,
    migrations::row_counts,
    rows::{export, export_event, now, write},
};
use crate::support::database::{Kind, TestDatabase};

/// The step that lets a session have several exports.
const STEP: &str = "m0025_export_revert";

/// How many steps are to be taken back until that one is.
async fn steps_back(db: &Db) -> u32 {
    let steps = db.migration_status().await.expect("tells");
    let back = steps
        .iter()
        .rev()
        .take_while(|step| step.name != STEP)
        .count();
    u32::try_from(back).expect("few") + 1
}

async fn sessions(db: &Db) -> Vec<(SessionId, ExportStatus)> {
    let rows = export::Entity::find().all(db.read()).await.expect("reads");
    rows.into_iter()
        .map(|row| (row.session_id, row.status))
        .collect()
}

#[rstest]
#[tokio::test]
async fn every_row_that_points_at_an_export_outlives_the_step(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let database = TestDatabase::new(kind).await;
    let db = &database.db;
    fill(db).await;
    let (counts, before) = (row_counts(db).await, sessions(db).await);
    db.migrate_down(Some(steps_back(db).await))
        .await
        .expect("goes down");
    let kept = |counts: &std::collections::BTreeMap<String, i64>| {
        let tables = [
            "export",
            "export_event",
            "export_fix",
            "export_item",
            "export_link",
        ];
        tables.map(|table| counts[table])
    };
    assert_eq!(kept(&row_counts(db).await), kept(&counts));
    db.migrate_up(None).await.expect("goes up");
    assert_eq!(kept(&row_counts(db).await), kept(&counts));
    assert_eq!(sessions(db).await, before);
    // What points at an export is still held to that.
    let orphan = export_event(&export(before[0].0));
    assert!(write(db, orphan).await.is_err(), "an event of no export");
}

#[rstest]
#[tokio::test]
async fn a_session_has_one_export_beside_those_that_were_reverted(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let database = TestDatabase::new(kind).await;
    let db = &database.db;
    fill(db).await;
    let session = sessions(db).await[0].0;
    write(db, export(session)).await.expect_err("one is there");
    let mut reverted = export(session);
    reverted.status = ExportStatus::Reverted;
    reverted.finish_time = Some(now());
    write(db, reverted.clone())
        .await
        .expect("takes what was reverted");
    write(db, export_event(&reverted))
        .await
        .expect("takes its event");

    // Before the step there was room for one: what was reverted goes, with its events, and the others stay.
    db.migrate_down(Some(steps_back(db).await))
        .await
        .expect("goes down");
    let rows = row_counts(db).await;
    assert_eq!(
        (rows["export"], rows["export_event"], rows["export_item"]),
        (1, 1, 1)
    );
    db.migrate_up(None).await.expect("goes up");
    assert_eq!(
        export_item::Entity::find()
            .all(db.read())
            .await
            .expect("reads")
            .len(),
        1
    );
    let deleted = db
        .write(|tx| {
            Box::pin(async move { Ok(export_event::Entity::delete_many().exec(tx).await?) })
        })
        .await;
    assert!(deleted.is_err(), "events are append-only as before");
}
