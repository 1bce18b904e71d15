//! What lists of tickets are ordered by, and where a page of one ends.

use sea_orm::{entity::prelude::*, sea_query::Expr};
use serde::{Deserialize, Serialize};

use super::{
    ticket::{Column, Model},
    ticket_rank,
};
use crate::domain::{
    ids::TicketId,
    ticket::{TicketPriority, TicketStatus},
    time::Time,
};

/// By what a list by status is ordered: the way of a ticket's life. Word for word what the index holds.
const STATUS_ORDER: &str = "CASE status WHEN 'NEW' THEN 0 WHEN 'OPEN' THEN 1 WHEN 'IN_PROGRESS' THEN 2 \
    WHEN 'PENDING_INFO' THEN 3 WHEN 'ESCALATED' THEN 4 WHEN 'REVIEW' THEN 5 WHEN 'RESOLVED' THEN 6 \
    WHEN 'CLOSED' THEN 7 WHEN 'REOPENED' THEN 8 END";

/// What a list is ordered by; ties go by id, in the same direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// When it was filed.
    CreateTime,
    /// When it was changed last.
    UpdateTime,
    /// How urgent it is, P1 first.
    Priority,
    /// How far along its way it is, NEW first.
    Status,
    /// The ticket's number.
    Number,
    /// How well it fits the query, the best last; ties go by number. Only with a query.
    Relevance,
}

/// What a list is ordered by, and in which direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListOrder {
    /// By what.
    pub key: Key,
    /// Largest or newest first.
    pub descending: bool,
}

/// Where a page ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Position {
    /// The instant and id of the last ticket.
    Time(Time, TicketId),
    /// The priority and id of the last ticket.
    Priority(TicketPriority, TicketId),
    /// The status and id of the last ticket.
    Status(TicketStatus, TicketId),
    /// The number of the last ticket.
    Number(i64),
    /// Where it is among ranked tickets.
    Rank(ticket_rank::Place),
}

impl Key {
    /// Where a page that ends with this ticket ends, but in order of relevance.
    pub(super) fn position(self, row: &Model) -> Position {
        match self {
            Self::CreateTime => Position::Time(row.create_time, row.id),
            Self::UpdateTime => Position::Time(row.update_time, row.id),
            Self::Priority => Position::Priority(row.priority, row.id),
            Self::Status => Position::Status(row.status, row.id),
            Self::Number | Self::Relevance => Position::Number(row.number),
        }
    }

    /// What is sorted by, one after the other.
    pub(super) fn columns(self) -> Vec<Expr> {
        let column = |column: Column| Expr::col(column.as_column_ref());
        match self {
            Self::CreateTime => vec![column(Column::CreateTime), column(Column::Id)],
            Self::UpdateTime => vec![column(Column::UpdateTime), column(Column::Id)],
            Self::Priority => vec![column(Column::Priority), column(Column::Id)],
            Self::Status => vec![Expr::cust(STATUS_ORDER), column(Column::Id)],
            Self::Number | Self::Relevance => vec![column(Column::Number)],
        }
    }
}

impl Position {
    pub(super) fn values(self) -> Vec<Value> {
        match self {
            Self::Time(time, id) => vec![time.into(), id.into()],
            Self::Priority(priority, id) => vec![priority.into(), id.into()],
            Self::Status(status, id) => vec![status_order(status).into(), id.into()],
            Self::Number(number) => vec![number.into()],
            Self::Rank(place) => vec![place.number.into()],
        }
    }
}

/// The status's place in [`STATUS_ORDER`].
fn status_order(status: TicketStatus) -> i32 {
    status as i32
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator as _;

    use super::*;

    #[test]
    fn the_order_by_status_is_that_of_the_states() {
        let cases = TicketStatus::iter()
            .map(|status| format!("WHEN '{status}' THEN {}", status_order(status)));
        let written = format!("CASE status {} END", cases.collect::<Vec<_>>().join(" "));
        assert_eq!(written, STATUS_ORDER);
    }
}
