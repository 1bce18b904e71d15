//! Changing tickets: a row is read to be changed, and written only as it was read.

use std::time::Duration;

use sea_orm::{Iterable as _, QuerySelect as _, entity::prelude::*};

use super::{
    ticket::{self, Column, Entity, Model, Visible},
    ticket_tag,
};
use crate::{
    domain::{history::Facts, ids::TicketId, time},
    error::{Error, Reason, Result},
};

/// The ticket, to be changed in this transaction: on PostgreSQL other changes of it wait until then. With `deleted` also a deleted one.
pub async fn lock(
    conn: &impl ConnectionTrait,
    visible: &Visible,
    id: TicketId,
    deleted: bool,
) -> Result<Option<Model>> {
    let rows = ticket::live_or_all(visible, deleted);
    let row = rows.filter(Column::Id.eq(id)).lock_exclusive();
    Ok(row.one(conn).await?)
}

/// Writes what is different in `after`, and its tags. The row must still be as `before`; where it is not, the transaction has lost
/// against another one and may be tried again.
pub async fn update(conn: &impl ConnectionTrait, before: &Model, after: &Model) -> Result<()> {
    let mut update = Entity::update_many()
        .filter(Column::Id.eq(before.id))
        .filter(Column::Version.eq(before.version));
    for column in Column::iter() {
        let value = after.get(column);
        if value != before.get(column) {
            update = update.col_expr(column, Expr::value(value));
        }
    }
    if update.exec(conn).await?.rows_affected != 1 {
        return Err(Error::Unavailable {
            reason: Reason::DatabaseBusy,
            message: "the ticket is being changed by others".to_owned(),
            retry_after: Duration::from_secs(1),
        });
    }
    if before.tags != after.tags {
        ticket_tag::replace(conn, after).await?;
    }
    Ok(())
}

impl Model {
    /// What history tells of the ticket, field by field. Left out is what follows from entries (see [`crate::domain::history`]), what has
    /// entries of its own kind (comments, attachments, dispatches, exports), and what never changes. Every column is named here, so
    /// that a new one has to be thought about.
    pub fn facts(&self) -> Facts {
        let Self {
            title,
            description,
            status,
            priority,
            category,
            environment,
            affected_service,
            assignee_id,
            team,
            tags,
            custom_fields,
            resolution_notes,
            response_due_time,
            resolution_due_time,
            response_breached,
            resolution_breached,
            integration_id,
            delete_time,
            session_id,
            session_order,
            issue_type,
            labels,
            sprint,
            story_points,
            jira_assignee,
            // They follow from entries.
            first_response_time: _,
            response_warning_time: _,
            resolution_warning_time: _,
            paused_since: _,
            paused_micros: _,
            resolve_time: _,
            close_time: _,
            version: _,
            update_time: _,
            // They have entries of their own kind.
            integration_result: _,
            comment_count: _,
            internal_comment_count: _,
            attachment_count: _,
            export_status: _,
            jira_key: _,
            jira_url: _,
            export_time: _,
            // They never change.
            id: _,
            number: _,
            creator_id: _,
            conversation_id: _,
            ai_assisted: _,
            create_time: _,
            session_ref: _,
        } = self;
        vec![
            ("status", Some(status.to_string())),
            ("title", Some(title.0.clone())),
            ("description", Some(description.clone())),
            ("priority", Some(priority.to_string())),
            ("category", Some(category.to_string())),
            ("environment", Some(environment.to_string())),
            ("affected_service", Some(affected_service.clone())),
            ("assignee_id", assignee_id.as_ref().map(ToString::to_string)),
            ("team", team.clone()),
            ("tags", Some(json(tags))),
            ("custom_fields", Some(json(custom_fields))),
            ("resolution_notes", resolution_notes.clone()),
            ("integration_id", text(integration_id.as_ref())),
            (
                "sla.response_due_time",
                Some(time::text(*response_due_time)),
            ),
            (
                "sla.resolution_due_time",
                Some(time::text(*resolution_due_time)),
            ),
            ("sla.response_breached", Some(response_breached.to_string())),
            (
                "sla.resolution_breached",
                Some(resolution_breached.to_string()),
            ),
            ("export.session_id", text(session_id.as_ref())),
            ("export.order", text(session_order.as_ref())),
            ("export.issue_type", issue_type.clone()),
            ("export.labels", labels.as_ref().map(json)),
            ("export.sprint", sprint.clone()),
            ("export.story_points", text(story_points.as_ref())),
            ("export.jira_assignee", jira_assignee.clone()),
            ("delete_time", delete_time.map(time::text)),
        ]
    }
}

fn text(value: Option<&impl ToString>) -> Option<String> {
    value.map(ToString::to_string)
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap_or_default().to_string()
}
