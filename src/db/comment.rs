//! Comments: what people, and docket itself, say about a ticket.

use sea_orm::entity::prelude::*;

use crate::domain::{
    ids::{CommentId, TicketId, UserId},
    ticket::CommentVisibility,
};

/// A row of `comment`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "comment")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CommentId,
    /// The ticket.
    pub ticket_id: TicketId,
    /// Who wrote it.
    pub author_id: UserId,
    /// Sanitised HTML.
    pub body: String,
    /// Who may read it.
    pub visibility: CommentVisibility,
    /// Whether docket wrote it.
    pub system: bool,
    /// When it was written.
    pub create_time: DateTimeUtc,
    /// When it was edited last.
    pub edit_time: Option<DateTimeUtc>,
    /// When it was deleted, softly.
    pub delete_time: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
