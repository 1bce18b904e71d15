//! The entities and the migrations describe the same tables.

use std::collections::{BTreeMap, BTreeSet};

use docket::db::{self, Db};
use rstest::rstest;
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, Schema, Statement};

use crate::support::database::{Kind, TestDatabase};

/// A column as the database itself tells of it: type, whether it takes null, place in the key.
#[derive(Debug, PartialEq, Eq)]
struct Column {
    kind: String,
    nullable: bool,
    key: bool,
}

/// Makes every entity's table as the entity describes it, and collects the names.
macro_rules! create_tables {
    ($connection:expr, $($table:ident),+ $(,)?) => {{
        let mut names = BTreeSet::new();
        $(names.insert(create($connection, db::$table::Entity).await);)+
        names
    }};
}

#[rstest]
#[tokio::test]
async fn entities_fit_the_migrated_schema(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let migrated = TestDatabase::new(kind).await;
    let described = TestDatabase::empty(kind).await;
    let entities = described
        .db
        .write(|tx| {
            Box::pin(async move {
                Ok(create_tables!(
                    tx,
                    assignment,
                    attachment,
                    blob,
                    comment,
                    conversation,
                    dependency,
                    dispatch,
                    export,
                    export_attachment,
                    export_event,
                    export_fix,
                    export_item,
                    export_link,
                    export_log,
                    history,
                    inbound,
                    integration,
                    request_key,
                    scan,
                    session,
                    ticket,
                    ticket_tag,
                    upload,
                    upload_part,
                    user,
                ))
            })
        })
        .await
        .expect("makes the tables that the entities describe");

    for table in &entities {
        let mut live = columns(&migrated.db, table).await;
        if (kind, table.as_str()) == (Kind::Postgres, "history") {
            assert!(
                live.remove("transaction_id").is_some(),
                "the feed's order on PostgreSQL"
            );
        }
        assert_eq!(live, columns(&described.db, table).await, "{table}");
    }
    let without_entity: BTreeSet<String> = tables(&migrated.db)
        .await
        .difference(&entities)
        .cloned()
        .collect();
    let expected: &[&str] = match kind {
        Kind::Sqlite => &["counter", "ticket_search"],
        Kind::Postgres => &["ticket_search"],
    };
    assert_eq!(
        without_entity,
        expected.iter().map(|name| (*name).to_owned()).collect()
    );
}

async fn create<E: EntityTrait>(connection: &impl ConnectionTrait, entity: E) -> String {
    let statement = Schema::new(connection.get_database_backend()).create_table_from_entity(entity);
    connection
        .execute(&statement)
        .await
        .expect("makes the entity's table");
    entity.table_name().to_owned()
}

/// All tables but the migrations' own and those in which FTS5 keeps its index.
pub(crate) async fn tables(db: &Db) -> BTreeSet<String> {
    let sql = match db.backend() {
        DbBackend::Sqlite => {
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual') \
             AND name NOT LIKE 'sqlite_%' AND name <> 'seaql_migrations'"
        }
        _ => {
            "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = current_schema() \
             AND tablename <> 'seaql_migrations'"
        }
    };
    let rows = db
        .read()
        .query_all_raw(Statement::from_string(db.backend(), sql))
        .await;
    let rows = rows.expect("lists the tables");
    rows.iter()
        .map(|row| row.try_get("", "name").expect("a name"))
        .collect()
}

async fn columns(db: &Db, table: &str) -> BTreeMap<String, Column> {
    let sql = match db.backend() {
        DbBackend::Sqlite => format!(
            "SELECT name, lower(type) AS kind, \"notnull\" = 0 AS nullable, pk > 0 AS key \
             FROM pragma_table_info('{table}')"
        ),
        _ => format!(
            "SELECT attname::text AS name, format_type(atttypid, NULL) AS kind, NOT attnotnull AS nullable, \
             EXISTS (SELECT FROM pg_index WHERE indrelid = attrelid AND indisprimary AND attnum = ANY (indkey)) AS key \
             FROM pg_attribute WHERE attrelid = '\"{table}\"'::regclass AND attnum > 0 AND NOT attisdropped"
        ),
    };
    let rows = db
        .read()
        .query_all_raw(Statement::from_string(db.backend(), sql))
        .await;
    let rows = rows.expect("describes the table");
    assert!(!rows.is_empty(), "{table} is missing");
    let describe = |row: &sea_orm::QueryResult| {
        let kind: String = row.try_get("", "kind").expect("a type");
        let column = Column {
            kind: one_name(&kind).to_owned(),
            nullable: row.try_get("", "nullable").expect("a truth value"),
            key: row.try_get("", "key").expect("a truth value"),
        };
        (row.try_get("", "name").expect("a name"), column)
    };
    rows.iter().map(describe).collect()
}

/// Types that differ in name alone: no text and no bytes have a length of their own here.
fn one_name(kind: &str) -> &str {
    match kind {
        "varchar" | "character varying" => "text",
        _ if kind.starts_with("varbinary") => "blob",
        other => other,
    }
}
