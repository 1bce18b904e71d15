//! Holds what docket says it has made against what is really in the sandbox.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{super::CommandError, files::Attached};
use crate::{
    connectors::jira::PROPERTY,
    proto::v1::{GetExportResultsResponse, NewSessionTicket},
    sandbox::{Issue, Sandbox},
};

/// The kind of link that a dependency becomes.
const BLOCKS: &str = "Blocks";

/// What was found in Jira.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) issues: usize,
    pub(super) links: usize,
    pub(super) files: usize,
}

/// Every ticket has exactly one issue, which is the one that docket names and has the ticket's title; every dependency is exactly
/// one link, every file of a ticket exactly one of its issue; and there is nothing else. The error has a line for each thing that is off.
pub(super) fn hold(
    sandbox: &Sandbox,
    tickets: &[NewSessionTicket],
    attached: &[Attached],
    results: &GetExportResultsResponse,
) -> Result<Found, CommandError> {
    let issues = sandbox.issues();
    let mut faults = Vec::new();
    check_issues(&issues, results, &mut faults);
    if issues.len() != tickets.len() {
        let (made, wanted) = (issues.len(), tickets.len());
        faults.push(format!("Jira has {made} issues for {wanted} tickets"));
    }
    let keys = keys_by_ref(tickets, results, &mut faults);
    let links = check_links(sandbox, tickets, &keys, &mut faults);
    let files = check_files(sandbox, attached, results, &mut faults);
    match faults.is_empty() {
        true => Ok(Found {
            issues: issues.len(),
            links,
            files,
        }),
        false => Err(faults.join("\n").into()),
    }
}

/// The id of the ticket that an issue says it was made for.
fn ticket_of(issue: &Issue) -> Option<&str> {
    issue.properties.get(PROPERTY)?.get("ticket")?.as_str()
}

fn check_issues(issues: &[Issue], results: &GetExportResultsResponse, faults: &mut Vec<String>) {
    let mut by_ticket: BTreeMap<&str, Vec<&Issue>> = BTreeMap::new();
    for issue in issues {
        match ticket_of(issue) {
            Some(ticket) => by_ticket.entry(ticket).or_default().push(issue),
            None => faults.push(format!("{} is of no ticket", issue.key)),
        }
    }
    for ticket in &results.jira_tickets {
        let made = by_ticket
            .remove(ticket.ticket_id.as_str())
            .unwrap_or_default();
        let keys: Vec<&str> = made.iter().map(|issue| issue.key.as_str()).collect();
        if keys != [ticket.jira_key.as_str()] {
            let (title, key) = (&ticket.title, &ticket.jira_key);
            faults.push(format!("{title:?} should be {key} alone, and is {keys:?}"));
        }
        let summary = made.first().and_then(|issue| issue.fields.get("summary"));
        if summary.and_then(|summary| summary.as_str()) != Some(&ticket.title) {
            faults.push(format!(
                "{} is not called {:?}",
                ticket.jira_key, ticket.title
            ));
        }
    }
    for (ticket, made) in by_ticket {
        let keys: Vec<&str> = made.iter().map(|issue| issue.key.as_str()).collect();
        faults.push(format!(
            "docket does not know of {keys:?} for ticket {ticket}"
        ));
    }
}

/// The key of each ticket's issue. The story gives no title twice, so that a title leads from a ref to its ticket.
fn keys_by_ref<'a>(
    tickets: &'a [NewSessionTicket],
    results: &'a GetExportResultsResponse,
    faults: &mut Vec<String>,
) -> HashMap<&'a str, &'a str> {
    let by_title: HashMap<&str, &str> = results
        .jira_tickets
        .iter()
        .map(|ticket| (ticket.title.as_str(), ticket.jira_key.as_str()))
        .collect();
    let mut keys = HashMap::new();
    for ticket in tickets {
        match by_title.get(ticket.title.as_str()) {
            Some(key) => {
                keys.insert(ticket.r#ref.as_str(), *key);
            }
            None => faults.push(format!("{:?} has no issue", ticket.title)),
        }
    }
    keys
}

fn check_links(
    sandbox: &Sandbox,
    tickets: &[NewSessionTicket],
    keys: &HashMap<&str, &str>,
    faults: &mut Vec<String>,
) -> usize {
    let links = sandbox.links();
    let set: BTreeSet<(&str, &str)> = links
        .iter()
        .filter(|link| link.type_name == BLOCKS)
        .map(|link| (link.inward.as_str(), link.outward.as_str()))
        .collect();
    let mut wanted = BTreeSet::new();
    for ticket in tickets {
        for reference in &ticket.depends_on_refs {
            if let (Some(before), Some(after)) = (
                keys.get(reference.as_str()),
                keys.get(ticket.r#ref.as_str()),
            ) {
                wanted.insert((*before, *after));
            }
        }
    }
    for (before, after) in wanted.difference(&set) {
        faults.push(format!("{before} should block {after}, and does not"));
    }
    for (before, after) in set.difference(&wanted) {
        faults.push(format!("{before} blocks {after}, which nobody asked for"));
    }
    if links.len() != set.len() {
        faults.push(format!(
            "Jira has {} links, of which {} are wanted",
            links.len(),
            set.len()
        ));
    }
    set.len()
}

/// How many files the issues have: exactly those that the tickets have.
fn check_files(
    sandbox: &Sandbox,
    attached: &[Attached],
    results: &GetExportResultsResponse,
    faults: &mut Vec<String>,
) -> usize {
    let key = |ticket: &str| {
        let made = results.jira_tickets.iter();
        let mut made = made.filter(|made| made.ticket_id == ticket);
        made.next().map(|made| made.jira_key.clone())
    };
    let wanted = attached.iter().map(|file| {
        let key = key(&file.ticket_id).unwrap_or_default();
        (key, file.filename.clone(), file.size)
    });
    let mut wanted: Vec<_> = wanted.collect();
    let files = sandbox.attachments().into_iter();
    let mut found: Vec<_> = files
        .map(|file| (file.issue, file.filename, file.size))
        .collect();
    wanted.sort();
    found.sort();
    if found != wanted {
        let (found, wanted) = (found.len(), wanted.len());
        faults.push(format!("the issues have {found} files for {wanted}"));
    }
    found.len()
}
