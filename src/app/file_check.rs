//! Whether a ticket's files can be sent along with it: against what Jira takes, without sending anything.

use tokio::sync::OnceCell;

use super::{App, jira_calls::finding};
use crate::{
    connectors::jira::{AttachmentSettings, adf::InlineAttachment},
    db::{attachment, session},
    domain::{export::ErrorCategory, problem::Problem, ticket::ScanStatus},
    error::{Error, Reason, Result},
};

/// How a ticket's files fare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileReport {
    /// How many there are, those that are made of the description among them.
    pub total: usize,
    /// What stands in the way of each that cannot be sent; `field` is the name of the file.
    pub problems: Vec<Problem>,
}

/// What is asked of Jira about files: at most once, and only when there is a file.
pub(super) struct FileRules<'a> {
    app: &'a App,
    session: &'a session::Model,
    known: OnceCell<Result<AttachmentSettings, Problem>>,
}

impl<'a> FileRules<'a> {
    pub(super) fn new(app: &'a App, session: &'a session::Model) -> Self {
        Self {
            app,
            session,
            known: OnceCell::new(),
        }
    }

    /// What stands in the way of a ticket's attachments, and of the files that are made of its description.
    pub(super) async fn check(
        &self,
        files: &[&attachment::Model],
        made: &[InlineAttachment],
    ) -> Result<FileReport> {
        if files.is_empty() && made.is_empty() {
            return Ok(FileReport::default());
        }
        let rules = self.rules().await?;
        let attached = files.iter().filter_map(|file| {
            scanned(file)
                .err()
                .or_else(|| fits(rules, &file.filename, size(file)).err())
        });
        let inline = made
            .iter()
            .filter_map(|file| fits(rules, &file.file_name, file.content.len() as u64).err());
        Ok(FileReport {
            total: files.len() + made.len(),
            problems: attached.chain(inline).collect(),
        })
    }

    async fn rules(&self) -> Result<&Result<AttachmentSettings, Problem>> {
        self.known.get_or_try_init(|| self.read()).await
    }

    /// Jira's rules, or why they are not known: the descriptions can be tried out all the same.
    async fn read(&self) -> Result<Result<AttachmentSettings, Problem>> {
        let integration = match self.session.integration_id {
            Some(id) => self.app.integration(id).await,
            None => Err(Error::refused(
                Reason::SessionWithoutIntegration,
                format!("session/{}", self.session.id),
                "the session has no integration, so that Jira's limits are not known",
            )),
        };
        let jira = match integration.and_then(|integration| self.app.jira(&integration)) {
            Ok(jira) => jira,
            Err(error) => return finding(error).map(Err),
        };
        let asked = self.app.file_settings(&jira).await;
        Ok(asked.map_err(|error| error.failure(&self.session.jira_project_key).problem()))
    }
}

fn size(file: &attachment::Model) -> u64 {
    u64::try_from(file.size_bytes).unwrap_or_default()
}

/// A file that was found infected is never handed on, and one that is still being scanned not yet.
fn scanned(file: &attachment::Model) -> Result<(), Problem> {
    let (reason, category, what, action) = match file.scan_status {
        ScanStatus::Clean | ScanStatus::Skipped => return Ok(()),
        ScanStatus::Infected => (
            Reason::AttachmentInfected,
            ErrorCategory::UserFixable,
            "was found to be infected, and is not handed on",
            "Delete the attachment, or upload a clean one.",
        ),
        ScanStatus::Pending => (
            Reason::AttachmentNotScanned,
            ErrorCategory::Temporary,
            "is still being scanned",
            "Wait a moment and try again.",
        ),
    };
    Err(problem(reason, category, &file.filename, what, action))
}

fn fits(
    rules: &Result<AttachmentSettings, Problem>,
    filename: &str,
    bytes: u64,
) -> Result<(), Problem> {
    let rules = rules.as_ref().map_err(|unknown| Problem {
        field: filename.to_owned(),
        ..unknown.clone()
    })?;
    if !rules.enabled {
        let what = "cannot be added: attachments are switched off on this Jira site";
        let action = "Ask a Jira administrator to switch attachments on.";
        let (reason, category) = (Reason::JiraForbidden, ErrorCategory::AdminRequired);
        return Err(problem(reason, category, filename, what, action));
    }
    if rules.takes(bytes) {
        return Ok(());
    }
    let what = format!(
        "has {bytes} bytes, and this Jira site takes at most {}",
        rules.upload_limit
    );
    let action = "Make the file smaller, or ask a Jira administrator to raise the limit.";
    let (reason, category) = (Reason::AttachmentTooLarge, ErrorCategory::UserFixable);
    Err(problem(reason, category, filename, &what, action))
}

fn problem(
    reason: Reason,
    category: ErrorCategory,
    filename: &str,
    what: &str,
    action: &str,
) -> Problem {
    Problem {
        reason,
        category,
        message: format!("The file “{filename}” {what}."),
        field: filename.to_owned(),
        recommended_action: action.to_owned(),
    }
}
