//! Callouts of the editors and sites in use, by their marks in the HTML.

use super::dom::{Dom, Element, NodeId};
use super::tag::Tag;
use super::tree::PanelKind;

/// The kind of panel an element is, if it is one.
pub(super) fn kind(dom: &Dom, node: NodeId, element: &Element, tag: Tag) -> Option<PanelKind> {
    if let Some(kind) = element.attr("data-panel-type") {
        return Some(jira(kind));
    }
    if element.attr("data-macro-name") == Some("panel") || is_jira_panel(dom, node, element) {
        return Some(PanelKind::Note);
    }
    let mut marked = false;
    for class in element.classes() {
        // Confluence's names for its macros are not those of Jira's panels.
        if let Some(name) = class.strip_prefix("confluence-information-macro-")
            && let Some(kind) = confluence(name)
        {
            return Some(kind);
        }
        if let Some(kind) = class.strip_prefix("markdown-alert-").and_then(named) {
            return Some(kind);
        }
        marked |= matches!(class, "markdown-alert" | "admonition" | "alert" | "callout");
    }
    if marked {
        let names = element.classes().map(|class| {
            let name = class
                .strip_prefix("alert--")
                .or_else(|| class.strip_prefix("alert-"))
                .or_else(|| class.strip_prefix("theme-admonition-"))
                .or_else(|| class.strip_prefix("callout-"));
            name.unwrap_or(class)
        });
        let kinds: Vec<PanelKind> = names.filter_map(named).collect();
        return kinds.first().copied().or(Some(PanelKind::Info));
    }
    (tag == Tag::Aside).then_some(PanelKind::Info)
}

/// A panel as Jira and Confluence show it; their code blocks are panels, too.
fn is_jira_panel(dom: &Dom, node: NodeId, element: &Element) -> bool {
    let parts = std::iter::successors(dom.first_child(node), |n| dom.next_sibling(*n));
    let is_body = |part: &Element| part.has_class("panelContent") && !part.has_class("codeContent");
    element.has_class("panel") && parts.filter_map(|n| dom.element(n)).any(is_body)
}

fn jira(name: &str) -> PanelKind {
    match name {
        "note" => PanelKind::Note,
        "success" | "tip" => PanelKind::Success,
        "warning" => PanelKind::Warning,
        "error" => PanelKind::Error,
        _ => PanelKind::Info,
    }
}

fn confluence(name: &str) -> Option<PanelKind> {
    Some(match name {
        "information" => PanelKind::Info,
        "tip" => PanelKind::Success,
        "note" => PanelKind::Warning,
        "warning" => PanelKind::Error,
        _ => return None,
    })
}

fn named(name: &str) -> Option<PanelKind> {
    Some(match name {
        "note" | "info" | "primary" | "secondary" | "seealso" => PanelKind::Info,
        "important" => PanelKind::Note,
        "tip" | "success" | "hint" => PanelKind::Success,
        "warning" | "attention" => PanelKind::Warning,
        "caution" | "danger" | "error" => PanelKind::Error,
        _ => return None,
    })
}
