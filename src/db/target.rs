//! Which database, and how a connection to it is opened for each of its uses.

use std::{
    fmt, fs,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use sea_orm::{
    DatabaseConnection, DbErr, RuntimeErr, SqlxPostgresConnector, SqlxSqliteConnector,
    sqlx::{
        self, Connection as _, Executor as _, PgConnection,
        postgres::{PgConnectOptions, PgPoolOptions},
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
    },
};

use crate::error::{Error, Result};

/// How long SQLite waits for a connection, and for another process's lock.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a use of PostgreSQL waits for its turn at a connection: long enough for a queue of callers at one ticket, and short enough to
/// be told of a server that is gone well before a call's deadline.
const QUEUE: Duration = Duration::from_secs(10);

/// A process that stands still in the middle of a transaction, stopped or cut off, keeps what it has locked there from the others for five
/// seconds: then PostgreSQL takes the transaction back. One that goes on soon after tries it again.
const GIVE_UP: &str = "SET idle_in_transaction_session_timeout = '5s'";

/// For how long a connection to PostgreSQL that was just used is taken to be there still.
const FRESH: Duration = Duration::from_secs(1);

/// A database by its address. Its `Debug` form tells the kind alone: an address holds a password.
#[derive(Clone)]
pub(super) enum Target {
    Sqlite(Box<SqliteConnectOptions>),
    Postgres(Box<PgConnectOptions>),
}

impl Target {
    /// Reads `sqlite://path` or `postgres://…`. The error never repeats the address.
    pub(super) fn parse(url: &str) -> Result<Self> {
        let unusable = |what: &str| Error::invalid("DATABASE_URL", what);
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => {
                let options = SqliteConnectOptions::from_str(url)
                    .map_err(|_| unusable("must be sqlite://<path of a file>"))?;
                if url.contains(":memory:") || url.contains("mode=memory") {
                    return Err(unusable(
                        "must name a file: memory does not survive a restart",
                    ));
                }
                Ok(Self::Sqlite(Box::new(durable(options))))
            }
            Some("postgres" | "postgresql") => PgConnectOptions::from_str(url)
                .map(|options| Self::Postgres(Box::new(options.application_name("docket"))))
                .map_err(|_| unusable("must be postgres://user@host:port/database")),
            _ => Err(unusable("must begin with sqlite:// or postgres://")),
        }
    }

    /// SQLite's file, where it is not there.
    pub(super) fn missing_file(&self) -> Option<PathBuf> {
        let Self::Sqlite(options) = self else {
            return None;
        };
        let path = options.get_filename();
        let whole = || std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        (!path.exists()).then(whole)
    }

    /// A pool that may write.
    pub(super) async fn open(&self, connections: u32) -> Result<DatabaseConnection, DbErr> {
        match self {
            Self::Sqlite(options) => {
                make_private(options.get_filename());
                open_sqlite(options.as_ref().clone(), connections).await
            }
            Self::Postgres(options) => PgPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(QUEUE)
                .test_before_acquire(false)
                .after_connect(|connection, _| Box::pin(give_up_in_time(connection)))
                .before_acquire(|connection, used| Box::pin(still_there(connection, used.idle_for)))
                .connect_with(options.as_ref().clone())
                .await
                .map(SqlxPostgresConnector::from_sqlx_postgres_pool)
                .map_err(connect_error),
        }
    }

    /// A pool for reads. On SQLite it refuses to write, so that no write gets past the writer.
    pub(super) async fn open_for_reads(
        &self,
        connections: u32,
    ) -> Result<DatabaseConnection, DbErr> {
        match self {
            Self::Sqlite(options) => {
                // The system keeps the file's pages for all; of its own a connection needs few: half a MiB of them.
                let reading = options.as_ref().clone().pragma("cache_size", "-512");
                let reading = reading.pragma("query_only", "ON");
                open_sqlite(reading, connections).await
            }
            Self::Postgres(_) => self.open(connections).await,
        }
    }
}

/// As a statement and not as an option of the connection, which not every pooler between lets through.
async fn give_up_in_time(connection: &mut PgConnection) -> sqlx::Result<()> {
    connection.execute(GIVE_UP).await?;
    Ok(())
}

/// Asks whether PostgreSQL is still at the other end, where the connection was at rest for a while: asked each time, a transaction would
/// take one more exchange.
async fn still_there(connection: &mut PgConnection, idle_for: Duration) -> sqlx::Result<bool> {
    if idle_for >= FRESH {
        connection.ping().await?;
    }
    Ok(true)
}

/// Makes the file for its owner alone, where there is none; SQLite gives the same rights to the files that it puts beside it. Why it cannot
/// be made SQLite tells, who tries once more.
fn make_private(path: &Path) {
    let _ = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
}

/// What every SQLite connection is set to.
fn durable(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        // Without it INSERT OR REPLACE deletes rows behind the triggers of append-only tables.
        .pragma("recursive_triggers", "ON")
}

async fn open_sqlite(
    options: SqliteConnectOptions,
    connections: u32,
) -> Result<DatabaseConnection, DbErr> {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await
        .map(SqlxSqliteConnector::from_sqlx_sqlite_pool)
        .map_err(connect_error)
}

pub(super) fn connect_error(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(error.into()))
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite(_) => "Sqlite",
            Self::Postgres(_) => "Postgres",
        })
    }
}
