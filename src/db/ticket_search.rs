//! Full text over tickets and their comments: FTS5 on SQLite, `tsvector` on PostgreSQL.
//!
//! Both databases are given the same words, folded here: without case, accents and compatibility
//! forms, split at everything that is neither letter nor digit. So the same query finds the same
//! tickets on both, whatever their dictionaries and locales are.

use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, Statement, Value,
    sea_query::{Expr, SimpleExpr},
};
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

use crate::domain::ids::TicketId;

/// The longest word that is told apart, in characters; PostgreSQL keeps none over 2 KiB.
const WORD: usize = 64;
/// How much of each text is indexed, in bytes; PostgreSQL keeps no `tsvector` over 1 MiB.
const TEXT: usize = 256 * 1024;
/// The most words of a query.
const QUERY_WORDS: usize = 16;
/// How many documents a statement takes: SQLite binds at most 32,766 values.
const BATCH: usize = 1000;

/// What of a ticket can be found. All texts are plain, without markup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The ticket.
    pub ticket_id: TicketId,
    /// Its number, under which SQLite keeps the document.
    pub number: i64,
    /// Its title.
    pub title: String,
    /// Its description.
    pub description: String,
    /// What everybody who sees the ticket may read of its comments.
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

/// The condition on `ticket` that it contains every word of `query`, each as the beginning of a word
/// somewhere; `internal` says whether internal comments count. `None` when `query` has no word.
pub fn matching(backend: DbBackend, query: &str, internal: bool) -> Option<SimpleExpr> {
    let words: Vec<String> = words(query).take(QUERY_WORDS).collect();
    if words.is_empty() {
        return None;
    }
    Some(match backend {
        DbBackend::Sqlite => matching_sqlite(&words, internal),
        _ => matching_postgres(&words, internal),
    })
}

fn index_sqlite(batch: &[Document]) -> Statement {
    let rows = vec!["(?, ?, ?, ?, ?)"; batch.len()].join(", ");
    let sql = format!(
        "INSERT OR REPLACE INTO ticket_search \
         (rowid, title, description, public_comments, internal_comments) VALUES {rows}"
    );
    let text = |text: &str| Value::from(words(text).collect::<Vec<_>>().join(" "));
    let values = batch.iter().flat_map(|document| {
        [
            document.number.into(),
            text(&document.title),
            text(&document.description),
            text(&document.public_comments),
            text(&document.internal_comments),
        ]
    });
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}

fn index_postgres(batch: &[Document]) -> Statement {
    let row = |index: usize| {
        let first = index * 4 + 1;
        let [document, public, internal] = [first + 1, first + 2, first + 3];
        format!("(${first}, ${document}::tsvector, ${public}::tsvector, ${internal}::tsvector)")
    };
    let rows = (0..batch.len()).map(row).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "INSERT INTO ticket_search (ticket_id, document, public_comments, internal_comments) \
         VALUES {rows} ON CONFLICT (ticket_id) DO UPDATE SET document = excluded.document, \
         public_comments = excluded.public_comments, \
         internal_comments = excluded.internal_comments"
    );
    let values = batch.iter().flat_map(|document| {
        let texts = [(&*document.title, "A"), (&*document.description, "B")];
        [
            document.ticket_id.into(),
            Value::from(tsvector(&texts)),
            Value::from(tsvector(&[(&document.public_comments, "")])),
            Value::from(tsvector(&[(&document.internal_comments, "")])),
        ]
    });
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// The texts as PostgreSQL writes a `tsvector`: `'word':position` with the text's weight. Words hold
/// letters and digits alone, so nothing needs an escape.
fn tsvector(texts: &[(&str, &str)]) -> String {
    texts
        .iter()
        .flat_map(|(text, weight)| words(text).map(move |word| (word, weight)))
        .enumerate()
        .map(|(index, (word, weight))| format!("'{word}':{}{weight}", index + 1))
        .collect::<Vec<_>>()
        .join(" ")
}

fn matching_sqlite(words: &[String], internal: bool) -> SimpleExpr {
    let columns = match internal {
        true => "title description public_comments internal_comments",
        false => "title description public_comments",
    };
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\" *")).collect();
    let query = format!("{{{columns}}} : ({})", quoted.join(" AND "));
    Expr::cust_with_values(
        "\"ticket\".\"number\" IN \
         (SELECT rowid FROM ticket_search WHERE ticket_search MATCH ?)",
        [query],
    )
}

fn matching_postgres(words: &[String], internal: bool) -> SimpleExpr {
    let columns: &[&str] = match internal {
        true => &["document", "public_comments", "internal_comments"],
        false => &["document", "public_comments"],
    };
    // Word by word, because each may stand in another column.
    let word = |number: usize| {
        let column = |column: &&str| format!("{column} @@ ${}::tsquery", number + 1);
        format!(
            "({})",
            columns.iter().map(column).collect::<Vec<_>>().join(" OR ")
        )
    };
    let all = (0..words.len()).map(word).collect::<Vec<_>>().join(" AND ");
    Expr::cust_with_values(
        format!("\"ticket\".\"id\" IN (SELECT ticket_id FROM ticket_search WHERE {all})"),
        words.iter().map(|word| format!("'{word}':*")),
    )
}

/// The words of a text, folded, in their order.
fn words(text: &str) -> impl Iterator<Item = String> {
    let end = text.floor_char_boundary(TEXT);
    let folded: String = text[..end]
        .nfkd()
        .flat_map(char::to_lowercase)
        .filter(|c| !is_combining_mark(*c))
        .collect();
    let words: Vec<String> = folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(WORD).collect())
        .collect();
    words.into_iter()
}
