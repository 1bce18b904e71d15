//! Lists of tickets: orders and keyset pages. A page costs the same wherever in the list it is.
//!
//! A page is first looked for among the tickets that stand next in the list's order, whatever its filter and query: that finds what
//! many tickets have, and costs the same however many there are. Only what few tickets have is then looked for by what it is, in the
//! indexes of filters and words. Where one index holds the list in its order, it is read at once.

use sea_orm::{
    Condition, ConnectionTrait, DbBackend, FromQueryResult as _, Order, Statement,
    entity::prelude::*,
    sea_query::{Alias, Asterisk, Expr, Query, SelectStatement},
};
use serde::{Deserialize, Serialize};

use super::{
    query,
    ticket::{Column, Entity, Model, Visible},
    ticket_filter::Filter,
    ticket_match::Match,
    ticket_rank,
};
use crate::{
    domain::{
        ids::TicketId,
        search,
        ticket::{TicketPriority, TicketStatus},
        time::Time,
    },
    error::Result,
};

/// How many tickets are looked at one by one before the indexes of filters and words are asked.
const FRONT: u64 = 2000;
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

/// A list: which tickets, in which order.
#[derive(Clone, Debug)]
pub struct List {
    /// Whose tickets.
    pub visible: Visible,
    /// Which of them.
    pub filter: Filter,
    /// What they have to say.
    pub search: Option<Search>,
    /// In which order.
    pub order: ListOrder,
}

/// What tickets have to say.
#[derive(Clone, Debug)]
pub struct Search {
    /// What is asked for.
    pub query: search::Query,
    /// Whether internal comments count.
    pub internal: bool,
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

/// A ticket, and where a page that ends with it ends.
pub type Listed = (Model, Position);

impl Key {
    /// Where a page that ends with this ticket ends, but in order of relevance.
    fn position(self, row: &Model) -> Position {
        match self {
            Self::CreateTime => Position::Time(row.create_time, row.id),
            Self::UpdateTime => Position::Time(row.update_time, row.id),
            Self::Priority => Position::Priority(row.priority, row.id),
            Self::Status => Position::Status(row.status, row.id),
            Self::Number | Self::Relevance => Position::Number(row.number),
        }
    }

    /// What is sorted by, one after the other.
    fn columns(self) -> Vec<Expr> {
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
    fn values(self) -> Vec<Value> {
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

/// The tickets of the list behind `after`, at most `limit`.
pub async fn page(
    conn: &impl ConnectionTrait,
    list: &List,
    after: Option<Position>,
    limit: u64,
) -> Result<Vec<Listed>> {
    if list.asks_nothing() {
        return Ok(Vec::new());
    }
    if let (Key::Relevance, Some(search)) = (list.order.key, &list.search) {
        return ticket_rank::page(conn, list, search, after, limit).await;
    }
    let rows = plain_page(conn, list, after, limit).await?;
    let key = list.order.key;
    Ok(rows
        .into_iter()
        .map(|row| (key.position(&row), row))
        .map(|(at, row)| (row, at))
        .collect())
}

/// As [`page`], in every order but that of relevance.
pub(super) async fn plain_page(
    conn: &impl ConnectionTrait,
    list: &List,
    after: Option<Position>,
    limit: u64,
) -> Result<Vec<Model>> {
    let backend = conn.get_database_backend();
    let mut rows = Vec::new();
    for statement in list.statements(backend, after, limit) {
        rows = Model::find_by_statement(statement).all(conn).await?;
        if u64::try_from(rows.len()).is_ok_and(|found| found >= limit) {
            break;
        }
    }
    Ok(rows)
}

/// How many tickets the whole list has.
pub async fn count(conn: &impl ConnectionTrait, list: &List) -> Result<u64> {
    if list.asks_nothing() {
        return Ok(0);
    }
    let backend = conn.get_database_backend();
    let mut all = Query::select();
    all.expr(Expr::cust("count(*)"))
        .from(Entity)
        .cond_where(list.condition(list.matching(backend).map(|words| list.in_all(&words))));
    let row = conn.query_one_raw(backend.build(&all)).await?;
    let count: i64 = row
        .map(|row| row.try_get_by_index(0))
        .transpose()?
        .unwrap_or(0);
    Ok(u64::try_from(count).unwrap_or(0))
}

impl List {
    /// The statements that a page is looked for with, each only where the one before it found less than `limit`. Public for the test
    /// that looks at their plans.
    pub fn statements(
        &self,
        backend: DbBackend,
        after: Option<Position>,
        limit: u64,
    ) -> Vec<Statement> {
        let words = self.matching(backend);
        let behind = after.map(|position| self.behind(position));
        let mut statements = Vec::new();
        if !self.is_in_one_index() {
            let one_by_one = self.condition(words.as_ref().map(Match::in_one));
            statements.push(backend.build(&self.in_front(behind.clone(), one_by_one, limit)));
        }
        let all = self.condition(words.map(|words| self.in_all(&words)));
        statements.push(backend.build(&self.among_all(behind, all, limit)));
        statements
    }

    fn asks_nothing(&self) -> bool {
        self.search
            .as_ref()
            .is_some_and(|search| search.query.is_empty())
    }

    pub(super) fn matching(&self, backend: DbBackend) -> Option<Match> {
        let search = self.search.as_ref()?;
        Some(Match::new(backend, &search.query, search.internal))
    }

    /// Whether a ticket has the words, asked of all tickets: of one after the other where a filter leaves few of them.
    fn in_all(&self, words: &Match) -> Expr {
        match self.is_narrow() {
            true => words.in_one(),
            false => words.in_all(),
        }
    }

    /// Whether a filter leaves few tickets.
    pub(super) fn is_narrow(&self) -> bool {
        self.filter.is_narrow(&self.visible)
    }

    /// Whether one index holds the whole list in its order.
    fn is_in_one_index(&self) -> bool {
        let Filter { created, .. } = self.filter;
        let by_time = self.order.key == Key::CreateTime;
        let open = self.filter.is_open(&self.visible) && (by_time || created == (None, None));
        self.search.is_none() && (open || by_time && self.filter.is_indexed(&self.visible))
    }

    /// Which tickets are in the list.
    pub(super) fn condition(&self, words: Option<Expr>) -> Condition {
        let mut all = self.filter.condition().add_option(words);
        if let Visible::FiledBy(person) = &self.visible {
            all = all.add(Column::CreatorId.eq(person.clone()));
        }
        if !self.filter.show_deleted {
            all = all.add(Column::DeleteTime.is_null());
        }
        all
    }

    fn direction(&self) -> Order {
        match self.order.descending {
            true => Order::Desc,
            false => Order::Asc,
        }
    }

    fn behind(&self, position: Position) -> Expr {
        query::behind_all(
            self.order.key.columns(),
            position.values(),
            self.direction(),
        )
    }

    fn sort(&self, select: &mut SelectStatement) {
        for column in self.order.key.columns() {
            select.order_by_expr(column, self.direction());
        }
    }

    /// Those of the next tickets in the order, whatever they are, that are in the list.
    fn in_front(&self, behind: Option<Expr>, condition: Condition, limit: u64) -> SelectStatement {
        let mut front = Query::select();
        front
            .column((Entity, Asterisk))
            .from(Entity)
            .cond_where(Condition::all().add_option(behind))
            .limit(FRONT);
        self.sort(&mut front);
        let mut select = Query::select();
        select
            .column((Entity, Asterisk))
            // Under the table's name, so that conditions mean it.
            .from_subquery(front, Alias::new(Entity.table_name()))
            .cond_where(condition)
            .limit(limit);
        self.sort(&mut select);
        select
    }

    /// Those of all tickets that are in the list. Sorted by ids alone: descriptions would not stay in memory.
    fn among_all(&self, behind: Option<Expr>, condition: Condition, limit: u64) -> SelectStatement {
        let mut ids = Query::select();
        ids.column((Entity, Column::Id))
            .from(Entity)
            .cond_where(condition.add_option(behind))
            .limit(limit);
        self.sort(&mut ids);
        let mut select = Query::select();
        select
            .column((Entity, Asterisk))
            .from(Entity)
            .cond_where(Column::Id.in_subquery(ids));
        self.sort(&mut select);
        select
    }
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
