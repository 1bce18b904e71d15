//! The life of a ticket: moving it from status to status, and what its clock and its readers learn of that.

use std::{future, sync::Arc};

use chrono::TimeDelta;
use serde_json::json;

use super::{
    App, html,
    ticket_change::{Update, relation},
    ticket_edit::Edit,
    ticket_view::TicketView,
};
use crate::{
    db::comment,
    domain::{
        actor::Actor,
        ids::{CommentId, TicketId},
        permission::TicketAction,
        sla::SlaPolicy,
        ticket::{CommentVisibility, TicketStatus},
        workflow::{self, Move},
    },
    error::Result,
};

/// A wished move of a ticket, its texts checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Where to.
    pub to: TicketStatus,
    /// Plain text to be added to the system comment: why.
    pub comment: Option<String>,
    /// How it was solved; for a move to RESOLVED.
    pub resolution_notes: Option<String>,
}

/// What moves depend on beside the ticket.
#[derive(Clone, Debug)]
pub(crate) struct MoveRules {
    /// What each priority promises.
    pub(crate) sla: Arc<SlaPolicy>,
    /// For how long a closed ticket can be reopened.
    pub(crate) reopen_window: TimeDelta,
}

impl App {
    /// Moves a ticket on. The caller has to be allowed what the target stands for.
    pub async fn transition_ticket(
        &self,
        actor: &Actor,
        id: Result<TicketId>,
        parse: impl FnOnce() -> Result<Update<Transition>> + Send,
    ) -> Result<TicketView> {
        self.move_ticket(actor, id, action_of, parse).await
    }

    /// Moves a ticket to RESOLVED and says how it was solved.
    pub async fn resolve_ticket(
        &self,
        actor: &Actor,
        id: Result<TicketId>,
        parse: impl FnOnce() -> Result<String> + Send,
    ) -> Result<TicketView> {
        let parse = || {
            Ok(Update::now(Transition {
                to: TicketStatus::Resolved,
                comment: None,
                resolution_notes: Some(parse()?),
            }))
        };
        self.move_ticket(actor, id, |_| TicketAction::ResolveTicket, parse)
            .await
    }

    /// Moves a ticket to CLOSED.
    pub async fn close_ticket(&self, actor: &Actor, id: Result<TicketId>) -> Result<TicketView> {
        let parse = || Ok(because(TicketStatus::Closed, None));
        self.move_ticket(actor, id, |_| TicketAction::CloseTicket, parse)
            .await
    }

    /// Moves a ticket to REOPENED, for this reason.
    pub async fn reopen_ticket(
        &self,
        actor: &Actor,
        id: Result<TicketId>,
        parse: impl FnOnce() -> Result<String> + Send,
    ) -> Result<TicketView> {
        let parse = || Ok(because(TicketStatus::Reopened, Some(parse()?)));
        self.move_ticket(actor, id, |_| TicketAction::ReopenTicket, parse)
            .await
    }

    /// Moves a ticket to ESCALATED, for this reason.
    pub async fn escalate_ticket(
        &self,
        actor: &Actor,
        id: Result<TicketId>,
        parse: impl FnOnce() -> Result<String> + Send,
    ) -> Result<TicketView> {
        let parse = || Ok(because(TicketStatus::Escalated, Some(parse()?)));
        self.move_ticket(actor, id, |_| TicketAction::UpdateTicket, parse)
            .await
    }

    /// Where this caller may move the ticket now, in the order of the enum.
    pub async fn allowed_transitions(
        &self,
        actor: &Actor,
        id: Result<TicketId>,
    ) -> Result<Vec<TicketStatus>> {
        let view = TicketAction::ViewTicket;
        let (ticket, ()) = self.permitted(actor, id, view, || Ok(())).await?;
        let (at, relation) = (self.clock.now(), relation(actor, &ticket));
        let open = |to: &TicketStatus| {
            let wished = Move {
                from: ticket.status,
                close_time: ticket.close_time,
                to: *to,
                at,
            };
            let legal = wished.check(self.reopen_window, "").is_ok();
            legal && actor.may_on(workflow::action(*to), relation)
        };
        let targets = workflow::targets(ticket.status).iter().copied();
        Ok(targets.filter(open).collect())
    }

    async fn move_ticket(
        &self,
        actor: &Actor,
        id: Result<TicketId>,
        action: fn(Option<&Transition>) -> TicketAction,
        parse: impl FnOnce() -> Result<Update<Transition>> + Send,
    ) -> Result<TicketView> {
        let rules = self.move_rules();
        self.change_ticket(actor, id, action, parse, move |_, edit, wanted| {
            Box::pin(future::ready(edit.move_to(wanted, &rules)))
        })
        .await
    }

    /// What moves depend on beside the ticket.
    pub(crate) fn move_rules(&self) -> MoveRules {
        MoveRules {
            sla: Arc::clone(&self.sla),
            reopen_window: self.reopen_window,
        }
    }
}

/// What a caller has to be allowed for a move: whoever may do more than change a ticket may also change it.
pub(crate) fn action_of(wanted: Option<&Transition>) -> TicketAction {
    wanted.map_or(TicketAction::UpdateTicket, |wanted| {
        workflow::action(wanted.to)
    })
}

fn because(to: TicketStatus, reason: Option<String>) -> Update<Transition> {
    Update::now(Transition {
        to,
        comment: reason,
        resolution_notes: None,
    })
}

impl Edit {
    /// Moves the ticket on, with all that follows: its times, its clock, and the system comment that tells of it.
    pub(crate) fn move_to(&mut self, wanted: &Transition, rules: &MoveRules) -> Result<()> {
        let (from, to) = (self.ticket.status, wanted.to);
        let wished = Move {
            from,
            close_time: self.ticket.close_time,
            to,
            at: self.now,
        };
        wished.check(rules.reopen_window, &format!("ticket/{}", self.ticket.id))?;
        self.ticket.status = to;
        match to {
            TicketStatus::Resolved => {
                self.ticket.resolve_time = Some(self.now);
                self.ticket.resolution_notes = wanted.resolution_notes.clone();
            }
            TicketStatus::Closed => self.ticket.close_time = Some(self.now),
            TicketStatus::Reopened => {
                self.ticket.resolve_time = None;
                self.ticket.close_time = None;
                self.ticket.resolution_notes = None;
            }
            _ => (),
        }
        self.clock_moved(&rules.sla);
        if let Some(reason) = &wanted.comment {
            self.remark("status", json!({ "reason": reason }));
        }
        self.add_comment(self.told(from, to, wanted.comment.as_deref()));
        Ok(())
    }

    /// The system comment that tells of a move.
    fn told(&self, from: TicketStatus, to: TicketStatus, comment: Option<&str>) -> comment::Model {
        let mut body = format!("<p>Status changed from {from} to {to}.</p>");
        if let Some(text) = comment {
            body.push_str(&format!("<p>{}</p>", html::from_plain(text)));
        }
        comment::Model {
            id: CommentId::at(self.now),
            ticket_id: self.ticket.id,
            author_id: self.author().clone(),
            body,
            visibility: CommentVisibility::Public,
            system: true,
            create_time: self.now,
            edit_time: None,
            delete_time: None,
        }
    }
}
