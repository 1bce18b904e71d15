//! Issue fields: what a field is called, what it takes, and how create metadata describes it.

use serde_json::{Value, json};

/// The field that holds story points on a company-managed Jira Cloud site.
pub const STORY_POINTS: &str = "customfield_10016";
/// The field that holds an issue's sprints.
pub const SPRINT: &str = "customfield_10020";

/// What a field takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldKind {
    /// The one-line title.
    Summary,
    /// Rich text, an Atlassian document.
    Document,
    /// The issue's type, by id or name.
    IssueType,
    /// The project, by id or key.
    Project,
    /// One of the project's priorities, by id or name.
    Priority,
    /// An assignable user, by account id.
    User,
    /// Words without spaces.
    Labels,
    /// The issue above this one, by id or key.
    Parent,
    /// Components of the project, by id or name.
    Components,
    /// A number.
    Number,
    /// Written as a bare sprint id, read as an array of sprints.
    Sprint,
    /// A day as `YYYY-MM-DD`.
    Date,
    /// One line of plain text.
    Text,
    /// One of the values listed, by `value`.
    Option(Vec<String>),
}

/// A field as a site defines it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The id under which it is sent, e.g. `customfield_10016`.
    pub id: String,
    /// The name that people see.
    pub name: String,
    /// What it takes.
    pub kind: FieldKind,
}

impl Field {
    /// A field of this id, name and kind.
    pub fn new(id: &str, name: &str, kind: FieldKind) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            kind,
        }
    }

    /// The fields that a new company-managed project has.
    pub fn defaults() -> Vec<Self> {
        vec![
            Self::new("summary", "Summary", FieldKind::Summary),
            Self::new("issuetype", "Issue Type", FieldKind::IssueType),
            Self::new("project", "Project", FieldKind::Project),
            Self::new("parent", "Parent", FieldKind::Parent),
            Self::new("description", "Description", FieldKind::Document),
            Self::new("priority", "Priority", FieldKind::Priority),
            Self::new("assignee", "Assignee", FieldKind::User),
            Self::new("labels", "Labels", FieldKind::Labels),
            Self::new("components", "Components", FieldKind::Components),
            Self::new("duedate", "Due date", FieldKind::Date),
            Self::new("environment", "Environment", FieldKind::Document),
            Self::new(STORY_POINTS, "Story point estimate", FieldKind::Number),
            Self::new(SPRINT, "Sprint", FieldKind::Sprint),
        ]
    }

    /// Whether an administrator made the field.
    pub fn is_custom(&self) -> bool {
        self.id.starts_with("customfield_")
    }

    /// Jira's description of the field's type (`JsonTypeBean`).
    pub(super) fn schema(&self) -> Value {
        let mut schema = match self.kind {
            FieldKind::Summary | FieldKind::Document | FieldKind::Text => json!({"type": "string"}),
            FieldKind::IssueType => json!({"type": "issuetype"}),
            FieldKind::Project => json!({"type": "project"}),
            FieldKind::Priority => json!({"type": "priority"}),
            FieldKind::User => json!({"type": "user"}),
            FieldKind::Labels => json!({"type": "array", "items": "string"}),
            FieldKind::Parent => json!({"type": "issuelink"}),
            FieldKind::Components => json!({"type": "array", "items": "component"}),
            FieldKind::Number => json!({"type": "number"}),
            FieldKind::Sprint => json!({"type": "array", "items": "json"}),
            FieldKind::Date => json!({"type": "date"}),
            FieldKind::Option(_) => json!({"type": "option"}),
        };
        if let Some(number) = self.id.strip_prefix("customfield_") {
            schema["custom"] = self.custom_type().into();
            schema["customId"] = number.parse::<u64>().unwrap_or_default().into();
        } else {
            schema["system"] = self.id.clone().into();
        }
        schema
    }

    /// The operations that create metadata lists.
    pub(super) fn operations(&self) -> &'static [&'static str] {
        match self.kind {
            FieldKind::Labels | FieldKind::Components => &["add", "set", "remove"],
            _ => &["set"],
        }
    }

    fn custom_type(&self) -> &'static str {
        match self.kind {
            FieldKind::Sprint => "com.pyxis.greenhopper.jira:gh-sprint",
            FieldKind::Number if self.id == STORY_POINTS => {
                "com.pyxis.greenhopper.jira:jsw-story-points"
            }
            FieldKind::Number => "com.atlassian.jira.plugin.system.customfieldtypes:float",
            FieldKind::Document => "com.atlassian.jira.plugin.system.customfieldtypes:textarea",
            FieldKind::Date => "com.atlassian.jira.plugin.system.customfieldtypes:datepicker",
            FieldKind::User => "com.atlassian.jira.plugin.system.customfieldtypes:userpicker",
            FieldKind::Labels => "com.atlassian.jira.plugin.system.customfieldtypes:labels",
            FieldKind::Option(_) => "com.atlassian.jira.plugin.system.customfieldtypes:select",
            _ => "com.atlassian.jira.plugin.system.customfieldtypes:textfield",
        }
    }
}
