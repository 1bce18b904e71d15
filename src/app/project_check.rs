//! Looking at a Jira project before anything is exported to it: what it has, and what of the requirements it cannot take.

use super::{
    App,
    jira_calls::failed,
    project_needs::{Site, check},
};
pub use crate::connectors::jira::{Account, Sprint};
use crate::{
    connectors::jira::{AttachmentSettings, CallError, IssueType, Jira, LinkType, ProjectMeta},
    domain::{
        actor::Actor, export::ErrorCategory, ids::IntegrationId, permission::Action,
        problem::Problem,
    },
    error::{Reason, Result},
};

/// What a project must be able to take.
#[derive(Clone, Debug, Default)]
#[allow(
    missing_docs,
    reason = "each field is the contract's field of the same name, documented there"
)]
pub struct Requirements {
    pub issue_types: Vec<String>,
    pub priorities: Vec<String>,
    pub sprints: Vec<String>,
    pub assignees: Vec<String>,
    pub attachments: bool,
    pub links: bool,
    pub story_points: bool,
}

/// A project to look at.
#[derive(Clone, Debug)]
pub struct ProjectQuestion {
    /// The way to Jira.
    pub integration: IntegrationId,
    /// The project's key.
    pub project: String,
    /// What it must be able to take.
    pub requirements: Requirements,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct ProjectReport {
    /// The project's name; empty where it cannot be seen.
    pub name: String,
    /// Whether issues can be created.
    pub can_create: bool,
    /// Whether the project can be seen.
    pub can_view: bool,
    /// The sprints that take issues, active ones first.
    pub sprints: Vec<Sprint>,
    /// Who may be assigned, by name.
    pub members: Vec<Account>,
    /// Ids and names of the priorities, the highest first.
    pub priorities: Vec<(String, String)>,
    /// The issue types, each with the ids of the fields that it demands.
    pub issue_types: Vec<(IssueTypeSeen, Vec<String>)>,
    /// What an export would work around.
    pub warnings: Vec<Problem>,
    /// What would stop an export.
    pub blocking: Vec<Problem>,
}

/// An issue type as it was found.
pub type IssueTypeSeen = IssueType;

impl App {
    /// Reads a project and holds it against the requirements. Changes nothing in Jira.
    pub async fn validate_project(
        &self,
        actor: &Actor,
        parse: impl FnOnce() -> Result<ProjectQuestion> + Send,
    ) -> Result<ProjectReport> {
        actor.require(Action::ReadSessions)?;
        let question = parse()?;
        let integration = self.integration(question.integration).await?;
        let jira = self.jira(&integration)?;
        let looked = self.look(&jira, &question).await;
        looked.map_err(|error| failed(&error, &question.project))
    }

    async fn look(
        &self,
        jira: &Jira,
        question: &ProjectQuestion,
    ) -> Result<ProjectReport, CallError> {
        let key = question.project.as_str();
        let mut report = ProjectReport::default();
        match self.ask_jira(|| jira.project(key)).await {
            Ok(project) => {
                report.name = project.name;
                report.warnings.extend(renamed(key, &project.key));
            }
            Err(error) if is_missing(&error) => {
                report.blocking.push(error.failure(key).problem());
                return Ok(report);
            }
            Err(error) => return Err(error),
        }
        let held = self.ask_jira(|| jira.permissions(key)).await?;
        report.can_view = held.has("BROWSE_PROJECTS");
        report.can_create = held.has("CREATE_ISSUES");
        let needed = [
            ("BROWSE_PROJECTS", "see the project"),
            ("CREATE_ISSUES", "create issues"),
        ];
        for (permission, what) in needed {
            if !held.has(permission) {
                report.blocking.push(forbidden(permission, what, key));
            }
        }
        if !(report.can_view && report.can_create) {
            return Ok(report);
        }
        let meta = self.ask_jira(|| ProjectMeta::load(jira, key)).await?;
        self.fill(jira, &meta, &mut report).await?;
        let site = Site {
            held,
            files: self.file_settings(jira).await?,
            settings: self.ask_jira(|| jira.site_settings()).await?,
            link_types: self.link_types(jira).await?,
        };
        check(self, &meta, &site, &question.requirements, &mut report).await?;
        Ok(report)
    }

    /// What the project has to offer.
    async fn fill(
        &self,
        jira: &Jira,
        meta: &ProjectMeta,
        report: &mut ProjectReport,
    ) -> Result<(), CallError> {
        for issue_type in meta.issue_types() {
            let fields = self.ask_jira(|| meta.create_fields(issue_type)).await?;
            let required = fields.iter().filter(|field| field.is_demanded());
            let required = required.map(|field| field.field_id.clone()).collect();
            report.issue_types.push((issue_type.clone(), required));
            let priority = fields.iter().find(|field| field.field_id == "priority");
            for value in priority.iter().flat_map(|field| &field.allowed_values) {
                let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
                let offered = (text("id"), text("name"));
                if !report.priorities.contains(&offered) {
                    report.priorities.push(offered);
                }
            }
        }
        let key = &meta.project().key;
        report.sprints = self.ask_jira(|| meta.sprints()).await?.to_vec();
        if self.ask_jira(|| meta.hides_boards()).await? {
            report.warnings.push(hidden_boards(key));
        }
        report.members = match self.ask_jira(|| jira.assignable_users(key)).await {
            Err(error) if is_forbidden(&error) => {
                report.warnings.push(hidden_people(key));
                Vec::new()
            }
            Err(error) if is_missing(&error) => Vec::new(),
            found => found?,
        };
        report
            .members
            .sort_by_cached_key(|member| member.display_name.to_lowercase());
        Ok(())
    }

    /// The types of link; none where links are switched off, which Jira tells by a refusal.
    pub(super) async fn link_types(&self, jira: &Jira) -> Result<Vec<LinkType>, CallError> {
        match self.ask_jira(|| jira.link_types()).await {
            Err(error) if is_withheld(&error) => Ok(Vec::new()),
            answer => answer,
        }
    }

    /// What the site takes of files, as far as it tells.
    pub(super) async fn file_settings(&self, jira: &Jira) -> Result<AttachmentSettings, CallError> {
        match self.ask_jira(|| jira.attachment_settings()).await {
            Err(error) if is_withheld(&error) => Ok(AttachmentSettings::UNTOLD),
            answer => answer,
        }
    }
}

/// Whether the thing asked for is not there, or not for docket's account, which may do without it.
fn is_withheld(error: &CallError) -> bool {
    is_forbidden(error) || is_missing(error)
}

fn is_forbidden(error: &CallError) -> bool {
    matches!(error, CallError::Rejected(refused) if refused.status == 403)
}

fn is_missing(error: &CallError) -> bool {
    matches!(error, CallError::Rejected(refused) if matches!(refused.status, 404 | 410))
}

/// What is told of a project that has another key by now.
fn renamed(key: &str, now: &str) -> Option<Problem> {
    (key != now).then(|| Problem {
        reason: Reason::JiraFieldRejected,
        category: ErrorCategory::UserFixable,
        message: format!(
            "The project {key} has the key {now} now: its issues get keys such as {now}-1. Jira still takes the old key."
        ),
        field: "jira_project_key".to_owned(),
        recommended_action: format!("Use the key {now}."),
    })
}

/// What is told where there may be more sprints than docket's account sees.
fn hidden_boards(project: &str) -> Problem {
    Problem {
        reason: Reason::JiraForbidden,
        category: ErrorCategory::AdminRequired,
        message: format!(
            "docket's Jira account may not look at every board of the project {project}: there may be sprints that it cannot see, and puts no issue into."
        ),
        field: "available_sprints".to_owned(),
        recommended_action:
            "Give the account access to Jira Software, and let it see the project's boards with their filters."
                .to_owned(),
    }
}

/// What is told where docket's account may not look for people.
fn hidden_people(project: &str) -> Problem {
    Problem {
        reason: Reason::JiraForbidden,
        category: ErrorCategory::AdminRequired,
        message: format!(
            "docket's Jira account may not look for the people whom issues of the project {project} can be assigned to: it assigns no issue."
        ),
        field: "team_members".to_owned(),
        recommended_action: format!(
            "Give the account the global permission “Browse users and groups”, or ASSIGN_ISSUES in the project {project}."
        ),
    }
}

/// A right that docket's account lacks.
pub(super) fn forbidden(permission: &str, what: &str, project: &str) -> Problem {
    Problem {
        reason: Reason::JiraForbidden,
        category: ErrorCategory::AdminRequired,
        message: format!("docket's Jira account may not {what} in the project {project}."),
        field: String::new(),
        recommended_action: format!(
            "Give the account the permission {permission} in the project {project}."
        ),
    }
}
