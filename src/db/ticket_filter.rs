//! Which tickets a list or a watcher is about: the same filter as a condition on rows and as a test of one ticket.

use sea_orm::{
    Condition, QuerySelect as _, QueryTrait as _,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait as _},
};

use super::{
    ticket::{Column, Model, Visible},
    ticket_tag,
};
use crate::domain::{
    ids::{ConversationId, IntegrationId, SessionId, UserId},
    ticket::{Environment, TicketCategory, TicketPriority, TicketStatus},
    time::Time,
};

/// Word for word what the index of breached tickets holds; else SQLite does not use it.
const BREACHED: &str = "response_breached OR resolution_breached";

/// Which tickets a list shows; an empty list of values means any.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only in one of these states.
    pub statuses: Vec<TicketStatus>,
    /// Only of one of these priorities.
    pub priorities: Vec<TicketPriority>,
    /// Only of one of these categories.
    pub categories: Vec<TicketCategory>,
    /// Only in one of these environments.
    pub environments: Vec<Environment>,
    /// Only assigned to this person.
    pub assignee_id: Option<UserId>,
    /// Only assigned to nobody (`true`) or to somebody (`false`).
    pub unassigned: Option<bool>,
    /// Only filed by this person.
    pub creator_id: Option<UserId>,
    /// Only with this team.
    pub team: Option<String>,
    /// Only with every one of these tags.
    pub tags: Vec<String>,
    /// Only with this integration.
    pub integration_id: Option<IntegrationId>,
    /// Only of this session.
    pub session_id: Option<SessionId>,
    /// Only of this conversation.
    pub conversation_id: Option<ConversationId>,
    /// Only filed at or after the first and before the second instant.
    pub created: (Option<Time>, Option<Time>),
    /// Only changed at or after the first and before the second instant.
    pub updated: (Option<Time>, Option<Time>),
    /// Only with (`true`) or without (`false`) a due time that passed unmet.
    pub sla_breached: Option<bool>,
    /// Also the deleted ones.
    pub show_deleted: bool,
}

/// How tickets with a tag are found.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tagged {
    /// Each ticket that is looked at is asked for it.
    OneByOne,
    /// They are looked up all at once: SQLite writes them down first.
    Among,
}

impl Filter {
    /// The condition on rows, but for `show_deleted`.
    pub(super) fn condition(&self, tags: Tagged) -> Condition {
        Condition::all()
            .add(values(self))
            .add(tagged(self, tags))
            .add(people_and_places(self))
            .add(instants(self))
    }

    /// Whether the newest tickets that pass it can be read off one index, from its end.
    pub(super) fn is_indexed(&self, visible: &Visible) -> bool {
        let single = [
            self.statuses.len(),
            self.priorities.len(),
            self.categories.len(),
            self.environments.len(),
        ];
        single.contains(&1)
            || self.is_narrow(visible)
            || self.unassigned.is_some()
            || self.team.is_some()
            || self.integration_id.is_some()
            || self.sla_breached == Some(true)
    }

    /// Whether it leaves the tickets of one person, session or conversation.
    pub(super) fn is_narrow(&self, visible: &Visible) -> bool {
        *visible != Visible::All
            || self.assignee_id.is_some()
            || self.creator_id.is_some()
            || self.session_id.is_some()
            || self.conversation_id.is_some()
    }

    /// Whether every ticket passes it that may be read off the index of creation times.
    pub(super) fn is_open(&self, visible: &Visible) -> bool {
        self.tags.is_empty() && self.is_open_but_for_tags(visible)
    }

    /// Its tag, if every ticket with it passes that may be read off the index of tags.
    pub(super) fn tag_alone(&self, visible: &Visible) -> Option<&str> {
        let [tag] = &self.tags[..] else { return None };
        self.is_open_but_for_tags(visible).then_some(tag)
    }

    fn is_open_but_for_tags(&self, visible: &Visible) -> bool {
        let values = self.statuses.len()
            + self.priorities.len()
            + self.categories.len()
            + self.environments.len();
        let of_somebody = self.assignee_id.is_some() || self.creator_id.is_some();
        let somewhere = self.team.is_some()
            || self.integration_id.is_some()
            || self.session_id.is_some()
            || self.conversation_id.is_some();
        *visible == Visible::All
            && values == 0
            && !of_somebody
            && !somewhere
            && self.unassigned.is_none()
            && self.sla_breached.is_none()
            && self.updated == (None, None)
    }

    /// Whether the ticket passes it and the caller may see it.
    pub fn shows(&self, visible: &Visible, ticket: &Model) -> bool {
        let seen = match visible {
            Visible::All => true,
            Visible::FiledBy(person) => ticket.creator_id == *person,
        };
        seen && (self.show_deleted || ticket.delete_time.is_none())
            && self.has_values(ticket)
            && self.has_people_and_places(ticket)
            && self.has_instants(ticket)
    }

    fn has_values(&self, ticket: &Model) -> bool {
        any_of(&self.statuses, ticket.status)
            && any_of(&self.priorities, ticket.priority)
            && any_of(&self.categories, ticket.category)
            && any_of(&self.environments, ticket.environment)
            && self.tags.iter().all(|tag| ticket.tags.0.contains(tag))
    }

    fn has_people_and_places(&self, ticket: &Model) -> bool {
        let nobody = ticket.assignee_id.is_none();
        is(&self.assignee_id, &ticket.assignee_id)
            && self.unassigned.is_none_or(|wanted| wanted == nobody)
            && self
                .creator_id
                .as_ref()
                .is_none_or(|id| *id == ticket.creator_id)
            && is(&self.team, &ticket.team)
            && is(&self.integration_id, &ticket.integration_id)
            && is(&self.session_id, &ticket.session_id)
            && is(&self.conversation_id, &ticket.conversation_id)
    }

    fn has_instants(&self, ticket: &Model) -> bool {
        let breached = ticket.response_breached || ticket.resolution_breached;
        within(self.created, ticket.create_time)
            && within(self.updated, ticket.update_time)
            && self.sla_breached.is_none_or(|wanted| wanted == breached)
    }
}

/// Whether it is one of these; an empty list means any.
fn any_of<T: PartialEq>(wanted: &[T], value: T) -> bool {
    wanted.is_empty() || wanted.contains(&value)
}

/// Whether it is the one that is wanted, if one is.
fn is<T: PartialEq>(wanted: &Option<T>, value: &Option<T>) -> bool {
    wanted.is_none() || wanted == value
}

/// At or after the first and before the second instant.
fn within((from, to): (Option<Time>, Option<Time>), time: Time) -> bool {
    from.is_none_or(|from| from <= time) && to.is_none_or(|to| time < to)
}

fn values(filter: &Filter) -> Condition {
    let mut all = Condition::all();
    if !filter.statuses.is_empty() {
        all = all.add(Column::Status.is_in(filter.statuses.iter().copied()));
    }
    if !filter.priorities.is_empty() {
        all = all.add(Column::Priority.is_in(filter.priorities.iter().copied()));
    }
    if !filter.categories.is_empty() {
        all = all.add(Column::Category.is_in(filter.categories.iter().copied()));
    }
    if !filter.environments.is_empty() {
        all = all.add(Column::Environment.is_in(filter.environments.iter().copied()));
    }
    all
}

fn tagged(filter: &Filter, how: Tagged) -> Condition {
    use ticket_tag::Column as Tag;
    let of_tag = |tag: &String| {
        let rows = ticket_tag::Entity::find().select_only();
        let rows = rows.column(Tag::TicketId).filter(Tag::Tag.eq(tag));
        match how {
            Tagged::Among => Column::Id.in_subquery(rows.into_query()),
            Tagged::OneByOne => {
                let this = Expr::col(Tag::TicketId.as_column_ref());
                let this = this.equals(Column::Id.as_column_ref());
                Expr::exists(rows.filter(this).into_query())
            }
        }
    };
    filter
        .tags
        .iter()
        .map(of_tag)
        .fold(Condition::all(), Condition::add)
}

fn people_and_places(filter: &Filter) -> Condition {
    Condition::all()
        .add_option(
            filter
                .assignee_id
                .clone()
                .map(|id| Column::AssigneeId.eq(id)),
        )
        .add_option(filter.unassigned.map(|none| {
            if none {
                Column::AssigneeId.is_null()
            } else {
                Column::AssigneeId.is_not_null()
            }
        }))
        .add_option(filter.creator_id.clone().map(|id| Column::CreatorId.eq(id)))
        .add_option(filter.team.clone().map(|team| Column::Team.eq(team)))
        .add_option(filter.integration_id.map(|id| Column::IntegrationId.eq(id)))
        .add_option(filter.session_id.map(|id| Column::SessionId.eq(id)))
        .add_option(
            filter
                .conversation_id
                .clone()
                .map(|id| Column::ConversationId.eq(id)),
        )
}

fn instants(filter: &Filter) -> Condition {
    let (created, updated) = (filter.created, filter.updated);
    let breached = |wanted: bool| match wanted {
        true => Expr::cust(format!("({BREACHED})")),
        false => Expr::cust(format!("NOT ({BREACHED})")),
    };
    Condition::all()
        .add_option(created.0.map(|from| Column::CreateTime.gte(from)))
        .add_option(created.1.map(|to| Column::CreateTime.lt(to)))
        .add_option(updated.0.map(|from| Column::UpdateTime.gte(from)))
        .add_option(updated.1.map(|to| Column::UpdateTime.lt(to)))
        .add_option(filter.sla_breached.map(breached))
}
