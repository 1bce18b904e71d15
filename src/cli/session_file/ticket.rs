//! One ticket of a file, held to the rules that the server will hold it to.

use serde_json::{Map, Value};

use super::super::values::{Faults, Values};
use crate::{domain::ticket::Words, proto::v1::NewSessionTicket};

/// The keys of a ticket. `creator` is part of a story and not of a call: who creates is told by the token.
pub(super) const KEYS: [&str; 17] = [
    "ref",
    "order",
    "depends_on_refs",
    "title",
    "description",
    "issue_type",
    "priority",
    "category",
    "environment",
    "affected_service",
    "labels",
    "sprint",
    "story_points",
    "jira_assignee",
    "tags",
    "custom_fields",
    "creator",
];

/// The most code points of a ref, of a name and of an assignee, and the most refs that a ticket may depend on.
const REF: usize = 128;
const NAME: usize = 255;
const ASSIGNEE: usize = 320;
const DEPENDENCIES: usize = 100;
const STORY_POINTS: f64 = 1000.0;

/// The ticket, as far as it can be read; what cannot is among the faults.
pub(super) fn read(
    values: Map<String, Value>,
    place: &str,
    faults: &mut Faults,
) -> NewSessionTicket {
    let mut values = Values::new(values, place, faults);
    let ticket = NewSessionTicket {
        r#ref: values.required("ref", REF),
        order: values.order(),
        depends_on_refs: values.refs(),
        title: values.title(),
        description: values.description(),
        issue_type: values.name("issue_type", NAME).unwrap_or_default(),
        priority: values.priority(),
        category: values.category(),
        environment: values.environment(),
        affected_service: values.name("affected_service", NAME).unwrap_or_default(),
        labels: values.words("labels", Words::labels),
        sprint: values.name("sprint", NAME),
        story_points: values.story_points(),
        jira_assignee: values.name("jira_assignee", ASSIGNEE),
        tags: values.words("tags", Words::tags),
        custom_fields: values.custom_fields(),
    };
    values.name("creator", REF);
    values.refuse_the_rest(&KEYS);
    ticket
}

impl Values<'_> {
    fn refs(&mut self) -> Vec<String> {
        let refs = self.texts("depends_on_refs");
        if refs.len() > DEPENDENCIES {
            let problem = format!("must have at most {DEPENDENCIES} entries");
            self.fault("depends_on_refs", problem);
        }
        refs
    }

    fn order(&mut self) -> Option<i32> {
        let value = self.take("order")?;
        let order = value.as_i64().and_then(|order| i32::try_from(order).ok());
        if order.is_none_or(|order| order < 1) {
            self.fault(
                "order",
                format!("must be a whole number from 1, not {value}"),
            );
        }
        order
    }

    fn story_points(&mut self) -> Option<f64> {
        let value = self.take("story_points")?;
        let points = value.as_f64();
        if !points.is_some_and(|points| (0.0..=STORY_POINTS).contains(&points)) {
            let problem = format!("must be a number from 0 to {STORY_POINTS}, not {value}");
            self.fault("story_points", problem);
        }
        points
    }
}
