//! One ticket of a file, held to the rules that the server will hold it to.

use std::fmt::Display;

use prost_types::{ListValue, Struct, Value as Any, value::Kind};
use serde_json::{Map, Value};
use strum::IntoEnumIterator;

use super::{Faults, one_of};
use crate::{
    domain::ticket::{
        self as rules, CustomFields, Environment, TicketCategory, TicketPriority, Title, Words,
        short_text,
    },
    error::Broken,
    proto::v1::{self, NewSessionTicket},
};

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
    let mut values = Values {
        values,
        place,
        faults,
    };
    let ticket = NewSessionTicket {
        r#ref: values.required("ref", REF),
        order: values.order(),
        depends_on_refs: values.refs(),
        title: values.title(),
        description: values.description(),
        issue_type: values.name("issue_type", NAME).unwrap_or_default(),
        priority: values.choice::<TicketPriority>("priority", |name| {
            v1::TicketPriority::from_str_name(&format!("TICKET_PRIORITY_{name}")).map(i32::from)
        }),
        category: values.choice::<TicketCategory>("category", |name| {
            v1::TicketCategory::from_str_name(&format!("TICKET_CATEGORY_{name}")).map(i32::from)
        }),
        environment: values.choice::<Environment>("environment", |name| {
            v1::Environment::from_str_name(&format!("ENVIRONMENT_{name}")).map(i32::from)
        }),
        affected_service: values.name("affected_service", NAME).unwrap_or_default(),
        labels: values.words("labels", Words::labels),
        sprint: values.name("sprint", NAME),
        story_points: values.story_points(),
        jira_assignee: values.name("jira_assignee", ASSIGNEE),
        tags: values.words("tags", Words::tags),
        custom_fields: values.custom_fields(),
    };
    values.name("creator", REF);
    values.refuse_the_rest();
    ticket
}

/// A ticket's values, from which each is taken once.
struct Values<'a> {
    values: Map<String, Value>,
    place: &'a str,
    faults: &'a mut Faults,
}

impl Values<'_> {
    fn fault(&mut self, key: &str, problem: impl Display) {
        self.faults.add(format!("{}: {key}: {problem}", self.place));
    }

    fn broken(&mut self, key: &str, broken: &Broken) {
        self.fault(&format!("{key}{}", broken.path), &broken.rule);
    }

    fn take(&mut self, key: &str) -> Option<Value> {
        self.values.remove(key).filter(|value| !value.is_null())
    }

    fn text(&mut self, key: &str) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => Some(text),
            _ => {
                self.fault(key, "must be a text");
                None
            }
        }
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.take(key) else {
            return Vec::new();
        };
        serde_json::from_value(value).unwrap_or_else(|_| {
            self.fault(key, "must be a list of texts");
            Vec::new()
        })
    }

    fn name(&mut self, key: &str, max: usize) -> Option<String> {
        let text = self.text(key)?;
        match short_text(&text, max) {
            Ok(text) if text.trim().is_empty() => None,
            Ok(text) => Some(text),
            Err(broken) => {
                self.broken(key, &broken);
                None
            }
        }
    }

    fn required(&mut self, key: &str, max: usize) -> String {
        self.expect(key);
        self.name(key, max).unwrap_or_default()
    }

    /// Notes where the value is missing, or nothing but blanks.
    fn expect(&mut self, key: &str) {
        let given = match self.values.get(key) {
            Some(Value::String(text)) => !text.trim().is_empty(),
            value => value.is_some_and(|value| !value.is_null()),
        };
        if !given {
            self.values.remove(key);
            self.fault(key, "is missing");
        }
    }

    fn title(&mut self) -> String {
        self.expect("title");
        let Some(text) = self.text("title") else {
            return String::new();
        };
        if let Err(broken) = Title::new(text.trim()) {
            self.broken("title", &broken);
        }
        text.trim().to_owned()
    }

    fn description(&mut self) -> String {
        let text = self.text("description").unwrap_or_default();
        if let Err(broken) = rules::description(&text) {
            self.broken("description", &broken);
        }
        text
    }

    fn words(&mut self, key: &str, rule: fn(&[String]) -> Result<Words, Broken>) -> Vec<String> {
        let words = self.texts(key);
        match rule(&words) {
            Ok(Words(words)) => words,
            Err(broken) => {
                self.broken(key, &broken);
                Vec::new()
            }
        }
    }

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

    /// The number that stands for a value on the wire; 0, which lets the server choose, where there is none.
    fn choice<T>(&mut self, key: &str, wire: fn(&str) -> Option<i32>) -> i32
    where
        T: std::str::FromStr + Display + IntoEnumIterator,
    {
        let Some(text) = self.text(key) else {
            return 0;
        };
        match one_of::<T>(&text) {
            Ok(value) => wire(&value.to_string()).unwrap_or_default(),
            Err(problem) => {
                self.fault(key, problem);
                0
            }
        }
    }

    fn custom_fields(&mut self) -> Option<Struct> {
        let key = "custom_fields";
        let Value::Object(fields) = self.take(key)? else {
            self.fault(key, "must be an object");
            return None;
        };
        match CustomFields::new(fields) {
            Ok(CustomFields(fields)) => Some(structure(fields)),
            Err(broken) => {
                self.broken(key, &broken);
                None
            }
        }
    }

    fn refuse_the_rest(&mut self) {
        for key in std::mem::take(&mut self.values).keys() {
            if !KEYS.contains(&key.as_str()) {
                self.fault(key, format!("is no key of a ticket: {}", KEYS.join(", ")));
            }
        }
    }
}

/// A JSON object as protobuf has it.
fn structure(fields: Map<String, Value>) -> Struct {
    let fields = fields.into_iter().map(|(key, value)| (key, any(value)));
    Struct {
        fields: fields.collect(),
    }
}

fn any(value: Value) -> Any {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(flag) => Kind::BoolValue(flag),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        Value::String(text) => Kind::StringValue(text),
        Value::Array(items) => Kind::ListValue(ListValue {
            values: items.into_iter().map(any).collect(),
        }),
        Value::Object(fields) => Kind::StructValue(structure(fields)),
    };
    Any { kind: Some(kind) }
}
