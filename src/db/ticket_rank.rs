//! Lists by relevance: how well tickets fit a query, as a whole number that both databases find alike.
//!
//! For each thing asked for, a ticket gets 4 where its title says it, 2 where its description does, and 1 where only its comments do;
//! besides, 4 for each where it says all of them side by side. Ranked are the newest [`RANKED`] tickets that match, so that a word that
//! half of all tickets have costs no more than another; the older ones have rank 0 and follow, the newest first. Which tickets are
//! ranked is settled with the first page and travels in the token: what is filed between two pages moves nothing.

use std::collections::HashMap;

use sea_orm::{
    ConnectionTrait, DbBackend,
    entity::prelude::*,
    sea_query::{Alias, Asterisk, Expr, ExprTrait as _, Order, Query, SelectStatement},
};
use serde::{Deserialize, Serialize};

use super::{
    ticket::{Column, Entity, Model},
    ticket_filter::Tagged,
    ticket_list::{self, Key, List, ListOrder, Listed, Position, Search},
    ticket_match::Match,
    ticket_search::{DESCRIPTION, PUBLIC, TITLE},
};
use crate::{domain::search::Term, error::Result};

/// How many of the newest matches are ranked.
pub const RANKED: usize = 300;
/// How many of the newest tickets are asked whether many match, and how many that are: as long as it takes PostgreSQL to fetch all that
/// match where fewer do, so long it takes to walk to the last that is ranked where more do.
const SAMPLE: u64 = 2000;
const MANY: u64 = 38;

/// A ticket's place in a list by relevance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The lowest number that is ranked.
    floor: i64,
    /// The highest number in the list.
    ceiling: i64,
    /// The ticket's rank; 0 below the floor.
    rank: i64,
    /// The ticket's number.
    pub(super) number: i64,
}

/// The tickets of the list behind `after`, at most `limit`.
pub(super) async fn page(
    conn: &impl ConnectionTrait,
    list: &List,
    search: &Search,
    after: Option<Position>,
    limit: u64,
) -> Result<Vec<Listed>> {
    let after = match after {
        Some(Position::Rank(place)) => Some(place),
        _ => None,
    };
    let ranking = Ranking::new(conn, list, search, after).await?;
    let (descending, rest) = (list.order.descending, ranking.floor > 0);
    let in_rest = after.is_some_and(|place| place.rank == 0);
    let mut rows = Vec::new();
    let mut ranked = after.filter(|_| !in_rest);
    if !descending && rest && ranked.is_none() {
        rows = ranking.rest(conn, list, after, limit).await?;
    }
    let room = limit.saturating_sub(rows.len() as u64);
    if !(descending && in_rest) && room > 0 {
        rows.extend(
            ranking
                .ranked(conn, ranked.take(), descending, room)
                .await?,
        );
    }
    let room = limit.saturating_sub(rows.len() as u64);
    if descending && rest && room > 0 {
        let after = after.filter(|_| in_rest);
        rows.extend(ranking.rest(conn, list, after, room).await?);
    }
    Ok(rows)
}

/// How the newest tickets that match are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// By looking at one after the other: soon done where many match.
    OneByOne,
    /// As [`Found::OneByOne`], among so many of the newest.
    Among(u64),
    /// By looking the words up: soon done where few match.
    ByWords,
}

/// The statement that finds the tickets to be ranked: at most `limit` numbers, the newest first. Public for the test that looks at its
/// plan.
pub fn newest(
    backend: DbBackend,
    list: &List,
    found: Found,
    (floor, ceiling): (i64, i64),
    limit: u64,
) -> SelectStatement {
    let words = list.matching(backend);
    let one_by_one = words.as_ref().map(Match::in_one);
    let range = |number: Expr| number.between(floor, ceiling);
    let column = (Entity, Column::Number);
    let mut newest = Query::select();
    newest.limit(limit);
    match (found, words) {
        (Found::ByWords, Some(words)) => {
            let mut found = Query::select();
            found
                .from("ticket_search")
                .cond_where(list.condition(Tagged::OneByOne, Some(words.in_index())))
                .column(column);
            let same = |number| Expr::col(number).equals(column);
            if backend == DbBackend::Sqlite {
                let number = ("ticket_search", "rowid");
                newest = found;
                newest
                    // SQLite begins a cross join where it says.
                    .cross_join(Entity)
                    .and_where(same(number))
                    .and_where(range(Expr::col(number)))
                    .order_by(number, Order::Desc)
                    .limit(limit);
            } else {
                // PostgreSQL takes any words for common ones, and would walk; what has an offset it does not see through.
                found
                    .inner_join(Entity, same(("ticket_search", "number")))
                    .offset(0);
                newest
                    .column(column)
                    .from_subquery(found, Alias::new(Entity.table_name()))
                    .and_where(range(Expr::col(column)))
                    .order_by(column, Order::Desc);
            }
        }
        (Found::Among(count), _) => {
            let mut front = Query::select();
            front
                .column((Entity, Asterisk))
                .from(Entity)
                .and_where(range(Expr::col(column)))
                .order_by(column, Order::Desc)
                .limit(count);
            newest
                .column(column)
                .from_subquery(front, Alias::new(Entity.table_name()))
                .cond_where(list.condition(Tagged::OneByOne, one_by_one))
                .order_by(column, Order::Desc);
        }
        (Found::OneByOne | Found::ByWords, _) => {
            newest
                .column(column)
                .from(Entity)
                .cond_where(list.condition(Tagged::OneByOne, one_by_one))
                .and_where(range(Expr::col(column)))
                .order_by(column, Order::Desc);
        }
    }
    newest
}

/// How to find the newest that match. SQLite's index has them in their order. PostgreSQL's has not: whether there are many shows among
/// the newest.
async fn how(conn: &impl ConnectionTrait, list: &List, range: (i64, i64)) -> Result<Found> {
    let backend = conn.get_database_backend();
    let negative = list
        .matching(backend)
        .is_none_or(|words| words.is_negative());
    if negative || list.is_narrow() {
        return Ok(Found::OneByOne);
    }
    if backend == DbBackend::Sqlite {
        return Ok(Found::ByWords);
    }
    let sample = newest(backend, list, Found::Among(SAMPLE), range, MANY);
    let rows = conn.query_all_raw(backend.build(&sample)).await?;
    let many = u64::try_from(rows.len()).is_ok_and(|found| found >= MANY);
    Ok(if many {
        Found::OneByOne
    } else {
        Found::ByWords
    })
}

/// The ranked tickets of a list.
struct Ranking {
    /// Rank and number.
    ranks: Vec<(i64, i64)>,
    floor: i64,
    ceiling: i64,
}

impl Ranking {
    /// Ranks what was ranked for the page before, or what is the newest.
    async fn new(
        conn: &impl ConnectionTrait,
        list: &List,
        search: &Search,
        after: Option<Place>,
    ) -> Result<Self> {
        let backend = conn.get_database_backend();
        let (floor, ceiling) = after.map_or((0, i64::MAX), |place| (place.floor, place.ceiling));
        // Changes since the first page may have brought others in.
        let limit = if after.is_some() { 2 * RANKED } else { RANKED };
        let range = (floor, ceiling);
        let found = how(conn, list, range).await?;
        let newest = newest(backend, list, found, range, limit as u64);
        let rows = conn.query_all_raw(backend.build(&newest)).await?;
        let numbers: Vec<i64> = rows
            .iter()
            .map(|row| row.try_get_by_index(0))
            .collect::<Result<_, _>>()?;
        let (floor, ceiling) = match after {
            Some(_) => (floor, ceiling),
            None => {
                let lowest = numbers.last().filter(|_| numbers.len() == RANKED);
                (
                    lowest.copied().unwrap_or(0),
                    numbers.first().copied().unwrap_or(i64::MAX),
                )
            }
        };
        let ranks = ranks(conn, search, numbers).await?;
        Ok(Self {
            ranks,
            floor,
            ceiling,
        })
    }

    /// The ranked tickets behind `after`.
    async fn ranked(
        &self,
        conn: &impl ConnectionTrait,
        after: Option<Place>,
        descending: bool,
        limit: u64,
    ) -> Result<Vec<Listed>> {
        let mut ranks = self.ranks.clone();
        ranks.sort_unstable();
        if descending {
            ranks.reverse();
        }
        let behind = |at: &(i64, i64)| match after.map(|place| (place.rank, place.number)) {
            Some(last) if descending => *at < last,
            Some(last) => *at > last,
            None => true,
        };
        let page: Vec<(i64, i64)> = ranks
            .into_iter()
            .filter(behind)
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .collect();
        let rows =
            Entity::find().filter(Column::Number.is_in(page.iter().map(|(_, number)| *number)));
        let mut rows: HashMap<i64, Model> = rows
            .all(conn)
            .await?
            .into_iter()
            .map(|row| (row.number, row))
            .collect();
        // One that has gone in between is left out.
        let listed = |(rank, number)| Some((rows.remove(&number)?, self.place(rank, number)));
        Ok(page.into_iter().filter_map(listed).collect())
    }

    /// The tickets below the floor, from behind `after`.
    async fn rest(
        &self,
        conn: &impl ConnectionTrait,
        list: &List,
        after: Option<Place>,
        limit: u64,
    ) -> Result<Vec<Listed>> {
        let order = ListOrder {
            key: Key::Number,
            ..list.order
        };
        let list = List {
            order,
            ..list.clone()
        };
        let floor = order.descending.then_some(self.floor);
        let after = after
            .map(|place| place.number)
            .or(floor)
            .map(Position::Number);
        let rows = ticket_list::plain_page(conn, &list, after, limit).await?;
        let below = rows.into_iter().take_while(|row| row.number < self.floor);
        Ok(below
            .map(|row| (self.place(0, row.number), row))
            .map(|(at, row)| (row, at))
            .collect())
    }

    fn place(&self, rank: i64, number: i64) -> Position {
        let Self { floor, ceiling, .. } = *self;
        Position::Rank(Place {
            floor,
            ceiling,
            rank,
            number,
        })
    }
}

/// The ranks of these tickets, each with its number.
async fn ranks(
    conn: &impl ConnectionTrait,
    search: &Search,
    numbers: Vec<i64>,
) -> Result<Vec<(i64, i64)>> {
    let backend = conn.get_database_backend();
    let (Some(&lowest), Some(&highest)) = (numbers.iter().min(), numbers.iter().max()) else {
        return Ok(Vec::new());
    };
    let says = |term: &Term, parts: (&str, &str)| {
        Match::term(backend, term, parts).in_stretch(lowest, highest)
    };
    let mut ranks = Query::select();
    ranks
        .expr(rank(search, says))
        .column((Entity, Column::Number))
        .from(Entity)
        .and_where(Column::Number.is_in(numbers));
    let rows = conn.query_all_raw(backend.build(&ranks)).await?;
    let row = |row: &QueryResult| {
        Ok((
            i64::from(row.try_get_by_index::<i32>(0)?),
            row.try_get_by_index(1)?,
        ))
    };
    rows.iter().map(row).collect()
}

/// The rank of a row of `ticket`: at least 1.
fn rank(Search { query, internal }: &Search, says: impl Fn(&Term, (&str, &str)) -> Expr) -> Expr {
    let number = |number: i32| Expr::cust(number.to_string());
    let mut rank = number(1);
    for term in &query.wanted {
        let best =
            Expr::case(says(term, TITLE), number(4)).case(says(term, DESCRIPTION), number(2));
        let best: Expr = best.finally(number(1)).into();
        rank = rank.add(best);
    }
    if let Some(all) = query.together() {
        let (columns, weights) = match internal {
            true => ("title description public_comments internal_comments", ""),
            false => PUBLIC,
        };
        let bonus = 4 * i32::try_from(query.wanted.len()).unwrap_or(1);
        let together = Expr::case(says(&all, (columns, weights)), number(bonus));
        let together: Expr = together.finally(number(0)).into();
        rank = rank.add(together);
    }
    rank
}
