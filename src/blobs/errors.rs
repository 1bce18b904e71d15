//! What a failure of the store means: no room, out of reach, or a fault.

use std::{error::Error as StdError, io, time::Duration};

use object_store::client::{HttpError, HttpErrorKind};

use crate::{
    error::{Error, Reason},
    telemetry,
};

/// When to ask again after the store was full: somebody has to make room first.
const FULL: Duration = Duration::from_secs(60);
/// When to ask again after it could not be reached.
const AWAY: Duration = Duration::from_secs(2);

/// What a caller is told.
pub(super) fn told(error: object_store::Error) -> Error {
    let told = match trouble(&error) {
        Trouble::Full => Error::Exhausted {
            reason: Reason::StorageFull,
            message: "there is no room left for files".to_owned(),
            retry_after: FULL,
        },
        Trouble::Away => Error::Unavailable {
            reason: Reason::Unavailable,
            message: "the store of files cannot be reached".to_owned(),
            retry_after: AWAY,
        },
        Trouble::Other => return Error::internal(error),
    };
    // The caller's error carries no source, so the cause is told here or nowhere.
    tracing::warn!(cause = telemetry::chain(&error), "{told}");
    told
}

enum Trouble {
    /// No room.
    Full,
    /// Out of reach, or not willing for now.
    Away,
    /// A fault.
    Other,
}

/// Looks for the first cause that says what it is about.
fn trouble(error: &(dyn StdError + 'static)) -> Trouble {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    for cause in causes {
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            return of_system(error.kind());
        }
        if let Some(error) = cause.downcast_ref::<HttpError>()
            && !matches!(error.kind(), HttpErrorKind::Decode | HttpErrorKind::Unknown)
        {
            return Trouble::Away;
        }
    }
    of_answer(&error.to_string())
}

fn of_system(kind: io::ErrorKind) -> Trouble {
    match kind {
        // A quota and a limit on files' sizes are limits of the place as a full disk is.
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            Trouble::Full
        }
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::NotConnected
        | io::ErrorKind::TimedOut => Trouble::Away,
        _ => Trouble::Other,
    }
}

/// What a bucket's answer says, which its client tells in words alone.
fn of_answer(text: &str) -> Trouble {
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    // MinIO, Ceph and 507 of others.
    if says(&["StorageFull", "QuotaExceeded", "507 Insufficient"]) {
        return Trouble::Full;
    }
    match says(&["status code: 5", "SlowDown", "ServiceUnavailable"]) {
        true => Trouble::Away,
        false => Trouble::Other,
    }
}
