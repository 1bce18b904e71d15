//! What platforms there are, and which fields a platform's issues have.

use std::collections::{BTreeMap, HashSet};

use super::{
    App,
    integrations::require_enabled,
    jira_calls::{failed, stop_told},
};
use crate::{
    connectors::{
        Connector,
        jira::{CreateField, HardStop, IssueType},
    },
    domain::{actor::Actor, ids::IntegrationId, integration::Platform, permission::Action},
    error::{Error, Result},
};
use serde_json::Value;
use strum::IntoEnumIterator as _;

/// Of which issues the fields are asked for.
#[derive(Clone, Debug)]
#[allow(
    missing_docs,
    reason = "each field is the contract's field of the same name, documented there"
)]
pub struct FieldsQuestion {
    pub integration: IntegrationId,
    pub project_key: String,
    /// `None`: of every type.
    pub issue_type: Option<String>,
}

/// A field of a platform's issues.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "each field is the contract's field of the same name, documented there"
)]
pub struct FoundField {
    pub id: String,
    pub name: String,
    /// In each of the types asked for.
    pub required: bool,
    pub kind: String,
    pub allowed: Vec<FoundValue>,
}

/// A value that a field may hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FoundValue {
    /// The platform's id.
    pub id: String,
    /// The platform's name for people.
    pub name: String,
}

impl App {
    /// The platforms that docket has a connector for, by name.
    pub fn list_platforms(&self, actor: &Actor) -> Result<Vec<Platform>> {
        actor.require(Action::ReadIntegrations)?;
        let mut platforms: Vec<Platform> = Platform::iter().collect();
        platforms.sort_by_key(|platform| platform.name());
        Ok(platforms)
    }

    /// Asks the platform, now, for the fields that an issue of the project may or must have; by name, then id.
    pub async fn discover_fields(
        &self,
        actor: &Actor,
        parse: impl FnOnce() -> Result<FieldsQuestion> + Send,
    ) -> Result<Vec<FoundField>> {
        actor.require(Action::ReadIntegrations)?;
        let question = parse()?;
        let project = &question.project_key;
        let integration = self.integration(question.integration).await?;
        require_enabled(&integration)?;
        let Connector::Jira(jira) = self.connector(&integration)? else {
            return Err(Error::Unimplemented(
                "DiscoverFields of a platform whose issues have no fields to choose",
            ));
        };
        let told = |error| failed(&error, project);
        let types = self.ask_jira(|| jira.issue_types(project)).await;
        let types = wanted(types.map_err(told)?, &question)?;
        let mut found: BTreeMap<String, Tally> = BTreeMap::new();
        for kind in &types {
            let fields = self
                .ask_jira(|| jira.create_fields(project, &kind.id))
                .await;
            for field in fields.map_err(told)? {
                found.entry(field.field_id.clone()).or_default().add(field);
            }
        }
        let found = found.into_iter();
        let mut fields: Vec<FoundField> = found
            .map(|(id, tally)| tally.field(id, types.len()))
            .collect();
        fields.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok(fields)
    }
}

/// The types asked for, of those that the project has.
fn wanted(types: Vec<IssueType>, question: &FieldsQuestion) -> Result<Vec<IssueType>> {
    let Some(name) = &question.issue_type else {
        return Ok(types);
    };
    let same = |kind: &&IssueType| kind.name.to_lowercase() == name.trim().to_lowercase();
    if let Some(kind) = types.iter().find(same) {
        return Ok(vec![kind.clone()]);
    }
    let names: Vec<&str> = types.iter().map(|kind| kind.name.as_str()).collect();
    let stop = HardStop::issue_type_missing(&question.project_key, name, &names);
    Err(stop_told(stop, &question.project_key))
}

/// What the create screens of several types say of one field.
#[derive(Debug, Default)]
struct Tally {
    name: String,
    kind: String,
    /// How many types demand it.
    demanded: usize,
    allowed: Vec<FoundValue>,
    known: HashSet<String>,
}

impl Tally {
    fn add(&mut self, field: CreateField) {
        self.demanded += usize::from(field.is_demanded());
        for value in field.allowed_values.iter().map(found_value) {
            if self.known.insert(value.id.clone()) {
                self.allowed.push(value);
            }
        }
        if self.kind.is_empty() {
            self.kind = kind(&field.schema);
            self.name = field.name;
        }
    }

    fn field(self, id: String, types: usize) -> FoundField {
        FoundField {
            id,
            name: self.name,
            required: self.demanded == types,
            kind: self.kind,
            allowed: self.allowed,
        }
    }
}

/// `string`, `array<option>` …
fn kind(schema: &Value) -> String {
    let text = |key: &str| schema[key].as_str().unwrap_or_default();
    match (text("type"), text("items")) {
        ("array", items) if !items.is_empty() => format!("array<{items}>"),
        (kind, _) => kind.to_owned(),
    }
}

/// Jira tells options by `value`, and most other things by `name`.
fn found_value(value: &Value) -> FoundValue {
    let text = |key: &str| value[key].as_str();
    let name = text("name").or(text("value")).or(text("key"));
    let name = name.or(value.as_str()).unwrap_or_default().to_owned();
    FoundValue {
        id: text("id").map_or_else(|| name.clone(), str::to_owned),
        name,
    }
}
