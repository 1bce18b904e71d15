//! Fixes that nobody has to apply any more: of issues that a revert has deleted, or has found gone.

use std::collections::BTreeSet;

use super::export_revert::is_gone;
use crate::{
    db::{export_fix, export_item},
    domain::export::{ManualFixType, RevertState},
};

/// The keys of the issues that are not there any more, as far as a revert knows.
pub(super) fn gone(items: &[export_item::Model]) -> BTreeSet<&str> {
    let is_over = |revert, note: &Option<String>| {
        revert == Some(RevertState::Deleted) || is_gone(note.as_deref())
    };
    let own = items
        .iter()
        .filter(|item| is_over(item.revert, &item.revert_note))
        .filter_map(|item| item.jira_key.as_deref());
    let spares = items.iter().flat_map(|item| item.spares());
    let spares = spares
        .filter(|spare| is_over(spare.revert, &spare.note))
        .map(|spare| spare.key.as_str());
    own.chain(spares).collect()
}

/// Whether a fix is about such an issue, or about a link with one.
pub(super) fn is_moot(fix: &export_fix::Model, gone: &BTreeSet<&str>) -> bool {
    let is_over = |key: &str| gone.contains(key);
    let linked = fix.fix_type == ManualFixType::LinkFailed;
    fix.jira_key.as_deref().is_some_and(is_over)
        || (linked && fix.wanted.split(" blocks ").any(is_over))
}

/// How many fixes are left for a person.
pub(super) fn left(fixes: &[export_fix::Model], gone: &BTreeSet<&str>) -> i32 {
    let open = fixes.iter().filter(|fix| !fix.applied);
    let open = open.filter(|fix| !is_moot(fix, gone));
    i32::try_from(open.count()).unwrap_or(i32::MAX)
}
