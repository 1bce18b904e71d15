//! A Jira project that is looked at: what it has to be able to take, and what was found.

use super::{integration::problem, time::timestamp};
use crate::{
    app::project_check::{
        Account, IssueTypeSeen, ProjectQuestion, ProjectReport, Requirements, Sprint,
    },
    domain::{
        integration::project_key,
        session_ticket::{jira_assignee, jira_name},
    },
    error::{self, Broken, Result, Violations},
    proto::v1,
};

/// The most entries of a list of requirements.
const MAX_NAMES: usize = 100;

/// What ValidateProject asks for.
pub(in crate::api) fn question(request: v1::ValidateProjectRequest) -> Result<ProjectQuestion> {
    let mut violations = Violations::new();
    let check = &mut violations;
    let integration = check.check("integration_id", request.integration_id.parse());
    let project = check.check("jira_project_key", project_key(&request.jira_project_key));
    let wanted = request.requirements.unwrap_or_default();
    let issue_types = names(&wanted.issue_types, jira_name);
    let issue_types = check.check("requirements.issue_types", issue_types);
    let priorities = names(&wanted.priorities, jira_name);
    let priorities = check.check("requirements.priorities", priorities);
    let sprints = check.check("requirements.sprints", names(&wanted.sprints, jira_name));
    let assignees = names(&wanted.assignees, jira_assignee);
    let assignees = check.check("requirements.assignees", assignees);
    let place = integration.zip(project);
    let things = issue_types.zip(priorities).zip(sprints).zip(assignees);
    let (place, (((issue_types, priorities), sprints), assignees)) =
        violations.settle(place.zip(things))?;
    Ok(ProjectQuestion {
        integration: place.0,
        project: place.1,
        requirements: Requirements {
            issue_types,
            priorities,
            sprints,
            assignees,
            attachments: wanted.attachments,
            links: wanted.links,
            story_points: wanted.story_points,
        },
    })
}

fn names(
    texts: &[String],
    rule: impl Fn(&str) -> Result<String, Broken>,
) -> Result<Vec<String>, Vec<Broken>> {
    if texts.len() > MAX_NAMES {
        let rule = format!("must have at most {MAX_NAMES} entries");
        return Err(Broken::new(rule).into());
    }
    error::each(texts, |text| rule(text))
}

/// What ValidateProject answers.
pub(in crate::api) fn report(report: ProjectReport) -> v1::ValidateProjectResponse {
    let priorities = report.priorities.into_iter();
    v1::ValidateProjectResponse {
        project_name: report.name,
        valid: report.blocking.is_empty(),
        can_create_issues: report.can_create,
        can_view_project: report.can_view,
        available_sprints: report.sprints.into_iter().map(sprint).collect(),
        team_members: report.members.into_iter().map(user).collect(),
        priority_levels: priorities
            .map(|(id, name)| v1::JiraPriority { id, name })
            .collect(),
        issue_types: report.issue_types.into_iter().map(issue_type).collect(),
        warnings: report.warnings.into_iter().map(problem).collect(),
        blocking_issues: report.blocking.into_iter().map(problem).collect(),
    }
}

fn sprint(sprint: Sprint) -> v1::JiraSprint {
    let time = |text: Option<String>| {
        let read = chrono::DateTime::parse_from_rfc3339(&text?).ok()?;
        Some(timestamp(read.to_utc()))
    };
    v1::JiraSprint {
        id: i64::try_from(sprint.id).unwrap_or(i64::MAX),
        name: sprint.name,
        state: sprint.state,
        start_time: time(sprint.start_date),
        end_time: time(sprint.end_date),
    }
}

fn user(account: Account) -> v1::JiraUser {
    v1::JiraUser {
        account_id: account.account_id,
        display_name: account.display_name,
        email: account.email_address,
    }
}

fn issue_type((seen, required_fields): (IssueTypeSeen, Vec<String>)) -> v1::JiraIssueType {
    v1::JiraIssueType {
        id: seen.id,
        name: seen.name,
        subtask: seen.subtask,
        required_fields,
    }
}
