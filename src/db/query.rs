//! Pieces of queries that several tables share.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, Order, UpdateMany, Value,
    sea_query::{Expr, ExprTrait, Func, LikeExpr, SimpleExpr},
};

use crate::error::{Error, Result};

/// How many rows one INSERT takes: 500 rows of the widest table stay below SQLite's limit of 32,766 values a statement.
pub(super) const ROWS_A_STATEMENT: usize = 500;

/// Rows that come behind `position` in an order by these columns, all in one direction.
pub(super) fn behind<C: ColumnTrait, const N: usize>(
    columns: [C; N],
    position: [Value; N],
    order: Order,
) -> SimpleExpr {
    let columns = columns.map(|column| Expr::col(column.as_column_ref()));
    behind_all(columns, position, order)
}

/// As [`behind`], in an order by expressions.
pub(super) fn behind_all(
    columns: impl IntoIterator<Item = SimpleExpr>,
    position: impl IntoIterator<Item = Value>,
    order: Order,
) -> SimpleExpr {
    let columns = Expr::tuple(columns);
    let position = Expr::tuple(position.into_iter().map(Expr::value));
    match order {
        Order::Desc => columns.lt(position),
        _ => columns.gt(position),
    }
}

/// Rows whose column has the text in it, whatever the case; on SQLite that holds for ASCII letters.
pub(super) fn contains(
    conn: &impl ConnectionTrait,
    column: impl ColumnTrait,
    text: &str,
) -> SimpleExpr {
    let escaped: String = folded(conn, text)
        .chars()
        .flat_map(|c| {
            matches!(c, '%' | '_' | '\\')
                .then_some('\\')
                .into_iter()
                .chain([c])
        })
        .collect();
    let pattern = LikeExpr::new(format!("%{escaped}%")).escape('\\');
    Expr::expr(Func::lower(Expr::col(column.as_column_ref()))).like(pattern)
}

/// The text as the database's own `lower` would have it.
fn folded(conn: &impl ConnectionTrait, text: &str) -> String {
    match conn.get_database_backend() {
        DbBackend::Sqlite => text.to_ascii_lowercase(),
        _ => text.to_lowercase(),
    }
}

/// Carries out an update of one row. [`Error::Fenced`]: the row is not as the update expects it.
pub(super) async fn exactly_one<E: EntityTrait>(
    update: UpdateMany<E>,
    conn: &impl ConnectionTrait,
) -> Result<()> {
    match update.exec(conn).await?.rows_affected {
        1 => Ok(()),
        _ => Err(Error::Fenced),
    }
}

/// The next version of a row, as the database counts it.
pub(super) fn next_version(column: impl ColumnTrait) -> SimpleExpr {
    Expr::col(column.as_column_ref()).add(1)
}

/// Rows whose column is this text, whatever the case; on SQLite that holds for ASCII letters.
pub(super) fn same_text(
    conn: &impl ConnectionTrait,
    column: impl ColumnTrait,
    text: &str,
) -> SimpleExpr {
    Expr::expr(Func::lower(Expr::col(column.as_column_ref()))).eq(folded(conn, text))
}
