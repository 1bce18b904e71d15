//! The few shapes that the steps are written in: checks, references, indexes, raw SQL a database,
//! and append-only tables.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

pub(crate) use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob, blob_null, boolean, double_null, integer, integer_null,
    json_binary, json_binary_null, pk_uuid, text, text_null, timestamp_with_time_zone as time,
    timestamp_with_time_zone_null as time_null, uuid, uuid_null,
};

/// A CHECK under a name, which is what a refused write reports.
pub(crate) fn check(name: &'static str, rule: impl Into<String>) -> Check {
    Check::named(name, Expr::cust(rule.into()))
}

/// A CHECK that a text column holds one of an enum's values. Passes NULL.
pub(crate) fn one_of(name: &'static str, column: &str, values: &[&str]) -> Check {
    let list = values
        .iter()
        .map(|value| format!("'{value}'"))
        .collect::<Vec<_>>()
        .join(", ");
    check(name, format!("\"{column}\" IN ({list})"))
}

/// A CHECK on a text's length in characters. Passes NULL.
pub(crate) fn length(name: &'static str, column: &str, least: u32, most: u32) -> Check {
    check(
        name,
        format!("length(\"{column}\") BETWEEN {least} AND {most}"),
    )
}

/// A CHECK that a JSON column holds an `array` or an `object`. Passes NULL.
pub(crate) fn json_kind(
    manager: &SchemaManager<'_>,
    name: &'static str,
    column: &str,
    kind: &str,
) -> Check {
    let function = match manager.get_database_backend() {
        DbBackend::Sqlite => "json_type",
        _ => "jsonb_typeof",
    };
    check(name, format!("{function}(\"{column}\") = '{kind}'"))
}

/// A foreign key that refuses to leave its row without the row it points at.
pub(crate) fn references(
    table: &'static str,
    column: &'static str,
    target: &'static str,
) -> ForeignKeyCreateStatement {
    reference_with(table, column, target, ForeignKeyAction::Restrict)
}

/// A foreign key whose row goes together with the row it points at.
pub(crate) fn belongs_to(
    table: &'static str,
    column: &'static str,
    target: &'static str,
) -> ForeignKeyCreateStatement {
    reference_with(table, column, target, ForeignKeyAction::Cascade)
}

fn reference_with(
    table: &'static str,
    column: &'static str,
    target: &'static str,
    on_delete: ForeignKeyAction,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("{table}_{column}_fkey"))
        .from(table, column)
        .to(target, "id")
        .on_delete(on_delete)
        .to_owned()
}

/// A primary key over several columns.
pub(crate) fn primary_key(columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    for column in columns {
        index.col(*column);
    }
    index
}

/// An index by name, table and columns.
pub(crate) fn index(
    name: &'static str,
    table: &'static str,
    columns: &[&'static str],
) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(table).to_owned();
    for column in columns {
        index.col(*column);
    }
    index
}

/// An index that holds only the rows which satisfy `rule`. A query uses it where its own condition
/// contains the same rule, word for word.
pub(crate) fn index_where(
    name: &'static str,
    table: &'static str,
    columns: &[&'static str],
    rule: &'static str,
) -> IndexCreateStatement {
    index(name, table, columns)
        .and_where(Expr::cust(rule))
        .to_owned()
}

/// Creates a table, then its indexes.
pub(crate) async fn create(
    manager: &SchemaManager<'_>,
    table: TableCreateStatement,
    indexes: Vec<IndexCreateStatement>,
) -> Result<(), DbErr> {
    manager.create_table(table).await?;
    for index in indexes {
        manager.create_index(index).await?;
    }
    Ok(())
}

/// Drops a table with its indexes and triggers.
pub(crate) async fn drop(manager: &SchemaManager<'_>, table: &'static str) -> Result<(), DbErr> {
    manager
        .drop_table(Table::drop().table(table).to_owned())
        .await
}

/// Runs the statements that the builders cannot write, those of the database at hand.
pub(crate) async fn raw(
    manager: &SchemaManager<'_>,
    sqlite: &[&str],
    postgres: &[&str],
) -> Result<(), DbErr> {
    let statements = match manager.get_database_backend() {
        DbBackend::Sqlite => sqlite,
        _ => postgres,
    };
    for statement in statements {
        manager
            .get_connection()
            .execute_unprepared(statement)
            .await?;
    }
    Ok(())
}

/// Makes a table append-only: triggers refuse UPDATE, DELETE and (on PostgreSQL) TRUNCATE.
///
/// On SQLite `INSERT OR REPLACE` deletes without firing the trigger unless the connection has
/// `recursive_triggers` on, which docket's connections have.
pub(crate) async fn append_only(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    let refuse = |verb: &str| {
        format!(
            "CREATE TRIGGER {table}_refuse_{} BEFORE {verb} ON {table} \
             BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
            verb.to_lowercase()
        )
    };
    let function = format!(
        "CREATE FUNCTION {table}_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         RAISE EXCEPTION '{table} is append-only' USING ERRCODE = '{APPEND_ONLY_SQLSTATE}'; \
         END $$"
    );
    let rows = format!(
        "CREATE TRIGGER {table}_refuse_change BEFORE UPDATE OR DELETE ON {table} \
         FOR EACH ROW EXECUTE FUNCTION {table}_refuse_change()"
    );
    let truncate = format!(
        "CREATE TRIGGER {table}_refuse_truncate BEFORE TRUNCATE ON {table} \
         FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse_change()"
    );
    raw(
        manager,
        &[&refuse("UPDATE"), &refuse("DELETE")],
        &[&function, &rows, &truncate],
    )
    .await
}

/// Drops an append-only table and what guarded it.
pub(crate) async fn drop_append_only(
    manager: &SchemaManager<'_>,
    table: &'static str,
) -> Result<(), DbErr> {
    drop(manager, table).await?;
    let function = format!("DROP FUNCTION {table}_refuse_change()");
    raw(manager, &[], &[&function]).await
}

/// The SQLSTATE with which PostgreSQL refuses a change of an append-only table: docket's own class,
/// so that no other refusal can be taken for it. SQLite has a code for it (1811).
const APPEND_ONLY_SQLSTATE: &str = "DK001";
