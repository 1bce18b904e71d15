//! A row in every table.

use docket::{
    db::*,
    domain::{
        dispatch::{DispatchKey, DispatchTrigger},
        export::{FileSource, FileState, LinkState, ManualFixType},
        ids::*,
        ticket::{CommentVisibility, ScanStatus},
    },
};
use sea_orm::{DbErr, EntityTrait as _};
use uuid::Uuid;

use super::rows::{
    conversation, document, export, export_event, export_item, export_log, history, integration,
    now, put, session, session_ticket, ticket, user,
};

/// Fills every table with at least one row.
pub(crate) async fn fill(db: &Db) {
    db.write(|tx| Box::pin(async move { Ok(fill_in(tx).await?) }))
        .await
        .expect("every table takes a valid row");
}

async fn fill_in(tx: &Tx) -> Result<(), DbErr> {
    let (integration, conversation) = (integration(), conversation());
    let session = session(integration.id);
    let mut filed = ticket(1);
    filed.conversation_id = Some(conversation.id.clone());
    let (first, second) = (session_ticket(2, session.id), session_ticket(3, session.id));
    put(tx, user("ada")).await?;
    put(tx, conversation).await?;
    put(tx, integration.clone()).await?;
    put(tx, session.clone()).await?;
    for ticket in [&filed, &first, &second] {
        put(tx, ticket.clone()).await?;
        let tag = "login".to_owned();
        put(
            tx,
            ticket_tag::Model {
                tag,
                ticket_id: ticket.id,
                create_time: ticket.create_time,
            },
        )
        .await?;
    }
    put(
        tx,
        dependency::Model {
            ticket_id: second.id,
            depends_on_id: first.id,
            session_id: session.id,
        },
    )
    .await?;
    ticket_search::index(tx, &[document(&filed)]).await?;
    fill_ticket(tx, filed.id, integration.id).await?;
    fill_export(tx, session.id, first.id, second.id).await
}

async fn fill_ticket(
    tx: &Tx,
    ticket_id: TicketId,
    integration_id: IntegrationId,
) -> Result<(), DbErr> {
    let ada = UserId("ada".to_owned());
    history::Entity::insert(history(ticket_id))
        .exec_without_returning(tx)
        .await?;
    put(
        tx,
        comment::Model {
            id: CommentId::at(now()),
            ticket_id,
            author_id: ada.clone(),
            body: "<p>On it.</p>".to_owned(),
            visibility: CommentVisibility::Internal,
            system: false,
            create_time: now(),
            edit_time: None,
            delete_time: None,
        },
    )
    .await?;
    let attachment_id = AttachmentId::at(now());
    put(
        tx,
        attachment::Model {
            id: attachment_id,
            ticket_id,
            uploader_id: ada.clone(),
            filename: "log.txt".to_owned(),
            content_type: "text/plain".to_owned(),
            size_bytes: 3,
            sha256: "0123456789abcdef".repeat(4),
            scan_status: ScanStatus::Skipped,
            create_time: now(),
            delete_time: None,
        },
    )
    .await?;
    put(
        tx,
        scan::Model {
            attachment_id,
            attempts: 1,
            next_time: now(),
        },
    )
    .await?;
    fill_uploads(tx, ticket_id).await?;
    put(
        tx,
        assignment::Model {
            id: AssignmentId::at(now()),
            ticket_id,
            assignee_id: ada.clone(),
            assigned_by_id: ada,
            assign_time: now(),
            unassign_time: None,
        },
    )
    .await?;
    put(
        tx,
        request_key::Model {
            caller: "ada".to_owned(),
            method: "docket.v1.TicketService/CreateTicket".to_owned(),
            request_id: Uuid::now_v7(),
            request_hash: vec![7; 32],
            response: vec![1, 2, 3],
            create_time: now(),
        },
    )
    .await?;
    put(
        tx,
        dispatch::Model {
            id: DispatchId::at(now()),
            ticket_id,
            integration_id,
            number: 1,
            trigger: DispatchTrigger::Create,
            actor_id: UserId("ada".to_owned()),
            dedupe_key: DispatchKey::of(ticket_id, integration_id),
            retries: 0,
            uncounted: false,
            state: dispatch::DispatchState::Pending,
            start_time: now(),
            lease_until: Some(now()),
            aim: None,
            sent_time: None,
            external: None,
            files: None,
            finish_time: None,
            outcome: None,
            http_status: None,
            error_message: None,
            next_attempt_time: None,
        },
    )
    .await?;
    put(
        tx,
        inbound::Model {
            integration_id,
            name: "id:1".to_owned(),
            receive_time: now(),
        },
    )
    .await
}

async fn fill_uploads(tx: &Tx, ticket_id: TicketId) -> Result<(), DbErr> {
    let sha256 = "0123456789abcdef".repeat(4);
    put(
        tx,
        blob::Model {
            object: format!("sha256/01/{sha256}.1"),
            sha256: sha256.clone(),
            size_bytes: 3,
            reference_count: 1,
            create_time: now(),
        },
    )
    .await?;
    let id = UploadId::at(now());
    put(
        tx,
        upload::Model {
            id,
            ticket_id,
            uploader_id: UserId("ada".to_owned()),
            filename: "log.txt".to_owned(),
            content_type: String::new(),
            size_bytes: 3,
            sha256: Some(sha256),
            received_bytes: 2,
            attachment_id: None,
            create_time: now(),
        },
    )
    .await?;
    put(
        tx,
        upload_part::Model {
            upload_id: id,
            start_offset: 0,
            size_bytes: 2,
            object: "parts/1".to_owned(),
        },
    )
    .await
}

async fn fill_export(
    tx: &Tx,
    session_id: SessionId,
    first: TicketId,
    second: TicketId,
) -> Result<(), DbErr> {
    let run = export(session_id);
    put(tx, run.clone()).await?;
    put(tx, export_event(&run)).await?;
    put(tx, export_item(run.id, first)).await?;
    put(tx, export_log(run.id)).await?;
    put(
        tx,
        export_attachment::Model {
            export_id: run.id,
            id: AttachmentId::at(now()),
            ticket_id: first,
            position: 0,
            source: FileSource::Attachment,
            filename: "log.txt".to_owned(),
            size_bytes: 3,
            state: FileState::Sent,
            external_id: Some("10001".to_owned()),
            error: None,
            doubted: false,
        },
    )
    .await?;
    put(
        tx,
        export_link::Model {
            export_id: run.id,
            from_ticket_id: first,
            to_ticket_id: second,
            state: LinkState::Pending,
            error: None,
        },
    )
    .await?;
    put(
        tx,
        export_fix::Model {
            id: FixId::at(now()),
            export_id: run.id,
            ticket_id: first,
            jira_key: None,
            fix_type: ManualFixType::FieldRejected,
            field: "priority".to_owned(),
            wanted: "P1".to_owned(),
            sent: None,
            reason: "not offered".to_owned(),
            recommended_action: "add it".to_owned(),
            applied: false,
            create_time: now(),
        },
    )
    .await
}
