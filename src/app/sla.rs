//! The clocks of tickets: what each change of a ticket does to them, and what its history says of that.
//!
//! Due times and breaches are fields of the ticket, so that a change of theirs is told by itself; a warning is an event.

use serde_json::json;

use super::{App, ticket_edit::Edit};
use crate::{
    db::{Tx, ticket, ticket_sla},
    domain::{
        sla::{Pause, SlaEvent, SlaPolicy},
        ticket::TicketPriority,
        time::{self, Time},
    },
    error::Result,
};

impl App {
    /// A blank NEW ticket of this priority with its promises.
    pub(crate) fn promised(&self, priority: TicketPriority, now: Time) -> ticket::Model {
        promised(&self.sla, priority, now)
    }
}

/// A blank NEW ticket of this priority with what the policy promises.
pub(super) fn promised(policy: &SlaPolicy, priority: TicketPriority, now: Time) -> ticket::Model {
    let mut blank = ticket::Model::blank(now);
    blank.priority = priority;
    blank.set_clock(&policy.begin(priority, now));
    blank
}

impl Edit {
    /// What a move does to the clock: pauses begin and end, a move by somebody other than the creator is a response, and what is late
    /// by now is noted. The ticket has its new status, `resolve_time` and `close_time` by now.
    pub(crate) fn clock_moved(&mut self, policy: &SlaPolicy) {
        let by_creator = !self.by_another_person();
        let mut clock = self.ticket.clock();
        let events = policy.status_changed(&mut clock, self.ticket.status, by_creator, self.now);
        self.ticket.set_clock(&clock);
        self.tell_of_clock(policy, events);
    }

    /// What a public comment does to the clock: the first one by somebody other than the creator is the response.
    pub(crate) fn clock_answered(&mut self, policy: &SlaPolicy) {
        if !self.by_another_person() {
            return;
        }
        let mut clock = self.ticket.clock();
        let event = policy.responded(&mut clock, self.now);
        self.ticket.set_clock(&clock);
        self.tell_of_clock(policy, event);
    }

    /// Gives the ticket another priority, and its clock other due times, counted from its creation.
    pub(crate) async fn set_priority(
        &mut self,
        tx: &Tx,
        policy: &SlaPolicy,
        priority: TicketPriority,
    ) -> Result<()> {
        if self.ticket.priority == priority {
            return Ok(());
        }
        let pauses = ticket_sla::pauses(tx, self.ticket.id).await?;
        self.clock_reset(policy, priority, &pauses);
        Ok(())
    }

    /// What another priority does to the clock. `pauses` are all that the ticket ever had, in their order.
    pub(super) fn clock_reset(
        &mut self,
        policy: &SlaPolicy,
        priority: TicketPriority,
        pauses: &[Pause],
    ) {
        self.ticket.priority = priority;
        let mut clock = self.ticket.clock();
        let events = policy.priority_changed(&mut clock, priority, pauses, self.now);
        self.ticket.set_clock(&clock);
        self.tell_of_clock(policy, events);
    }

    /// Notes what a look at the clock finds: promises that are broken, and such as will be soon.
    pub(crate) fn look_at_clock(&mut self, policy: &SlaPolicy) {
        let mut clock = self.ticket.clock();
        let events = policy.look(&mut clock, self.now);
        self.ticket.set_clock(&clock);
        self.tell_of_clock(policy, events);
    }

    /// Adds what the fields alone do not say.
    fn tell_of_clock(&mut self, policy: &SlaPolicy, events: impl IntoIterator<Item = SlaEvent>) {
        for event in events {
            match event {
                SlaEvent::DueChanged { .. } => (),
                SlaEvent::Breached { promise, due } => {
                    self.remark(promise.name(), json!({ "due_time": time::text(due) }));
                }
                SlaEvent::Warned { promise, due } => {
                    let percent = policy.warning_percent();
                    let metadata = json!({ "due_time": time::text(due), "percent": percent });
                    self.warn(promise.name(), metadata);
                }
            }
        }
    }
}
