//! What people do to issues by hand, as a trial or a test wants it: with the traces that it leaves in Jira.

use axum::body::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    properties::{log, record_change},
    render,
    state::{Attachment, Link, State},
};

/// Something done to an issue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Touch {
    /// A field's value is changed.
    Edit {
        /// The field's id.
        field: String,
        /// Its new value, as it is read.
        value: Value,
    },
    /// A comment is written.
    Comment {
        /// Its text.
        text: String,
    },
    /// Work is logged.
    Worklog {
        /// For how long.
        seconds: u64,
    },
    /// A file is attached.
    Attach {
        /// Its name.
        filename: String,
    },
    /// The issue is said to block another one.
    Link {
        /// The other one's key.
        to: String,
    },
    /// The issue is moved along its workflow.
    Transition {
        /// The name of the status that it gets.
        status: String,
    },
    /// The issue is moved to another project; its old key goes on leading to it.
    Move {
        /// The project's key.
        project: String,
    },
    /// An entity property is taken away.
    Unmark {
        /// The property's key.
        property: String,
    },
    /// The issue is deleted.
    Delete,
    /// The issue is deleted and, after an import, another one has its key.
    Replace {
        /// What the other one is about.
        summary: String,
    },
}

/// Who does something by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Person {
    /// Whoever's token the sandbox takes.
    Account,
    /// Somebody else.
    #[default]
    Other,
}

/// Does it; `None` where there is no such issue, or no such other one.
pub(super) fn touch(state: &mut State, key: &str, person: Person, touch: &Touch) -> Option<()> {
    let place = match person {
        Person::Account => 0,
        Person::Other => 1,
    };
    let author = render::user(&state.base, state.site.users.get(place)?);
    let (id, at) = (state.id_of(key)?, state.now());
    let field = |name: &str, from: Value, to: Value| json!({"field": name, "fieldId": name, "fieldtype": "jira", "fromString": from, "toString": to});
    match touch {
        Touch::Delete => state.remove(id),
        Touch::Replace { summary } => state.replace(id, summary)?,
        Touch::Move { project } => {
            let moved = state.move_issue(id, project)?;
            let item = field("Key", key.into(), moved.key.clone().into());
            log(moved, at, &author, vec![item]);
        }
        Touch::Attach { filename } => {
            let attachment = Attachment {
                id: state.next_id(),
                issue: state.issue(key)?.key.clone(),
                filename: filename.clone(),
                mime_type: "text/plain".to_owned(),
                size: 2,
                created: at,
                content: Bytes::from_static(b"hi"),
            };
            state.attachments.push(attachment);
            let item = field("Attachment", Value::Null, filename.clone().into());
            log(state.issue_mut(key)?, at, &author, vec![item]);
        }
        Touch::Link { to } => {
            let link = Link {
                id: state.next_id(),
                type_name: state.site.link_types.first()?.name.clone(),
                inward: state.issue(key)?.key.clone(),
                outward: state.issue(to)?.key.clone(),
            };
            for (end, other) in [(&link.inward, &link.outward), (&link.outward, &link.inward)] {
                let item = field("Link", Value::Null, other.clone().into());
                log(state.issue_mut(end)?, at, &author, vec![item]);
            }
            state.links.push(link);
        }
        Touch::Edit { field, value } => {
            let changed = Map::from_iter([(field.clone(), value.clone())]);
            let issue = state.issue_mut(key)?;
            record_change(issue, &changed, at, &author);
            issue.fields.extend(changed);
        }
        Touch::Transition { status } => {
            let issue = state.issue_mut(key)?;
            let item = field("status", issue.status.clone().into(), status.clone().into());
            issue.status.clone_from(status);
            log(issue, at, &author, vec![item]);
        }
        Touch::Comment { text } => {
            let comment =
                json!({"id": "1", "author": author, "body": text, "created": render::time(at)});
            state.issue_mut(key)?.comments.push(comment);
        }
        Touch::Worklog { seconds } => {
            let work = json!({"id": "1", "author": author, "timeSpentSeconds": seconds});
            state.issue_mut(key)?.worklogs.push(work);
        }
        Touch::Unmark { property } => {
            state.issue_mut(key)?.properties.remove(property)?;
        }
    }
    Some(())
}
