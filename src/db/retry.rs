//! PostgreSQL's writes: a transaction of its own each, tried again when it lost against another one.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DatabaseConnection, TransactionTrait as _};
use tokio::sync::watch;
use tracing::Instrument as _;

use super::{
    Tx, WriteFuture,
    errors::{is_contention, of_commit},
    writer::guarded,
};
use crate::error::{Error, Result};

/// How often a transaction is tried in all.
const TRIES: u32 = 6;
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
    let mut tries = 1;
    loop {
        match write_once(connection, &work).await {
            Err(error) if is_contention(&error) && tries < TRIES => {
                tokio::time::sleep(wait(tries)).await;
                tries += 1;
            }
            result => return result,
        }
    }
}

async fn write_once<T, F>(connection: &DatabaseConnection, work: &F) -> Result<T>
where
    F: for<'a> Fn(&'a Tx) -> WriteFuture<'a, T>,
{
    let tx = connection.begin().await?;
    match guarded(work, &tx).await {
        Ok(value) => {
            // After a statement that failed, PostgreSQL answers COMMIT with success and rolls back. Work
            // that went on after such a failure is to be told, so the transaction is asked once more.
            tx.execute_unprepared("SELECT 1").await?;
            tx.commit().await.map_err(of_commit)?;
            Ok(value)
        }
        Err(error) => {
            // A rollback fails only with its connection, and then PostgreSQL rolls back by itself.
            if let Err(failed) = tx.rollback().await {
                tracing::debug!(error = %Error::from(failed), "a rollback found its connection broken");
            }
            Err(error)
        }
    }
}

/// A random part of the try's longest wait, so that those who met do not meet again.
fn wait(tries: u32) -> Duration {
    let longest = FIRST_WAIT * 2_u32.pow(tries - 1);
    longest.mul_f64(rand::random_range(0.1..1.0))
}
