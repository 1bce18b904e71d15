//! One ticket and its issue, field by field.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::Value;

use super::{
    drift::Drift,
    snapshot::{Sent, Snapshot, Text},
};
use crate::{
    connectors::jira::{IssueNow, adf_text, as_text},
    db::export_item,
};

/// The name under which an issue or a ticket as a whole is told.
pub(super) const WHOLE: &str = "issue";
/// The name under which the change log tells of the sprint.
const SPRINT: &str = "sprint";

/// One ticket with everything that is compared.
pub(super) struct Pair<'a> {
    pub(super) key: String,
    pub(super) snapshot: Snapshot,
    /// What docket has now; `None`: the ticket is deleted.
    pub(super) docket: Option<BTreeMap<String, Text>>,
    /// What Jira has now; `None`: the issue is gone.
    pub(super) jira: Option<&'a IssueNow>,
    /// Fields whose values never arrived, as the manual fixes tell.
    pub(super) lost: &'a HashSet<String>,
}

impl Pair<'_> {
    /// Everything that differs.
    pub(super) fn drifts(&self) -> Vec<Drift> {
        let whole = |in_jira, in_docket| Drift {
            jira_key: self.key.clone(),
            field: WHOLE.to_owned(),
            exported: self.key.clone(),
            in_jira,
            in_docket,
        };
        match (self.jira, &self.docket) {
            (None, None) => vec![whole(None, None)],
            (None, Some(docket)) => {
                let title = docket.get("summary").map(|text| text.shown.clone());
                vec![whole(None, title)]
            }
            (Some(_), None) => vec![whole(Some(self.key.clone()), None)],
            // Exported before docket kept what it had sent: nothing can be compared.
            (Some(_), Some(_)) if self.snapshot == Snapshot::default() => Vec::new(),
            (Some(jira), Some(docket)) => {
                let fields = self.snapshot.sent.keys();
                let sprint = &self.snapshot.ids.sprint;
                let set = jira.changed.keys().map(|id| match id.as_str() {
                    SPRINT => sprint,
                    _ => id,
                });
                let set = set.filter(|id| self.snapshot.is_known(id));
                let fields = fields
                    .chain(self.snapshot.docket.keys())
                    .chain(docket.keys())
                    .chain(set);
                let fields: BTreeSet<&String> = fields.collect();
                fields
                    .into_iter()
                    .filter_map(|field| self.field(field, jira, docket))
                    .collect()
            }
        }
    }

    fn field(
        &self,
        field: &str,
        jira: &IssueNow,
        docket: &BTreeMap<String, Text>,
    ) -> Option<Drift> {
        let sent = self.snapshot.sent.get(field);
        let (then, now) = (self.snapshot.docket.get(field), docket.get(field));
        let in_jira = self.in_jira(field, jira);
        if self.is_same_in_jira(field, jira) && then == now {
            return None;
        }
        let exported = sent.map(|sent| sent.text.shown.clone()).unwrap_or_default();
        let in_docket = match then == now && sent.is_some() {
            true => Some(exported.clone()),
            false => now.map(|text| text.shown.clone()),
        };
        Some(Drift {
            jira_key: self.key.clone(),
            field: field.to_owned(),
            exported,
            in_jira: Some(in_jira).filter(|text| !text.is_empty()),
            in_docket,
        })
    }

    fn is_same_in_jira(&self, field: &str, jira: &IssueNow) -> bool {
        // What somebody has set is told by the change log: Jira fills some fields by itself when it makes an issue.
        let reads = self.reads(field, jira);
        let changed = reads.is_some();
        let shown = jira.fields.get(field).unwrap_or(&Value::Null);
        match self.snapshot.sent.get(field) {
            None => !changed || self.in_jira(field, jira).is_empty(),
            sent @ Some(_) if self.lost.contains(field) || self.is_lost_sprint(sent) => {
                !changed || sent.is_some_and(|sent| sent.is(shown))
            }
            Some(sent) if sent.value.is_none() => sent.is(shown),
            Some(sent) if jira.fields.contains_key(field) => sent.is(shown),
            // A sprint that is on no screen: the change log tells.
            Some(sent) if *field == *self.snapshot.ids.sprint => {
                reads.is_none_or(|reads| *reads == sent.text.shown)
            }
            Some(_) => true,
        }
    }

    /// How a field reads since its latest change; `None`: nobody has changed it.
    fn reads<'b>(&self, field: &str, jira: &'b IssueNow) -> Option<&'b String> {
        match *field == *self.snapshot.ids.sprint {
            true => jira.changed.get(SPRINT),
            false => jira.changed.get(field),
        }
    }

    /// How the field reads in Jira. Of one that was not asked for the change log tells.
    fn in_jira(&self, field: &str, jira: &IssueNow) -> String {
        match jira.fields.get(field) {
            None => self.reads(field, jira).cloned().unwrap_or_default(),
            Some(shown) if field == "description" => adf_text(shown),
            Some(shown) => as_text(shown),
        }
    }

    /// A sprint is sent after the create, and may not have arrived.
    fn is_lost_sprint(&self, sent: Option<&Sent>) -> bool {
        let number = |value: &Value| value.is_u64();
        let sprint = sent
            .and_then(|sent| sent.value.as_ref())
            .is_some_and(number);
        sprint && self.lost.contains("sprint")
    }
}

/// What was exported of an item's ticket.
pub(super) fn snapshot(item: &export_item::Model) -> Snapshot {
    let stored = item.exported.clone().unwrap_or_default();
    serde_json::from_value(stored).unwrap_or_default()
}
