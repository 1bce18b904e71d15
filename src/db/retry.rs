//! PostgreSQL's writes: a transaction of its own each, tried again when it lost against another one, or lost its connection before the end.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbErr, TransactionTrait as _};
use tokio::sync::watch;
use tracing::Instrument as _;

use super::{
    Tx, WriteFuture,
    errors::{Fault, is_contention, of_commit},
    writer::guarded,
};
use crate::error::{Error, Result};

/// How often a transaction is tried in all.
const TRIES: u32 = 6;
/// For how long a transaction is tried again. Whoever asked for it may have given up by then, and have written something newer elsewhere.
const LONGEST: Duration = Duration::from_secs(30);
/// The longest first wait; it doubles with every try.
const FIRST_WAIT: Duration = Duration::from_millis(10);

/// [`write`], to its end even when the caller goes away; marks `written` once it is durable.
///
/// A future that is dropped while BEGIN waits for its answer would hand back a connection with an open transaction: sqlx
/// counts a transaction once it has been answered, and rolls back only what it has counted.
pub(super) async fn write_whole<T, F>(
    connection: DatabaseConnection,
    written: watch::Sender<()>,
    work: F,
) -> Result<T>
where
    T: Send + 'static,
    F: for<'a> Fn(&'a Tx) -> WriteFuture<'a, T> + Send + Sync + 'static,
{
    let whole = async move {
        let value = write(&connection, work).await?;
        written.send_replace(());
        Ok(value)
    };
    let task = tokio::spawn(whole.in_current_span());
    task.await
        .unwrap_or_else(|error| Err(Error::internal(error)))
}

/// Runs `work` in a transaction until it commits, fails for good, or has lost too often.
async fn write<T, F>(connection: &DatabaseConnection, work: F) -> Result<T>
where
    F: for<'a> Fn(&'a Tx) -> WriteFuture<'a, T>,
{
    let (began, mut tries) = (Instant::now(), 1);
    loop {
        match write_once(connection, &work).await {
            Err(lost) if lost.again && tries < TRIES && began.elapsed() < LONGEST => {
                tokio::time::sleep(wait(tries)).await;
                tries += 1;
            }
            result => return result.map_err(|lost| lost.error),
        }
    }
}

/// Why a transaction was not kept.
struct Lost {
    error: Error,
    /// Whether the same one may succeed when it is tried again.
    again: bool,
}

impl Lost {
    /// A connection that was used a moment ago is not asked whether it is still there before it is used again; the next one may be.
    fn at_begin(error: DbErr) -> Self {
        let broken = matches!(error, DbErr::Query(_)) && Fault::of(&error) == Fault::Unreachable;
        let mut lost = Self::from(Error::from(error));
        lost.again |= broken;
        lost
    }
}

impl From<Error> for Lost {
    fn from(error: Error) -> Self {
        let again = is_contention(&error);
        Self { error, again }
    }
}

async fn write_once<T, F>(connection: &DatabaseConnection, work: &F) -> Result<T, Lost>
where
    F: for<'a> Fn(&'a Tx) -> WriteFuture<'a, T>,
{
    let tx = connection.begin().await.map_err(Lost::at_begin)?;
    match worked(work, &tx).await {
        Ok(value) => {
            tx.commit().await.map_err(of_commit)?;
            Ok(value)
        }
        Err(error) => {
            let mut lost = Lost::from(error);
            // A rollback fails only with its connection, and then PostgreSQL rolls back by itself: it was not asked to keep anything.
            if let Err(failed) = tx.rollback().await {
                tracing::debug!(error = %failed, "a rollback found its connection broken");
                lost.again |= matches!(lost.error, Error::Unavailable { .. });
            }
            Err(lost)
        }
    }
}

/// After a statement that failed, PostgreSQL answers COMMIT with success and rolls back. Work that went on after such a failure is to be
/// told, so the transaction is asked once more.
async fn worked<T, F>(work: &F, tx: &Tx) -> Result<T>
where
    F: for<'a> Fn(&'a Tx) -> WriteFuture<'a, T>,
{
    let value = guarded(work, tx).await?;
    tx.execute_unprepared("SELECT 1").await?;
    Ok(value)
}

/// A random part of the try's longest wait, so that those who met do not meet again.
fn wait(tries: u32) -> Duration {
    let longest = FIRST_WAIT * 2_u32.pow(tries - 1);
    longest.mul_f64(rand::random_range(0.1..1.0))
}
