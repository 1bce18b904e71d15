//! The order in which issues can be deleted: Jira deletes none that has subtasks.

use std::collections::HashMap;

use crate::{app::snapshot::Snapshot, db::export_item, domain::ids::TicketId};

/// How many issues stand above one at most, as Jira's levels go.
const LEVELS: usize = 10;

/// Puts the items into groups, the issues of each of which can be deleted once those of the groups before it are.
pub(super) fn in_groups(items: Vec<export_item::Model>) -> Vec<Vec<export_item::Model>> {
    let parents: HashMap<String, String> = items.iter().filter_map(family).collect();
    let mut groups: Vec<Vec<export_item::Model>> = vec![Vec::new(); LEVELS + 1];
    for item in items {
        let mut above = 0;
        let mut key = item.jira_key.as_ref();
        while let Some(parent) = key
            .and_then(|key| parents.get(key))
            .filter(|_| above < LEVELS)
        {
            above += 1;
            key = Some(parent);
        }
        groups[LEVELS - above].push(item);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// The place of each ticket among these.
pub(super) fn places(items: &[export_item::Model]) -> HashMap<TicketId, usize> {
    let ids = items.iter().map(|item| item.ticket_id);
    ids.zip(0..).collect()
}

/// An issue's key, and that of the issue which docket has put it under.
fn family(item: &export_item::Model) -> Option<(String, String)> {
    let parent = Snapshot::parent(item.exported.as_ref())?;
    Some((item.jira_key.clone()?, parent))
}
