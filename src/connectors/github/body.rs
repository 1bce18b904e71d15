//! The text of an issue, with docket's mark in it.

use crate::connectors::{
    markup::{Dialect, line, render},
    parcel::Parcel,
};

/// The longest title of an issue, in code points.
const TITLE_MAX: usize = 256;
/// The longest text of an issue, in code points.
const BODY_MAX: usize = 65_536;
/// How many files are named.
const FILES: usize = 40;

/// How a mark of docket's begins.
pub(super) const BEGINNING: &str = "<!-- docket:";

/// What an issue of docket's holds, and nobody sees: by it the issue is found again.
pub(super) fn mark(parcel: &Parcel) -> String {
    format!("{BEGINNING}{} -->", parcel.key)
}

pub(super) fn title(parcel: &Parcel) -> String {
    // A title is shown as it is, but for mentions and numbers, which mean nothing there.
    parcel.title.chars().take(TITLE_MAX).collect()
}

/// Description, facts, files and mark, in this order. The description gets what the others leave of the longest text.
pub(super) fn body(parcel: &Parcel) -> String {
    let mut around = vec![facts(parcel)];
    if !parcel.files.is_empty() {
        around.push(files(parcel));
    }
    around.push(mark(parcel));
    let around = around.join("\n\n");
    let number = &parcel.number;
    let notice = format!(
        "*(The description is longer than an issue may be: the whole of it is in docket, {number}.)*"
    );
    let taken = around.chars().count() + notice.chars().count() + 2 * "\n\n".len();
    let most = BODY_MAX.saturating_sub(taken);
    let description = render(&parcel.description, Dialect::Markdown, most);
    let mut parts = vec![description.text];
    if description.cut {
        parts.push(notice);
    }
    parts.push(around);
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

fn facts(parcel: &Parcel) -> String {
    let text = |text: &str| {
        let short: String = text.chars().take(300).collect();
        line(&short, Dialect::Markdown)
    };
    let mut facts = vec![
        format!("**Ticket:** {}", parcel.number),
        format!("**Priority:** {}", parcel.priority),
        format!("**Category:** {}", text(&parcel.category.to_string())),
        format!("**Environment:** {}", parcel.environment),
        format!("**Filed by:** {}", text(&parcel.creator.name)),
    ];
    if !parcel.affected_service.is_empty() {
        facts.push(format!("**Service:** {}", text(&parcel.affected_service)));
    }
    if let Some(team) = &parcel.team {
        facts.push(format!("**Team:** {}", text(team)));
    }
    if !parcel.tags.is_empty() {
        let tags = parcel.tags.join(", ");
        facts.push(format!("**Tags:** {}", text(&tags)));
    }
    format!("---\n\n{}", facts.join(" · "))
}

fn files(parcel: &Parcel) -> String {
    let mut lines = vec!["**Files in docket:**".to_owned()];
    for file in parcel.files.iter().take(FILES) {
        let name: String = file.filename.chars().take(100).collect();
        let name = line(&name, Dialect::Markdown);
        lines.push(format!("- {name} ({} bytes)", file.size_bytes));
    }
    if let Some(more) = parcel.files.len().checked_sub(FILES).filter(|n| *n > 0) {
        lines.push(format!("- and {more} more"));
    }
    lines.join("\n")
}
