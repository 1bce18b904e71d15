//! Changing and deleting sessions.

use std::sync::Arc;

use super::{
    App,
    exports::{ATTEMPTS, changing},
    sessions::{SessionView, exports_to},
    ticket_change::Update,
    ticket_edit::Edit,
};
use crate::{
    db::{dependency, export, export_item, integration, session, session_ticket, ticket},
    domain::{
        actor::Actor,
        etag,
        ids::{IntegrationId, SessionId},
        session::{SessionStage, SessionStatus},
    },
    error::{Error, Reason, Result},
};

/// What is to become of a session; `None`: it stays.
#[derive(Clone, Debug, Default)]
#[allow(
    missing_docs,
    reason = "each field is the contract's field of the same name, documented there"
)]
pub struct SessionChange {
    pub name: Option<String>,
    pub integration_id: Option<Option<IntegrationId>>,
    pub jira_project_key: Option<String>,
    pub stage: Option<SessionStage>,
}

impl App {
    /// Changes a session as far as its state allows.
    pub async fn update_session(
        &self,
        actor: &Actor,
        id: Result<SessionId>,
        parse: impl FnOnce() -> Result<Update<SessionChange>> + Send,
    ) -> Result<SessionView> {
        let (session, update) = self.own_session(actor, id, parse).await?;
        self.record_caller(actor).await?;
        for _ in 0..ATTEMPTS {
            let read = self.session(session.id).await?;
            require_seen(&read, update.seen)?;
            let next = self.changed(&read, &update.change).await?;
            if next != read && !update.validate_only {
                match self.write_change(read, next).await {
                    // Somebody else was first: what holds is read again.
                    Err(Error::Fenced) => continue,
                    Err(error) => return Err(error),
                    Ok(()) => return self.session_view(session.id).await,
                }
            }
            let planned = self.session_views(vec![next]).await?.pop();
            return planned.ok_or_else(|| Error::not_found("session", session.id));
        }
        Err(changing(session.id))
    }

    /// Deletes a session with the record of its exports. Its tickets stay, as tickets of no session.
    pub async fn delete_session(
        &self,
        actor: &Actor,
        id: Result<SessionId>,
        seen: Option<i64>,
    ) -> Result<()> {
        let (session, ()) = self.own_session(actor, id, || Ok(())).await?;
        self.record_caller(actor).await?;
        for _ in 0..ATTEMPTS {
            let read = self.session(session.id).await?;
            require_seen(&read, seen)?;
            if read.status == SessionStatus::Exporting {
                return Err(self.running(&read).await?);
            }
            match self.write_deletion(actor, read).await {
                Err(Error::Fenced) => (),
                written => return written,
            }
        }
        Err(changing(session.id))
    }

    async fn write_change(&self, read: session::Model, next: session::Model) -> Result<()> {
        let plain = Arc::new((read, next));
        let written = self.db.write(move |tx| {
            let plain = plain.clone();
            Box::pin(async move { session::update(tx, &plain.0, &plain.1).await })
        });
        written.await
    }

    async fn write_deletion(&self, actor: &Actor, read: session::Model) -> Result<()> {
        let now = self.clock.now();
        let plain = Arc::new((actor.clone(), read));
        let written = self.db.write(move |tx| {
            let plain = plain.clone();
            Box::pin(async move {
                let (actor, read) = &*plain;
                session::delete(tx, read, now).await?;
                dependency::delete_of_session(tx, read.id).await?;
                for id in session_ticket::all_of_session(tx, read.id).await? {
                    let mut edit = Edit::in_session(tx, actor, id, now).await?;
                    leave_session(&mut edit.ticket);
                    edit.write(tx).await?;
                }
                Ok(())
            })
        });
        written.await
    }

    /// The session as it is to be.
    async fn changed(
        &self,
        read: &session::Model,
        change: &SessionChange,
    ) -> Result<session::Model> {
        let mut next = read.clone();
        next.name = change.name.clone().unwrap_or(next.name);
        next.integration_id = change.integration_id.unwrap_or(next.integration_id);
        next.jira_project_key = change
            .jira_project_key
            .clone()
            .unwrap_or(next.jira_project_key);
        next.stage = change.stage.unwrap_or(next.stage);
        if next == *read {
            return Ok(next);
        }
        if next.stage != read.stage && !next.stage.is_settable() {
            let rule =
                "must be UPLOAD, PROCESSING or REVIEW; the other stages are the export's to set";
            return Err(Error::invalid("session.stage", rule));
        }
        let moved = next.integration_id != read.integration_id
            || next.jira_project_key != read.jira_project_key;
        match read.status {
            SessionStatus::Active => (),
            SessionStatus::Exporting | SessionStatus::Completed => {
                return Err(not_editable(
                    read,
                    "the session can be changed only while it is not exported",
                ));
            }
            SessionStatus::ExportFailed | SessionStatus::Cancelled if moved => {
                self.require_no_issue(read).await?;
                require_target(&next)?;
            }
            SessionStatus::ExportFailed | SessionStatus::Cancelled => (),
        }
        if let Some(id) = next.integration_id
            && next.integration_id != read.integration_id
        {
            let found = integration::find(self.db.read(), id).await?;
            let rule = "must be the id of an integration";
            let none = || Error::invalid("session.integration_id", rule);
            exports_to(&found.ok_or_else(none)?)?;
        }
        Ok(next.following(read, self.clock.now()))
    }

    /// Refuses to move a session of which issues exist, or may exist.
    async fn require_no_issue(&self, session: &session::Model) -> Result<()> {
        let Some(export) = export::of_session(self.db.read(), session.id).await? else {
            return Ok(());
        };
        if export_item::begun(self.db.read(), export.id)
            .await?
            .is_empty()
        {
            return Ok(());
        }
        let message = "issues of this session exist, so that its integration and project are fixed until RevertExport";
        Err(not_editable(session, message))
    }

    /// EXPORT_RUNNING.
    pub(super) async fn running(&self, session: &session::Model) -> Result<Error> {
        let export = self.export(session.id).await?;
        let message = "the session's export is running; wait for its end, or cancel it";
        let subject = format!("session/{}", session.id);
        let running = Error::aborted(Reason::ExportRunning, subject, message);
        Ok(running.with("task_id", export.id))
    }
}

/// A run that was started has a place to go to.
fn require_target(next: &session::Model) -> Result<()> {
    let rule = "must not be empty once an export was started";
    if next.integration_id.is_none() {
        return Err(Error::invalid("session.integration_id", rule));
    }
    if next.jira_project_key.is_empty() {
        return Err(Error::invalid("session.jira_project_key", rule));
    }
    Ok(())
}

fn leave_session(ticket: &mut ticket::Model) {
    ticket.session_id = None;
    ticket.session_order = None;
    ticket.session_ref = None;
    ticket.issue_type = None;
    ticket.labels = None;
    ticket.sprint = None;
    ticket.story_points = None;
    ticket.jira_assignee = None;
    ticket.export_status = None;
    ticket.jira_key = None;
    ticket.jira_url = None;
    ticket.export_time = None;
}

/// SESSION_NOT_EDITABLE.
pub(super) fn not_editable(session: &session::Model, message: &str) -> Error {
    Error::refused(
        Reason::SessionNotEditable,
        format!("session/{}", session.id),
        format!("the session is {}: {message}", session.status),
    )
    .with("status", session.status)
}

/// ETAG_MISMATCH, with the names of what has changed since, unless the caller has seen the session as it is.
pub(super) fn require_seen(session: &session::Model, seen: Option<i64>) -> Result<()> {
    let Some(version) = seen.filter(|version| *version != session.version) else {
        return Ok(());
    };
    let fields = session.changed_since(version).join(",");
    let message = match fields.is_empty() {
        true => "the session is not as the etag says; read it again".to_owned(),
        false => format!("the session has changed since: {fields}"),
    };
    let subject = format!("session/{}", session.id);
    Err(Error::aborted(Reason::EtagMismatch, subject, message)
        .with("etag", etag::of_version(session.version))
        .with("changed_fields", fields))
}
