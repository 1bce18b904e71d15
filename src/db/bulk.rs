//! Writing very many rows: what each database is told before, and what it is left to do afterwards.

use sea_orm::{ConnectionTrait, DbBackend};

use super::Db;
use crate::error::Result;

/// The tables that a bulk of tickets fills.
const TABLES: &str =
    "\"user\", conversation, ticket, ticket_tag, ticket_search, comment, assignment, history";

/// Makes a transaction ready for very many rows: on SQLite its connection keeps more pages in memory from now on, on PostgreSQL full text
/// is merged into its index in larger pieces.
pub async fn prepare(conn: &impl ConnectionTrait) -> Result<()> {
    let statement = match conn.get_database_backend() {
        DbBackend::Sqlite => "PRAGMA cache_size = -524288",
        _ => "SET LOCAL gin_pending_list_limit = '64MB'",
    };
    conn.execute_unprepared(statement).await?;
    Ok(())
}

/// Does at once what PostgreSQL would do by itself some minutes later: it counts what the tables hold, and merges what waits for the index
/// of full text. SQLite does neither, here and ever.
pub async fn settle(db: &Db) -> Result<()> {
    if db.backend() == DbBackend::Postgres {
        let statement = format!("VACUUM (ANALYZE) {TABLES}");
        db.read().execute_unprepared(&statement).await?;
    }
    Ok(())
}
