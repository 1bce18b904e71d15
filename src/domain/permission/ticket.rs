//! Who may do what with one ticket: the contract's table, row by row, and how a caller is related to what they touch.

use crate::{
    domain::{
        actor::{Actor, Role},
        ids::UserId,
    },
    error::{Error, Result},
};

/// What a caller wants to do with one ticket, or with something on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::EnumIter)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum TicketAction {
    /// See it, comment on it and attach files to it.
    ViewTicket,
    /// Change its content, move it on, hand it over.
    UpdateTicket,
    /// Say who works on it.
    AssignTicket,
    /// Move it to RESOLVED.
    ResolveTicket,
    /// Move it to CLOSED.
    CloseTicket,
    /// Move it to REOPENED.
    ReopenTicket,
    /// Delete it.
    DeleteTicket,
    /// Take its deletion back.
    UndeleteTicket,
    /// Change or delete a comment or an attachment.
    ChangeContribution,
}

/// On which tickets, comments or attachments a role may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// On none.
    Nothing,
    /// On tickets that the caller created.
    Own,
    /// On tickets that are assigned to the caller.
    Assigned,
    /// Where it makes the caller, and nobody else, the assignee or the former assignee.
    Themselves,
    /// As [`Scope::Themselves`], and for people of the caller's team.
    OwnTeam,
    /// On what the caller wrote or uploaded.
    Contributed,
    /// On all.
    All,
}

/// How a caller is related to what they touch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relation {
    /// They created the ticket.
    pub own: bool,
    /// The ticket is assigned to them.
    pub assigned: bool,
    /// They are the person who is (or was) to work on it.
    pub themselves: bool,
    /// That person is of their team.
    pub own_team: bool,
    /// They wrote the comment or uploaded the attachment.
    pub contributed: bool,
}

impl TicketAction {
    /// The row of the contract's table: what each role may do it on.
    pub const fn scope(self, role: Role) -> Scope {
        use Scope::{All, Assigned, Contributed, Nothing, Own, OwnTeam, Themselves};
        // END_USER, DEVOPS_ENGINEER, SENIOR_ENGINEER, TEAM_LEAD, MANAGER, ADMIN.
        let row = match self {
            Self::ViewTicket => [Own, All, All, All, All, All],
            Self::UpdateTicket => [Own, Assigned, All, All, All, All],
            Self::AssignTicket => [Nothing, Themselves, OwnTeam, All, All, All],
            Self::ResolveTicket | Self::CloseTicket => [Nothing, Assigned, All, All, All, All],
            Self::ReopenTicket => [Own, Assigned, All, All, All, All],
            Self::DeleteTicket | Self::UndeleteTicket => {
                [Nothing, Nothing, Nothing, Nothing, Nothing, All]
            }
            Self::ChangeContribution => [
                Contributed,
                Contributed,
                Contributed,
                Contributed,
                Contributed,
                All,
            ],
        };
        row[role as usize]
    }

    /// What the action is, for a refusal's text.
    const fn words(self) -> &'static str {
        match self {
            Self::ViewTicket => "see this ticket",
            Self::UpdateTicket => "change this ticket",
            Self::AssignTicket => "assign this ticket to this person",
            Self::ResolveTicket => "resolve this ticket",
            Self::CloseTicket => "close this ticket",
            Self::ReopenTicket => "reopen this ticket",
            Self::DeleteTicket => "delete tickets",
            Self::UndeleteTicket => "restore tickets",
            Self::ChangeContribution => "change what others wrote or uploaded",
        }
    }
}

impl Scope {
    /// Whether something with this relation to the caller is within the scope.
    pub const fn covers(self, relation: Relation) -> bool {
        match self {
            Self::Nothing => false,
            Self::Own => relation.own,
            Self::Assigned => relation.assigned,
            Self::Themselves => relation.themselves,
            Self::OwnTeam => relation.themselves || relation.own_team,
            Self::Contributed => relation.contributed,
            Self::All => true,
        }
    }

    /// On what, for a refusal's text.
    const fn words(self) -> &'static str {
        match self {
            Self::Nothing => "never",
            Self::Own => "only on tickets that they created",
            Self::Assigned => "only on tickets that are assigned to them",
            Self::Themselves => "only for themselves",
            Self::OwnTeam => "only for themselves and people of their team",
            Self::Contributed => "only on what they wrote or uploaded themselves",
            Self::All => "always",
        }
    }
}

impl Relation {
    /// The caller's relation to a ticket.
    pub fn to_ticket(actor: &Actor, creator: &UserId, assignee: Option<&UserId>) -> Self {
        Self {
            own: *creator == actor.user_id,
            assigned: assignee == Some(&actor.user_id),
            ..Self::default()
        }
    }

    /// The caller's relation to a person who is, or was, to work on a ticket.
    pub fn to_person(actor: &Actor, person: &UserId, team: Option<&str>) -> Self {
        Self {
            themselves: *person == actor.user_id,
            own_team: team.is_some() && team == actor.team.as_deref(),
            ..Self::default()
        }
    }

    /// The caller's relation to a comment or an attachment.
    pub fn to_contribution(actor: &Actor, author: &UserId) -> Self {
        Self {
            contributed: *author == actor.user_id,
            ..Self::default()
        }
    }
}

impl Actor {
    /// Whether the caller may do it where they are so related.
    pub fn may_on(&self, action: TicketAction, relation: Relation) -> bool {
        action.scope(self.role).covers(relation)
    }

    /// PERMISSION_DENIED unless the caller may do it where they are so related.
    pub fn require_on(&self, action: TicketAction, relation: Relation) -> Result<()> {
        match self.may_on(action, relation) {
            true => Ok(()),
            false => Err(self.denied(action)),
        }
    }

    /// PERMISSION_DENIED for a role that may never do it, whatever it is about.
    pub fn require_ever(&self, action: TicketAction) -> Result<()> {
        match action.scope(self.role) {
            Scope::Nothing => Err(self.denied(action)),
            _ => Ok(()),
        }
    }

    fn denied(&self, action: TicketAction) -> Error {
        let (what, where_) = (action.words(), action.scope(self.role).words());
        let message = match action.scope(self.role) {
            Scope::Nothing => format!("the role {} may not {what}", self.role),
            _ => format!("the role {} may not {what}: {where_}", self.role),
        };
        Error::denied(message)
            .with("role", self.role)
            .with("action", action)
    }
}
