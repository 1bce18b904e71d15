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
    db::{Conn, dependency, export, export_item, integration, session, session_ticket, ticket},
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
            Box::pin(async move {
                let (read, next) = &*plain;
                session::update(tx, read, next).await?;
                let other = next
                    .integration_id
                    .filter(|id| read.integration_id != Some(*id));
                let Some(id) = other.filter(|_| read.status != SessionStatus::Active) else {
                    return Ok(());
                };
                // It leads where it does until this is written.
                integration::hold(tx, id).await?;
                match finds_issues(tx, read, next).await? {
                    true => Ok(()),
                    false => Err(Error::Fenced),
                }
            })
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
        self.require_editable(read, &next).await?;
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

    /// Refuses what the session's status forbids.
    async fn require_editable(&self, read: &session::Model, next: &session::Model) -> Result<()> {
        let other_project = next.jira_project_key != read.jira_project_key;
        let other_way = next.integration_id != read.integration_id;
        let unchanged_but_for_the_way = session::Model {
            integration_id: read.integration_id,
            ..next.clone()
        } == *read;
        match read.status {
            SessionStatus::Active => return Ok(()),
            SessionStatus::Completed if unchanged_but_for_the_way => (),
            SessionStatus::Exporting | SessionStatus::Completed => {
                return Err(not_editable(
                    read,
                    "the session can be changed only while it is not exported, but for its integration once the export has ended",
                ));
            }
            SessionStatus::ExportFailed | SessionStatus::Cancelled => (),
        }
        if !other_project && !other_way {
            return Ok(());
        }
        require_target(next)?;
        match finds_issues(self.db.read(), read, next).await? {
            true => Ok(()),
            false => Err(not_editable(
                read,
                "issues of this session exist, so that its project and the site of its integration are fixed until RevertExport; the integration can be replaced by another one of the same site",
            )),
        }
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

/// Whether the session, changed like this, still leads to the issues that its run has made, or may have: through an integration of the
/// same site, deleted or not, to the same project.
async fn finds_issues(
    conn: &impl Conn,
    read: &session::Model,
    next: &session::Model,
) -> Result<bool> {
    let Some(export) = export::of_session(conn, read.id).await? else {
        return Ok(true);
    };
    if export_item::begun(conn, export.id).await?.is_empty() {
        return Ok(true);
    }
    if next.jira_project_key != read.jira_project_key {
        return Ok(false);
    }
    let (Some(old), Some(new)) = (read.integration_id, next.integration_id) else {
        return Ok(false);
    };
    let old = integration::with_deleted(conn, old).await?;
    let new = integration::find(conn, new).await?;
    let same = |old: &integration::Model| new.is_some_and(|new| !new.moves_from(old));
    Ok(old.as_ref().is_some_and(same))
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
