//! Tickets: the work itself, its clock, and what a session's export adds to it.

use sea_orm_migration::prelude::*;

use crate::shape::{
    big_integer, boolean, check, create, double_null, drop, index, index_where, integer,
    integer_null, json_binary, json_binary_null, json_kind, length, one_of, pk_uuid, references,
    text, text_null, time, time_null, uuid_null,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create().table("ticket").to_owned();
        ticket_columns(&mut table);
        session_columns(&mut table);
        foreign_keys(&mut table);
        value_checks(manager, &mut table);
        rule_checks(&mut table);
        let mut indexes = filter_indexes();
        indexes.extend(sla_indexes());
        create(manager, table, indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "ticket").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn ticket_columns(table: &mut TableCreateStatement) {
    table
        .col(pk_uuid("id"))
        .col(big_integer("number").unique_key())
        .col(text("title"))
        .col(text("description"))
        .col(text("status"))
        .col(text("priority"))
        .col(text("category"))
        .col(text("environment"))
        .col(text("affected_service"))
        .col(text("creator_id"))
        .col(text_null("assignee_id"))
        .col(text_null("team"))
        .col(text_null("conversation_id"))
        .col(json_binary("tags"))
        .col(json_binary("custom_fields"))
        .col(boolean("ai_assisted"))
        .col(text_null("resolution_notes"))
        .col(time("response_due_time"))
        .col(time("resolution_due_time"))
        .col(time_null("first_response_time"))
        .col(boolean("response_breached"))
        .col(boolean("resolution_breached"))
        .col(time_null("paused_since"))
        .col(big_integer("paused_micros").default(0))
        .col(uuid_null("integration_id"))
        .col(json_binary_null("integration_result"))
        .col(integer("comment_count"))
        .col(integer("attachment_count"))
        .col(big_integer("version"))
        .col(time("create_time"))
        .col(time("update_time"))
        .col(time_null("resolve_time"))
        .col(time_null("close_time"))
        .col(time_null("delete_time"));
}

/// All null for a ticket outside a session.
fn session_columns(table: &mut TableCreateStatement) {
    table
        .col(uuid_null("session_id"))
        .col(integer_null("session_order"))
        .col(text_null("session_ref"))
        .col(text_null("issue_type"))
        .col(json_binary_null("labels"))
        .col(text_null("sprint"))
        .col(double_null("story_points"))
        .col(text_null("jira_assignee"))
        .col(text_null("export_status"))
        .col(text_null("jira_key"))
        .col(text_null("jira_url"))
        .col(time_null("export_time"));
}

fn foreign_keys(table: &mut TableCreateStatement) {
    for (column, target) in [
        ("creator_id", "user"),
        ("assignee_id", "user"),
        ("conversation_id", "conversation"),
        ("integration_id", "integration"),
        ("session_id", "session"),
    ] {
        table.foreign_key(&mut references("ticket", column, target));
    }
}

/// What a single column may hold.
fn value_checks(manager: &SchemaManager<'_>, table: &mut TableCreateStatement) {
    table
        .check(length("ticket_title_length", "title", 1, 255))
        .check(check(
            "ticket_description_size",
            "octet_length(description) <= 65536",
        ))
        .check(one_of("ticket_status_value", "status", &STATUSES))
        .check(one_of("ticket_priority_value", "priority", &PRIORITIES))
        .check(one_of("ticket_category_value", "category", &CATEGORIES))
        .check(one_of(
            "ticket_environment_value",
            "environment",
            &ENVIRONMENTS,
        ))
        .check(one_of(
            "ticket_export_status_value",
            "export_status",
            &EXPORT_STATUSES,
        ))
        .check(json_kind(manager, "ticket_tags_kind", "tags", "array"))
        .check(json_kind(
            manager,
            "ticket_custom_fields_kind",
            "custom_fields",
            "object",
        ))
        .check(json_kind(
            manager,
            "ticket_integration_result_kind",
            "integration_result",
            "object",
        ))
        .check(json_kind(manager, "ticket_labels_kind", "labels", "array"))
        .check(check(
            "ticket_counts_range",
            "comment_count >= 0 AND attachment_count >= 0 AND paused_micros >= 0",
        ))
        .check(check("ticket_number_range", "number >= 1"))
        .check(check("ticket_story_points_range", "story_points >= 0"));
}

/// What the columns owe each other.
fn rule_checks(table: &mut TableCreateStatement) {
    table
        .check(check(
            "ticket_resolved_has_time",
            "status <> 'RESOLVED' OR resolve_time IS NOT NULL",
        ))
        .check(check(
            "ticket_closed_has_time",
            "status <> 'CLOSED' OR close_time IS NOT NULL",
        ))
        .check(check(
            "ticket_session_whole",
            "(session_id IS NULL) = (session_order IS NULL) \
             AND (session_id IS NULL) = (issue_type IS NULL) \
             AND (session_id IS NULL) = (labels IS NULL) \
             AND (session_id IS NULL) = (export_status IS NULL)",
        ))
        .check(check(
            "ticket_session_only",
            "session_id IS NOT NULL OR (session_ref IS NULL AND sprint IS NULL \
             AND story_points IS NULL AND jira_assignee IS NULL AND jira_key IS NULL \
             AND jira_url IS NULL AND export_time IS NULL)",
        ))
        .check(check(
            "ticket_exported_has_key",
            "export_status <> 'EXPORTED' OR jira_key IS NOT NULL",
        ));
}

/// One index a filter of a list. Each ends in (create_time, id), the order of its keyset pages; a
/// list that starts with the newest reads it backwards.
fn filter_indexes() -> Vec<IndexCreateStatement> {
    let filter = |name, column| index(name, "ticket", &[column, "create_time", "id"]);
    let sparse =
        |name, column, rule| index_where(name, "ticket", &[column, "create_time", "id"], rule);
    vec![
        index("ticket_create_time_idx", "ticket", &["create_time", "id"]),
        index("ticket_update_time_idx", "ticket", &["update_time", "id"]),
        filter("ticket_status_idx", "status"),
        filter("ticket_priority_idx", "priority"),
        filter("ticket_category_idx", "category"),
        filter("ticket_environment_idx", "environment"),
        filter("ticket_creator_idx", "creator_id"),
        // Whole and not sparse: `unassigned` asks for the nulls.
        filter("ticket_assignee_idx", "assignee_id"),
        sparse("ticket_team_idx", "team", "team IS NOT NULL"),
        sparse(
            "ticket_conversation_idx",
            "conversation_id",
            "conversation_id IS NOT NULL",
        ),
        sparse(
            "ticket_integration_idx",
            "integration_id",
            "integration_id IS NOT NULL",
        ),
        sparse("ticket_session_idx", "session_id", "session_id IS NOT NULL"),
        index_where(
            "ticket_session_order_idx",
            "ticket",
            &["session_id", "session_order", "id"],
            "session_id IS NOT NULL",
        ),
        index(
            "ticket_session_ref_key",
            "ticket",
            &["session_id", "session_ref"],
        )
        .unique()
        .to_owned(),
    ]
}

/// What the sweep for breaches and the filter `sla_breached` look for.
fn sla_indexes() -> Vec<IndexCreateStatement> {
    vec![
        index_where(
            "ticket_response_due_idx",
            "ticket",
            &["response_due_time", "id"],
            "first_response_time IS NULL AND NOT response_breached",
        ),
        index_where(
            "ticket_resolution_due_idx",
            "ticket",
            &["resolution_due_time", "id"],
            "resolve_time IS NULL AND NOT resolution_breached",
        ),
        index_where(
            "ticket_breached_idx",
            "ticket",
            &["create_time", "id"],
            "response_breached OR resolution_breached",
        ),
    ]
}

const STATUSES: [&str; 9] = [
    "NEW",
    "OPEN",
    "IN_PROGRESS",
    "PENDING_INFO",
    "ESCALATED",
    "REVIEW",
    "RESOLVED",
    "CLOSED",
    "REOPENED",
];
const PRIORITIES: [&str; 4] = ["P1", "P2", "P3", "P4"];
const CATEGORIES: [&str; 9] = [
    "INCIDENT",
    "SERVICE_REQUEST",
    "CHANGE_REQUEST",
    "PROBLEM",
    "TECHNICAL",
    "BILLING",
    "GENERAL",
    "FEATURE_REQUEST",
    "BUG_REPORT",
];
const ENVIRONMENTS: [&str; 4] = ["PRODUCTION", "STAGING", "TEST", "DEVELOPMENT"];
const EXPORT_STATUSES: [&str; 4] = ["PENDING", "EXPORTED", "FAILED", "SKIPPED"];
