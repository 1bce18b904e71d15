//! What an export has made, and why it stopped, for a person.

use std::collections::HashMap;

use super::{counting::counted, progress::clock};
use crate::proto::v1::{Export, ExportStatus, GetExportResultsResponse, ManualFix, ManualFixType};

/// Keys, addresses and titles, what is left to do by hand, and the sums: for standard output.
pub(super) fn table(results: &GetExportResultsResponse) -> String {
    let tickets = &results.jira_tickets;
    let longest = |width: fn(&crate::proto::v1::JiraTicket) -> usize| {
        tickets.iter().map(width).max().unwrap_or(0)
    };
    let (key, url) = (
        longest(|ticket| ticket.jira_key.len()),
        longest(|ticket| ticket.jira_url.len()),
    );
    let mut text = String::new();
    for ticket in tickets {
        let (k, u) = (&ticket.jira_key, &ticket.jira_url);
        text += &format!("{k:key$}  {u:url$}  {}\n", ticket.title);
    }
    let open: Vec<&ManualFix> = results.manual_fixes.iter().filter(|f| !f.applied).collect();
    if !open.is_empty() {
        text += "\nTo do by hand:\n";
    }
    let mut told = HashMap::new();
    for fix in open {
        let fix = whole(fix, &mut told);
        text += &format!("  {}\n    {}\n", fix_line(&fix), fix.recommended_action);
    }
    if !results.orphaned_keys.is_empty() {
        let keys = results.orphaned_keys.join(", ");
        text += &format!("\nIssues that exist but are recorded with no ticket: {keys}\n");
    }
    if let Some(export) = &results.export {
        text += &format!("\n{}\n", sums(export));
    }
    text
}

/// The fix with the texts that the server left out since the one about the same before it has them.
fn whole(fix: &ManualFix, told: &mut HashMap<(i32, String), (String, String)>) -> ManualFix {
    let mut fix = fix.clone();
    let field = match fix.r#type() {
        ManualFixType::AttachmentFailed => String::new(),
        _ => fix.field.clone(),
    };
    let (reason, action) = told.entry((fix.r#type, field)).or_default();
    for (text, before) in [
        (&mut fix.reason, reason),
        (&mut fix.recommended_action, action),
    ] {
        match text.is_empty() {
            true => text.clone_from(before),
            false => before.clone_from(text),
        }
    }
    fix
}

/// The export in one line.
fn sums(export: &Export) -> String {
    let time = export
        .processing_time
        .as_ref()
        .map(clock)
        .unwrap_or_default();
    let tickets = counted(
        export.total_tickets,
        "ticket has its issue",
        "tickets have their issues",
    );
    format!(
        "{}: {} of {tickets}, {}, {}, {time}",
        status_name(export),
        export.tickets_completed,
        counted(
            export.dependencies_created,
            "dependency link",
            "dependency links"
        ),
        counted(export.manual_fixes_needed, "manual fix", "manual fixes"),
    )
}

/// Why the export did not complete and what can be done, a line each: for standard error.
pub(super) fn failure(export: &Export) -> String {
    let Some(failure) = &export.failure else {
        return format!("the export is {}", status_name(export));
    };
    let at = match failure.failed_at_ticket_order {
        0 => String::new(),
        order => format!("at ticket {order}: "),
    };
    let mut text = format!("{at}{} ({})", failure.user_message, failure.reason);
    for action in &failure.recovery_actions {
        text += &format!("\n  - {action}");
    }
    text
}

fn status_name(export: &Export) -> &'static str {
    ExportStatus::as_str_name(&export.status()).trim_start_matches("EXPORT_STATUS_")
}

/// A manual fix in one line: where, what was wanted, what came instead, and why.
pub(super) fn fix_line(fix: &ManualFix) -> String {
    let sent = match fix.sent.as_str() {
        "" => "left out".to_owned(),
        sent => format!("sent as {sent:?}"),
    };
    format!(
        "{} {}: {:?} was {sent}: {}",
        fix.jira_key, fix.field, fix.wanted, fix.reason
    )
}
