//! Second issues of tickets: Jira carried out a create that docket had given up, after docket had sent it again. Jira has no means to
//! keep that from happening, so it is looked for afterwards, and told.

use crate::{
    connectors::jira::MarkedIssue,
    db::{export_fix, export_item},
    domain::{
        export::{ManualFixType, SpareIssue},
        ids::FixId,
        time::Time,
    },
};

/// The field that a fix about a second issue names.
pub(crate) const FIELD: &str = "issue";

/// The number of the key behind which second issues of these items may be; `None`: there can be none.
pub(crate) fn since<'a>(items: impl IntoIterator<Item = &'a export_item::Model>) -> Option<i64> {
    let doubted = items.into_iter().filter(|item| item.doubted);
    doubted.map(|item| item.high_key.unwrap_or_default()).min()
}

/// The second issues of an item among those that bear the run's mark.
pub(crate) fn spares(item: &export_item::Model, seen: &[MarkedIssue]) -> Vec<SpareIssue> {
    let own = item.jira_id.as_deref();
    let second = |it: &&MarkedIssue| {
        it.marker.ticket == item.ticket_id && own.is_some_and(|own| own != it.issue.id)
    };
    let second = seen.iter().filter(second).map(|it| SpareIssue {
        id: it.issue.id.clone(),
        key: it.issue.key.clone(),
        revert: None,
        note: None,
    });
    second.collect()
}

/// Those that are not recorded yet.
pub(crate) fn new_spares(item: &export_item::Model, seen: &[MarkedIssue]) -> Vec<SpareIssue> {
    let mut found = spares(item, seen);
    found.retain(|spare| !item.spares().iter().any(|known| known.id == spare.id));
    found
}

/// What a person has to do about a second issue.
pub(crate) fn fix(item: &export_item::Model, spare: &SpareIssue, now: Time) -> export_fix::Model {
    let (own, key) = (item.jira_key.clone().unwrap_or_default(), &spare.key);
    export_fix::Model {
        id: FixId::at(now),
        export_id: item.export_id,
        ticket_id: item.ticket_id,
        jira_key: Some(key.clone()),
        fix_type: ManualFixType::FieldRejected,
        field: FIELD.to_owned(),
        reason: format!(
            "Jira gave no answer to a create, showed no issue for half a minute, and carried it out after docket had sent it again: {key} is a second issue of the ticket"
        ),
        recommended_action: format!(
            "Delete {key} in Jira, and keep {own}, which has the files and links; then ApplyFixes sees that it is gone. Or RevertExport takes both back."
        ),
        wanted: own,
        sent: Some(key.clone()),
        applied: false,
        create_time: now,
    }
}

/// What a person has to do where not all keys could be read that a second issue may have.
pub(crate) fn doubt(item: &export_item::Model, now: Time) -> export_fix::Model {
    let own = item.jira_key.clone().unwrap_or_default();
    export_fix::Model {
        id: FixId::at(now),
        export_id: item.export_id,
        ticket_id: item.ticket_id,
        jira_key: Some(own.clone()),
        fix_type: ManualFixType::FieldRejected,
        field: FIELD.to_owned(),
        reason: "Jira gave no answer to a create, docket has sent it again, and more keys have been given out since than docket can read: nobody knows whether the ticket has a second issue".to_owned(),
        recommended_action: format!(
            "Look in Jira for another issue with the title of {own}, and delete it; ApplyFixes looks again."
        ),
        wanted: own,
        sent: None,
        applied: false,
        create_time: now,
    }
}

/// Whether a fix tells that nobody knows of a second issue, and not of one that is there.
pub(crate) fn is_doubt(fix: &export_fix::Model) -> bool {
    fix.field == FIELD && fix.sent.is_none()
}
