//! What PostgreSQL alone does: transactions that lose and are tried again, and wake-ups.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use docket::{
    db::{Db, notify_in, user as users},
    error::{Error, Reason, Result},
};
use futures::StreamExt as _;
use sea_orm::{ConnectionTrait as _, DbBackend, EntityTrait as _, PaginatorTrait as _, Statement};
use tokio::{
    sync::{Barrier, Notify},
    time::timeout,
};

use super::rows::{put, user, write};
use crate::support::{
    database::{Kind, TestDatabase},
    eventually,
};

/// Two transactions meet in their first try, so that one of them must lose.
struct Meeting {
    barrier: Barrier,
    tries: AtomicU32,
}

impl Meeting {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            barrier: Barrier::new(2),
            tries: AtomicU32::new(0),
        })
    }

    /// Waits for the other one in the first try of each.
    async fn meet(&self) {
        if self.tries.fetch_add(1, Ordering::SeqCst) < 2 {
            self.barrier.wait().await;
        }
    }
}

async fn rename(tx: &docket::db::Tx, id: &str, name: &str) -> Result<()> {
    let sql = "UPDATE \"user\" SET display_name = display_name || $1 WHERE id = $2";
    let values = [name.into(), id.into()];
    tx.execute_raw(Statement::from_sql_and_values(
        DbBackend::Postgres,
        sql,
        values,
    ))
    .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_costs_a_second_try_and_nothing_else() {
    let database = TestDatabase::new(Kind::Postgres).await;
    for id in ["ada", "bob"] {
        write(&database.db, user(id)).await.expect("takes a user");
    }
    let meeting = Meeting::new();
    let cross = |first: &'static str, second: &'static str| {
        let (db, meeting) = (database.db.clone(), meeting.clone());
        async move {
            db.write(move |tx| {
                let meeting = meeting.clone();
                Box::pin(async move {
                    rename(tx, first, "+").await?;
                    meeting.meet().await;
                    rename(tx, second, "+").await
                })
            })
            .await
        }
    };
    let (one, other) = tokio::join!(cross("ada", "bob"), cross("bob", "ada"));
    one.expect("commits in the end");
    other.expect("commits in the end");
    assert!(
        meeting.tries.load(Ordering::SeqCst) > 2,
        "nobody had to try again"
    );
    for row in users::Entity::find()
        .all(database.db.read())
        .await
        .expect("reads")
    {
        assert_eq!(row.display_name, "Ada Lovelace++", "each took effect once");
    }
}

/// Adds a user named after how many there are: what one sees is what the other changes.
async fn add_after_counting(db: &Db, meeting: Arc<Meeting>) -> Result<()> {
    db.write(move |tx| {
        let meeting = meeting.clone();
        Box::pin(async move {
            tx.execute_unprepared("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
                .await?;
            let seen = users::Entity::find().count(tx).await?;
            meeting.meet().await;
            put(tx, user(&format!("user-{seen}-{}", uuid::Uuid::now_v7()))).await?;
            Ok(())
        })
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_serialisation_failure_is_tried_again_on_what_is_there_now() {
    let database = TestDatabase::new(Kind::Postgres).await;
    let meeting = Meeting::new();
    let (one, other) = tokio::join!(
        add_after_counting(&database.db, meeting.clone()),
        add_after_counting(&database.db, meeting.clone()),
    );
    one.expect("commits in the end");
    other.expect("commits in the end");
    assert!(
        meeting.tries.load(Ordering::SeqCst) > 2,
        "nobody had to try again"
    );
    let rows = users::Entity::find()
        .all(database.db.read())
        .await
        .expect("reads");
    let mut seen: Vec<String> = rows.iter().map(|row| row.id.0[..6].to_owned()).collect();
    seen.sort();
    assert_eq!(seen, ["user-0", "user-1"], "the second saw the first");
}

/// As a process does that is stopped there: what it has locked is not lost to the others until it goes on, and what it was about to write is
/// written once it does.
#[tokio::test]
async fn who_stands_still_in_a_transaction_gives_way_and_tries_again() {
    let database = TestDatabase::new(Kind::Postgres).await;
    write(&database.db, user("ada"))
        .await
        .expect("takes a user");
    let (stands, goes_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let tries = Arc::new(AtomicU32::new(0));
    let (db, signals) = (
        database.db.clone(),
        (stands.clone(), goes_on.clone(), tries.clone()),
    );
    let still = tokio::spawn(async move {
        db.write(move |tx| {
            let (stands, goes_on, tries) = signals.clone();
            Box::pin(async move {
                rename(tx, "ada", "+").await?;
                if tries.fetch_add(1, Ordering::SeqCst) == 0 {
                    stands.notify_one();
                    goes_on.notified().await;
                }
                rename(tx, "ada", "-").await
            })
        })
        .await
    });
    stands.notified().await;
    let other = database.open_again().await;
    let wrote = other.write(|tx| Box::pin(rename(tx, "ada", "!")));
    let wrote = timeout(Duration::from_secs(30), wrote).await;
    wrote.expect("the lock is given up").expect("commits");
    goes_on.notify_one();
    still.await.expect("no panic").expect("commits in the end");
    assert_eq!(tries.load(Ordering::SeqCst), 2, "tried again once");
    let row = users::Entity::find().one(database.db.read()).await;
    let name = row.expect("reads").expect("a user").display_name;
    assert_eq!(name, "Ada Lovelace!+-", "each took effect once");
}

/// Ends the connections with these numbers from another one, and waits until they are gone.
async fn end_connections(other: &Db, pids: Vec<i32>) {
    let ask = |what: &str| {
        let sql = format!("SELECT {what} FROM pg_stat_activity WHERE pid = ANY($1)");
        Statement::from_sql_and_values(DbBackend::Postgres, sql, [pids.clone().into()])
    };
    let ended = other.read().query_all_raw(ask("pg_terminate_backend(pid)"));
    assert_eq!(ended.await.expect("asks").len(), pids.len());
    eventually("they are gone", async || {
        let left = other.read().query_all_raw(ask("pid")).await;
        left.expect("asks").is_empty()
    })
    .await;
}

/// As by a restart of PostgreSQL: the pool has several connections that were used a moment ago.
#[tokio::test]
async fn connections_that_are_gone_cost_a_second_try() {
    let database = TestDatabase::new(Kind::Postgres).await;
    let meeting = Meeting::new();
    let number = || {
        let (db, meeting) = (database.db.clone(), meeting.clone());
        async move {
            db.write(move |tx| {
                let meeting = meeting.clone();
                Box::pin(async move {
                    meeting.meet().await;
                    let sql = Statement::from_string(
                        tx.get_database_backend(),
                        "SELECT pg_backend_pid()",
                    );
                    let row = tx.query_one_raw(sql).await?.expect("a row");
                    Ok(row.try_get_by_index::<i32>(0)?)
                })
            })
            .await
        }
    };
    let other = database.open_again().await;
    let (one, two) = tokio::join!(number(), number());
    let pids = vec![one.expect("a number"), two.expect("a number")];
    end_connections(&other, pids).await;
    write(&database.db, user("ada"))
        .await
        .expect("takes a user");
}

/// As by a network that breaks: nothing was kept, and nobody need be told.
#[tokio::test]
async fn a_connection_that_breaks_before_the_end_costs_a_second_try() {
    let database = TestDatabase::new(Kind::Postgres).await;
    write(&database.db, user("ada"))
        .await
        .expect("takes a user");
    let tries = Arc::new(AtomicU32::new(0));
    let counted = tries.clone();
    let wrote = database.db.write(move |tx| {
        let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
        Box::pin(async move {
            rename(tx, "ada", "+").await?;
            if first {
                let end = "SELECT pg_terminate_backend(pg_backend_pid())";
                tx.execute_unprepared(end).await?;
            }
            Ok(())
        })
    });
    wrote.await.expect("commits in the end");
    assert_eq!(tries.load(Ordering::SeqCst), 2);
    let row = users::Entity::find().one(database.db.read()).await;
    let name = row.expect("reads").expect("a user").display_name;
    assert_eq!(name, "Ada Lovelace+", "it took effect once");
}

#[tokio::test]
async fn one_that_loses_every_time_is_told_so() {
    let database = TestDatabase::new(Kind::Postgres).await;
    let tries = Arc::new(AtomicU32::new(0));
    let counted = tries.clone();
    let outcome: Result<()> = database
        .db
        .write(move |tx| {
            counted.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move {
                let lose = "DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END $$";
                tx.execute_unprepared(lose).await?;
                Ok(())
            })
        })
        .await;
    assert!(
        matches!(
            outcome,
            Err(Error::Unavailable {
                reason: Reason::DatabaseBusy,
                ..
            })
        ),
        "{outcome:?}"
    );
    assert_eq!(tries.load(Ordering::SeqCst), 6);
}

#[tokio::test]
async fn a_wake_up_comes_with_the_commit_and_not_without_it() {
    let database = TestDatabase::new(Kind::Postgres).await;
    // Channels belong to the whole server, so the test has one to itself.
    let channel: &'static str =
        Box::leak(format!("docket_{}", uuid::Uuid::now_v7().simple()).into());
    let replica = database.open_again().await;
    let mut wakes = Box::pin(replica.listen(channel).await.expect("listens"));
    let failed: Result<()> = database
        .db
        .write(move |tx| {
            Box::pin(async move {
                notify_in(tx, channel, "rolled back").await?;
                Err(Error::invalid("name", "bad"))
            })
        })
        .await;
    assert!(failed.is_err());
    database
        .db
        .write(move |tx| Box::pin(async move { Ok(notify_in(tx, channel, "committed").await?) }))
        .await
        .expect("commits");
    assert_eq!(wakes.next().await, Some(Some("committed".to_owned())));
}
