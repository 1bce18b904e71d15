//! Ticket numbers: a sequence on PostgreSQL, a row of `counter` on SQLite; never given twice.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

/// The next `count` ticket numbers, ascending. On SQLite they are consecutive; on PostgreSQL other
/// transactions take numbers in between, and a transaction that fails leaves a gap.
pub async fn next_ticket_numbers(
    conn: &impl ConnectionTrait,
    count: u32,
) -> Result<Vec<i64>, DbErr> {
    let count = i64::from(count);
    match conn.get_database_backend() {
        DbBackend::Sqlite => {
            let sql =
                "UPDATE counter SET value = value + ? WHERE name = 'ticket_number' RETURNING value";
            let last: i64 = first_column(conn, sql, count).await?.pop().ok_or_else(|| {
                DbErr::RecordNotFound("counter has no row 'ticket_number'".to_owned())
            })?;
            Ok((last - count + 1..=last).collect())
        }
        _ => {
            let sql = "SELECT nextval('ticket_number_seq') FROM generate_series(1, $1)";
            first_column(conn, sql, count).await
        }
    }
}

async fn first_column(
    conn: &impl ConnectionTrait,
    sql: &str,
    count: i64,
) -> Result<Vec<i64>, DbErr> {
    let statement =
        Statement::from_sql_and_values(conn.get_database_backend(), sql, [count.into()]);
    let rows = conn.query_all_raw(statement).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}
