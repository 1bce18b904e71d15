//! What search knows of tickets and their comments: FTS5 on SQLite, `tsvector` on PostgreSQL.
//!
//! Both databases are given the same words in the same places, folded before ([`crate::domain::search`]), and neither knows a
//! language. So the same query finds the same tickets on both, whatever their dictionaries and locales are.

use std::collections::{HashMap, HashSet};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};

use crate::domain::{
    ids::TicketId,
    search::{Placed, placed},
};

/// How many documents a statement takes: SQLite binds at most 32,766 values.
const BATCH: usize = 1000;
/// The parts of a document, in SQLite's columns and PostgreSQL's weights.
pub(super) const TITLE: (&str, &str) = ("title", "A");
pub(super) const DESCRIPTION: (&str, &str) = ("description", "B");
/// What everybody may read who sees the ticket; what some may read besides has PostgreSQL's weight D.
pub(super) const PUBLIC: (&str, &str) = ("title description public_comments", "ABC");
const WEIGHTS: [&str; 4] = [TITLE.1, DESCRIPTION.1, "C", "D"];
/// The place of words without one: far behind the last that has one, so that nothing stands beside it. The highest that PostgreSQL has.
const NOWHERE: usize = 16_383;
/// Between words that do not stand side by side, on SQLite: no word of a query.
const GAP: &str = "\u{b6}";

/// What of a ticket can be found. All texts are plain, without markup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The ticket.
    pub ticket_id: TicketId,
    /// Its number, under which the document is kept.
    pub number: i64,
    /// Its title.
    pub title: String,
    /// Its description.
    pub description: String,
    /// What everybody who sees the ticket may read of its comments, with [`BREAK`](crate::domain::search::BREAK) between them.
    pub public_comments: String,
    /// What the others read besides.
    pub internal_comments: String,
}

/// Indexes the documents anew, by one statement for up to 1,000 of them.
pub async fn index(conn: &impl ConnectionTrait, documents: &[Document]) -> Result<(), DbErr> {
    for batch in documents.chunks(BATCH) {
        let statement = match conn.get_database_backend() {
            DbBackend::Sqlite => index_sqlite(batch),
            _ => index_postgres(batch),
        };
        conn.execute_raw(statement).await?;
    }
    Ok(())
}

/// Numbers and ids of tickets below `number` that search does not know yet, the newest first.
pub async fn unknown(
    conn: &impl ConnectionTrait,
    number: i64,
    limit: u64,
) -> Result<Vec<(i64, TicketId)>, DbErr> {
    let backend = conn.get_database_backend();
    let sql = match backend {
        DbBackend::Sqlite => {
            "SELECT number, id FROM ticket WHERE number < ? AND NOT EXISTS \
             (SELECT 1 FROM ticket_search WHERE rowid = ticket.number) ORDER BY number DESC LIMIT ?"
        }
        _ => {
            "SELECT number, id FROM ticket WHERE number < $1 AND NOT EXISTS \
             (SELECT 1 FROM ticket_search WHERE ticket_search.number = ticket.number) \
             ORDER BY number DESC LIMIT $2"
        }
    };
    let values = [number.into(), limit.into()];
    let rows = conn
        .query_all_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?)))
        .collect()
}

impl Document {
    fn parts(&self) -> [Vec<Placed>; 4] {
        placed([
            &self.title,
            &self.description,
            &self.public_comments,
            &self.internal_comments,
        ])
    }
}

fn index_sqlite(batch: &[Document]) -> Statement {
    let rows = vec!["(?, ?, ?, ?, ?)"; batch.len()].join(", ");
    let sql = format!(
        "INSERT OR REPLACE INTO ticket_search \
         (rowid, title, description, public_comments, internal_comments) VALUES {rows}"
    );
    let values = batch.iter().flat_map(|document| {
        let texts = document.parts().map(|part| Value::from(spelt(&part)));
        std::iter::once(document.number.into()).chain(texts)
    });
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}

/// The words in their order, with a gap wherever two of them do not stand side by side.
fn spelt(part: &[Placed]) -> String {
    let (mut text, mut last) = (String::new(), None);
    for Placed { word, place } in part {
        let beside = place.is_some() && last.map(|last: usize| last + 1) == *place;
        if !text.is_empty() && !beside {
            text.push(' ');
            text.push_str(GAP);
        }
        text.push(' ');
        text.push_str(word);
        last = *place;
    }
    text
}

fn index_postgres(batch: &[Document]) -> Statement {
    let row = |index: usize| {
        let first = index * 3 + 1;
        format!("(${first}, ${}, ${}::tsvector)", first + 1, first + 2)
    };
    let rows = (0..batch.len()).map(row).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "INSERT INTO ticket_search (ticket_id, number, document) VALUES {rows} \
         ON CONFLICT (ticket_id) DO UPDATE SET document = excluded.document"
    );
    let values = batch.iter().flat_map(|document| {
        [
            document.ticket_id.into(),
            document.number.into(),
            Value::from(tsvector(&document.parts())),
        ]
    });
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// The words as PostgreSQL writes a `tsvector`: `'word':place,place` with the parts' weights. Each word comes once, for PostgreSQL limits what
/// it is given before it looks for those that are alike. Words hold letters and digits alone, so nothing needs an escape.
fn tsvector(parts: &[Vec<Placed>; 4]) -> String {
    let mut known = HashMap::new();
    let mut lexemes: Vec<String> = Vec::new();
    for (part, weight) in parts.iter().zip(WEIGHTS) {
        let mut nowhere = HashSet::new();
        for Placed { word, place } in part {
            if place.is_none() && !nowhere.insert(word) {
                continue;
            }
            let place = place.unwrap_or(NOWHERE);
            match known.get(word) {
                Some(&at) => {
                    let lexeme: &mut String = &mut lexemes[at];
                    lexeme.push_str(&format!(",{place}{weight}"));
                }
                None => {
                    known.insert(word, lexemes.len());
                    lexemes.push(format!("'{word}':{place}{weight}"));
                }
            }
        }
    }
    lexemes.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::search::BREAK;

    #[test]
    fn both_databases_are_told_of_the_same_places() {
        let comments = format!("well known{BREAK}bug");
        let document = placed(["Printer jams", "jams", &comments, ""]);
        let spelt: Vec<String> = document.iter().map(|part| spelt(part)).collect();
        assert_eq!(
            spelt,
            [" printer jams", " jams", " well known \u{b6} bug", ""]
        );
        assert_eq!(
            tsvector(&document),
            "'printer':2A 'jams':3A,5B 'well':7C 'known':8C 'bug':10C"
        );
    }
}
