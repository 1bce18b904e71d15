//! An issue's change log: what was changed since the issue was made, by whom and when.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Account, CallError, Jira};

/// The name of the field with an issue's sprints, which has another id on every site.
pub(super) const SPRINT: &str = "sprint";
/// The fields that the change log tells under other names: their ids, and those names in lower case.
const LOGGED_AS: [(&str, &[&str]); 2] = [
    ("timetracking", &["timeoriginalestimate", "timeestimate"]),
    ("parent", &["issueparentassociation", "epic link"]),
];
/// The most names that one text lists.
const NAMED: usize = 5;

/// What an issue has in a field.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldNow {
    /// The value, as Jira shows it; `None` where it shows no such field.
    pub value: Option<Value>,
    /// Who has changed it last since the issue was made, and when, for a person; `None`: nobody.
    pub changed: Option<String>,
    /// How it reads since then.
    pub reads: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Log {
    total: usize,
    histories: Vec<Change>,
}

/// One change, of several fields at once.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Change {
    pub(super) author: Option<Account>,
    pub(super) created: String,
    pub(super) items: Vec<Changed>,
}

/// A field that was changed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Changed {
    #[serde(default)]
    pub(super) field: String,
    #[serde(default)]
    field_id: String,
    #[serde(default)]
    pub(super) to_string: Option<String>,
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    fields: Map<String, Value>,
    #[serde(default)]
    changelog: Log,
}

impl Jira {
    /// What a field of an issue holds now, and who has changed it since the issue was made: whoever did is not asked for, for docket's
    /// account may be a person's, too.
    pub async fn field_now(&self, key: &str, field: &str) -> Result<FieldNow, CallError> {
        let path = ["rest", "api", "3", "issue", key];
        let query = [("fields", field), ("expand", "changelog")];
        let mut body: Body = self.get(&path, &query).await?;
        let changes = self.whole_log(key, body.changelog).await?;
        let of_field = |change: &&Change| change.items.iter().any(|item| item.is_of(field));
        // The texts of one site's times sort as the times do.
        let latest = changes
            .iter()
            .filter(of_field)
            .max_by(|one, other| one.created.cmp(&other.created));
        let told = latest.and_then(|change| change.told(|changed| changed.is_of(field)));
        let mut items = latest.iter().flat_map(|change| &change.items);
        let read = items.find(|item| item.is_of(field));
        Ok(FieldNow {
            value: body.fields.remove(field),
            changed: told.map(|text| self.shared.redactor.clean(&text)),
            reads: read.map(|item| item.to_string.clone().unwrap_or_default()),
        })
    }

    /// All changes of an issue: of many only the latest come with it.
    pub(super) async fn whole_log(&self, id: &str, log: Log) -> Result<Vec<Change>, CallError> {
        if log.histories.len() >= log.total {
            return Ok(log.histories);
        }
        let path = ["rest", "api", "3", "issue", id, "changelog"];
        self.list(&path, &[]).await
    }
}

impl Change {
    /// Who changed these fields, and when; `None`: the change is of none of them.
    pub(super) fn told(&self, mut meant: impl FnMut(&Changed) -> bool) -> Option<String> {
        let names: BTreeSet<&str> = self
            .items
            .iter()
            .filter(|changed| meant(changed))
            .map(|changed| changed.field.as_str())
            .collect();
        if names.is_empty() {
            return None;
        }
        let names: Vec<&str> = names.into_iter().take(NAMED).collect();
        let names = names.join(", ");
        let day = self.created.get(..10).unwrap_or_default();
        let who = self
            .author
            .as_ref()
            .map(|author| author.display_name.as_str());
        let who = who.filter(|name| !name.is_empty()).unwrap_or("somebody");
        Some(format!("{who} changed it on {day}: {names}"))
    }
}

impl Changed {
    /// The field's id; empty for what is no field, such as the rank.
    pub(super) fn id(&self) -> String {
        match self.field.as_str() {
            "Rank" => String::new(),
            _ => self.field_id.clone(),
        }
    }

    /// Whether it is the field of this id. Jira names one of its own by its English name, too, and some by others.
    pub(super) fn is_of(&self, id: &str) -> bool {
        let name = self.field.to_lowercase();
        let logged = LOGGED_AS.iter().filter(|(field, _)| *field == id);
        let mut others = logged.flat_map(|(_, names)| *names);
        self.field_id == id || name == id.replace('_', " ") || others.any(|other| *other == name)
    }

    /// Whether it is the sprint, whatever the id of that field.
    pub(super) fn is_sprint(&self) -> bool {
        self.field.eq_ignore_ascii_case(SPRINT)
    }
}
