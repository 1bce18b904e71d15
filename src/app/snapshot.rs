//! What was exported of a ticket, kept in comparable form beside its export item: what was sent, field by field, and what docket had
//! then. Long texts are kept as their beginning and their digest.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::issue_draft::IssueDraft;
use crate::{
    connectors::jira::{FieldIds, IssuePlan, Sprint, adf_text, agrees, as_text, is_jira_field},
    db::ticket,
};

/// How much of a text is kept to be shown, in code points.
const SHOWN: usize = 1000;

/// The fields whose ids are the same on every site, and that docket has fields of its own for.
const OWN: [&str; 5] = ["summary", "description", "priority", "labels", "assignee"];

/// A text that can be compared and shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Text {
    /// Its beginning.
    pub(crate) shown: String,
    /// The digest of all of it.
    digest: String,
}

/// A value that was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sent {
    /// In Jira's form; `None` for a description, whose text is compared.
    pub(crate) value: Option<Value>,
    /// For a person.
    pub(crate) text: Text,
}

/// A value that an issue has since it was made.
#[derive(Clone, Debug)]
pub(crate) struct Resent {
    /// Jira's id of the field.
    pub(crate) id: String,
    pub(crate) sent: Sent,
    /// Whether docket has sent it, and not found it there: then it is somebody else's doing.
    pub(crate) by_docket: bool,
    /// The ids that differ by site, as far as they were looked at.
    pub(crate) ids: Option<FieldIds>,
    /// The ticket, as it was then.
    pub(crate) ticket: ticket::Model,
}

/// What was exported of a ticket, by Jira's ids of the fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    /// The fields of story points and of sprints, whose ids differ by site.
    pub(crate) ids: FieldIds,
    pub(crate) sent: BTreeMap<String, Sent>,
    /// What docket had in the same field.
    pub(crate) docket: BTreeMap<String, Text>,
    /// The fields whose values docket has sent after the create; `None`: this was kept before docket kept that.
    #[serde(default)]
    resent: Option<BTreeSet<String>>,
}

impl Text {
    pub(crate) fn of(text: &str) -> Self {
        let digest = Sha256::digest(text);
        Self {
            shown: shortened(text, SHOWN),
            digest: digest[..16]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        }
    }
}

impl Sent {
    /// A field's value as the plan has it.
    pub(crate) fn of(plan: &IssuePlan, id: &str, value: &Value) -> Self {
        if id == "description" {
            return Self::description(value);
        }
        let told = plan.shown.get(id).cloned();
        Self {
            value: Some(value.clone()),
            text: Text::of(&told.unwrap_or_else(|| as_text(value))),
        }
    }

    pub(crate) fn description(document: &Value) -> Self {
        Self {
            value: None,
            text: Text::of(&as_text(document)),
        }
    }

    /// Whether this is what Jira shows.
    pub(crate) fn is(&self, shown: &Value) -> bool {
        match &self.value {
            Some(value) => agrees(value, shown),
            None => Text::of(&adf_text(shown)) == self.text,
        }
    }

    pub(crate) fn sprint(sprint: &Sprint) -> Self {
        Self {
            value: Some(sprint.id.into()),
            text: Text::of(&sprint.name),
        }
    }
}

impl Snapshot {
    /// What a create with this plan sends of the ticket.
    pub(crate) fn of(ticket: &ticket::Model, plan: &IssuePlan) -> Self {
        let mut sent = BTreeMap::new();
        let fields = plan.fields.iter();
        for (id, value) in fields.filter(|(id, _)| !matches!(id.as_str(), "project" | "issuetype"))
        {
            sent.insert(id.clone(), Sent::of(plan, id, value));
        }
        if let Some(sprint) = &plan.sprint {
            sent.insert(plan.ids.sprint.clone(), Sent::sprint(sprint));
        }
        let mut snapshot = Self {
            ids: plan.ids.clone(),
            sent,
            docket: BTreeMap::new(),
            resent: Some(BTreeSet::new()),
        };
        snapshot.docket = snapshot.docket_now(ticket);
        snapshot
    }

    /// Notes a value that the issue has since the create.
    pub(crate) fn resend(&mut self, resent: &Resent) {
        if let Some(ids) = &resent.ids {
            self.rename(ids);
        }
        self.sent.insert(resent.id.clone(), resent.sent.clone());
        if resent.by_docket {
            self.resent
                .get_or_insert_default()
                .insert(resent.id.clone());
        }
        match self.docket_now(&resent.ticket).remove(&resent.id) {
            Some(text) => self.docket.insert(resent.id.clone(), text),
            None => self.docket.remove(&resent.id),
        };
    }

    /// Fields that a screen has by now are known by its ids.
    fn rename(&mut self, ids: &FieldIds) {
        let moves = [
            (&self.ids.story_points, &ids.story_points),
            (&self.ids.sprint, &ids.sprint),
        ];
        for (old, new) in moves.into_iter().filter(|(old, new)| old != new) {
            if let Some(text) = self.docket.remove(old) {
                self.docket.insert(new.clone(), text);
            }
            if let Some(sent) = self.sent.remove(old) {
                self.sent.insert(new.clone(), sent);
            }
            if let Some(resent) = &mut self.resent
                && resent.remove(old)
            {
                resent.insert(new.clone());
            }
        }
        self.ids = ids.clone();
    }

    /// An item's record of what was sent, once its issue is in this sprint; `None` where nothing was kept.
    pub(crate) fn in_sprint(
        exported: Option<Value>,
        ids: &FieldIds,
        sprint: &Sprint,
        ticket: &ticket::Model,
    ) -> Option<Value> {
        let mut snapshot: Self = serde_json::from_value(exported?).ok()?;
        snapshot.resend(&Resent {
            id: ids.sprint.clone(),
            sent: Sent::sprint(sprint),
            by_docket: true,
            ids: Some(ids.clone()),
            ticket: ticket.clone(),
        });
        serde_json::to_value(snapshot).ok()
    }

    /// The summary that was sent, by an item's record of it.
    pub(crate) fn summary(exported: Option<&Value>) -> Option<String> {
        let snapshot: Self = serde_json::from_value(exported?.clone()).ok()?;
        let sent = snapshot.sent.get("summary")?.value.as_ref()?;
        sent.as_str().map(str::to_owned)
    }

    /// The ids of the fields whose values docket has sent after the create, by an item's record of it.
    pub(crate) fn resent(exported: Option<&Value>) -> BTreeSet<String> {
        let snapshot =
            exported.and_then(|stored| serde_json::from_value::<Self>(stored.clone()).ok());
        snapshot.unwrap_or_default().resent.unwrap_or_default()
    }

    /// The key of the issue that it was made under, by an item's record of it.
    pub(crate) fn parent(exported: Option<&Value>) -> Option<String> {
        let snapshot: Self = serde_json::from_value(exported?.clone()).ok()?;
        let sent = snapshot.sent.get("parent")?.value.as_ref()?;
        sent["key"].as_str().map(str::to_owned)
    }

    /// The name of the sprint that docket has put the issue into, empty for none, by an item's record of it; `None` where nothing was
    /// kept. `done`: whether all was recorded that became of the ticket; until then the issue may be in it.
    pub(crate) fn sprint(exported: Option<&Value>, done: bool) -> Option<String> {
        let snapshot: Self = serde_json::from_value(exported?.clone()).ok()?;
        if snapshot == Self::default() {
            return None;
        }
        let sprint = &snapshot.ids.sprint;
        let resent = snapshot.resent.as_ref();
        let arrived = resent.is_none_or(|resent| resent.contains(sprint));
        let sent = snapshot.sent.get(sprint).filter(|_| arrived || !done);
        Some(sent.map(|sent| sent.text.shown.clone()).unwrap_or_default())
    }

    /// The ids of all fields that docket has a value for, or may have.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        let own = OWN.into_iter();
        let ids = [self.ids.story_points.as_str(), self.ids.sprint.as_str()];
        let known = self.sent.keys().chain(self.docket.keys());
        own.chain(ids).chain(known.map(String::as_str))
    }

    /// Whether an export can fill the field of this id.
    pub(crate) fn is_known(&self, id: &str) -> bool {
        self.fields().any(|known| known == id) || is_jira_field(id)
    }

    /// What docket has in each field now.
    pub(crate) fn docket_now(&self, ticket: &ticket::Model) -> BTreeMap<String, Text> {
        let draft = IssueDraft::of(ticket).input;
        let mut labels = draft.labels;
        labels.sort_unstable();
        let points = draft.story_points.map(|points| points.to_string());
        let description = draft.description.as_ref().map(adf_text);
        let mut has = BTreeMap::from([
            ("summary".to_owned(), Some(draft.summary)),
            ("description".to_owned(), description),
            ("priority".to_owned(), Some(draft.priority.to_string())),
            ("labels".to_owned(), Some(labels.join(", "))),
            ("assignee".to_owned(), draft.assignee),
            (self.ids.story_points.clone(), points),
            (self.ids.sprint.clone(), draft.sprint),
        ]);
        let custom = draft.custom.iter().filter(|(id, _)| is_jira_field(id));
        has.extend(custom.map(|(id, value)| (id.clone(), Some(as_text(value)))));
        let given = has.into_iter().filter_map(|(id, text)| {
            let text = text.filter(|text| !text.is_empty())?;
            Some((id, Text::of(&text)))
        });
        given.collect()
    }
}

/// At most so many code points of the text.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(sprint: &str) -> FieldIds {
        FieldIds {
            story_points: "customfield_2".to_owned(),
            sprint: sprint.to_owned(),
        }
    }

    #[test]
    fn what_was_sent_goes_with_a_field_that_has_another_id_by_now() {
        let mut snapshot = Snapshot {
            ids: ids("customfield_1"),
            ..Snapshot::default()
        };
        let text = Text::of("Sprint 2");
        let sent = Sent {
            value: Some(2.into()),
            text: text.clone(),
        };
        snapshot.sent.insert("customfield_1".to_owned(), sent);
        snapshot.docket.insert("customfield_1".to_owned(), text);
        snapshot.resent = Some(["customfield_1".to_owned()].into());
        snapshot.rename(&ids("customfield_3"));
        let stored = serde_json::to_value(&snapshot).unwrap();
        let sprint = Snapshot::sprint(Some(&stored), true);
        assert_eq!(sprint.as_deref(), Some("Sprint 2"));
        assert_eq!(snapshot.sent.len(), 1);
        assert!(snapshot.docket.contains_key("customfield_3"));
    }

    #[test]
    fn a_sprint_counts_once_it_was_sent_or_may_have_been() {
        let stored = |resent: Option<BTreeSet<String>>| {
            let mut snapshot = Snapshot {
                ids: ids("customfield_1"),
                resent,
                ..Snapshot::default()
            };
            let sent = Sent {
                value: Some(2.into()),
                text: Text::of("Sprint 2"),
            };
            snapshot.sent.insert("customfield_1".to_owned(), sent);
            serde_json::to_value(&snapshot).unwrap()
        };
        let sprint = |resent, done| Snapshot::sprint(Some(&stored(resent)), done).unwrap();
        assert_eq!(sprint(Some(BTreeSet::new()), true), "");
        assert_eq!(sprint(Some(BTreeSet::new()), false), "Sprint 2");
        assert_eq!(
            sprint(Some(["customfield_1".to_owned()].into()), true),
            "Sprint 2"
        );
        // Kept before docket kept what it had sent later.
        assert_eq!(sprint(None, true), "Sprint 2");
    }
}
