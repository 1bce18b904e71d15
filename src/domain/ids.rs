//! Identifiers: one type a kind, so that a session's id is never taken for a ticket's.

use std::{fmt, str::FromStr};

use sea_orm::{DbErr, DeriveValueType, TryFromU64};
use serde::{Deserialize, Serialize};
use uuid::{NoContext, Timestamp, Uuid};

use super::time::Time;
use crate::error::Broken;

macro_rules! uuid_id {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[doc = ""]
        #[doc = "A UUIDv7: it sorts by the time of creation."]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, DeriveValueType, Serialize, Deserialize)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id for something that comes into being at `now`.
            pub fn at(now: Time) -> Self {
                let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
                Self(Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos())))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = Broken;

            fn from_str(text: &str) -> Result<Self, Broken> {
                Uuid::try_parse(text).map(Self).map_err(|_| Broken::new("must be a UUID"))
            }
        }

        impl TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    )+};
}

uuid_id! {
    /// Identifies a ticket.
    TicketId,
    /// Identifies a session of tickets.
    SessionId,
    /// Identifies an integration.
    IntegrationId,
    /// Identifies a run of an export (the contract's `task_id`).
    ExportId,
    /// Identifies a comment.
    CommentId,
    /// Identifies an attachment.
    AttachmentId,
    /// Identifies an upload in unary calls.
    UploadId,
    /// Identifies an assignment.
    AssignmentId,
    /// Identifies an attempt to dispatch a ticket.
    DispatchId,
    /// Identifies a manual fix of an export.
    FixId,
}

macro_rules! text_id {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, DeriveValueType, Serialize, Deserialize)]
        pub struct $name(pub String);

        impl $name {
            /// The longest identifier, in code points.
            pub const MAX: usize = 128;

            /// The text, verbatim.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = Broken;

            fn from_str(text: &str) -> Result<Self, Broken> {
                match text.chars().count() {
                    1..=Self::MAX if !text.contains('\0') => Ok(Self(text.to_owned())),
                    _ => Err(Broken::new("must have 1 to 128 characters and no NUL")),
                }
            }
        }

        impl TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    )+};
}

text_id! {
    /// Identifies a person: the `sub` of their token, verbatim.
    UserId,
    /// Identifies a conversation in the system that it was held in.
    ConversationId,
}

impl UserId {
    /// docket itself, where no person acts.
    pub fn system() -> Self {
        Self("system".to_owned())
    }

    /// The id of a person: any but docket's own.
    pub fn person(text: &str) -> Result<Self, Broken> {
        match text.parse()? {
            id if id == Self::system() => {
                Err(Broken::new("must not be system, which is docket itself"))
            }
            id => Ok(id),
        }
    }
}
