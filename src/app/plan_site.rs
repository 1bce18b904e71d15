//! What a plan reads from Jira once, whatever the tickets: the project, docket's rights there, and how issues are linked.

use super::{App, file_check::FileRules, project_check::forbidden};
use crate::{
    connectors::jira::{CallError, Jira, LinkType, Permissions, ProjectMeta, SiteSettings},
    db::session,
    domain::problem::Problem,
};

/// What is true for all tickets of a plan.
pub(super) struct PlanSite<'a> {
    /// The project's key as the session has it.
    project: &'a str,
    pub(super) jira: Jira,
    /// The project; `None` where there is none that docket can export to.
    pub(super) meta: Option<ProjectMeta>,
    pub(super) held: Permissions,
    pub(super) settings: SiteSettings,
    /// How dependencies are linked; `None` where they cannot be, or where there are none.
    pub(super) link_type: Option<LinkType>,
    pub(super) files: FileRules<'a>,
    /// What would stop the export as a whole.
    pub(super) blocking: Vec<Problem>,
    /// How many requests were sent that an export does not send.
    aside: u64,
}

/// What an export cannot do without.
const NEEDED: [(&str, &str); 2] = [
    ("BROWSE_PROJECTS", "see the project"),
    ("CREATE_ISSUES", "create issues"),
];

impl<'a> PlanSite<'a> {
    /// Asks Jira. A project that is missing or closed to docket is a finding and not an error.
    pub(super) async fn read(
        app: &'a App,
        jira: &Jira,
        session: &'a session::Model,
        linked: bool,
    ) -> Result<Self, CallError> {
        let project = session.jira_project_key.as_str();
        let mut site = Self {
            project,
            jira: jira.clone(),
            meta: None,
            held: Permissions::default(),
            settings: SiteSettings::default(),
            link_type: None,
            files: FileRules::new(app, session),
            blocking: Vec::new(),
            aside: 0,
        };
        match app.ask_jira(|| jira.permissions(project)).await {
            Ok(held) => site.held = held,
            Err(error) => {
                site.blocking.push(missing(error, project)?);
                return Ok(site);
            }
        }
        let lacking = NEEDED.iter().filter(|(right, _)| !site.held.has(right));
        let lacking = lacking.map(|&(right, what)| forbidden(right, what, project));
        site.blocking.extend(lacking);
        site.settings = app.ask_jira(|| jira.site_settings()).await?;
        site.aside = jira.requests_sent();
        if !site.blocking.is_empty() {
            return Ok(site);
        }
        match app.ask_jira(|| ProjectMeta::load(jira, project)).await {
            Ok(meta) => site.meta = Some(meta),
            Err(error) => site.blocking.push(missing(error, project)?),
        }
        if linked {
            let types = app.link_types(jira).await?;
            site.link_type = LinkType::blocking(&types).cloned();
        }
        Ok(site)
    }

    /// The project's key now: one that was renamed answers to its old key, too.
    pub(super) fn present_key(&self) -> &str {
        self.meta
            .as_ref()
            .map_or(self.project, |meta| &meta.project().key)
    }

    /// How many of the requests so far an export sends, too.
    pub(super) fn shared_requests(&self) -> u64 {
        // Files are asked about over a connection of their own.
        self.jira.requests_sent() - self.aside
    }

    /// Whether docket's account has the right.
    pub(super) fn may(&self, right: &str) -> bool {
        self.held.has(right)
    }
}

/// The finding for a project that is not there, or not for docket; any other failure stays one.
fn missing(error: CallError, project: &str) -> Result<Problem, CallError> {
    match &error {
        CallError::Rejected(refused) if matches!(refused.status, 404 | 410) => {
            Ok(error.failure(project).problem())
        }
        _ => Err(error),
    }
}
