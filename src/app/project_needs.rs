//! What of an export's requirements a Jira project cannot take: one finding each, by whether it would stop the export.

use super::{
    App,
    project_check::{ProjectReport, Requirements, forbidden},
};
use crate::{
    connectors::jira::{
        AttachmentSettings, CallError, IssueType, LinkType, Permissions, ProjectMeta, SiteSettings,
    },
    domain::{export::ErrorCategory, problem::Problem},
    error::Reason,
};

/// What is true of the site, whatever the project.
pub(super) struct Site {
    pub(super) held: Permissions,
    pub(super) files: AttachmentSettings,
    pub(super) settings: SiteSettings,
    pub(super) link_types: Vec<LinkType>,
}

/// Fields that docket fills in for every ticket.
const ALWAYS_SENT: [&str; 4] = ["project", "issuetype", "summary", "priority"];
/// Fields that docket fills in for a ticket that has something to put there.
const SENT_WHERE_GIVEN: [&str; 3] = ["description", "labels", "assignee"];

/// Holds the project against the requirements.
pub(super) async fn check(
    app: &App,
    meta: &ProjectMeta,
    site: &Site,
    wanted: &Requirements,
    report: &mut ProjectReport,
) -> Result<(), CallError> {
    let used = check_issue_types(meta, wanted, report);
    check_priorities(wanted, report);
    check_sprints(meta, site, wanted, report);
    check_assignees(app, meta, site, wanted, report).await?;
    check_story_points(app, meta, &used, wanted, report).await?;
    check_files(meta, site, wanted, report);
    check_links(meta, site, wanted, report);
    Ok(())
}

/// The issue types that are wanted and there; every ordinary one where none is named.
fn check_issue_types(
    meta: &ProjectMeta,
    wanted: &Requirements,
    report: &mut ProjectReport,
) -> Vec<IssueType> {
    if meta.issue_types().is_empty() {
        report.blocking.push(finding(
            Reason::JiraIssueTypeNotFound,
            "",
            format!("The project {} has no issue type.", meta.project().key),
            "Ask a Jira administrator to give the project an issue type scheme.",
        ));
    }
    let mut used = Vec::new();
    for (index, name) in wanted.issue_types.iter().enumerate() {
        let field = format!("requirements.issue_types[{index}]");
        match meta.issue_type(name) {
            Ok(found) => {
                check_demands(found, &field, report);
                used.push(found.clone());
            }
            Err(stop) => report.blocking.push(Problem {
                field,
                ..stop.problem()
            }),
        }
    }
    if wanted.issue_types.is_empty() {
        let ordinary = meta.issue_types().iter().filter(|found| !found.subtask);
        used.extend(ordinary.cloned());
    }
    used
}

/// What an issue type demands and docket sends only where a ticket gives it, or not at all.
fn check_demands(issue_type: &IssueType, field: &str, report: &mut ProjectReport) {
    let name = &issue_type.name;
    if issue_type.subtask {
        report.warnings.push(finding(
            Reason::JiraRequiredFieldMissing,
            field,
            format!("Every {name} needs a parent."),
            "Give each such ticket its parent's key as `parent` in `custom_fields`, or choose another issue type.",
        ));
    }
    let demands = report
        .issue_types
        .iter()
        .find(|(seen, _)| seen.id == issue_type.id);
    let demanded: Vec<String> = demands.iter().flat_map(|(_, ids)| ids.clone()).collect();
    for id in demanded {
        let id = id.as_str();
        if ALWAYS_SENT.contains(&id) || (issue_type.subtask && id == "parent") {
            continue;
        }
        let message = format!("Every {name} needs the field {id}.");
        if SENT_WHERE_GIVEN.contains(&id) {
            let action = "Make sure that every ticket of this type has it.";
            report.warnings.push(finding(
                Reason::JiraRequiredFieldMissing,
                id,
                message,
                action,
            ));
        } else {
            let action = "Give every ticket of this type a value for it in `custom_fields`, or have the field made optional in Jira.";
            report.blocking.push(finding(
                Reason::JiraRequiredFieldMissing,
                id,
                message,
                action,
            ));
        }
    }
}

fn check_priorities(wanted: &Requirements, report: &mut ProjectReport) {
    for (index, name) in wanted.priorities.iter().enumerate() {
        let same = |(_, offered): &(String, String)| same_name(offered, name);
        if !report.priorities.iter().any(same) {
            report.warnings.push(finding(
                Reason::JiraFieldRejected,
                format!("requirements.priorities[{index}]"),
                format!("The project has no priority “{name}”."),
                "Choose one of the project's priorities, or ask a Jira administrator to add this one to its scheme.",
            ));
        }
    }
}

fn check_sprints(
    meta: &ProjectMeta,
    site: &Site,
    wanted: &Requirements,
    report: &mut ProjectReport,
) {
    for (index, name) in wanted.sprints.iter().enumerate() {
        if !report.sprints.iter().any(|sprint| sprint.is_called(name)) {
            report.warnings.push(finding(
                Reason::JiraFieldRejected,
                format!("requirements.sprints[{index}]"),
                format!("No board of the project that docket's account may look at has an active or future sprint “{name}”."),
                "Create the sprint in Jira, or choose another one.",
            ));
        }
    }
    let rights = [
        ("SCHEDULE_ISSUES", "put issues into sprints"),
        (
            "EDIT_ISSUES",
            "change issues, as putting them into sprints does",
        ),
    ];
    if !wanted.sprints.is_empty() {
        require_rights(meta, site, &rights, report);
    }
}

async fn check_assignees(
    app: &App,
    meta: &ProjectMeta,
    site: &Site,
    wanted: &Requirements,
    report: &mut ProjectReport,
) -> Result<(), CallError> {
    if !wanted.assignees.is_empty() {
        require_rights(meta, site, &[("ASSIGN_ISSUES", "assign issues")], report);
    }
    for (index, name) in wanted.assignees.iter().enumerate() {
        let who = app.ask_jira(|| meta.user(name)).await?;
        if let Some(why) = who.why_not(&meta.project().key) {
            report.warnings.push(finding(
                Reason::JiraFieldRejected,
                format!("requirements.assignees[{index}]"),
                format!("“{name}”: {why}"),
                "Name the person by account id, or give them access to the project.",
            ));
        }
    }
    if !site.settings.unassigned_issues_allowed {
        report.warnings.push(finding(
            Reason::JiraRequiredFieldMissing,
            "assignee",
            "This Jira site takes no issue without an assignee.".to_owned(),
            "Give every ticket an assignee, or have unassigned issues allowed in Jira.",
        ));
    }
    Ok(())
}

async fn check_story_points(
    app: &App,
    meta: &ProjectMeta,
    used: &[IssueType],
    wanted: &Requirements,
    report: &mut ProjectReport,
) -> Result<(), CallError> {
    if !wanted.story_points {
        return Ok(());
    }
    for issue_type in used {
        if !app.ask_jira(|| meta.takes_story_points(issue_type)).await? {
            report.warnings.push(finding(
                Reason::JiraFieldRejected,
                "requirements.story_points",
                format!(
                    "The create screen of {} has no field for story points.",
                    issue_type.name
                ),
                "Ask a Jira administrator to put the field on the project's create screen.",
            ));
        }
    }
    Ok(())
}

fn check_files(meta: &ProjectMeta, site: &Site, wanted: &Requirements, report: &mut ProjectReport) {
    if !wanted.attachments {
        return;
    }
    if !site.files.enabled {
        report.warnings.push(finding(
            Reason::JiraForbidden,
            "requirements.attachments",
            "Attachments are switched off on this Jira site.".to_owned(),
            "Ask a Jira administrator to switch attachments on.",
        ));
    }
    require_rights(
        meta,
        site,
        &[("CREATE_ATTACHMENTS", "attach files")],
        report,
    );
}

fn check_links(meta: &ProjectMeta, site: &Site, wanted: &Requirements, report: &mut ProjectReport) {
    if !wanted.links {
        return;
    }
    let field = "requirements.links";
    let kind = LinkType::blocking(&site.link_types);
    if !site.settings.issue_linking_enabled || kind.is_none() {
        report.warnings.push(finding(
            Reason::JiraForbidden,
            field,
            "Dependencies cannot become links on this Jira site.".to_owned(),
            "Ask a Jira administrator to switch issue links on and to add the type “Blocks”.",
        ));
    } else if let Some(kind) = kind.filter(|kind| !kind.blocks()) {
        report.warnings.push(finding(
            Reason::JiraFieldRejected,
            field,
            format!("This Jira site has no link type “Blocks”; dependencies become links of the type “{}”.", kind.name),
            "Ask a Jira administrator to add the link type “Blocks”.",
        ));
    }
    require_rights(meta, site, &[("LINK_ISSUES", "link issues")], report);
}

fn require_rights(
    meta: &ProjectMeta,
    site: &Site,
    rights: &[(&str, &str)],
    report: &mut ProjectReport,
) {
    let lacking = rights
        .iter()
        .filter(|(permission, _)| !site.held.has(permission));
    let key = &meta.project().key;
    report
        .warnings
        .extend(lacking.map(|&(permission, what)| forbidden(permission, what, key)));
}

fn same_name(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

fn finding(
    reason: Reason,
    field: impl Into<String>,
    message: String,
    recommended_action: &str,
) -> Problem {
    let category = match reason {
        Reason::JiraFieldRejected => ErrorCategory::UserFixable,
        _ => ErrorCategory::AdminRequired,
    };
    Problem {
        reason,
        category,
        message,
        field: field.into(),
        recommended_action: recommended_action.to_owned(),
    }
}
