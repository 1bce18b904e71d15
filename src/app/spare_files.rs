//! Files that an issue has twice: Jira took one in after docket had looked for it, had not found it, and had sent it again.

use std::collections::HashSet;

use super::fix_files::wanted;
use crate::{
    connectors::jira::{Account, IssueFile},
    db::{export_attachment, export_fix, export_item},
    domain::{export::ManualFixType, ids::FixId, time::Time},
};

/// What a fix about such a file says of what was sent.
const TWICE: &str = "twice";

/// Those of a ticket's files that were sent again in doubt and are on the issue once more than docket knows of: of the same name and
/// size, from docket's own account, and none of the ticket's other files.
pub(crate) fn doubled<'a>(
    rows: &'a [export_attachment::Model],
    listed: &[IssueFile],
    account: &Account,
) -> Vec<&'a export_attachment::Model> {
    let mut known: HashSet<&str> = rows
        .iter()
        .filter_map(|row| row.external_id.as_deref())
        .collect();
    let mut doubled = Vec::new();
    // Where the one that docket knows was deleted, the other one stands for it.
    let is_there = |row: &&export_attachment::Model| {
        let id = row.external_id.as_ref();
        is_sent_again(row) && listed.iter().any(|file| id == Some(&file.id))
    };
    for row in rows.iter().filter(is_there) {
        let second = listed.iter().find(|file| {
            file.filename == row.filename
                && i64::try_from(file.size) == Ok(row.size_bytes)
                && file
                    .author
                    .as_ref()
                    .is_some_and(|by| by.account_id == account.account_id)
                && !known.contains(file.id.as_str())
        });
        if let Some(second) = second {
            known.insert(&second.id);
            doubled.push(row);
        }
    }
    doubled
}

/// Whether the issue has the file, and may have it twice.
pub(crate) fn is_sent_again(row: &export_attachment::Model) -> bool {
    row.doubted && row.external_id.is_some()
}

/// Whether a fix tells of such a file.
pub(crate) fn is_about(fix: &export_fix::Model) -> bool {
    fix.fix_type == ManualFixType::AttachmentFailed && fix.sent.as_deref() == Some(TWICE)
}

/// What a person has to do about it.
pub(crate) fn fix(
    item: &export_item::Model,
    row: &export_attachment::Model,
    now: Time,
) -> export_fix::Model {
    let key = item.jira_key.clone().unwrap_or_default();
    export_fix::Model {
        id: FixId::at(now),
        export_id: row.export_id,
        ticket_id: row.ticket_id,
        fix_type: ManualFixType::AttachmentFailed,
        field: row.filename.clone(),
        wanted: wanted(row),
        sent: Some(TWICE.to_owned()),
        reason: "Jira took the file in long after docket had got no answer, had not found it there, and had sent it again: the issue has it twice".to_owned(),
        recommended_action: format!(
            "Delete one of the two files of this name in {key}; then ApplyFixes sees that it is gone."
        ),
        jira_key: Some(key),
        applied: false,
        create_time: now,
    }
}
