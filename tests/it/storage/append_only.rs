//! History, export events and the log of exports cannot be changed by anybody.

use docket::db::{Fault, history};
use rstest::rstest;
use sea_orm::{ConnectionTrait as _, EntityTrait as _};

use super::{fill::fill, rows::fault};
use crate::support::database::{Kind, TestDatabase};

#[rstest]
#[case::update("UPDATE history SET actor_id = 'mallory'")]
#[case::delete("DELETE FROM history")]
#[case::update_event("UPDATE export_event SET kind = 'completed'")]
#[case::delete_event("DELETE FROM export_event")]
#[case::update_log("UPDATE export_log SET note = 'nothing'")]
#[case::delete_log("DELETE FROM export_log")]
#[tokio::test]
async fn refuses_a_change(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] statement: &'static str,
) {
    assert_eq!(refusal(kind, statement).await, Fault::AppendOnly);
}

#[rstest]
#[tokio::test]
async fn refuses_a_replacement_on_sqlite() {
    let replace = "INSERT OR REPLACE INTO history \
                   SELECT sequence, ticket_id, event_type, field, old_value, new_value, 'mallory', \
                   ip_address, metadata, create_time, ticket_version, internal FROM history";
    assert_eq!(refusal(Kind::Sqlite, replace).await, Fault::AppendOnly);
}

#[rstest]
#[case("TRUNCATE history")]
#[case("TRUNCATE export CASCADE")]
#[tokio::test]
async fn refuses_to_be_emptied_on_postgres(#[case] statement: &'static str) {
    assert_eq!(refusal(Kind::Postgres, statement).await, Fault::AppendOnly);
}

#[rstest]
#[tokio::test]
async fn keeps_a_ticket_that_has_history(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let delete = "DELETE FROM ticket WHERE id IN (SELECT ticket_id FROM history)";
    assert_eq!(refusal(kind, delete).await, Fault::ForeignKey);
}

/// How the statement is refused; checks that it changed nothing.
async fn refusal(kind: Kind, statement: &'static str) -> Fault {
    let database = TestDatabase::new(kind).await;
    let db = &database.db;
    fill(db).await;
    let before = history::Entity::find().all(db.read()).await.expect("reads");
    assert_eq!(before.len(), 1);
    let outcome = db
        .write(move |tx| {
            Box::pin(async move {
                tx.execute_unprepared(statement).await?;
                Ok(())
            })
        })
        .await;
    let after = history::Entity::find().all(db.read()).await.expect("reads");
    assert_eq!(before, after);
    fault(outcome)
}
