//! SQLite's one writer: takes all waiting transactions, commits them together, then answers them all.
//!
//! Each runs in a savepoint of its own, so one that fails takes back nothing but itself. Nobody is
//! answered before the commit that makes their work durable.

use std::{panic::AssertUnwindSafe, pin::Pin};

use futures::FutureExt as _;
use sea_orm::{
    DatabaseConnection, DbErr, SqliteTransactionMode, TransactionOptions, TransactionTrait as _,
};
use tokio::sync::{mpsc, oneshot, watch};

use super::{Tx, WriteFuture, errors::of_commit, target::Target};
use crate::error::{Error, Reason, Result};

/// How many transactions share a commit at most: the last of them waits for all before it.
const BATCH: usize = 256;
/// How many transactions may wait before `write` itself waits.
const QUEUE: usize = 1024;

/// A handle to the task that writes; its clones share the task.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
}

enum Message {
    Run(Box<dyn Job>),
    Close(oneshot::Sender<()>),
}

impl Writer {
    /// Opens the one connection and starts the task, which marks `written` after every commit.
    pub(super) async fn start(target: Target, written: watch::Sender<()>) -> Result<Self, DbErr> {
        let connection = target.open(1).await?;
        let (queue, messages) = mpsc::channel(QUEUE);
        let task = Task {
            target,
            connection: Some(connection),
            written,
        };
        tokio::spawn(task.run(messages));
        Ok(Self { queue })
    }

    /// Queues a transaction and waits until it is durable or has failed. A caller that goes away
    /// while its transaction waits takes it back; one that has begun runs to its end.
    pub(super) async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'a> Fn(&'a Tx) -> WriteFuture<'a, T> + Send + Sync + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Transaction {
            work,
            result: None,
            reply,
        });
        self.queue
            .send(Message::Run(job))
            .await
            .map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Waits for what is queued, then closes the connection. Later writes are refused.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.queue.send(Message::Close(done)).await.is_ok() {
            // An error says that the task is gone already, which is what was asked for.
            let _ = closed.await;
        }
    }
}

fn closed() -> Error {
    Error::Unavailable {
        reason: Reason::ShuttingDown,
        message: "the database is being closed".to_owned(),
        retry_after: std::time::Duration::from_secs(2),
    }
}

struct Task {
    target: Target,
    /// None after a failure that left the connection's state in doubt.
    connection: Option<DatabaseConnection>,
    written: watch::Sender<()>,
}

impl Task {
    async fn run(mut self, mut messages: mpsc::Receiver<Message>) {
        let mut waiting = Vec::with_capacity(BATCH);
        while messages.recv_many(&mut waiting, BATCH).await > 0 {
            let mut batch = Vec::with_capacity(waiting.len());
            let mut close = None;
            for message in waiting.drain(..) {
                match message {
                    Message::Run(job) => batch.push(job),
                    Message::Close(done) => close = Some(done),
                }
            }
            batch.retain(|job| job.is_awaited());
            self.commit_together(batch).await;
            if let Some(done) = close {
                self.drop_connection().await;
                // Whoever asked may be gone; the work is done all the same.
                let _ = done.send(());
                return;
            }
        }
        self.drop_connection().await;
    }

    async fn commit_together(&mut self, mut batch: Vec<Box<dyn Job>>) {
        if batch.is_empty() {
            return;
        }
        let committed = match self.connection().await {
            Ok(connection) => run_all(&connection, &mut batch).await,
            Err(error) => Err(error.into()),
        };
        match committed {
            Ok(()) => {
                self.written.send_replace(());
            }
            // Whatever state the connection is in, the next batch starts with a fresh one.
            Err(_) => self.drop_connection().await,
        }
        for job in batch {
            job.answer(committed.clone());
        }
    }

    async fn connection(&mut self) -> Result<DatabaseConnection, DbErr> {
        if let Some(connection) = &self.connection {
            return Ok(connection.clone());
        }
        let connection = self.target.open(1).await?;
        Ok(self.connection.insert(connection).clone())
    }

    async fn drop_connection(&mut self) {
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "SQLite's writing connection did not close cleanly");
        }
    }
}

/// One transaction for the whole batch. `Err` means that nothing of it was kept, or, where that is internal, that nobody knows.
async fn run_all(connection: &DatabaseConnection, batch: &mut [Box<dyn Job>]) -> Result<()> {
    // A deferred transaction turns into a writing one half-way, and fails there under load.
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..Default::default()
    };
    let transaction = connection.begin_with_options(immediate).await?;
    for job in batch {
        let savepoint = transaction.begin().await?;
        // Either fails where SQLite itself has rolled everything back (a full disk, say): the
        // savepoint is gone then, and so is what the others wrote.
        if job.run(&savepoint).await {
            savepoint.commit().await?;
        } else {
            savepoint.rollback().await?;
        }
    }
    transaction.commit().await.map_err(of_commit)
}

/// A caller's transaction without its type.
trait Job: Send {
    /// Whether somebody still waits for the answer.
    fn is_awaited(&self) -> bool;
    /// Runs the work and keeps its result; true when it is to be kept in the database too.
    fn run<'a>(&'a mut self, tx: &'a Tx) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>>;
    /// Answers with the work's own result, or with why the batch was lost.
    fn answer(self: Box<Self>, committed: Result<()>);
}

struct Transaction<T, F> {
    work: F,
    result: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T, F> Job for Transaction<T, F>
where
    T: Send + 'static,
    F: for<'a> Fn(&'a Tx) -> WriteFuture<'a, T> + Send + Sync + 'static,
{
    fn is_awaited(&self) -> bool {
        !self.reply.is_closed()
    }

    fn run<'a>(&'a mut self, tx: &'a Tx) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        Box::pin(async move {
            let result = guarded(&self.work, tx).await;
            self.result.insert(result).is_ok()
        })
    }

    fn answer(self: Box<Self>, committed: Result<()>) {
        let answer = match (self.result, committed) {
            // It failed by itself, whatever became of the others.
            (Some(Err(error)), _) | (_, Err(error)) => Err(error),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(Error::internal("a batch was committed without running")),
        };
        // The caller may be gone; the others are not to suffer from it.
        let _ = self.reply.send(answer);
    }
}

/// Runs the work; a panic in it becomes an error.
pub(super) async fn guarded<T, F>(work: &F, tx: &Tx) -> Result<T>
where
    F: for<'a> Fn(&'a Tx) -> WriteFuture<'a, T>,
{
    // The work sees nothing again that a panic could have left half-changed: its transaction is
    // rolled back, and it is never called a second time.
    let run = AssertUnwindSafe(async { work(tx).await }).catch_unwind();
    run.await.unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("of an unknown kind");
        Err(Error::internal(format!("a transaction panicked: {text}")))
    })
}
