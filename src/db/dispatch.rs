//! Dispatches: the intents and attempts to hand a ticket to an outside system.

use sea_orm::entity::prelude::*;

use crate::domain::{
    ids::{DispatchId, IntegrationId, TicketId},
    text_enum,
};

/// A row of `dispatch`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "dispatch")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DispatchId,
    /// The ticket.
    pub ticket_id: TicketId,
    /// Where to.
    pub integration_id: IntegrationId,
    /// Counts the attempts of a ticket, from 1.
    pub number: i32,
    /// What asked for it.
    pub trigger: String,
    /// By what the outside system's copy is found again.
    pub dedupe_key: String,
    /// How far it has come.
    pub state: DispatchState,
    /// When the intent was recorded.
    pub start_time: DateTimeUtc,
    /// How long the platform took, in microseconds.
    pub latency_micros: Option<i64>,
    /// What the connector made of the answer.
    pub outcome: Option<String>,
    /// The HTTP status of the answer, if there was one.
    pub http_status: Option<i32>,
    /// Why it failed, for a person.
    pub error_message: Option<String>,
    /// What else the platform said.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub response: Option<Json>,
    /// When to look at it again.
    pub next_attempt_time: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

text_enum! {
    /// How far an attempt to hand over a ticket has come.
    DispatchState {
        /// The intent is recorded; nothing was sent.
        Pending,
        /// The request may have left.
        Sent,
        /// The platform has the ticket.
        Succeeded,
        /// The platform does not have the ticket.
        Failed,
        /// Nobody knows; it is looked for before anything is sent again.
        Uncertain,
    }
}
