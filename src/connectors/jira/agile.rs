//! Boards, sprints and estimates: Jira Software's own API. A site without it, or an account without access, has none of them.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{CallError, Jira};

/// The most issues that one call may move into a sprint.
const SPRINT_BATCH: usize = 50;

/// A board.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Board {
    /// Its number.
    pub id: u64,
    /// The name that people see.
    #[serde(default)]
    pub name: String,
    /// `scrum`, `kanban` or `simple`; a kanban board has no sprints.
    #[serde(rename = "type", default)]
    pub kind: String,
}

/// A sprint.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sprint {
    /// Its number.
    pub id: u64,
    /// The name that people see.
    #[serde(default)]
    pub name: String,
    /// `active`, `future` or `closed`.
    #[serde(default)]
    pub state: String,
    /// When it begins, in RFC 3339, where that is planned.
    #[serde(default)]
    pub start_date: Option<String>,
    /// When it ends, likewise.
    #[serde(default)]
    pub end_date: Option<String>,
}

impl Sprint {
    /// Whether this is its name, but for case.
    pub(super) fn is_named(&self, name: &str) -> bool {
        self.name.trim().to_lowercase() == name.trim().to_lowercase()
    }

    /// Whether this is its name, but for case, or its number.
    pub fn is_called(&self, wanted: &str) -> bool {
        self.is_named(wanted) || self.id.to_string() == wanted.trim()
    }
}

impl Jira {
    /// The boards that show a project's issues.
    pub async fn boards(&self, project_key: &str) -> Result<Vec<Board>, CallError> {
        let path = ["rest", "agile", "1.0", "board"];
        self.list(&path, &[("projectKeyOrId", project_key)]).await
    }

    /// A board's sprints in these states (`active`, `future`, `closed`), in Jira's order.
    pub async fn sprints(&self, board: &Board, states: &[&str]) -> Result<Vec<Sprint>, CallError> {
        let id = board.id.to_string();
        let path = ["rest", "agile", "1.0", "board", &id, "sprint"];
        self.list(&path, &[("state", &states.join(","))]).await
    }

    /// The id of the field in which a board keeps its estimates; `None` when it has none, or counts issues or time.
    pub async fn story_points_field(&self, board: &Board) -> Result<Option<String>, CallError> {
        let id = board.id.to_string();
        let path = ["rest", "agile", "1.0", "board", &id, "configuration"];
        let configuration: Value = self.get(&path, &[]).await?;
        let field = configuration.pointer("/estimation/field/fieldId");
        let field = field.and_then(Value::as_str);
        // Time estimates are no points: they live in `timeoriginalestimate`.
        Ok(field
            .filter(|id| id.starts_with("customfield_"))
            .map(str::to_owned))
    }

    /// Moves issues into a sprint. Harmless to repeat.
    pub async fn add_to_sprint(&self, sprint_id: u64, keys: &[String]) -> Result<(), CallError> {
        let id = sprint_id.to_string();
        let path = ["rest", "agile", "1.0", "sprint", &id, "issue"];
        for batch in keys.chunks(SPRINT_BATCH) {
            let body = json!({ "issues": batch });
            self.tell(Method::POST, &path, &body).await?;
        }
        Ok(())
    }
}
