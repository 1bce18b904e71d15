//! What a plan of an issue is made from beside the ticket: the project as it is for one issue type.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    connectors::jira::{Assignee, CreateField, IssueType, Project, project_meta::Agile},
    domain::integration::JiraDeployment,
};

/// The fields whose ids differ by site; docket's names where the site has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldIds {
    /// The field for story points.
    pub story_points: String,
    /// The field for sprints.
    pub sprint: String,
}

impl Default for FieldIds {
    fn default() -> Self {
        Self {
            story_points: "story_points".to_owned(),
            sprint: "sprint".to_owned(),
        }
    }
}

/// What a plan is made from, beside the ticket.
pub(in crate::connectors::jira) struct Surroundings<'a> {
    pub(in crate::connectors::jira) deployment: JiraDeployment,
    pub(in crate::connectors::jira) project: &'a Project,
    pub(in crate::connectors::jira) issue_type: &'a IssueType,
    pub(in crate::connectors::jira) fields: &'a [CreateField],
    pub(in crate::connectors::jira) assignee: &'a Assignee,
    pub(in crate::connectors::jira) agile: &'a Agile,
}

impl Surroundings<'_> {
    pub(super) fn field(&self, id: &str) -> Option<&CreateField> {
        self.fields.iter().find(|field| field.field_id == id)
    }

    /// The field for story points: the board's, else the one that Jira's own types or usual names tell.
    pub(in crate::connectors::jira) fn story_points(&self) -> Option<&CreateField> {
        if let Some(field) = self
            .agile
            .story_points
            .as_deref()
            .and_then(|id| self.field(id))
        {
            return Some(field);
        }
        let known = |field: &&CreateField| {
            let custom = field.schema["custom"].as_str().unwrap_or_default();
            let name = field.name.to_lowercase();
            custom.ends_with(":jsw-story-points")
                || (field.schema["type"] == "number"
                    && matches!(name.as_str(), "story points" | "story point estimate"))
        };
        self.fields.iter().find(known)
    }
}

impl Surroundings<'_> {
    /// Whether it is the field of a value that docket has a field of its own for.
    pub(super) fn is_own(&self, id: &str) -> bool {
        let ids = self.ids();
        id == ids.story_points || id == ids.sprint
    }

    pub(super) fn ids(&self) -> FieldIds {
        let own = FieldIds::default();
        let sprint = |field: &&CreateField| {
            let custom = field.schema["custom"].as_str().unwrap_or_default();
            custom.ends_with(":gh-sprint")
        };
        let id = |field: &CreateField| field.field_id.clone();
        FieldIds {
            story_points: self.story_points().map_or(own.story_points, id),
            sprint: self.fields.iter().find(sprint).map_or(own.sprint, id),
        }
    }

    /// What is demanded and not there. A sub-task needs its parent, whether or not Jira lists that as a field.
    pub(super) fn demanded(&self, sent: &Map<String, Value>) -> Vec<(String, String)> {
        let lacking = self.fields.iter();
        let lacking = lacking.filter(|f| f.is_demanded() && !sent.contains_key(&f.field_id));
        let named = |field: &CreateField| {
            let name = Some(&field.name).filter(|name| !name.is_empty());
            (
                field.field_id.clone(),
                name.unwrap_or(&field.field_id).clone(),
            )
        };
        let mut missing: Vec<_> = lacking.map(named).collect();
        let known = |missing: &[(String, String)]| missing.iter().any(|(id, _)| id == "parent");
        if self.issue_type.subtask && !sent.contains_key("parent") && !known(&missing) {
            missing.push(("parent".to_owned(), "Parent".to_owned()));
        }
        missing
    }
}
