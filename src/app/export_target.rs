//! Where a session's export goes to, and what keeps that in place while a run begins.

use super::{App, integrations::require_enabled};
use crate::{
    db::{Tx, integration, session},
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
        let integration = integration.ok_or_else(|| target_gone(session))?;
        require_enabled(&integration)?;
        self.export_jira(&integration)?;
        Ok(integration)
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
    Error::refused(
        Reason::SessionWithoutIntegration,
        format!("session/{}", session.id),
        "the session's integration was deleted; give it another one with UpdateSession",
    )
}
