//! Who is calling.

use std::net::IpAddr;

use super::{ids::UserId, text_enum};

text_enum! {
    /// What a person may do, from least to most.
    Role {
        /// Reports problems and follows their own.
        EndUser,
        /// Works on what is assigned to them.
        DevopsEngineer,
        /// Works on everything, assigns within their team.
        SeniorEngineer,
        /// Leads a team.
        TeamLead,
        /// Runs support; configures integrations.
        Manager,
        /// May do everything.
        Admin,
    }
}

/// A caller, as the verified token and the connection tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The token's `sub`.
    pub user_id: UserId,
    /// The token's `role`.
    pub role: Role,
    /// The token's `team`, if any.
    pub team: Option<String>,
    /// The token's `name`, else the `sub`.
    pub display_name: String,
    /// The token's `email`, if any.
    pub email: Option<String>,
    /// Where the call came from.
    pub ip_address: Option<IpAddr>,
}
