//! Who may do what: the contract's role tables, each asked once per use case. What concerns one ticket stands in `ticket`.

mod ticket;

pub use ticket::{Relation, Scope, TicketAction};

use super::actor::{Actor, Role};
use crate::error::{Error, Result};

/// What a caller wants to do, beyond one ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::EnumIter)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Action {
    /// File a ticket.
    CreateTicket,
    /// See tickets of other people.
    ViewAllTickets,
    /// Read and write internal comments.
    SeeInternalComments,
    /// See deleted tickets.
    SeeDeleted,
    /// See integrations (never their credentials).
    ReadIntegrations,
    /// Create, change, switch and test integrations.
    WriteIntegrations,
    /// Create a session.
    CreateSession,
    /// See sessions and their exports.
    ReadSessions,
    /// Change and export sessions of other people.
    ChangeAnySession,
    /// See who else there is.
    ListUsers,
    /// Create and replace users.
    WriteUsers,
}

impl Action {
    /// The least role that may do it: every row of the contract's tables is a floor in the order of [`Role`].
    pub const fn floor(self) -> Role {
        match self {
            Self::CreateTicket => Role::EndUser,
            Self::ViewAllTickets | Self::SeeInternalComments | Self::ReadIntegrations => {
                Role::DevopsEngineer
            }
            Self::CreateSession | Self::ReadSessions | Self::ListUsers => Role::DevopsEngineer,
            Self::ChangeAnySession => Role::TeamLead,
            Self::WriteIntegrations => Role::Manager,
            Self::SeeDeleted | Self::WriteUsers => Role::Admin,
        }
    }

    /// What the action is, for a refusal's text.
    const fn words(self) -> &'static str {
        match self {
            Self::CreateTicket => "create tickets",
            Self::ViewAllTickets => "see tickets of other people",
            Self::SeeInternalComments => "read or write internal comments",
            Self::SeeDeleted => "see deleted tickets",
            Self::ReadIntegrations => "read integrations",
            Self::WriteIntegrations => "change integrations",
            Self::CreateSession => "create sessions",
            Self::ReadSessions => "read sessions and exports",
            Self::ChangeAnySession => "change or export this session (its owner may)",
            Self::ListUsers => "list users",
            Self::WriteUsers => "create or replace users",
        }
    }
}

impl Actor {
    /// Whether the caller's role allows the action.
    pub fn may(&self, action: Action) -> bool {
        self.role >= action.floor()
    }

    /// PERMISSION_DENIED unless the caller's role allows the action.
    pub fn require(&self, action: Action) -> Result<()> {
        if self.may(action) {
            return Ok(());
        }
        let denied = Error::denied(format!(
            "the role {} may not {}; the least role that may is {}",
            self.role,
            action.words(),
            action.floor()
        ));
        Err(denied.with("role", self.role).with("action", action))
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator as _;

    use super::*;
    use crate::domain::ids::UserId;

    fn actor(role: Role) -> Actor {
        Actor {
            user_id: UserId("me".to_owned()),
            role,
            team: None,
            display_name: "Me".to_owned(),
            email: None,
            ip_address: None,
        }
    }

    /// The contract's tables, written out: one row an action, END_USER to ADMIN.
    fn allowed(action: Action) -> [bool; 6] {
        match action {
            Action::CreateTicket => [true, true, true, true, true, true],
            Action::ViewAllTickets
            | Action::SeeInternalComments
            | Action::ReadIntegrations
            | Action::CreateSession
            | Action::ReadSessions
            | Action::ListUsers => [false, true, true, true, true, true],
            Action::ChangeAnySession => [false, false, false, true, true, true],
            Action::WriteIntegrations => [false, false, false, false, true, true],
            Action::SeeDeleted | Action::WriteUsers => [false, false, false, false, false, true],
        }
    }

    #[test]
    fn every_role_may_do_what_the_contract_says() {
        for action in Action::iter() {
            for (role, allowed) in Role::iter().zip(allowed(action)) {
                let actor = actor(role);
                assert_eq!(actor.require(action).is_ok(), allowed, "{role} {action:?}");
            }
        }
    }
}
