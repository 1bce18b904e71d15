//! Wake-ups between replicas: PostgreSQL's LISTEN and NOTIFY. They carry no truth, only "look again".

use std::time::Duration;

use futures::{Stream, StreamExt as _, stream};
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, Statement,
    sqlx::postgres::{PgListener, PgPoolOptions},
};

use super::{
    Db, Tx,
    target::{Target, connect_error},
};
use crate::error::Result;

/// How long a broken connection is left alone before it is tried again.
const PAUSE: Duration = Duration::from_secs(1);

impl Db {
    /// The wake-ups on `channel` from now on: `Some(payload)` for each, `None` where some may have
    /// been missed because the connection broke, so that everything is worth a look. Never ends.
    ///
    /// On SQLite, which one process has to itself, nothing ever comes.
    pub async fn listen(
        &self,
        channel: &str,
    ) -> Result<impl Stream<Item = Option<String>> + Send + use<>> {
        let Target::Postgres(options) = &self.target else {
            return Ok(stream::pending().left_stream());
        };
        // A pool of its own: a listener keeps its connection for good.
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(options.as_ref().clone());
        let mut listener = PgListener::connect_with(&pool)
            .await
            .map_err(connect_error)?;
        listener.listen(channel).await.map_err(connect_error)?;
        let wakes = stream::unfold(listener, |mut listener| async {
            let wake = match listener.try_recv().await {
                Ok(Some(notification)) => Some(notification.payload().to_owned()),
                Ok(None) => None,
                Err(error) => {
                    tracing::warn!(%error, "wake-ups from PostgreSQL are interrupted");
                    tokio::time::sleep(PAUSE).await;
                    None
                }
            };
            Some((wake, listener))
        });
        Ok(wakes.right_stream())
    }

    /// Wakes the listeners on `channel` at once. Does nothing on SQLite.
    pub async fn notify(&self, channel: &str) -> Result<(), DbErr> {
        notify(&self.reads, channel, "").await
    }
}

/// Wakes the listeners on `channel` once `tx` commits. Does nothing on SQLite.
///
/// PostgreSQL folds equal notifications of a transaction into one and takes at most 8,000 bytes.
pub async fn notify_in(tx: &Tx, channel: &str, payload: &str) -> Result<(), DbErr> {
    notify(tx, channel, payload).await
}

async fn notify(conn: &impl ConnectionTrait, channel: &str, payload: &str) -> Result<(), DbErr> {
    if conn.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let values = [channel.into(), payload.into()];
    let statement =
        Statement::from_sql_and_values(DbBackend::Postgres, "SELECT pg_notify($1, $2)", values);
    conn.execute_raw(statement).await?;
    Ok(())
}
