//! Changes of tickets that are in no database yet: the same changes, told as rows instead of being written.

use std::net::IpAddr;

use super::{CommentWrite, Edit};
use crate::{
    db::{assignment, comment, history::Entry, ticket},
    domain::{ids::UserId, time::Time},
};

/// What a change makes of a ticket, and the rows that belong to it.
#[derive(Debug)]
pub(crate) struct Rows {
    /// The ticket as it is then.
    pub(crate) ticket: ticket::Model,
    /// What its history tells of the change; empty where nothing has changed.
    pub(crate) entries: Vec<Entry>,
    /// The comments that were added.
    pub(crate) comments: Vec<comment::Model>,
    /// Where somebody else works on it from now on: who.
    pub(crate) handed_on: Option<Option<assignment::Model>>,
}

impl Edit {
    /// A change by a person, or by docket itself, of a ticket that is in no database yet.
    pub(crate) fn unsaved(
        ticket: ticket::Model,
        author: UserId,
        ip_address: Option<IpAddr>,
        now: Time,
    ) -> Self {
        Self::new(ticket, author, ip_address, now)
    }

    /// What [`Edit::write`] would write.
    pub(crate) fn into_rows(self) -> Rows {
        let new = |write: &CommentWrite| match write {
            CommentWrite::New(row) => Some(row.clone()),
            CommentWrite::Changed(_) => None,
        };
        let handed_on = self.before.assignee_id != self.ticket.assignee_id;
        Rows {
            entries: self.entries(),
            comments: self.comments.iter().filter_map(new).collect(),
            handed_on: handed_on.then(|| self.begun_assignment()),
            ticket: self.planned(),
        }
    }
}
