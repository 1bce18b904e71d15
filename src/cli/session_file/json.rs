//! A session as one JSON object.

use serde::Deserialize as _;
use serde_json::{Map, Value};

use super::{Faults, SessionFile, User, ticket};

/// The keys of a file.
const KEYS: [&str; 4] = ["name", "jira_project_key", "users", "tickets"];

/// Reads all that can be read. The second value tells where each ticket stands, for faults that concern several.
pub(super) fn read(text: &str, faults: &mut Faults) -> (SessionFile, Vec<String>) {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => session(object, faults),
        Ok(_) => {
            faults.add("must be one object with the keys name, jira_project_key and tickets");
            Default::default()
        }
        Err(error) => {
            faults.add(format!("line {}: is no JSON: {error}", error.line()));
            Default::default()
        }
    }
}

fn session(mut object: Map<String, Value>, faults: &mut Faults) -> (SessionFile, Vec<String>) {
    for key in object.keys().filter(|key| !KEYS.contains(&key.as_str())) {
        faults.add(format!(
            "{key:?} is no key of a session: {}",
            KEYS.join(", ")
        ));
    }
    let file = SessionFile {
        name: text(&mut object, "name", faults),
        jira_project_key: text(&mut object, "jira_project_key", faults),
        users: users(&mut object, faults),
        tickets: Vec::new(),
    };
    let mut tickets = Vec::new();
    let mut places = Vec::new();
    for (number, value) in (1..).zip(list(&mut object, "tickets", faults)) {
        let Value::Object(values) = value else {
            faults.add(format!("ticket {number}: must be an object"));
            continue;
        };
        let place = place(number, &values);
        tickets.push(ticket::read(values, &place, faults));
        places.push(place);
    }
    if !object.contains_key("tickets") {
        faults.add("tickets: is missing");
    }
    (SessionFile { tickets, ..file }, places)
}

/// The number is of more use to a program than to a person, who knows the tickets by their refs.
fn place(number: usize, values: &Map<String, Value>) -> String {
    match values.get("ref").and_then(Value::as_str) {
        Some(reference) => format!("ticket {number} ({reference})"),
        None => format!("ticket {number}"),
    }
}

fn text(object: &mut Map<String, Value>, key: &str, faults: &mut Faults) -> Option<String> {
    match object.get_mut(key)?.take() {
        Value::Null => None,
        Value::String(text) => Some(text),
        _ => {
            faults.add(format!("{key}: must be a text"));
            None
        }
    }
}

fn list(object: &mut Map<String, Value>, key: &str, faults: &mut Faults) -> Vec<Value> {
    match object.get_mut(key).map(Value::take) {
        None => Vec::new(),
        Some(Value::Array(items)) => items,
        Some(_) => {
            faults.add(format!("{key}: must be a list"));
            Vec::new()
        }
    }
}

fn users(object: &mut Map<String, Value>, faults: &mut Faults) -> Vec<User> {
    let mut users = Vec::new();
    for (number, value) in (1..).zip(list(object, "users", faults)) {
        match User::deserialize(value) {
            Ok(user) => users.push(user),
            Err(error) => faults.add(format!("user {number}: {error}")),
        }
    }
    users
}
