//! A ticket on its way from how it was read to how it is to be, and everything that is written with it.

mod session;
mod unsaved;

use std::{collections::BTreeSet, net::IpAddr};

use serde_json::{Value, json};

pub(crate) use unsaved::Rows;

use super::{
    ticket_change::{require, sees_deleted},
    ticket_text::reindex,
    ticket_view::visible,
};
use crate::{
    db::{
        Tx, assignment, comment, history,
        history::Entry,
        ticket::{self, Visible},
        ticket_change,
    },
    domain::{
        actor::Actor,
        etag,
        history::{self as rules, HistoryEventType},
        ids::{AssignmentId, TicketId, UserId},
        permission::{Action, TicketAction},
        ticket::CommentVisibility,
        time::Time,
    },
    error::{Error, Reason, Result},
};

/// A ticket on its way from how it was read to how it is to be.
#[derive(Debug)]
pub(crate) struct Edit {
    before: ticket::Model,
    /// The ticket as it is to be. `version` and `update_time` are set by [`Edit::write`].
    pub(crate) ticket: ticket::Model,
    /// When it changes: never before it changed last, whatever the clocks of replicas say.
    pub(crate) now: Time,
    author: UserId,
    ip_address: Option<IpAddr>,
    remarks: Vec<(&'static str, Value)>,
    events: Vec<Event>,
    comments: Vec<CommentWrite>,
}

/// Something that happened beside the fields.
#[derive(Debug)]
struct Event {
    event_type: HistoryEventType,
    field: Option<&'static str>,
    old_value: Option<String>,
    new_value: Option<String>,
    metadata: Value,
    internal: bool,
}

#[derive(Debug)]
enum CommentWrite {
    New(comment::Model),
    Changed(comment::Model),
}

impl Edit {
    /// The ticket, to be changed in this transaction by a caller who may do `action` on it as it is now.
    pub(crate) async fn begin(
        tx: &Tx,
        actor: &Actor,
        id: TicketId,
        action: TicketAction,
        now: Time,
    ) -> Result<Self> {
        let found = ticket_change::lock(tx, &visible(actor), id, sees_deleted(action)).await?;
        let ticket = found.ok_or_else(|| Error::not_found("ticket", id))?;
        require(actor, action, &ticket)?;
        Ok(Self::new(
            ticket,
            actor.user_id.clone(),
            actor.ip_address,
            now,
        ))
    }

    /// The ticket, to be changed in this transaction by docket itself; `None` for one that is deleted.
    pub(crate) async fn by_docket(tx: &Tx, id: TicketId, now: Time) -> Result<Option<Self>> {
        let found = ticket_change::lock(tx, &Visible::All, id, false).await?;
        Ok(found.map(|ticket| Self::new(ticket, UserId::system(), None, now)))
    }

    /// The ticket, to be changed in this transaction by what came of a dispatch that `author` asked for: also one that was deleted since.
    pub(crate) async fn of_dispatch(
        tx: &Tx,
        id: TicketId,
        author: UserId,
        now: Time,
    ) -> Result<Self> {
        let found = ticket_change::lock(tx, &Visible::All, id, true).await?;
        let ticket = found.ok_or_else(|| Error::not_found("ticket", id))?;
        Ok(Self::new(ticket, author, None, now))
    }

    fn new(ticket: ticket::Model, author: UserId, ip_address: Option<IpAddr>, now: Time) -> Self {
        Self {
            before: ticket.clone(),
            now: now.max(ticket.update_time),
            ticket,
            author,
            ip_address,
            remarks: Vec::new(),
            events: Vec::new(),
            comments: Vec::new(),
        }
    }

    /// The ticket as it was read.
    pub(crate) fn before(&self) -> &ticket::Model {
        &self.before
    }

    /// Who changes it.
    pub(crate) fn author(&self) -> &UserId {
        &self.author
    }

    /// Whether a person other than the ticket's creator changes it.
    pub(crate) fn by_another_person(&self) -> bool {
        self.author != self.before.creator_id && self.author != UserId::system()
    }

    /// Adds facts to the entry that tells of a change of this field (named as in [`ticket::Model::facts`]).
    pub(crate) fn remark(&mut self, field: &'static str, metadata: Value) {
        self.remarks.push((field, metadata));
    }

    /// Says that something happened beside the fields. What the event counts (`attachment_count` …) is set by whoever calls.
    pub(crate) fn tell(&mut self, event_type: HistoryEventType, metadata: Value) {
        self.events.push(Event {
            event_type,
            field: None,
            old_value: None,
            new_value: None,
            metadata,
            internal: false,
        });
    }

    /// Says that a promise of the ticket's SLA will soon be broken.
    pub(crate) fn warn(&mut self, promise: &str, metadata: Value) {
        self.note("sla.warning", None, Some(promise.to_owned()), metadata);
    }

    /// Says that docket has found something out, under the name of a field that the ticket itself does not have.
    pub(crate) fn note(
        &mut self,
        field: &'static str,
        old_value: Option<String>,
        new_value: Option<String>,
        metadata: Value,
    ) {
        self.events.push(Event {
            event_type: HistoryEventType::Updated,
            field: Some(field),
            old_value,
            new_value,
            metadata,
            internal: false,
        });
    }

    /// Adds a comment.
    pub(crate) fn add_comment(&mut self, row: comment::Model) {
        self.count_comment(&row, 1);
        self.events
            .push(comment_event(HistoryEventType::CommentAdded, &row));
        self.comments.push(CommentWrite::New(row));
    }

    /// Changes a comment's body; what it was stays in history.
    pub(crate) fn change_comment(&mut self, before: &comment::Model, row: comment::Model) {
        self.events.push(Event {
            old_value: Some(before.body.clone()),
            new_value: Some(row.body.clone()),
            ..comment_event(HistoryEventType::CommentUpdated, &row)
        });
        self.comments.push(CommentWrite::Changed(row));
    }

    /// Deletes a comment: `row` is what stays of it.
    pub(crate) fn delete_comment(&mut self, row: comment::Model) {
        self.count_comment(&row, -1);
        self.events
            .push(comment_event(HistoryEventType::CommentDeleted, &row));
        self.comments.push(CommentWrite::Changed(row));
    }

    fn count_comment(&mut self, row: &comment::Model, by: i32) {
        self.ticket.comment_count += by;
        if row.visibility == CommentVisibility::Internal {
            self.ticket.internal_comment_count += by;
        }
    }

    /// ETAG_MISMATCH, with the names of what has changed since, unless the caller has seen the ticket as it is now.
    pub(crate) async fn check_seen(&self, tx: &Tx, actor: &Actor, seen: Option<i64>) -> Result<()> {
        let current = self.before.version;
        match seen {
            None => Ok(()),
            Some(version) if version == current => Ok(()),
            Some(version) => {
                let fields = self.changed_since(tx, actor, version).await?;
                Err(stale(self.before.id, current, &fields))
            }
        }
    }

    /// The fields that changed after `version`, by their paths in the contract's `Ticket`; none for a version that never was.
    async fn changed_since(
        &self,
        tx: &Tx,
        actor: &Actor,
        version: i64,
    ) -> Result<BTreeSet<String>> {
        let current = self.before.version;
        if !(1..current).contains(&version) {
            return Ok(BTreeSet::new());
        }
        let told = history::since_version(tx, self.before.id, version).await?;
        let versions: BTreeSet<i64> = told.iter().map(|told| told.version).collect();
        let internal = actor.may(Action::SeeInternalComments);
        let visible = told.iter().filter(|told| internal || !told.internal);
        let mut fields: BTreeSet<String> = visible
            .filter_map(|told| told.event_type.changed_field(told.field.as_deref()))
            .collect();
        // Export workers write their columns, and no entry, on their own.
        if (version + 1..=current).any(|version| !versions.contains(&version)) {
            fields.insert("export".to_owned());
        }
        Ok(fields)
    }

    /// The ticket as [`Edit::write`] would leave it.
    pub(crate) fn planned(self) -> ticket::Model {
        let mut after = self.ticket;
        if after != self.before {
            after.version = self.before.version + 1;
            after.update_time = self.now;
        }
        after
    }

    /// Writes what is different, with its history entries, and returns the ticket as it is then. Where nothing is, nothing is written.
    pub(crate) async fn write(self, tx: &Tx) -> Result<ticket::Model> {
        let entries = self.entries();
        let changed = self.ticket != self.before;
        if entries.is_empty() {
            return match changed {
                true => Err(Error::internal(format!(
                    "a change of ticket {} without a history entry",
                    self.before.id
                ))),
                false => Ok(self.before),
            };
        }
        for write in &self.comments {
            match write {
                CommentWrite::New(row) => comment::insert(tx, row.clone()).await?,
                CommentWrite::Changed(row) => comment::update(tx, row).await?,
            }
        }
        if self.before.assignee_id != self.ticket.assignee_id {
            self.hand_on(tx).await?;
        }
        let (title, description) = (&self.before.title, &self.before.description);
        let same_text = *title == self.ticket.title && *description == self.ticket.description;
        let reindexed = !same_text || !self.comments.is_empty();
        let before = self.before.clone();
        let after = self.planned();
        if changed {
            ticket_change::update(tx, &before, &after).await?;
        }
        history::append(tx, entries).await?;
        if reindexed {
            reindex(tx, &after).await?;
        }
        Ok(after)
    }

    /// Ends the current assignment and begins the new one.
    async fn hand_on(&self, tx: &Tx) -> Result<()> {
        assignment::end(tx, self.before.id, self.now).await?;
        match self.begun_assignment() {
            Some(row) => assignment::insert(tx, row).await,
            None => Ok(()),
        }
    }

    /// The assignment of whoever works on the ticket from now on.
    fn begun_assignment(&self) -> Option<assignment::Model> {
        Some(assignment::Model {
            id: AssignmentId::at(self.now),
            ticket_id: self.before.id,
            assignee_id: self.ticket.assignee_id.clone()?,
            assigned_by_id: self.author.clone(),
            assign_time: self.now,
            unassign_time: None,
        })
    }

    /// What is to be told: the fields in their order, then the events in theirs.
    fn entries(&self) -> Vec<Entry> {
        let version = self.before.version + i64::from(self.ticket != self.before);
        let entry = |event_type, metadata| Entry {
            ticket_version: Some(version),
            ..Entry::event(
                self.before.id,
                event_type,
                self.author.clone(),
                self.ip_address,
                metadata,
                self.now,
            )
        };
        let changes = rules::changes(&self.before.facts(), &self.ticket.facts());
        let fields = changes.into_iter().map(|change| {
            let remark = self
                .remarks
                .iter()
                .find(|(field, _)| *field == change.field);
            let told = entry(
                change.event_type,
                remark.map_or(json!({}), |(_, metadata)| metadata.clone()),
            );
            let told = match change.event_type {
                // Nobody does that: docket finds it, if only now.
                HistoryEventType::SlaBreached => Entry {
                    actor_id: UserId::system(),
                    ip_address: None,
                    ..told
                },
                _ => told,
            };
            Entry {
                field: Some(change.field.to_owned()),
                old_value: change.old_value,
                new_value: change.new_value,
                ..told
            }
        });
        let events = self.events.iter().map(|event| Entry {
            field: event.field.map(str::to_owned),
            old_value: event.old_value.clone(),
            new_value: event.new_value.clone(),
            internal: event.internal,
            ..entry(event.event_type, event.metadata.clone())
        });
        fields.chain(events).collect()
    }
}

fn comment_event(event_type: HistoryEventType, row: &comment::Model) -> Event {
    let (id, visibility, system) = (row.id, row.visibility, row.system);
    Event {
        event_type,
        field: None,
        old_value: None,
        new_value: None,
        metadata: json!({ "comment_id": id, "visibility": visibility, "system": system }),
        internal: visibility == CommentVisibility::Internal,
    }
}

fn stale(id: TicketId, version: i64, fields: &BTreeSet<String>) -> Error {
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    let message = match fields.is_empty() {
        true => "the ticket is not as the etag says; read it again".to_owned(),
        false => format!("the ticket has changed since: {}", fields.join(", ")),
    };
    Error::aborted(Reason::EtagMismatch, format!("ticket/{id}"), message)
        .with("etag", etag::of_version(version))
        .with("changed_fields", fields.join(","))
}
