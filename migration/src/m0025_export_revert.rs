//! Exports that are taken back: a session may be exported anew beside the record of what was, and each issue tells what became of it.
//!
//! SQLite cannot drop a column's UNIQUE, so the table is made anew there. Migrations run without foreign keys being enforced: else
//! dropping the old table would take along every row that points at it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, Statement};

use crate::shape::{
    big_integer, check, create, index, index_where, integer, json_binary, json_binary_null,
    json_kind, one_of, pk_uuid, raw, references, text, text_null, time, time_null, uuid,
};

const STATUSES: [&str; 7] = [
    "PENDING",
    "EXPORTING",
    "PAUSED",
    "COMPLETED",
    "FAILED",
    "CANCELLED",
    "REVERTED",
];

/// Every column of the table as it was before this step.
const COLUMNS: &str = "id, session_id, status, attempt, jira_project_key, total_tickets, \
    tickets_completed, tickets_failed, tickets_preserved, current_ticket, lease_owner, lease_until, fence, \
    next_event_sequence, resume_time, start_time, finish_time, failure, orphaned_keys, dependencies_created, \
    manual_fixes, started_by, create_time, update_time, active_since, active_micros, requested";

/// What hangs on an export, children first.
const CHILDREN: [&str; 4] = ["export_event", "export_fix", "export_link", "export_item"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        match manager.get_database_backend() {
            DbBackend::Sqlite => make_anew(manager, false).await?,
            _ => {
                let drop = "ALTER TABLE export DROP CONSTRAINT export_session_id_key";
                raw(manager, &[], &[drop]).await?;
            }
        }
        let begun = "ALTER TABLE export ADD COLUMN revert_time timestamp_with_timezone_text";
        let begun_postgres = "ALTER TABLE export ADD COLUMN revert_time timestamp with time zone";
        raw(manager, &[begun], &[begun_postgres]).await?;
        // One at a time: what was taken back stays as a record.
        let standing = index_where(
            "export_standing_key",
            "export",
            &["session_id"],
            "status <> 'REVERTED'",
        );
        manager
            .create_index(standing.clone().unique().to_owned())
            .await?;
        let latest = index(
            "export_session_idx",
            "export",
            &["session_id", "create_time", "id"],
        );
        manager.create_index(latest).await?;
        let revert = "ALTER TABLE export_item ADD COLUMN revert text \
                      CONSTRAINT export_item_revert_value CHECK (revert IN ('DELETING', 'DELETED', 'KEPT'))";
        let note = "ALTER TABLE export_item ADD COLUMN revert_note text";
        raw(manager, &[revert, note], &[revert, note]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        forget_reverted(manager).await?;
        for column in ["revert_note", "revert"] {
            let drop = format!("ALTER TABLE export_item DROP COLUMN {column}");
            raw(manager, &[&drop], &[&drop]).await?;
        }
        for name in ["export_session_idx", "export_standing_key"] {
            let drop = Index::drop().name(name).table("export").to_owned();
            manager.drop_index(drop).await?;
        }
        let drop = "ALTER TABLE export DROP COLUMN revert_time";
        raw(manager, &[drop], &[drop]).await?;
        match manager.get_database_backend() {
            DbBackend::Sqlite => make_anew(manager, true).await,
            _ => {
                let unique =
                    "ALTER TABLE export ADD CONSTRAINT export_session_id_key UNIQUE (session_id)";
                raw(manager, &[], &[unique]).await
            }
        }
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// SQLite: the table once more, with or without the UNIQUE, and with every row that it had.
async fn make_anew(manager: &SchemaManager<'_>, unique: bool) -> Result<(), DbErr> {
    let indexes = vec![];
    create(manager, table(manager, unique), indexes).await?;
    let copy = format!("INSERT INTO export_anew ({COLUMNS}) SELECT {COLUMNS} FROM export");
    let steps = [
        copy.as_str(),
        "DROP TABLE export",
        "ALTER TABLE export_anew RENAME TO export",
    ];
    raw(manager, &steps, &[]).await?;
    let unfinished = index_where(
        "export_unfinished_idx",
        "export",
        &["lease_until", "id"],
        "status IN ('PENDING', 'EXPORTING', 'PAUSED')",
    );
    manager.create_index(unfinished).await?;
    whole(manager).await
}

/// Fails, and takes the step back, if any row points at one that is not there.
async fn whole(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let check = Statement::from_string(DbBackend::Sqlite, "PRAGMA foreign_key_check");
    match manager.get_connection().query_one_raw(check).await? {
        None => Ok(()),
        Some(_) => Err(DbErr::Migration(
            "a row points at one that is not there".to_owned(),
        )),
    }
}

/// The table as the steps before this one have made it.
fn table(manager: &SchemaManager<'_>, unique: bool) -> TableCreateStatement {
    let mut session = uuid("session_id");
    if unique {
        session.unique_key();
    }
    let mut table = Table::create()
        .table("export_anew")
        .col(pk_uuid("id"))
        .col(session)
        .col(text("status"))
        .col(integer("attempt"))
        .col(text("jira_project_key"))
        .col(integer("total_tickets"))
        .col(integer("tickets_completed"))
        .col(integer("tickets_failed"))
        .col(integer("tickets_preserved"))
        .col(json_binary_null("current_ticket"))
        .col(text_null("lease_owner"))
        .col(time_null("lease_until"))
        .col(big_integer("fence"))
        .col(big_integer("next_event_sequence"))
        .col(time_null("resume_time"))
        .col(time("start_time"))
        .col(time_null("finish_time"))
        .col(json_binary_null("failure"))
        .col(json_binary("orphaned_keys"))
        .col(integer("dependencies_created"))
        .col(integer("manual_fixes"))
        .col(text("started_by"))
        .col(time("create_time"))
        .col(time("update_time"))
        .col(time_null("active_since"))
        .col(big_integer("active_micros"))
        .col(text_null("requested").check(one_of(
            "export_requested_value",
            "requested",
            &["PAUSE", "RESUME", "CANCEL"],
        )))
        .foreign_key(&mut references("export", "session_id", "session"))
        .foreign_key(&mut references("export", "started_by", "user"))
        .to_owned();
    table
        .check(one_of("export_status_value", "status", &STATUSES))
        .check(json_kind(
            manager,
            "export_failure_kind",
            "failure",
            "object",
        ))
        .check(json_kind(
            manager,
            "export_current_ticket_kind",
            "current_ticket",
            "object",
        ))
        .check(json_kind(
            manager,
            "export_orphaned_keys_kind",
            "orphaned_keys",
            "array",
        ))
        .check(check(
            "export_counts_range",
            "attempt >= 0 AND total_tickets >= 0 AND tickets_failed >= 0 \
             AND tickets_completed BETWEEN 0 AND total_tickets \
             AND tickets_preserved BETWEEN 0 AND total_tickets AND dependencies_created >= 0 \
             AND manual_fixes >= 0 AND active_micros >= 0 AND fence >= 0 \
             AND next_event_sequence >= 1",
        ))
        .check(check(
            "export_lease_whole",
            "(lease_owner IS NULL) = (lease_until IS NULL)",
        ));
    table
}

/// Before this step a session had one export: what was taken back goes, with all that hangs on it.
async fn forget_reverted(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let free = "ALTER TABLE export_event DISABLE TRIGGER USER";
    let guard = "ALTER TABLE export_event ENABLE TRIGGER USER";
    let trigger = "CREATE TRIGGER export_event_refuse_delete BEFORE DELETE ON export_event \
                   BEGIN SELECT RAISE(ABORT, 'export_event is append-only'); END";
    raw(
        manager,
        &["DROP TRIGGER export_event_refuse_delete"],
        &[free],
    )
    .await?;
    for child in CHILDREN {
        let delete = format!(
            "DELETE FROM {child} WHERE export_id IN (SELECT id FROM export WHERE status = 'REVERTED')"
        );
        raw(manager, &[&delete], &[&delete]).await?;
    }
    let delete = "DELETE FROM export WHERE status = 'REVERTED'";
    raw(manager, &[delete], &[delete]).await?;
    raw(manager, &[trigger], &[guard]).await
}
