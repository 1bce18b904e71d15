//! Ticket numbers are never given twice.

use std::collections::BTreeSet;

use docket::{
    db::{Db, counter::next_ticket_numbers},
    error::{Error, Result},
};
use futures::future::join_all;
use rstest::rstest;

use crate::support::database::{Kind, TestDatabase};

async fn take(db: &Db, count: u32) -> Vec<i64> {
    db.write(move |tx| Box::pin(async move { Ok(next_ticket_numbers(tx, count).await?) }))
        .await
        .expect("gives numbers")
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn are_distinct_under_load(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let database = TestDatabase::new(kind).await;
    let taken = join_all((0..64).map(|taker| take(&database.db, taker % 3 + 1))).await;
    let all: Vec<i64> = taken.iter().flatten().copied().collect();
    let distinct: BTreeSet<i64> = all.iter().copied().collect();
    assert_eq!(distinct.len(), all.len());
    assert_eq!(
        distinct,
        (1..=i64::try_from(all.len()).expect("few")).collect()
    );
    assert!(taken.iter().all(|numbers| numbers.is_sorted()));
}

#[rstest]
#[tokio::test]
async fn start_at_one_and_go_on_after_a_restart(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let database = TestDatabase::new(kind).await;
    assert_eq!(take(&database.db, 2).await, [1, 2]);
    assert_eq!(take(&database.db, 0).await, Vec::<i64>::new());
    database.db.close().await;
    let again = database.open_again().await;
    assert_eq!(take(&again, 3).await, [3, 4, 5]);
}

#[rstest]
#[tokio::test]
async fn of_a_committed_ticket_are_not_given_again_after_a_failure(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let database = TestDatabase::new(kind).await;
    let kept = take(&database.db, 1).await;
    let failed: Result<()> = database
        .db
        .write(|tx| {
            Box::pin(async move {
                next_ticket_numbers(tx, 5).await?;
                Err(Error::invalid("title", "must not be empty"))
            })
        })
        .await;
    assert!(failed.is_err());
    assert!(take(&database.db, 1).await[0] > kept[0]);
}
