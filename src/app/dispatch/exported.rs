//! Tickets of which an export has made an issue: a dispatch makes no second one on the same site, also once their session is deleted
//! and nothing else tells of the export.

use std::time::Duration;

use crate::{
    app::{App, export_revert::is_gone, jira_calls::failed, snapshot::Snapshot},
    connectors::{
        Connector,
        jira::{Jira, Marker, Probe},
    },
    db::{export, export_item, integration, session, ticket},
    domain::{
        export::{ExportStatus, ItemState, RevertState},
        ids::{IntegrationId, SessionId},
    },
    error::{Error, Reason, Result},
};

/// When to look again for what could not be found.
const LATER: Duration = Duration::from_secs(60);

/// An issue of a ticket's as an export has recorded it.
struct Recorded<'a> {
    key: &'a str,
    id: &'a str,
    revert: Option<RevertState>,
    note: Option<&'a str>,
}

impl App {
    /// Whether the ticket tells already of the issue that an export through this integration has made of it. Refuses a ticket of a
    /// session, and one of which an export has made an issue on the integration's site otherwise, or may have. Whoever is in no session
    /// any more never comes into one again, so that this holds.
    pub(super) async fn is_exported(
        &self,
        ticket: &ticket::Model,
        to: IntegrationId,
    ) -> Result<bool> {
        if let Some(session) = ticket.session_id {
            let text = "the ticket belongs to a session, whose export hands it over";
            return Err(refused(session, text));
        }
        let items = export_item::begun_of_ticket(self.db.read(), ticket.id).await?;
        if items.is_empty() {
            return Ok(false);
        }
        let Some(row) = integration::find(self.db.read(), to).await? else {
            return Ok(false);
        };
        let Connector::Jira(jira) = self.connector(&row)? else {
            return Ok(false);
        };
        for item in &items {
            let Some(run) = export::find(self.db.read(), item.export_id).await? else {
                continue;
            };
            if let Some(key) = self.issue_on(&jira, &run, item).await? {
                return match tells_of(ticket, to, &key) {
                    true => Ok(true),
                    false => Err(made(&jira, &run, &key)),
                };
            }
        }
        Ok(false)
    }

    /// The key of the issue that a run has made of the ticket on this site, as far as that is there.
    async fn issue_on(
        &self,
        jira: &Jira,
        run: &export::Model,
        item: &export_item::Model,
    ) -> Result<Option<String>> {
        let (Some(own), Some(url)) = (&item.jira_key, &item.jira_url) else {
            return self.unrecorded(jira, run, item).await;
        };
        if *url != jira.browse_url(own).as_str() {
            return Ok(None);
        }
        for issue in recorded(item) {
            let doubted = match issue.revert {
                Some(RevertState::Deleted) => continue,
                // A revert was about to delete it, or did not find it.
                Some(RevertState::Deleting) => true,
                Some(RevertState::Kept) => is_gone(issue.note),
                None => false,
            };
            let look = || jira.is_gone(issue.key, issue.id);
            let told = |error| failed(&error, &run.jira_project_key);
            if !doubted || !self.ask_jira(look).await.map_err(told)? {
                return Ok(Some(issue.key.to_owned()));
            }
        }
        Ok(None)
    }

    /// As [`App::issue_on`], of a create that the run could not settle.
    async fn unrecorded(
        &self,
        jira: &Jira,
        run: &export::Model,
        item: &export_item::Model,
    ) -> Result<Option<String>> {
        // A revert comes to its end only once it is known that there is none.
        let settled = run.status == ExportStatus::Reverted;
        if settled || item.state != ItemState::Creating || !self.went_to(jira, run).await? {
            return Ok(None);
        }
        let told = |error| failed(&error, &run.jira_project_key);
        let project = self.present_key(jira, &run.jira_project_key).await;
        let project = project.map_err(told)?;
        let marker = Marker {
            ticket: item.ticket_id,
            task: run.id,
            attempt: item.attempt,
        };
        let after = item.high_key.unwrap_or_default();
        let look = || jira.find_created(&project, after, &marker);
        match self.ask_jira(look).await.map_err(told)? {
            Probe::Found(issue) => Ok(Some(issue.key)),
            Probe::Absent { .. } => Ok(None),
            Probe::Unfinished { searched_to } => {
                let keys = format!("{project}-{} to {project}-{searched_to}", after + 1);
                Err(unsure(item, &keys))
            }
        }
    }

    /// Whether the run's session went to this site.
    async fn went_to(&self, jira: &Jira, run: &export::Model) -> Result<bool> {
        let session = session::with_deleted(self.db.read(), run.session_id).await?;
        let Some(id) = session.and_then(|session| session.integration_id) else {
            return Ok(false);
        };
        let row = integration::with_deleted(self.db.read(), id).await?;
        Ok(row.is_some_and(|row| *row.config.site() == jira.config().site_url))
    }
}

/// All issues of the ticket that the run knows of, its own first.
fn recorded(item: &export_item::Model) -> impl Iterator<Item = Recorded<'_>> {
    let own = item.jira_key.as_deref().zip(item.jira_id.as_deref());
    let own = own.map(|(key, id)| Recorded {
        key,
        id,
        revert: item.revert,
        note: item.revert_note.as_deref(),
    });
    let spares = item.spares().iter().map(|spare| Recorded {
        key: &spare.key,
        id: &spare.id,
        revert: spare.revert,
        note: spare.note.as_deref(),
    });
    own.into_iter().chain(spares)
}

/// Whether the ticket's result is that of this issue, made through this integration.
fn tells_of(ticket: &ticket::Model, to: IntegrationId, key: &str) -> bool {
    ticket.integration_result.as_ref().is_some_and(|result| {
        let same = result.external_ticket_id.as_deref() == Some(key);
        same && result.success && result.integration_id == to
    })
}

fn made(jira: &Jira, run: &export::Model, key: &str) -> Error {
    let url = jira.browse_url(key);
    let text = format!(
        "an export has made an issue of the ticket on this Jira site already, {key}: {url}. A second one is not made; go on with that one, or hand the ticket to an integration with another site"
    );
    refused(run.session_id, text).with("jira_key", key)
}

fn refused(session: SessionId, text: impl Into<String>) -> Error {
    Error::refused(
        Reason::SessionNotEditable,
        format!("session/{session}"),
        text,
    )
}

fn unsure(item: &export_item::Model, keys: &str) -> Error {
    let title = Snapshot::summary(item.exported.as_ref()).unwrap_or_default();
    Error::Unavailable {
        reason: Reason::JiraCreateUncertain,
        message: format!(
            "nobody can tell whether an export has made an issue of the ticket titled “{title}”: there is none among {keys}, and more keys have been given out than docket can read; nothing was sent. Look in Jira for that issue and go on with it; if there is none, hand the ticket to an integration with another site, or file it anew"
        ),
        retry_after: LATER,
    }
}
