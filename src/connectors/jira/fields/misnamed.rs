//! Names in `custom_fields` that mean a field of Jira's and are not its id.

use serde_json::{Map, Value};

use super::{
    CreateField, Surroundings, Unsent,
    custom::{OWN, named, shown},
    loss,
};
use crate::domain::export::ManualFixType;

/// What is lost by a name that is no id of a field, and is told to be meant for one: by the name that people see, or by an id that is
/// written otherwise. Every other name is the organisation's own, and stays in docket.
pub(super) fn misnamed(
    name: &str,
    value: &Value,
    custom: &Map<String, Value>,
    around: &Surroundings<'_>,
) -> Option<Unsent> {
    let wanted = folded(name);
    let meant = |field: &&CreateField| {
        let id = field.field_id.as_str();
        let docket_has = OWN.contains(&id) || around.is_own(id) || custom.contains_key(id);
        let called = folded(id) == wanted || folded(&field.name) == wanted;
        called && !docket_has && !wanted.is_empty()
    };
    let id = match around.fields.iter().find(meant) {
        Some(field) => field.field_id.as_str(),
        None if name.starts_with("customfield_") => name,
        None => return None,
    };
    let reason = match id == name {
        true => format!(
            "“{name}” is no id of a field of Jira's; such ids are customfield_ and a number."
        ),
        false => format!(
            "docket sends what is in `custom_fields` to Jira by the ids of its fields, and “{name}” is none: the field that is called so has the id {id}."
        ),
    };
    let lost = loss(
        &named(id),
        ManualFixType::FieldRejected,
        &shown(value),
        reason,
    );
    let action = "Name the value by the field's id in the ticket's `custom_fields` and send it with ApplyFixes, or set the field in Jira by hand.";
    Some(Unsent {
        recommended_action: action.to_owned(),
        ..lost
    })
}

/// A name without what people write now this way and now that.
fn folded(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}
