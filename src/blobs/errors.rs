//! What a failure of the store means: no room, out of reach, or a fault.

use std::{error::Error as StdError, io, time::Duration};

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
    let told = match kind(&error) {
        // A quota and a limit on files' sizes are limits of the place as a full disk is.
        Some(
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge,
        ) => Error::Exhausted {
            reason: Reason::StorageFull,
            message: "there is no room left for files".to_owned(),
            retry_after: FULL,
        },
        Some(io::ErrorKind::ConnectionRefused | io::ErrorKind::TimedOut) => Error::Unavailable {
            reason: Reason::Unavailable,
            message: "the store of files cannot be reached".to_owned(),
            retry_after: AWAY,
        },
        _ => return Error::internal(error),
    };
    // The caller's error carries no source, so the cause is told here or nowhere.
    tracing::warn!(cause = telemetry::chain(&error), "{told}");
    told
}

/// The kind of the system's error, somewhere in the chain of causes.
fn kind(error: &(dyn StdError + 'static)) -> Option<io::ErrorKind> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        cause = error.source();
    }
    None
}
