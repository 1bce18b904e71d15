//! One valid row of every table, to be changed and put where a test needs it.

use chrono::{DateTime, Utc};
use docket::{
    db::*,
    domain::{
        actor::Role,
        export::{EventDetail, ExportSnapshot, ExportStatus, ItemState, TicketExportStatus},
        export_log::LogKind,
        history::HistoryEventType,
        ids::*,
        integration::{
            IntegrationCategory, IntegrationStatus, JiraConfig, JiraDeployment, Platform,
            PlatformConfig,
        },
        session::{SessionStage, SessionStatus},
        ticket::{
            CustomFields, Environment, TicketCategory, TicketPriority, TicketStatus, Title, Words,
        },
    },
    error::{Error, Result},
};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    ModelTrait,
};
use serde_json::json;

/// An instant with microseconds that are not milliseconds.
pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_780_000_000_123_456).expect("a valid instant")
}

/// Inserts a row as it is.
pub(crate) async fn put<M, A>(conn: &impl ConnectionTrait, row: M) -> Result<(), DbErr>
where
    M: ModelTrait + IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = M::Entity> + ActiveModelBehavior + Send,
{
    let row = row.into_active_model().reset_all();
    M::Entity::insert(row).exec_without_returning(conn).await?;
    Ok(())
}

/// Inserts a row in a transaction of its own.
pub(crate) async fn write<M, A>(db: &Db, row: M) -> Result<()>
where
    M: ModelTrait + IntoActiveModel<A> + Clone + Send + Sync + 'static,
    A: ActiveModelTrait<Entity = M::Entity> + ActiveModelBehavior + Send,
{
    db.write(move |tx| {
        let row = row.clone();
        Box::pin(async move { Ok(put(tx, row).await?) })
    })
    .await
}

/// Why the database refused.
pub(crate) fn fault<T>(result: Result<T>) -> Fault {
    match result.err().expect("the database refuses") {
        Error::Internal(source) => Fault::of(source.downcast_ref().expect("a database's error")),
        other => panic!("not a refusal by the schema: {other:?}"),
    }
}

pub(crate) fn user(id: &str) -> user::Model {
    user::Model {
        id: UserId(id.to_owned()),
        display_name: "Ada Lovelace".to_owned(),
        email: Some("ada@example.com".to_owned()),
        role: Role::SeniorEngineer,
        team: Some("platform".to_owned()),
        active: true,
        create_time: now(),
        update_time: now(),
    }
}

pub(crate) fn conversation() -> conversation::Model {
    conversation::Model {
        id: ConversationId("chat-1".to_owned()),
        channel: "chat".to_owned(),
        subject: "It does not start".to_owned(),
        create_time: now(),
    }
}

pub(crate) fn integration() -> integration::Model {
    integration::Model {
        id: IntegrationId::at(now()),
        name: "Our Jira".to_owned(),
        category: IntegrationCategory::Ticketing,
        platform: Platform::Jira,
        enabled: true,
        status: IntegrationStatus::Pending,
        config: PlatformConfig::Jira(JiraConfig {
            site_url: "https://example.atlassian.net".parse().expect("a URL"),
            project_key: "DEMO".to_owned(),
            issue_type: "Task".to_owned(),
            deployment: JiraDeployment::Cloud,
            export_delay: JiraConfig::DEFAULT_DELAY,
            concurrency: 1,
        }),
        credentials: Some(vec![0, 1, 255]),
        credentials_key_id: Some("key-1".to_owned()),
        last_check_time: None,
        last_error: None,
        dispatch_count: 0,
        failure_count: 0,
        first_failure_time: None,
        held_until: None,
        held_seconds: 0,
        version: 1,
        name_version: 1,
        config_version: 1,
        credentials_version: 1,
        status_version: 1,
        create_time: now(),
        update_time: now(),
        delete_time: None,
    }
}

pub(crate) fn session(integration_id: IntegrationId) -> session::Model {
    session::Model {
        id: SessionId::at(now()),
        name: "Autumn backlog".to_owned(),
        owner_id: UserId("ada".to_owned()),
        integration_id: Some(integration_id),
        jira_project_key: "DEMO".to_owned(),
        stage: SessionStage::Upload,
        status: SessionStatus::Active,
        version: 1,
        name_version: 1,
        integration_version: 1,
        project_version: 1,
        stage_version: 1,
        status_version: 1,
        tickets_version: 1,
        create_time: now(),
        update_time: now(),
        complete_time: None,
        delete_time: None,
    }
}

/// A ticket outside any session, filed by `ada`.
pub(crate) fn ticket(number: i64) -> ticket::Model {
    ticket::Model {
        id: TicketId::at(now()),
        number,
        title: Title("Login fails".to_owned()),
        description: "<p>Since Monday.</p>".to_owned(),
        status: TicketStatus::New,
        priority: TicketPriority::P2,
        category: TicketCategory::Incident,
        environment: Environment::Production,
        affected_service: "login".to_owned(),
        creator_id: UserId("ada".to_owned()),
        assignee_id: None,
        team: None,
        conversation_id: None,
        tags: Words(vec!["login".to_owned()]),
        custom_fields: CustomFields::default(),
        ai_assisted: false,
        resolution_notes: None,
        response_due_time: now(),
        resolution_due_time: now(),
        response_warning_time: Some(now()),
        resolution_warning_time: Some(now()),
        first_response_time: None,
        response_breached: false,
        resolution_breached: false,
        paused_since: None,
        paused_micros: 0,
        integration_id: None,
        integration_result: None,
        comment_count: 0,
        internal_comment_count: 0,
        attachment_count: 0,
        version: 1,
        create_time: now(),
        update_time: now(),
        resolve_time: None,
        close_time: None,
        delete_time: None,
        session_id: None,
        session_order: None,
        session_ref: None,
        issue_type: None,
        labels: None,
        sprint: None,
        story_points: None,
        jira_assignee: None,
        export_status: None,
        jira_key: None,
        jira_url: None,
        export_time: None,
    }
}

/// A ticket of a session.
pub(crate) fn session_ticket(number: i64, session_id: SessionId) -> ticket::Model {
    ticket::Model {
        session_id: Some(session_id),
        session_order: Some(1),
        session_ref: Some(format!("ref-{number}")),
        issue_type: Some("Story".to_owned()),
        labels: Some(Words(vec!["backlog".to_owned()])),
        story_points: Some(2.5),
        export_status: Some(TicketExportStatus::Pending),
        ..ticket(number)
    }
}

pub(crate) fn history(ticket_id: TicketId) -> history::ActiveModel {
    let row = history::Model {
        sequence: 0,
        ticket_id,
        event_type: HistoryEventType::Created,
        field: None,
        old_value: None,
        new_value: None,
        actor_id: UserId("ada".to_owned()),
        ip_address: Some("192.0.2.1".to_owned()),
        metadata: json!({"from": "test"}),
        create_time: now(),
        ticket_version: Some(1),
        internal: false,
    };
    let mut row = row.into_active_model().reset_all();
    row.sequence = sea_orm::NotSet;
    row
}

pub(crate) fn export(session_id: SessionId) -> export::Model {
    export::Model {
        id: ExportId::at(now()),
        session_id,
        status: ExportStatus::Pending,
        attempt: 0,
        jira_project_key: "DEMO".to_owned(),
        total_tickets: 2,
        tickets_completed: 0,
        tickets_failed: 0,
        tickets_preserved: 0,
        current_ticket: None,
        lease_owner: None,
        lease_until: None,
        fence: 0,
        next_event_sequence: 1,
        resume_time: None,
        start_time: now(),
        finish_time: None,
        failure: None,
        orphaned_keys: Words::default(),
        dependencies_created: 0,
        manual_fixes: 0,
        started_by: UserId("ada".to_owned()),
        create_time: now(),
        update_time: now(),
        active_since: None,
        active_micros: 0,
        requested: None,
        revert_time: None,
    }
}

pub(crate) fn export_event(run: &export::Model) -> export_event::Model {
    export_event::Model {
        export_id: run.id,
        sequence: 1,
        time: now(),
        kind: "started".to_owned(),
        detail: EventDetail::Started,
        snapshot: ExportSnapshot {
            task_id: run.id,
            session_id: run.session_id,
            status: run.status,
            attempt: 0,
            remaining_retries: 3,
            jira_project_key: "DEMO".to_owned(),
            total_tickets: 2,
            tickets_completed: 0,
            tickets_failed: 0,
            tickets_preserved: 0,
            current_ticket: None,
            progress_percentage: 0,
            dependencies_created: 0,
            manual_fixes_needed: 0,
            estimated_remaining: None,
            start_time: now(),
            finish_time: None,
            processing_time: std::time::Duration::ZERO,
            failure: None,
            orphaned_keys: vec![],
        },
    }
}

/// A ticket's plain texts.
pub(crate) fn document(ticket: &ticket::Model) -> ticket_search::Document {
    ticket_search::Document {
        ticket_id: ticket.id,
        number: ticket.number,
        title: ticket.title.0.clone(),
        description: ticket.description.clone(),
        public_comments: String::new(),
        internal_comments: String::new(),
    }
}

pub(crate) fn export_log(export_id: ExportId) -> export_log::Model {
    export_log::Model {
        sequence: 1,
        export_id,
        time: now(),
        attempt: 0,
        kind: LogKind::State,
        note: Some("export is PENDING".to_owned()),
        method: None,
        path: None,
        sent: None,
        status: None,
        received: None,
        latency_micros: None,
    }
}

pub(crate) fn export_item(export_id: ExportId, ticket_id: TicketId) -> export_item::Model {
    export_item::Model {
        export_id,
        ticket_id,
        position: 0,
        state: ItemState::Pending,
        attempt: 0,
        high_key: None,
        jira_key: None,
        jira_id: None,
        jira_url: None,
        adopted: false,
        export_time: None,
        error: None,
        exported: Some(json!({"sent": {}})),
        fallbacks: json!([]),
        revert: None,
        revert_note: None,
        doubted: false,
        spare_issues: None,
    }
}
