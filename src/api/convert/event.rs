//! What a watcher of an export is told.

use super::{
    enums::Wire as _,
    export,
    time::{span, timestamp},
};
use crate::{
    app::watch::Told,
    domain::export::EventDetail,
    proto::v1::{self, export_event::Detail},
};

/// One message of the stream.
pub(in crate::api) fn response(told: Told) -> v1::WatchExportResponse {
    let event = match told {
        Told::Event(event) => v1::ExportEvent {
            sequence: event.sequence,
            time: Some(timestamp(event.time)),
            export: Some(export::export(event.snapshot.clone())),
            detail: Some(detail(event.detail.clone())),
        },
        Told::Heartbeat(time, snapshot) => v1::ExportEvent {
            sequence: 0,
            time: Some(timestamp(time)),
            export: Some(export::export(*snapshot)),
            detail: Some(Detail::Heartbeat(v1::ExportHeartbeat {})),
        },
    };
    v1::WatchExportResponse { event: Some(event) }
}

fn detail(detail: EventDetail) -> Detail {
    match detail {
        EventDetail::Started => Detail::Started(v1::ExportStarted {}),
        EventDetail::TicketExported {
            ticket_id,
            order,
            jira_key,
            jira_url,
            adopted,
        } => Detail::TicketExported(v1::TicketExported {
            ticket_id: ticket_id.to_string(),
            order,
            jira_key,
            jira_url,
            adopted,
        }),
        EventDetail::FieldFallback {
            ticket_id,
            field,
            fix,
        } => Detail::FieldFallback(v1::FieldFallback {
            ticket_id: ticket_id.to_string(),
            field,
            manual_fix: Some(export::manual_fix(*fix)),
        }),
        EventDetail::AttachmentUploaded {
            ticket_id,
            attachment_id,
            jira_key,
            filename,
            size_bytes,
        } => Detail::AttachmentUploaded(v1::AttachmentUploaded {
            ticket_id: ticket_id.to_string(),
            attachment_id: attachment_id.to_string(),
            jira_key,
            filename,
            size_bytes,
        }),
        EventDetail::DependencyCreated { from_key, to_key } => {
            Detail::DependencyCreated(v1::DependencyCreated { from_key, to_key })
        }
        EventDetail::Throttled {
            reason,
            retry_after,
        } => Detail::Throttled(v1::ExportThrottled {
            reason,
            retry_after: Some(span(retry_after)),
        }),
        EventDetail::Resumed { from_order, reason } => Detail::Resumed(v1::ExportResumed {
            from_order,
            reason: reason.number(),
        }),
        EventDetail::Paused => Detail::Paused(v1::ExportPaused {}),
        EventDetail::Completed => Detail::Completed(v1::ExportCompleted {}),
        EventDetail::Failed => Detail::Failed(v1::ExportFailed {}),
        EventDetail::Cancelled => Detail::Cancelled(v1::ExportCancelled {}),
    }
}
