//! SQLite's group commit: one commit for all that wait, each standing or falling by itself.

use std::{pin::Pin, sync::Arc};

use docket::{
    db::{Db, Fault, user as users},
    error::{Error, Result},
};
use futures::poll;
use sea_orm::{ConnectionTrait as _, EntityTrait as _};
use tokio::sync::Notify;

use super::rows::{fault, put, ticket, user, write};
use crate::support::database::{Kind, TestDatabase};

type Waiting<'a> = Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// Holds the writer inside a transaction, so that what is written meanwhile waits and becomes one batch.
struct Hold {
    task: tokio::task::JoinHandle<Result<()>>,
    release: Arc<Notify>,
}

impl Hold {
    async fn start(db: &Db) -> Self {
        let (started, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (db, signals) = (db.clone(), (started.clone(), release.clone()));
        let task = tokio::spawn(async move {
            db.write(move |_| {
                let (started, release) = signals.clone();
                Box::pin(async move {
                    started.notify_one();
                    release.notified().await;
                    Ok(())
                })
            })
            .await
        });
        started.notified().await;
        Self { task, release }
    }

    async fn release(self) {
        self.release.notify_one();
        self.task.await.expect("no panic").expect("commits");
    }
}

/// A write that is in the queue already.
async fn queued<'a>(write: impl Future<Output = Result<()>> + 'a) -> Waiting<'a> {
    let mut write: Waiting<'a> = Box::pin(write);
    assert!(poll!(write.as_mut()).is_pending(), "the writer is held");
    write
}

async fn insert_then(db: &Db, id: &'static str, then: fn() -> Result<()>) -> Result<()> {
    db.write(move |tx| {
        Box::pin(async move {
            put(tx, user(id)).await?;
            then()
        })
    })
    .await
}

/// Breaks a foreign key in a way that SQLite finds at the commit and no earlier.
async fn spoil_the_commit(db: &Db) -> Result<()> {
    db.write(|tx| {
        Box::pin(async move {
            tx.execute_unprepared("PRAGMA defer_foreign_keys = ON")
                .await?;
            put(tx, ticket(1)).await?;
            Ok(())
        })
    })
    .await
}

async fn ids(db: &Db) -> Vec<String> {
    let rows = users::Entity::find().all(db.read()).await.expect("reads");
    let mut ids: Vec<String> = rows.into_iter().map(|row| row.id.0).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn one_that_fails_or_panics_takes_back_itself_alone() {
    let database = TestDatabase::new(Kind::Sqlite).await;
    let db = &database.db;
    let hold = Hold::start(db).await;
    let before = queued(write(db, user("before"))).await;
    let failing = queued(insert_then(db, "failing", || {
        Err(Error::invalid("name", "bad"))
    }))
    .await;
    let refused = queued(write(db, user("before"))).await;
    let panicking = queued(insert_then(db, "panicking", || {
        panic!("a fault in the work")
    }))
    .await;
    let after = queued(write(db, user("after"))).await;
    hold.release().await;

    before.await.expect("keeps its own");
    assert!(matches!(failing.await, Err(Error::Invalid { .. })));
    assert!(matches!(fault(refused.await), Fault::Unique(_)));
    assert!(matches!(panicking.await, Err(Error::Internal(_))));
    after.await.expect("keeps its own");
    assert_eq!(ids(db).await, ["after", "before"]);
}

#[tokio::test]
async fn a_commit_that_fails_fails_all_that_shared_it_and_no_more() {
    let database = TestDatabase::new(Kind::Sqlite).await;
    let db = &database.db;
    let hold = Hold::start(db).await;
    let first = queued(write(db, user("first"))).await;
    let failing = queued(insert_then(db, "failing", || {
        Err(Error::invalid("name", "bad"))
    }))
    .await;
    let spoiler = queued(spoil_the_commit(db)).await;
    let last = queued(write(db, user("last"))).await;
    hold.release().await;

    assert_eq!(fault(first.await), Fault::ForeignKey);
    assert!(
        matches!(failing.await, Err(Error::Invalid { .. })),
        "its own failure, not the batch's"
    );
    assert_eq!(fault(spoiler.await), Fault::ForeignKey);
    assert_eq!(fault(last.await), Fault::ForeignKey);
    assert_eq!(ids(db).await, Vec::<String>::new());

    write(db, user("next"))
        .await
        .expect("the next batch is sound");
    assert_eq!(ids(db).await, ["next"]);
}

/// What SQLite does by itself on a full disk: the savepoints of the batch are gone.
#[tokio::test]
async fn a_rollback_behind_the_writers_back_is_never_answered_with_success() {
    let database = TestDatabase::new(Kind::Sqlite).await;
    let db = &database.db;
    let hold = Hold::start(db).await;
    let first = queued(write(db, user("first"))).await;
    let rolled_back = queued(db.write(|tx| {
        Box::pin(async move {
            tx.execute_unprepared("ROLLBACK").await?;
            Ok(())
        })
    }))
    .await;
    let last = queued(write(db, user("last"))).await;
    hold.release().await;

    for outcome in [first.await, rolled_back.await, last.await] {
        outcome.expect_err("nothing of the batch was kept");
    }
    assert_eq!(ids(db).await, Vec::<String>::new());
    write(db, user("next"))
        .await
        .expect("the next batch is sound");
    assert_eq!(ids(&database.open_again().await).await, ["next"]);
}

#[tokio::test]
async fn a_caller_that_goes_away_breaks_nothing() {
    let database = TestDatabase::new(Kind::Sqlite).await;
    let db = &database.db;
    let hold = Hold::start(db).await;
    let before = queued(write(db, user("before"))).await;
    let gone = queued(write(db, user("gone"))).await;
    let after = queued(write(db, user("after"))).await;
    drop(gone);
    hold.release().await;
    before.await.expect("commits");
    after.await.expect("commits");
    assert_eq!(
        ids(db).await,
        ["after", "before"],
        "what nobody waits for is not begun"
    );
}

#[tokio::test]
async fn nothing_is_answered_before_the_batch_is_durable() {
    let database = TestDatabase::new(Kind::Sqlite).await;
    let db = &database.db;
    let hold = Hold::start(db).await;
    let mut first = queued(write(db, user("first"))).await;
    let (reached, proceed) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let signals = (reached.clone(), proceed.clone());
    let second = queued(db.write(move |_| {
        let (reached, proceed) = signals.clone();
        Box::pin(async move {
            reached.notify_one();
            proceed.notified().await;
            Ok(())
        })
    }))
    .await;
    hold.release().await;
    reached.notified().await;
    // The first has run, and its batch is not committed yet.
    assert!(poll!(first.as_mut()).is_pending());
    assert_eq!(
        ids(&database.after_power_cut().await.db).await,
        Vec::<String>::new()
    );

    proceed.notify_one();
    first.await.expect("commits");
    assert_eq!(ids(&database.after_power_cut().await.db).await, ["first"]);
    second.await.expect("commits");
}

#[tokio::test]
async fn closing_finishes_what_is_queued() {
    let database = TestDatabase::new(Kind::Sqlite).await;
    let db = &database.db;
    let hold = Hold::start(db).await;
    let waiting = queued(write(db, user("waiting"))).await;
    let closing = queued(async {
        db.close().await;
        Ok(())
    })
    .await;
    hold.release().await;
    waiting.await.expect("is still written");
    closing.await.expect("closes");
    assert_eq!(ids(&database.open_again().await).await, ["waiting"]);
}
