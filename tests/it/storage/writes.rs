//! What every write promises, on both databases.

use docket::{
    db::{Fault, notify_in, user as users},
    error::{Error, Reason, Result},
};
use futures::future::join_all;
use rstest::rstest;
use sea_orm::{EntityTrait as _, PaginatorTrait as _};

use super::rows::{fault, put, user, write};
use crate::support::database::{Kind, TestDatabase};

async fn ids(db: &docket::db::Db) -> Vec<String> {
    let rows = users::Entity::find().all(db.read()).await.expect("reads");
    let mut ids: Vec<String> = rows.into_iter().map(|row| row.id.0).collect();
    ids.sort();
    ids
}

#[rstest]
#[tokio::test]
async fn returns_what_the_work_returns_and_keeps_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let database = TestDatabase::new(kind).await;
    let value = database
        .db
        .write(|tx| {
            Box::pin(async move {
                put(tx, user("ada")).await?;
                Ok(users::Entity::find().count(tx).await?)
            })
        })
        .await;
    assert_eq!(value.expect("commits"), 1);
    assert_eq!(ids(&database.open_again().await).await, ["ada"]);
}

#[rstest]
#[tokio::test]
async fn keeps_nothing_of_work_that_fails(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let database = TestDatabase::new(kind).await;
    let outcome: Result<()> = database
        .db
        .write(|tx| {
            Box::pin(async move {
                put(tx, user("ada")).await?;
                Err(Error::invalid("name", "must not be empty"))
            })
        })
        .await;
    assert_eq!(outcome.expect_err("fails").reason(), Reason::InvalidFields);
    assert_eq!(ids(&database.db).await, Vec::<String>::new());
}

#[rstest]
#[tokio::test]
async fn keeps_nothing_of_work_that_panics_and_lives_on(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let database = TestDatabase::new(kind).await;
    let outcome: Result<()> = database
        .db
        .write(|tx| {
            Box::pin(async move {
                put(tx, user("ada")).await?;
                panic!("a fault in the work")
            })
        })
        .await;
    match outcome {
        Err(Error::Internal(source)) => assert!(source.to_string().contains("a fault in the work")),
        other => panic!("{other:?}"),
    }
    write(&database.db, user("bob"))
        .await
        .expect("writes go on");
    assert_eq!(ids(&database.db).await, ["bob"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn serves_64_writers_at_once_without_a_lock_error(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let database = TestDatabase::new(kind).await;
    let writers = (0..64).map(|number| {
        let db = database.db.clone();
        tokio::spawn(async move { write(&db, user(&format!("user-{number:02}"))).await })
    });
    for outcome in join_all(writers).await {
        outcome.expect("no panic").expect("no lock error");
    }
    assert_eq!(ids(&database.db).await.len(), 64);
}

/// PostgreSQL answers such a COMMIT with success, and rolls back.
#[rstest]
#[tokio::test]
async fn never_claims_work_that_went_on_after_a_failed_statement(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let database = TestDatabase::new(kind).await;
    write(&database.db, user("ada"))
        .await
        .expect("takes a user");
    let outcome = database
        .db
        .write(|tx| {
            Box::pin(async move {
                put(tx, user("bob")).await?;
                let refused = put(tx, user("ada"))
                    .await
                    .expect_err("she is there already");
                assert!(matches!(Fault::of(&refused), Fault::Unique(_)));
                Ok(())
            })
        })
        .await;
    let kept = ids(&database.db).await;
    match kind {
        Kind::Sqlite => {
            outcome.expect("SQLite takes back the one statement alone");
            assert_eq!(kept, ["ada", "bob"]);
        }
        Kind::Postgres => {
            assert_eq!(fault(outcome), Fault::Other);
            assert_eq!(kept, ["ada"]);
        }
    }
}

#[rstest]
#[tokio::test]
async fn notifies_without_harm_on_either_database(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let database = TestDatabase::new(kind).await;
    database
        .db
        .write(|tx| Box::pin(async move { Ok(notify_in(tx, "docket_export", "one").await?) }))
        .await
        .expect("commits");
}

#[rstest]
#[tokio::test]
async fn as_many_people_as_a_large_installation_has_are_written_at_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let database = TestDatabase::new(kind).await;
    let people: Vec<_> = (0..9000).map(|n| user(&format!("person-{n:04}"))).collect();
    let written = database.db.write(move |tx| {
        let people = people.clone();
        Box::pin(async move { users::replace(tx, people).await })
    });
    written.await.unwrap();
    let kept = users::Entity::find().count(database.db.read()).await;
    assert_eq!(kept.unwrap(), 9000);
}
