//! What a database's refusal means: the one place that knows the codes of both databases.

use std::time::Duration;

use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, postgres::PgDatabaseError},
};

use crate::error::{Error, Reason};

/// What kind of refusal a [`DbErr`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A unique index has the value already. The text names the index or its columns.
    Unique(String),
    /// A row that is pointed at is missing, or a row that is still pointed at was to go.
    ForeignKey,
    /// A CHECK refused the row; its name.
    Check(String),
    /// A row of an append-only table was to be changed.
    AppendOnly,
    /// The transaction lost against another one, or stood still for too long; the same transaction may succeed now.
    Contended,
    /// There is no room left.
    Full,
    /// The database is out of reach, or the connection broke.
    Unreachable,
    /// Anything else: a fault of docket's own.
    Other,
}

impl Fault {
    /// What kind of refusal `error` is.
    pub fn of(error: &DbErr) -> Self {
        let (DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause))) = error
        else {
            return match error {
                DbErr::ConnectionAcquire(_) => Self::Unreachable,
                _ => Self::Other,
            };
        };
        match cause.as_ref() {
            sqlx::Error::Database(refusal) => Self::of_refusal(refusal.as_ref()),
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unreachable,
            _ => Self::Other,
        }
    }

    fn of_refusal(refusal: &dyn sqlx::error::DatabaseError) -> Self {
        let code = refusal.code().unwrap_or_default();
        match refusal.try_downcast_ref::<PgDatabaseError>() {
            Some(_) => Self::of_sqlstate(&code, refusal.constraint().unwrap_or_default()),
            None => Self::of_sqlite(code.parse().unwrap_or_default(), refusal.message()),
        }
    }

    /// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
    fn of_sqlstate(code: &str, constraint: &str) -> Self {
        match code {
            "23505" => Self::Unique(constraint.to_owned()),
            "23503" | "23001" => Self::ForeignKey,
            "23514" => Self::Check(constraint.to_owned()),
            // The migrations' own, raised by the triggers of append-only tables.
            "DK001" => Self::AppendOnly,
            "40001" | "40P01" | "55P03" | "25P03" => Self::Contended,
            "53100" => Self::Full,
            "53300" | "57P01" | "57P02" | "57P03" => Self::Unreachable,
            _ if code.starts_with("08") => Self::Unreachable,
            _ => Self::Other,
        }
    }

    /// <https://www.sqlite.org/rescode.html>: the low byte is the primary code.
    fn of_sqlite(code: i32, message: &str) -> Self {
        let subject = || {
            let name = message.rsplit("constraint failed: ").next();
            name.unwrap_or(message).to_owned()
        };
        match code {
            1555 | 2067 => Self::Unique(subject()),
            787 => Self::ForeignKey,
            275 => Self::Check(subject()),
            1811 if message.ends_with("append-only") => Self::AppendOnly,
            // ON DELETE RESTRICT is carried out, and reported, as a trigger.
            1811 => Self::ForeignKey,
            _ => match code & 0xff {
                5 | 6 => Self::Contended,
                13 => Self::Full,
                14 => Self::Unreachable,
                _ => Self::Other,
            },
        }
    }
}

/// What a caller is told. A refusal by a constraint is a fault of docket's own here: whoever expects
/// one (a taken name, say) asks [`Fault::of`] first and says it in the words of the domain.
impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        let told = match Fault::of(&error) {
            Fault::Contended => Self::Unavailable {
                reason: Reason::DatabaseBusy,
                message: "the database is busy".to_owned(),
                retry_after: Duration::from_secs(1),
            },
            Fault::Unreachable => Self::Unavailable {
                reason: Reason::Unavailable,
                message: "the database cannot be reached, or is too busy".to_owned(),
                retry_after: Duration::from_secs(2),
            },
            Fault::Full => Self::Exhausted {
                reason: Reason::StorageFull,
                message: "the database has no room left".to_owned(),
                retry_after: Duration::from_secs(60),
            },
            _ => return Self::internal(error),
        };
        // The caller's error carries no source, so the cause is told here or nowhere.
        tracing::warn!(cause = %error, "{told}");
        told
    }
}

/// As `Error::from`, but a duplicate is told as the name of a `resource` that is taken.
pub(super) fn taken(error: DbErr, resource: &'static str, name: String) -> Error {
    match Fault::of(&error) {
        Fault::Unique(_) => Error::AlreadyExists { resource, name },
        _ => error.into(),
    }
}

/// Why a transaction could not be committed.
pub(super) fn of_commit(error: DbErr) -> Error {
    match Fault::of(&error) {
        // Nobody knows whether it was kept, so it is not to be called "nothing was done".
        Fault::Unreachable => Error::internal(error),
        _ => error.into(),
    }
}

/// Whether the same transaction may succeed when it is tried again.
pub(super) fn is_contention(error: &Error) -> bool {
    matches!(error, Error::Unavailable { reason, .. } if *reason == Reason::DatabaseBusy)
}
