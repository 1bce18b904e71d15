//! History as a feed: every entry once, in the order of `sequence`, none skipped.
//!
//! On PostgreSQL a number may be missing because its transaction is still open, or because it was taken back. An entry behind a missing
//! number is held back until every transaction has ended that could have drawn it: transactions get their id before they draw a number
//! (the column's default sees to that), so those are the ones with ids below that of the next transaction at the time when a higher
//! number was seen (`pg_snapshot_xmax`), and they have ended once all open ones have ids from there on (`pg_snapshot_xmin`). On SQLite,
//! with its one writer, numbers come in the order of commits.

use sea_orm::{DbBackend, DbErr, QueryOrder as _, QuerySelect as _, Statement, entity::prelude::*};

use super::{
    history::{Column, Entity, Model},
    ticket,
};
use crate::{domain::ids::TicketId, error::Result};

/// Reads the feed from where it began to be read.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// Up to here all entries have been read; while `begun` is false some may still be missing.
    settled: i64,
    begun: bool,
    suspicion: Option<Suspicion>,
}

/// Numbers up to `up_to` that are missing may be drawn by transactions with ids below `below`, and by no others.
#[derive(Clone, Copy, Debug)]
struct Suspicion {
    up_to: i64,
    below: i64,
}

/// The ids of open transactions: none is lower than `xmin`, and the next one gets `xmax`.
#[derive(Clone, Copy, Debug)]
struct Snapshot {
    xmin: i64,
    xmax: i64,
}

impl Reader {
    /// Begins behind the latest entry.
    pub async fn begin(conn: &impl ConnectionTrait) -> Result<Self> {
        let up_to = last(conn).await?;
        let suspicion = snapshot(conn).await?.map(|open| Suspicion {
            up_to,
            below: open.xmax,
        });
        Ok(Self {
            settled: up_to,
            begun: suspicion.is_none(),
            suspicion,
        })
    }

    /// The number up to which everything has been read; `None` while transactions are open that may still come before the beginning.
    pub fn settled(&self) -> Option<i64> {
        self.begun.then_some(self.settled)
    }

    /// Whether an open transaction holds entries back. Should it be taken back, nobody is woken.
    pub fn waits(&self) -> bool {
        self.suspicion.is_some()
    }

    /// The next entries, at most `limit`; fewer, or none, where there are no more or they are held back.
    pub async fn read(&mut self, conn: &impl ConnectionTrait, limit: u64) -> Result<Vec<Model>> {
        let open = snapshot(conn).await?;
        // All that had ended by then is seen by what is read now.
        let ended = |suspicion: &Suspicion| open.is_some_and(|open| open.xmin >= suspicion.below);
        let dead = self.suspicion.take_if(|suspicion| ended(suspicion));
        if !self.begun {
            self.begun = dead.is_some();
            return Ok(Vec::new());
        }
        let mut rows = between(conn, self.settled, i64::MAX, limit).await?;
        let Some(last) = rows.last().map(|row| row.sequence) else {
            return Ok(rows);
        };
        let dead_up_to = match open {
            Some(_) => dead.map_or(0, |dead| dead.up_to),
            None => i64::MAX,
        };
        let whole = whole(self.settled, dead_up_to, &rows);
        rows.truncate(whole);
        if let Some(row) = rows.last() {
            self.settled = row.sequence;
        }
        if self.settled == last {
            self.suspicion = None;
        } else if self
            .suspicion
            .is_none_or(|older| older.up_to <= self.settled)
        {
            self.suspicion = snapshot(conn).await?.map(|open| Suspicion {
                up_to: last,
                below: open.xmax,
            });
        }
        Ok(rows)
    }
}

/// How many of the rows come before the first number that may still come.
fn whole(settled: i64, dead_up_to: i64, rows: &[Model]) -> usize {
    let mut before = settled;
    let follows = |row: &&Model| {
        let missing = row.sequence - 1;
        let follows = missing == before || missing <= dead_up_to;
        before = row.sequence;
        follows
    };
    rows.iter().take_while(follows).count()
}

/// The number of the latest entry that is committed; 0 without any.
pub async fn last(conn: &impl ConnectionTrait) -> Result<i64> {
    let last = Entity::find()
        .select_only()
        .column(Column::Sequence)
        .order_by_desc(Column::Sequence)
        .limit(1);
    let last: Option<i64> = last.into_tuple().one(conn).await?;
    Ok(last.unwrap_or(0))
}

/// Entries behind `after` and up to `up_to`, in their order. Whole only where all up to there is settled.
pub async fn between(
    conn: &impl ConnectionTrait,
    after: i64,
    up_to: i64,
    limit: u64,
) -> Result<Vec<Model>> {
    let rows = Entity::find()
        .filter(Column::Sequence.gt(after))
        .filter(Column::Sequence.lte(up_to))
        .order_by_asc(Column::Sequence)
        .limit(limit);
    Ok(rows.all(conn).await?)
}

/// The tickets of these entries as they are now, the deleted ones too, in no order.
pub async fn tickets(conn: &impl ConnectionTrait, entries: &[Model]) -> Result<Vec<ticket::Model>> {
    let mut ids: Vec<TicketId> = entries.iter().map(|entry| entry.ticket_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let rows = ticket::seen(&ticket::Visible::All).filter(ticket::Column::Id.is_in(ids));
    Ok(rows.all(conn).await?)
}

async fn snapshot(conn: &impl ConnectionTrait) -> Result<Option<Snapshot>, DbErr> {
    if conn.get_database_backend() != DbBackend::Postgres {
        return Ok(None);
    }
    let sql = "SELECT pg_snapshot_xmin(open)::text::bigint, pg_snapshot_xmax(open)::text::bigint \
        FROM pg_current_snapshot() AS open";
    let row = conn
        .query_one_raw(Statement::from_string(DbBackend::Postgres, sql))
        .await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("no snapshot".to_owned()))?;
    Ok(Some(Snapshot {
        xmin: row.try_get_by_index(0)?,
        xmax: row.try_get_by_index(1)?,
    }))
}
