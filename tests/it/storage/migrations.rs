//! Up, down and up again, with rows in every table.

use std::collections::BTreeMap;

use docket::db::Db;
use rstest::rstest;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use super::{
    drift::tables,
    fill::fill,
    rows::{user, write},
};
use crate::support::database::{Kind, TestDatabase};

#[rstest]
#[tokio::test]
async fn goes_up_down_and_up_again_with_rows(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let database = TestDatabase::new(kind).await;
    let db = &database.db;
    fill(db).await;
    let counts = row_counts(db).await;
    assert!(counts.len() >= 19, "{counts:?}");
    let empty: Vec<_> = counts.iter().filter(|(_, rows)| **rows == 0).collect();
    assert!(empty.is_empty(), "tables that `fill` left empty: {empty:?}");

    db.migrate_down(None)
        .await
        .expect("goes down with rows in every table");
    assert_eq!(remaining_objects(db).await, Vec::<String>::new());
    assert!(
        db.migration_status()
            .await
            .expect("tells")
            .iter()
            .all(|step| !step.applied)
    );

    db.migrate_up(None).await.expect("goes up again");
    fill(db).await;
    assert_eq!(row_counts(db).await, counts);
}

#[rstest]
#[tokio::test]
async fn goes_step_by_step_and_tells_where_it_is(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let database = TestDatabase::empty(kind).await;
    let db = &database.db;
    let steps = db.migration_status().await.expect("tells").len();
    for taken in 1..=steps {
        db.migrate_up(Some(1)).await.expect("one up");
        assert_eq!(applied(db).await, taken);
    }
    for left in (0..steps).rev() {
        db.migrate_down(Some(1)).await.expect("one down");
        assert_eq!(applied(db).await, left);
    }
}

#[rstest]
#[tokio::test]
async fn up_twice_changes_nothing(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let database = TestDatabase::new(kind).await;
    write(&database.db, user("ada"))
        .await
        .expect("takes a user");
    database.db.migrate_up(None).await.expect("up again");
    assert_eq!(row_counts(&database.db).await["user"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_start_together_take_each_step_once() {
    let database = TestDatabase::empty(Kind::Postgres).await;
    let replicas = [
        database.open_again().await,
        database.open_again().await,
        database.open_again().await,
    ];
    let migrations = replicas.iter().map(|replica| replica.migrate_up(None));
    for outcome in futures::future::join_all(migrations).await {
        outcome.expect("each replica finds or makes the schema");
    }
    fill(&database.db).await;
}

async fn applied(db: &Db) -> usize {
    let steps = db.migration_status().await.expect("tells");
    steps.iter().filter(|step| step.applied).count()
}

pub(crate) async fn row_counts(db: &Db) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for table in tables(db).await {
        let sql = format!("SELECT count(*) FROM \"{table}\"");
        let row = db
            .read()
            .query_one_raw(Statement::from_string(db.backend(), sql))
            .await;
        let row = row.expect("counts").expect("one row");
        counts.insert(table, row.try_get_by_index(0).expect("a number"));
    }
    counts
}

/// Whatever a step down has forgotten, migrations' own bookkeeping aside.
async fn remaining_objects(db: &Db) -> Vec<String> {
    let sql = match db.backend() {
        DbBackend::Sqlite => {
            "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' AND tbl_name <> 'seaql_migrations'"
        }
        _ => {
            "SELECT relname::text AS name FROM pg_class WHERE relnamespace = current_schema()::regnamespace \
             AND relname NOT LIKE 'seaql_migrations%' \
             UNION ALL SELECT proname::text FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
        }
    };
    let rows = db
        .read()
        .query_all_raw(Statement::from_string(db.backend(), sql))
        .await;
    let rows = rows.expect("reads the catalogue");
    rows.iter()
        .map(|row| row.try_get("", "name").expect("a name"))
        .collect()
}
