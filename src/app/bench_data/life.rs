//! The life of one made-up ticket, step by step through the same changes that calls make, so that everything about it fits together.

use chrono::TimeDelta;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::json;
use uuid::Uuid;

use super::{
    cast::Cast,
    filing::{conversation, filed, id, priority},
    words::{Words, plain},
};
use crate::{
    app::{
        ticket_edit::{Edit, Rows},
        tickets::created_entry,
        workflow::{MoveRules, Transition},
    },
    db::{assignment, comment, conversation, history::Entry, ticket, ticket_search::Document},
    domain::{
        actor::Actor,
        ids::{AssignmentId, CommentId, UserId},
        search,
        sla::Pause,
        ticket::{CommentVisibility, TicketStatus, Words as Tags},
        time::{Time, cut},
        workflow,
    },
};

/// The most steps of a life.
const STEPS: usize = 16;

/// What all lives have in common.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) cast: Cast,
    pub(super) rules: MoveRules,
    /// When all of them are looked at.
    pub(super) until: Time,
}

/// A ticket with all that belongs to it.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) ticket: ticket::Model,
    pub(super) entries: Vec<Entry>,
    pub(super) comments: Vec<comment::Model>,
    pub(super) assignments: Vec<assignment::Model>,
    pub(super) conversation: Option<conversation::Model>,
    pub(super) document: Document,
}

struct Life<'a> {
    stage: &'a Stage,
    rng: StdRng,
    filer: &'a Actor,
    /// Who works on it.
    engineer: Option<&'a Actor>,
    story: Story,
    pauses: Vec<Pause>,
}

/// The story of a ticket that is filed at `filed`; the same seed tells the same story.
pub(super) fn tell(stage: &Stage, seed: u64, filed: Time) -> Story {
    let mut life = Life::begin(stage, StdRng::seed_from_u64(seed), filed);
    let mut now = filed;
    for _ in 0..STEPS {
        now = cut(now + life.wait());
        if now > stage.until || !life.goes_on() {
            break;
        }
        life.look_at_clock(now);
        life.step(now);
    }
    life.look_at_clock(stage.until);
    life.end()
}

impl<'a> Life<'a> {
    fn begin(stage: &'a Stage, mut rng: StdRng, now: Time) -> Self {
        let filer = stage.cast.filer(&mut rng);
        let conversation = rng.random_ratio(1, 5).then(|| conversation(&mut rng, now));
        let mut ticket = filed(&stage.rules.sla, &mut rng, filer, now);
        ticket.conversation_id = conversation.as_ref().map(|row| row.id.clone());
        let document = Document {
            ticket_id: ticket.id,
            number: 0,
            title: String::new(),
            description: String::new(),
            public_comments: String::new(),
            internal_comments: String::new(),
        };
        Self {
            stage,
            rng,
            filer,
            engineer: None,
            story: Story {
                entries: vec![created_entry(filer, &ticket)],
                ticket,
                comments: Vec::new(),
                assignments: Vec::new(),
                conversation,
                document,
            },
            pauses: Vec::new(),
        }
    }

    /// How long nothing happens: minutes mostly, days now and then.
    fn wait(&mut self) -> TimeDelta {
        let seconds = match self.rng.random_range(0..10) {
            0..4 => self.rng.random_range(60..3_600),
            4..8 => self.rng.random_range(3_600..36_000),
            _ => self.rng.random_range(36_000..400_000),
        };
        TimeDelta::microseconds(seconds * 1_000_000 + self.rng.random_range(0..1_000_000))
    }

    /// Whether anybody still cares.
    fn goes_on(&mut self) -> bool {
        let share = match self.story.ticket.status {
            TicketStatus::Closed => 0.03,
            TicketStatus::Resolved => 0.85,
            _ => 0.92,
        };
        self.story.ticket.delete_time.is_none() && self.rng.random_bool(share)
    }

    fn step(&mut self, now: Time) {
        let ticket = &self.story.ticket;
        let settled = matches!(ticket.status, TicketStatus::Resolved | TicketStatus::Closed);
        let unassigned = ticket.assignee_id.is_none();
        match self.rng.random_range(0..100) {
            _ if settled => self.move_on(now),
            0..70 if unassigned => self.assign(now),
            0..50 => self.move_on(now),
            50..75 => self.comment(now),
            75..80 => self.change_priority(now),
            80..84 => self.change_content(now),
            84..87 => self.assign(now),
            87 => self.delete(now),
            _ => self.move_on(now),
        }
    }

    /// Whoever works on the ticket, or else hands it out.
    fn worker(&mut self) -> &'a Actor {
        match self.engineer {
            Some(engineer) => engineer,
            None => self.stage.cast.lead(&mut self.rng),
        }
    }

    fn edit(&self, actor: &Actor, now: Time) -> Edit {
        let ticket = self.story.ticket.clone();
        Edit::unsaved(ticket, actor.user_id.clone(), actor.ip_address, now)
    }

    fn move_on(&mut self, now: Time) {
        let from = self.story.ticket.status;
        let targets = workflow::targets(from);
        let to = match self.rng.random_range(0..100) {
            // Most are solved and closed in the end.
            0..35 if targets.contains(&TicketStatus::Resolved) => TicketStatus::Resolved,
            0..92 if targets == [TicketStatus::Closed, TicketStatus::Reopened] => {
                TicketStatus::Closed
            }
            _ => *targets.choose(&mut self.rng).unwrap_or(&from),
        };
        let actor = self.worker();
        let mut words = Words(&mut self.rng);
        let told = matches!(to, TicketStatus::Reopened | TicketStatus::Escalated);
        let transition = Transition {
            to,
            comment: told.then(|| words.reason()),
            resolution_notes: (to == TicketStatus::Resolved).then(|| words.solution()),
        };
        let mut edit = self.edit(actor, now);
        // One that was closed too long ago stays closed.
        if edit.move_to(&transition, &self.stage.rules).is_err() {
            return;
        }
        if from == TicketStatus::PendingInfo
            && let Some(open) = self.pauses.last_mut()
        {
            open.to = Some(now);
        }
        if to == TicketStatus::PendingInfo {
            self.pauses.push(Pause {
                from: now,
                to: None,
            });
        }
        self.take(edit);
    }

    fn assign(&mut self, now: Time) {
        let (lead, engineer) = (
            self.stage.cast.lead(&mut self.rng),
            self.stage.cast.engineer(&mut self.rng),
        );
        self.engineer = Some(engineer);
        let mut edit = self.edit(lead, now);
        edit.ticket.assignee_id = Some(engineer.user_id.clone());
        edit.ticket.team.clone_from(&engineer.team);
        self.take(edit);
    }

    fn comment(&mut self, now: Time) {
        let actor = match self.rng.random_ratio(2, 5) {
            true => self.filer,
            false => self.worker(),
        };
        let internal = actor.user_id != self.filer.user_id && self.rng.random_bool(0.4);
        let visibility = match internal {
            true => CommentVisibility::Internal,
            false => CommentVisibility::Public,
        };
        let body = Words(&mut self.rng).comment();
        let mut edit = self.edit(actor, now);
        if visibility == CommentVisibility::Public {
            edit.clock_answered(&self.stage.rules.sla);
        }
        edit.add_comment(comment::Model {
            id: CommentId(Uuid::nil()),
            ticket_id: self.story.ticket.id,
            author_id: actor.user_id.clone(),
            body,
            visibility,
            system: false,
            create_time: now,
            edit_time: None,
            delete_time: None,
        });
        self.take(edit);
    }

    fn change_priority(&mut self, now: Time) {
        let priority = priority(&mut self.rng);
        if priority == self.story.ticket.priority {
            return;
        }
        let actor = self.worker();
        let mut edit = self.edit(actor, now);
        edit.clock_reset(&self.stage.rules.sla, priority, &self.pauses);
        self.take(edit);
    }

    fn change_content(&mut self, now: Time) {
        let actor = self.worker();
        let mut edit = self.edit(actor, now);
        let mut words = Words(&mut self.rng);
        edit.ticket.tags = Tags(words.tags());
        edit.ticket.affected_service = words.service();
        self.take(edit);
    }

    fn delete(&mut self, now: Time) {
        let actor = self.stage.cast.lead(&mut self.rng);
        let mut edit = self.edit(actor, now);
        edit.ticket.delete_time = Some(edit.now);
        self.take(edit);
    }

    /// What docket itself notes by `now`: promises that are broken, and such as will be soon.
    fn look_at_clock(&mut self, now: Time) {
        loop {
            let ticket = &self.story.ticket;
            let stands = [
                ticket.delete_time,
                ticket.resolve_time,
                ticket.close_time,
                ticket.paused_since,
            ];
            if stands.iter().any(Option::is_some) {
                return;
            }
            let response = !ticket.response_breached && ticket.first_response_time.is_none();
            let warnings = [ticket.response_warning_time, ticket.resolution_warning_time];
            let dues = [
                response.then_some(ticket.response_due_time),
                (!ticket.resolution_breached).then_some(ticket.resolution_due_time),
            ];
            // The sweep comes by a while after.
            let late = TimeDelta::microseconds(self.rng.random_range(1..30_000_000));
            let times = warnings.into_iter().chain(dues).flatten();
            let times = times.map(|time| time.max(ticket.update_time) + late);
            let Some(next) = times.filter(|time| *time < now).min() else {
                return;
            };
            let mut edit = Edit::unsaved(ticket.clone(), UserId::system(), None, next);
            edit.look_at_clock(&self.stage.rules.sla);
            let before = self.story.entries.len();
            self.take(edit);
            if self.story.entries.len() == before {
                return;
            }
        }
    }

    /// Takes over what a change makes of the ticket, under ids of this life's own.
    fn take(&mut self, edit: Edit) {
        let now = edit.now;
        let Rows {
            ticket,
            mut entries,
            comments,
            handed_on,
        } = edit.into_rows();
        self.story.ticket = ticket;
        for mut comment in comments {
            let id = CommentId(id(&mut self.rng, now));
            let (old, new) = (json!(comment.id), json!(id));
            for entry in &mut entries {
                if let Some(told) = entry.metadata.get_mut("comment_id")
                    && *told == old
                {
                    *told = new.clone();
                }
            }
            comment.id = id;
            self.story.comments.push(comment);
        }
        self.story.entries.extend(entries);
        if let Some(begun) = handed_on {
            if let Some(current) = self.story.assignments.last_mut() {
                current.unassign_time.get_or_insert(now);
            }
            self.story
                .assignments
                .extend(begun.map(|row| assignment::Model {
                    id: AssignmentId(id(&mut self.rng, now)),
                    ..row
                }));
        }
    }

    fn end(self) -> Story {
        let mut story = self.story;
        let document = &mut story.document;
        document.title.clone_from(&story.ticket.title.0);
        document.description = plain(&story.ticket.description);
        // Newest first, as they are indexed.
        for comment in story.comments.iter().rev() {
            let words = match comment.visibility {
                CommentVisibility::Public => &mut document.public_comments,
                CommentVisibility::Internal => &mut document.internal_comments,
            };
            words.push(search::BREAK);
            words.push_str(&plain(&comment.body));
        }
        story
    }
}
