//! Where a session's export goes to, and what keeps that in place while a run begins.

use super::{App, integrations::require_enabled};
use crate::{
    db::{Tx, integration, session},
    domain::session::SessionStatus,
    error::{Error, Reason, Result},
};

impl App {
    /// The integration to export through; refuses what cannot work before anything is written.
    pub(super) async fn exportable(&self, session: &session::Model) -> Result<integration::Model> {
        let subject = format!("session/{}", session.id);
        let Some(id) = session.integration_id else {
            let message =
                "the session has no integration to export through; open one with an integration_id";
            return Err(Error::refused(
                Reason::SessionWithoutIntegration,
                subject,
                message,
            ));
        };
        if session.jira_project_key.is_empty() {
            let message =
                "the session names no Jira project to export to; open one with a jira_project_key";
            return Err(Error::refused(
                Reason::SessionWithoutProject,
                subject,
                message,
            ));
        }
        let integration = integration::find(self.db.read(), id).await?;
        let integration = match integration {
            Some(integration) => integration,
            None => return Err(self.gone_from(session).await?),
        };
        require_enabled(&integration)?;
        self.export_jira(&integration)?;
        Ok(integration)
    }

    /// As [`target_gone`], with the site that another integration has to be of.
    async fn gone_from(&self, session: &session::Model) -> Result<Error> {
        let conn = self.db.read();
        let deleted = match session.integration_id {
            Some(id) => integration::with_deleted(conn, id).await?,
            None => None,
        };
        let ended = session.status != SessionStatus::Active;
        Ok(match deleted.filter(|_| ended) {
            Some(deleted) => without_integration(
                session,
                format!(
                    "the session's integration was deleted; give it another one of the site {} with UpdateSession, made with CreateIntegration if there is none",
                    deleted.config.site()
                ),
            ),
            None => target_gone(session),
        })
    }
}

/// Keeps the session's integration from being deleted or changed before the run that is written in this transaction can be seen.
pub(super) async fn hold_target(tx: &Tx, session: &session::Model) -> Result<()> {
    let held = match session.integration_id {
        Some(id) => integration::hold(tx, id).await?,
        None => None,
    };
    held.map(drop).ok_or_else(|| target_gone(session))
}

fn target_gone(session: &session::Model) -> Error {
    let text = "the session's integration was deleted; give it another one with UpdateSession";
    without_integration(session, text)
}

fn without_integration(session: &session::Model, text: impl Into<String>) -> Error {
    let subject = format!("session/{}", session.id);
    Error::refused(Reason::SessionWithoutIntegration, subject, text)
}
