//! Holds what is in Jira against the session and against what docket says.

use std::collections::{BTreeMap, BTreeSet};

use docket::{
    connectors::jira::PROPERTY,
    proto::v1::{ExportStatus, GetExportResultsResponse},
    sandbox::{Issue, SPRINT, Sandbox},
};

use super::story::Story;

/// Every ticket is one issue, the one that docket names; every dependency is one link; and docket made nothing else.
pub(super) fn hold(jira: &Sandbox, story: &Story, results: &GetExportResultsResponse) {
    let export = results.export.as_ref().expect("an export");
    assert_eq!(export.status(), ExportStatus::Completed, "{export:?}");
    assert_eq!(
        usize::try_from(export.tickets_completed).unwrap(),
        story.len()
    );
    assert_eq!(export.tickets_failed, 0);
    let links = usize::try_from(export.dependencies_created).unwrap();
    assert_eq!(links, story.dependencies().len());
    assert_eq!(results.orphaned_keys, [""; 0]);
    let own: Vec<Issue> = jira.issues().into_iter().filter(|i| !i.foreign).collect();
    check_issues(&own, story, results);
    check_links(jira, story, &own);
    check_sprints(story, &own);
    check_files(jira, story, &own);
    check_fixes(results);
}

fn check_issues(own: &[Issue], story: &Story, results: &GetExportResultsResponse) {
    let mut made: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for issue in own {
        made.entry(ticket_of(issue)).or_default().push(&issue.key);
    }
    let told: BTreeMap<String, Vec<&str>> = results
        .jira_tickets
        .iter()
        .map(|ticket| (ticket.ticket_id.clone(), vec![ticket.jira_key.as_str()]))
        .collect();
    assert_eq!(
        made, told,
        "the issues of each ticket: in Jira, and as docket tells"
    );
    assert_eq!(made.len(), story.len(), "every ticket has its issue");
    let titles: BTreeMap<&str, &str> = own.iter().map(|i| (i.key.as_str(), title(i))).collect();
    for ticket in &results.jira_tickets {
        assert_eq!(titles[ticket.jira_key.as_str()], ticket.title);
    }
}

fn check_links(jira: &Sandbox, story: &Story, own: &[Issue]) {
    let titles: BTreeMap<&str, &str> = own.iter().map(|i| (i.key.as_str(), title(i))).collect();
    let links = jira.links();
    let made: BTreeSet<(&str, &str)> = links
        .iter()
        .inspect(|link| assert_eq!(link.type_name, "Blocks"))
        .map(|link| (titles[link.inward.as_str()], titles[link.outward.as_str()]))
        .collect();
    assert_eq!(made, story.dependencies(), "what blocks what");
    assert_eq!(links.len(), made.len(), "no link is there twice");
}

fn check_sprints(story: &Story, own: &[Issue]) {
    for (named, sprint) in story.sprints() {
        let issue = own.iter().find(|issue| title(issue) == named);
        let value = &issue.expect("its issue").fields[SPRINT];
        assert_eq!(value[0]["name"], sprint, "the sprint of {named:?}: {value}");
    }
}

/// Every file of a ticket is one of its issue, with the same bytes; and none is there twice.
fn check_files(jira: &Sandbox, story: &Story, own: &[Issue]) {
    for issue in own {
        let files = jira.attachments().into_iter();
        let mut made: Vec<(String, Vec<u8>)> = files
            .filter(|file| file.issue == issue.key)
            .map(|file| (file.filename, file.content.to_vec()))
            .collect();
        let mut wanted: Vec<(String, Vec<u8>)> = story
            .files(title(issue))
            .into_iter()
            .map(|(name, bytes)| (name.to_owned(), bytes.into_bytes()))
            .collect();
        made.sort();
        wanted.sort();
        assert_eq!(made, wanted, "the files of {}", issue.key);
    }
}

/// What a person is asked to put right, they are asked for once.
fn check_fixes(results: &GetExportResultsResponse) {
    let mut asked = BTreeSet::new();
    for fix in &results.manual_fixes {
        let what = (&fix.jira_key, &fix.field, &fix.wanted);
        assert!(asked.insert(what), "asked for twice: {fix:?}");
    }
    let counted = results
        .export
        .as_ref()
        .map(|export| export.manual_fixes_needed);
    assert_eq!(counted, i32::try_from(asked.len()).ok());
}

/// The id of the ticket that an issue says it was made for.
pub(super) fn ticket_of(issue: &Issue) -> String {
    let mark = issue.properties.get(PROPERTY).expect("docket's mark");
    mark["ticket"].as_str().expect("a ticket").to_owned()
}

fn title(issue: &Issue) -> &str {
    issue.fields["summary"].as_str().expect("a summary")
}
