//! A query as each database understands it. Its words hold letters and digits alone and are quoted one by one, so that no text that a
//! user types is an operator, let alone a fault.

use sea_orm::{
    ColumnTrait as _, DbBackend,
    sea_query::{Expr, ExprTrait as _, Query as Select, SelectStatement},
};

use super::{ticket::Column, ticket_search::PUBLIC};
use crate::domain::search::{Query, Term};

/// The condition on `ticket`, of SQLite.
const IN_SQLITE: &str =
    "\"ticket\".\"number\" IN (SELECT rowid FROM ticket_search WHERE ticket_search MATCH ?)";

/// Conditions on tickets by what they say.
#[derive(Clone, Debug)]
pub(super) struct Match {
    backend: DbBackend,
    /// What tickets have to say, as the database reads it; what they must not say where that is all.
    text: String,
    negative: bool,
}

impl Match {
    /// What the query asks for, which is not nothing; `internal` says whether internal comments count.
    pub(super) fn new(backend: DbBackend, query: &Query, internal: bool) -> Self {
        let parts = (!internal).then_some(PUBLIC);
        let negative = query.wanted.is_empty();
        let term = |term: &Term| match backend {
            DbBackend::Sqlite => sqlite_term(term),
            _ => postgres_term(term, parts.map_or("", |(_, weights)| weights)),
        };
        let joined = |terms: &[Term], operator: &str| {
            let terms: Vec<String> = terms.iter().map(term).collect();
            format!("({})", terms.join(operator))
        };
        let [and, or, not] = match backend {
            DbBackend::Sqlite => [" AND ", " OR ", " NOT "],
            _ => [" & ", " | ", " & !"],
        };
        let unwanted = (!query.unwanted.is_empty()).then(|| joined(&query.unwanted, or));
        let text = match (negative, unwanted) {
            (true, unwanted) => unwanted.unwrap_or_default(),
            (false, Some(unwanted)) => format!("{}{not}{unwanted}", joined(&query.wanted, and)),
            (false, None) => joined(&query.wanted, and),
        };
        let text = match (backend, parts) {
            (DbBackend::Sqlite, Some((columns, _))) => format!("{{{columns}}} : ({text})"),
            _ => text,
        };
        Self {
            backend,
            text,
            negative,
        }
    }

    /// One term in one part of a ticket, SQLite's columns and PostgreSQL's weights.
    pub(super) fn term(backend: DbBackend, term: &Term, (columns, weights): (&str, &str)) -> Self {
        let text = match backend {
            DbBackend::Sqlite => format!("{{{columns}}} : ({})", sqlite_term(term)),
            _ => postgres_term(term, weights),
        };
        Self {
            backend,
            text,
            negative: false,
        }
    }

    /// Whether it only says what tickets must not say.
    pub(super) fn is_negative(&self) -> bool {
        self.negative
    }

    /// The condition on a row of `ticket`, for looking at one ticket after the other. PostgreSQL touches no other one. SQLite opens its index
    /// of words for each that is asked about, and is soon done sooner with looking the words up once.
    pub(super) fn in_one(&self) -> Expr {
        self.signed(match self.backend {
            DbBackend::Sqlite => IN_SQLITE,
            // A value and not a join, which the planner could begin at the other end.
            _ => {
                "COALESCE((SELECT document FROM ticket_search \
                 WHERE ticket_id = \"ticket\".\"id\") @@ $1::tsquery, false)"
            }
        })
    }

    /// As [`Self::in_one`], where those that `numbers` selects are looked at. SQLite reads a stretch of its index at once; to open it for
    /// each of them takes it a hundred times as long.
    pub(super) fn in_each(&self, numbers: &SelectStatement) -> Expr {
        let end = |which: &'static str| {
            let mut end = Select::select();
            end.expr(Expr::cust(which))
                .from_subquery(numbers.clone(), "front");
            Expr::SubQuery(None, Box::new(end.into()))
        };
        self.in_stretch(end("min(number)"), end("max(number)"))
    }

    /// As [`Self::in_each`], of tickets with a number from `lowest` to `highest`.
    pub(super) fn in_stretch(&self, lowest: impl Into<Expr>, highest: impl Into<Expr>) -> Expr {
        if self.backend != DbBackend::Sqlite {
            return self.in_one();
        }
        let number = ("ticket_search", "rowid");
        let mut found = Select::select();
        found
            .column(number)
            .from("ticket_search")
            .and_where(Expr::cust_with_values(
                "ticket_search MATCH ?",
                [self.text.clone()],
            ))
            .and_where(Expr::col(number).gte(lowest.into()))
            .and_where(Expr::col(number).lte(highest.into()));
        let found = Column::Number.in_subquery(found);
        match self.negative {
            true => found.not(),
            false => found,
        }
    }

    /// The condition on `ticket`, for finding among all tickets.
    pub(super) fn in_all(&self) -> Expr {
        if self.negative {
            return self.in_one();
        }
        self.signed(match self.backend {
            DbBackend::Sqlite => IN_SQLITE,
            _ => {
                "\"ticket\".\"id\" IN \
                 (SELECT ticket_id FROM ticket_search WHERE document @@ $1::tsquery)"
            }
        })
    }

    /// The condition on a row of `ticket_search` itself.
    pub(super) fn in_index(&self) -> Expr {
        self.signed(match self.backend {
            DbBackend::Sqlite => "ticket_search MATCH ?",
            _ => "document @@ $1::tsquery",
        })
    }

    fn signed(&self, sql: &'static str) -> Expr {
        match self.negative {
            true => Expr::cust_with_values(format!("NOT {sql}"), [self.text.clone()]),
            false => Expr::cust_with_values(sql, [self.text.clone()]),
        }
    }
}

/// FTS5: `"one two"`, and a star for the beginning of a word.
fn sqlite_term(term: &Term) -> String {
    let star = if term.prefix { " *" } else { "" };
    format!("\"{}\"{star}", term.words.join(" "))
}

/// PostgreSQL: `'one' <-> 'two':*`, each word with the weights of the parts that count.
fn postgres_term(term: &Term, weights: &str) -> String {
    let last = term.words.len() - 1;
    let word = |(index, word): (usize, &String)| {
        let star = if term.prefix && index == last {
            "*"
        } else {
            ""
        };
        match (star, weights) {
            ("", "") => format!("'{word}'"),
            (star, weights) => format!("'{word}':{star}{weights}"),
        }
    };
    let words: Vec<String> = term.words.iter().enumerate().map(word).collect();
    format!("({})", words.join(" <-> "))
}
