//! What docket keeps: how it is read and written, and one file a table with the row and its queries.
//!
//! All reads go through [`Db::read`], all writes through [`Db::write`]; both databases are met only here.

pub mod assignment;
pub mod attachment;
pub mod blob;
pub mod bulk;
pub mod comment;
pub mod conversation;
pub mod counter;
pub mod dependency;
pub mod dispatch;
pub mod dispatch_external;
pub mod dispatch_files;
pub mod dispatch_replay;
mod errors;
pub mod export;
pub mod export_attachment;
pub mod export_event;
pub mod export_fix;
pub mod export_item;
pub mod export_lease;
pub mod export_link;
pub mod export_log;
pub mod export_request;
pub mod history;
pub mod history_feed;
pub mod inbound;
pub mod integration;
pub mod integration_health;
mod listen;
mod migrate;
mod query;
pub mod request_key;
mod retry;
pub mod scan;
pub mod session;
pub mod session_ticket;
mod target;
pub mod ticket;
pub mod ticket_change;
pub mod ticket_filter;
pub mod ticket_list;
mod ticket_match;
mod ticket_order;
pub mod ticket_rank;
pub mod ticket_search;
pub mod ticket_sla;
pub mod ticket_tag;
pub mod upload;
pub mod upload_part;
pub mod user;
mod writer;

use std::{path::PathBuf, pin::Pin};

use sea_orm::{DatabaseConnection, DatabaseTransaction, DbBackend, Statement};
use tokio::sync::watch;

pub use errors::Fault;
pub use listen::notify_in;
pub use migrate::Step;
pub use sea_orm::ConnectionTrait as Conn;
use target::Target;
use writer::Writer;

use crate::error::Result;

/// A transaction. Inside [`Db::write`] everything goes through it and nothing past it.
pub type Tx = DatabaseTransaction;

/// The work of a transaction, boxed: a generic `AsyncFn(&Tx)` does not compile where a handler has
/// to be `Send`.
pub type WriteFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// A database, open. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Db {
    target: Target,
    reads: DatabaseConnection,
    writes: Writes,
    written: watch::Sender<()>,
}

#[derive(Clone, Debug)]
enum Writes {
    /// One writer, with one connection.
    Sqlite(Writer),
    /// The pool that is read from, too.
    Postgres,
}

impl Db {
    /// Opens `sqlite://path` (made when it is missing) or `postgres://…` with at most `connections`
    /// connections to read from (on PostgreSQL: in all). Changes no schema: see [`Db::migrate_up`].
    ///
    /// On PostgreSQL, `?options=-csearch_path%3Dname` keeps everything in a schema of its own.
    pub async fn connect(url: &str, connections: u32) -> Result<Self> {
        let target = Target::parse(url)?;
        // The writer first: it makes the file, which a pool that may not write could not.
        let written = watch::Sender::new(());
        let writes = match target {
            Target::Sqlite(_) => {
                Writes::Sqlite(Writer::start(target.clone(), written.clone()).await?)
            }
            Target::Postgres(_) => Writes::Postgres,
        };
        let reads = target.open_for_reads(connections).await?;
        Ok(Self {
            target,
            reads,
            writes,
            written,
        })
    }

    /// The file of the database at this address, where it would have to be made; none where it is there, and on PostgreSQL.
    pub fn missing_file(url: &str) -> Result<Option<PathBuf>> {
        Ok(Target::parse(url)?.missing_file())
    }

    /// Whether the database has docket's tables.
    pub async fn is_set_up(&self) -> Result<bool> {
        let backend = self.backend();
        let sql = match backend {
            DbBackend::Postgres => "SELECT 1 WHERE to_regclass('ticket') IS NOT NULL",
            _ => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'ticket'",
        };
        let found = self
            .reads
            .query_one_raw(Statement::from_string(backend, sql));
        Ok(found.await?.is_some())
    }

    /// Which database it is.
    pub fn backend(&self) -> DbBackend {
        self.reads.get_database_backend()
    }

    /// A connection to read from. SQLite refuses a write through it.
    pub fn read(&self) -> &DatabaseConnection {
        &self.reads
    }

    /// Runs `work` as one transaction and returns its result once it is durable; keeps nothing of it
    /// when it fails or panics.
    ///
    /// `work` may be called more than once (PostgreSQL: when it lost against another transaction, or lost its connection),
    /// so it clones what it needs and has no effect but through the transaction. Once it has begun it
    /// runs to its end, also when the caller goes away. It is never to wait for anything but the
    /// database: on SQLite every other write waits for it. A statement that fails ends it: PostgreSQL
    /// keeps nothing of a transaction that goes on after one.
    ///
    /// ```ignore
    /// let user = db.write(move |tx| Box::pin(user::insert(tx, user.clone()))).await?;
    /// ```
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'a> Fn(&'a Tx) -> WriteFuture<'a, T> + Send + Sync + 'static,
    {
        match &self.writes {
            Writes::Sqlite(writer) => writer.write(work).await,
            Writes::Postgres => {
                retry::write_whole(self.reads.clone(), self.written.clone(), work).await
            }
        }
    }

    /// Marks each transaction of this process from now on, once it is durable.
    pub fn written(&self) -> watch::Receiver<()> {
        self.written.subscribe()
    }

    /// Waits for what is being written, then closes every connection, for all clones.
    pub async fn close(&self) {
        if let Writes::Sqlite(writer) = &self.writes {
            writer.close().await;
        }
        if let Err(error) = self.reads.close_by_ref().await {
            tracing::warn!(%error, "the database did not close cleanly");
        }
    }
}
