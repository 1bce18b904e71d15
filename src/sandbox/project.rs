//! A project of the sandbox's site: issue types, fields and screens, priorities, board and sprints.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::fields::{Field, FieldKind, STORY_POINTS};

/// A project and everything that decides what its issues may hold.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its id; 0 lets the site choose.
    pub id: u64,
    /// Its key, case-sensitive.
    pub key: String,
    /// The keys that it had before; they go on leading to it.
    pub former_keys: Vec<String>,
    /// The name that people see.
    pub name: String,
    /// The issue types that can be created.
    pub issue_types: Vec<IssueType>,
    /// Every field that the project knows, on a screen or not.
    pub fields: Vec<Field>,
    /// Fields that a create screen lacks.
    pub off_screen: Vec<ScreenRule>,
    /// Fields that must have a value, besides summary, project and issue type.
    pub required: Vec<ScreenRule>,
    /// The priorities of its scheme; a team-managed project may have none.
    pub priorities: Vec<Priority>,
    /// The names of its components.
    pub components: Vec<String>,
    /// Account ids that cannot be assigned issues here.
    pub unassignable: BTreeSet<String>,
    /// Its board.
    pub board: Option<Board>,
}

/// A field on the screens of one issue type, or of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScreenRule {
    /// The issue type's name; all of them when absent.
    pub issue_type: Option<String>,
    /// The field's id.
    pub field: String,
}

/// A type of issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueType {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// 1 for an epic, 0 for an ordinary issue, -1 for a sub-task.
    pub level: i32,
}

/// A priority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priority {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// A board with sprints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// Its id; 0 lets the site choose.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// The field in which estimates are kept, if issues are estimated.
    pub estimation_field: Option<String>,
    /// Its sprints.
    pub sprints: Vec<Sprint>,
}

/// A sprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sprint {
    /// Its id; 0 lets the site choose.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Where it is in its life.
    pub state: SprintState,
}

/// Where a sprint is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SprintState {
    /// Over; takes no more issues.
    Closed,
    /// Running.
    Active,
    /// Planned.
    Future,
}

impl Project {
    /// A company-managed project with Jira's usual types, fields, priorities and a scrum board.
    pub fn new(key: &str, name: &str) -> Self {
        Self {
            id: 0,
            key: key.into(),
            former_keys: Vec::new(),
            name: name.into(),
            issue_types: vec![
                IssueType::new("10001", "Task", 0),
                IssueType::new("10002", "Bug", 0),
                IssueType::new("10003", "Story", 0),
                IssueType::new("10004", "Epic", 1),
                IssueType::new("10005", "Sub-task", -1),
            ],
            fields: Field::defaults(),
            off_screen: Vec::new(),
            required: Vec::new(),
            priorities: [
                ("1", "Highest"),
                ("2", "High"),
                ("3", "Medium"),
                ("4", "Low"),
                ("5", "Lowest"),
            ]
            .map(|(id, name)| Priority {
                id: id.into(),
                name: name.into(),
            })
            .to_vec(),
            components: vec!["API".into(), "Web".into()],
            unassignable: BTreeSet::new(),
            board: Some(Board::new(&format!("{key} board"), key)),
        }
    }

    /// Takes a field off the create screen of one issue type, or of all.
    pub fn without_field(mut self, issue_type: Option<&str>, field: &str) -> Self {
        self.off_screen.push(ScreenRule::new(issue_type, field));
        self
    }

    /// Makes a field required for one issue type, or for all.
    pub fn requiring(mut self, issue_type: Option<&str>, field: &str) -> Self {
        self.required.push(ScreenRule::new(issue_type, field));
        self
    }

    /// Adds a field to every screen.
    pub fn with_field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// Replaces the priorities. One that it has keeps its id; the others are numbered from 101.
    pub fn with_priorities(mut self, names: &[&str]) -> Self {
        let had = std::mem::take(&mut self.priorities);
        let known = |name: &str| had.iter().find(|it| it.name == name).cloned();
        let new = (101..).zip(names).map(|(id, &name)| {
            known(name).unwrap_or_else(|| Priority {
                id: i32::to_string(&id),
                name: name.into(),
            })
        });
        self.priorities = new.collect();
        self
    }

    /// Replaces the board.
    pub fn with_board(mut self, board: Option<Board>) -> Self {
        self.board = board;
        self
    }

    /// Keeps issues here from being assigned to this account.
    pub fn without_assignee(mut self, account_id: &str) -> Self {
        self.unassignable.insert(account_id.into());
        self
    }

    /// The fields on the create screen of this issue type, in order.
    pub(super) fn screen<'a>(&'a self, issue_type: &'a str) -> impl Iterator<Item = &'a Field> {
        self.fields.iter().filter(move |field| {
            let usable = match field.kind {
                FieldKind::Priority => !self.priorities.is_empty(),
                FieldKind::Sprint => self.board.is_some(),
                _ => true,
            };
            usable && !covers(&self.off_screen, issue_type, &field.id)
        })
    }

    pub(super) fn is_required(&self, issue_type: &str, field: &str) -> bool {
        matches!(field, "summary" | "project" | "issuetype")
            || covers(&self.required, issue_type, field)
    }

    pub(super) fn sprint(&self, id: u64) -> Option<&Sprint> {
        self.board
            .as_ref()?
            .sprints
            .iter()
            .find(|sprint| sprint.id == id)
    }
}

impl ScreenRule {
    /// The rule for this field, on one issue type's screen or on all.
    pub fn new(issue_type: Option<&str>, field: &str) -> Self {
        Self {
            issue_type: issue_type.map(Into::into),
            field: field.into(),
        }
    }
}

impl IssueType {
    /// A type of this id, name and hierarchy level.
    pub fn new(id: &str, name: &str, level: i32) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            level,
        }
    }
}

impl Board {
    /// A scrum board that estimates in story points, with a closed, a running and a planned sprint.
    pub fn new(name: &str, key: &str) -> Self {
        let sprint = |number: u32, state| Sprint {
            id: 0,
            name: format!("{key} Sprint {number}"),
            state,
        };
        Self {
            id: 0,
            name: name.into(),
            estimation_field: Some(STORY_POINTS.into()),
            sprints: vec![
                sprint(1, SprintState::Closed),
                sprint(2, SprintState::Active),
                sprint(3, SprintState::Future),
            ],
        }
    }
}

fn covers(rules: &[ScreenRule], issue_type: &str, field: &str) -> bool {
    rules.iter().any(|rule| {
        rule.field == field
            && rule
                .issue_type
                .as_deref()
                .is_none_or(|name| name == issue_type)
    })
}
