//! Lists of tickets: orders and keyset pages. A page costs the same wherever in the list it is.
//!
//! A page is first looked for among the tickets that stand next in the list's order, whatever its filter and query: that finds what
//! many tickets have, and costs the same however many there are. Only what few tickets have is then looked for by what it is, in the
//! indexes of filters and words. Where one index holds the list in its order, it is read at once.

use sea_orm::{
    Condition, ConnectionTrait, DbBackend, FromQueryResult as _, Order, Statement,
    entity::prelude::*,
    sea_query::{Alias, Asterisk, Expr, ExprTrait as _, Query, SelectStatement},
};

pub use super::ticket_order::{Key, ListOrder, Position};
use super::{
    query,
    ticket::{Column, Entity, Model, Visible},
    ticket_filter::{Filter, Tagged},
    ticket_match::Match,
    ticket_rank, ticket_tag,
};
use crate::{domain::search, error::Result};

/// How many tickets are looked at one by one before the indexes of filters and words are asked.
const FRONT: u64 = 2000;

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

/// A ticket, and where a page that ends with it ends.
pub type Listed = (Model, Position);

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
        .cond_where(list.condition(
            Tagged::Among,
            list.matching(backend).map(|words| list.in_all(&words)),
        ));
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
        let mut statements = Vec::new();
        if !self.is_in_one_index() {
            statements.push(backend.build(&self.in_front(backend, after.clone(), limit)));
        }
        let ids = match self.tag_in_order() {
            Some(tag) => self.tagged(tag, after, limit),
            None => self.among_all(backend, after, limit),
        };
        statements.push(backend.build(&self.whole(ids)));
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
        let indexed = self.filter.is_indexed(&self.visible) || self.tag_in_order().is_some();
        self.search.is_none() && (open || by_time && indexed)
    }

    /// The tag whose tickets are the list, where the index of tags has them in its order.
    fn tag_in_order(&self) -> Option<&str> {
        let by_time = self.order.key == Key::CreateTime && self.search.is_none();
        self.filter.tag_alone(&self.visible).filter(|_| by_time)
    }

    /// What the filter says of the column that the list is ordered by, so that looking begins where the list does. A ticket is changed
    /// at the earliest when it is filed.
    fn bounds(&self, column: &Expr) -> Condition {
        let Filter {
            created, updated, ..
        } = self.filter;
        let (from, to) = match self.order.key {
            Key::CreateTime => (
                created.0,
                [created.1, updated.1].into_iter().flatten().min(),
            ),
            Key::UpdateTime => (
                [created.0, updated.0].into_iter().flatten().max(),
                updated.1,
            ),
            _ => (None, None),
        };
        Condition::all()
            .add_option(from.map(|from| column.clone().gte(from)))
            .add_option(to.map(|to| column.clone().lt(to)))
    }

    /// Which tickets are in the list.
    pub(super) fn condition(&self, tags: Tagged, words: Option<Expr>) -> Condition {
        let mut all = self.filter.condition(tags).add_option(words);
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

    /// What is behind a position, in an order by these columns, and within what the filter says of the first.
    fn behind(&self, columns: Vec<Expr>, after: Option<Position>) -> Condition {
        let bounds = columns.first().map(|column| self.bounds(column));
        let behind =
            after.map(|position| query::behind_all(columns, position.values(), self.direction()));
        Condition::all().add_option(bounds).add_option(behind)
    }

    fn sort(&self, select: &mut SelectStatement) {
        for column in self.order.key.columns() {
            select.order_by_expr(column, self.direction());
        }
    }

    /// Those of the next tickets in the order, whatever they are, that are in the list.
    fn in_front(&self, backend: DbBackend, after: Option<Position>, limit: u64) -> SelectStatement {
        let mut front = Query::select();
        front
            .from(Entity)
            .cond_where(self.behind(self.order.key.columns(), after))
            .limit(FRONT);
        self.sort(&mut front);
        let mut numbers = front.clone();
        numbers.column((Entity, Column::Number));
        front.column((Entity, Asterisk));
        let words = self.matching(backend);
        let words = words.map(|words| words.in_each(&numbers));
        let mut select = Query::select();
        select
            .column((Entity, Asterisk))
            // Under the table's name, so that conditions mean it.
            .from_subquery(front, Alias::new(Entity.table_name()))
            .cond_where(self.condition(Tagged::OneByOne, words))
            .limit(limit);
        self.sort(&mut select);
        select
    }

    /// The ids of those of all tickets that are in the list.
    fn among_all(
        &self,
        backend: DbBackend,
        after: Option<Position>,
        limit: u64,
    ) -> SelectStatement {
        let words = self.matching(backend);
        let found = words.as_ref().map(|words| self.in_all(words));
        let mut listed = Query::select();
        listed
            .from(Entity)
            .cond_where(self.condition(Tagged::Among, found))
            .cond_where(self.behind(self.order.key.columns(), after));
        let mut ids = Query::select();
        match words {
            // PostgreSQL takes any words for common ones, and would ask ticket after ticket for them. What has an offset it does not see
            // through, so that it looks the words up.
            Some(words) if backend == DbBackend::Postgres && !words.is_negative() => {
                let columns = [
                    Column::Id,
                    Column::Number,
                    Column::Status,
                    Column::Priority,
                    Column::CreateTime,
                    Column::UpdateTime,
                ];
                listed
                    .columns(columns.map(|column| (Entity, column)))
                    .offset(0);
                ids.from_subquery(listed, Alias::new(Entity.table_name()));
            }
            _ => ids = listed,
        }
        ids.column((Entity, Column::Id)).limit(limit);
        self.sort(&mut ids);
        ids
    }

    /// As [`Self::among_all`], read off the index of tags.
    fn tagged(&self, tag: &str, after: Option<Position>, limit: u64) -> SelectStatement {
        use ticket_tag::{Column as Tag, Entity as Tags};
        let filter = Filter {
            tags: Vec::new(),
            ..self.filter.clone()
        };
        let rest = Self {
            filter,
            ..self.clone()
        };
        let order = [Tag::CreateTime, Tag::TicketId];
        let columns = order.map(|column| Expr::col(column.as_column_ref()));
        let same = Expr::col((Tags, Tag::TicketId)).equals((Entity, Column::Id));
        let mut ids = Query::select();
        ids.column((Tags, Tag::TicketId))
            .from(Tags)
            .inner_join(Entity, same)
            .and_where(Tag::Tag.eq(tag))
            .cond_where(rest.condition(Tagged::OneByOne, None))
            .cond_where(self.behind(columns.to_vec(), after))
            .limit(limit);
        for column in order {
            ids.order_by((Tags, column), self.direction());
        }
        ids
    }

    /// The tickets with these ids. Sorted by ids alone before: descriptions would not stay in memory.
    fn whole(&self, ids: SelectStatement) -> SelectStatement {
        let mut select = Query::select();
        select
            .column((Entity, Asterisk))
            .from(Entity)
            .cond_where(Column::Id.in_subquery(ids));
        self.sort(&mut select);
        select
    }
}
