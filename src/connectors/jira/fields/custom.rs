//! Values for Jira's own fields that a ticket keeps in `custom_fields`, by the field's id: in the form that Jira takes, as far as it
//! can be told from the field's type.

use serde_json::{Map, Value, json};

use super::{
    CreateField, IssuePlan, Surroundings, Unsent, loss, misnamed::misnamed, off_screen,
    offer::Offered, refused,
};
use crate::{
    connectors::jira::{adf, description::wiki},
    domain::{export::ManualFixType, integration::JiraDeployment},
};

/// Fields that docket fills in from the ticket itself.
pub(super) const OWN: [&str; 7] = [
    "project",
    "issuetype",
    "summary",
    "description",
    "priority",
    "labels",
    "assignee",
];
/// Jira's own fields that a ticket may give a value for; every other name that is no custom field's is the organisation's own.
const KNOWN: [&str; 9] = [
    "components",
    "duedate",
    "environment",
    "fixVersions",
    "parent",
    "reporter",
    "security",
    "timetracking",
    "versions",
];

impl IssuePlan {
    /// Adds what the ticket gives for fields of Jira's that docket has no field for. What docket has a field for stays docket's.
    pub(super) fn add_custom(&mut self, custom: &Map<String, Value>, around: &Surroundings<'_>) {
        let given = custom.iter().filter(|(id, value)| {
            !OWN.contains(&id.as_str()) && !value.is_null() && !self.fields.contains_key(*id)
        });
        let given: Vec<_> = given.collect();
        for (id, value) in given {
            match is_jira_field(id) {
                true => self.add_value(id, value, around),
                false => self.unsent.extend(misnamed(id, value, custom, around)),
            }
        }
    }

    fn add_value(&mut self, id: &str, value: &Value, around: &Surroundings<'_>) {
        let lost = |reason| {
            loss(
                &named(id),
                ManualFixType::FieldRejected,
                &shown(value),
                reason,
            )
        };
        let Some(field) = around.field(id) else {
            let reason = off_screen(around, &format!("field {id}"));
            self.unsent.push(lost(reason));
            return;
        };
        let Some(form) = in_jiras_form(field, value, around.deployment) else {
            let kind = field.schema["type"].as_str().unwrap_or("unknown");
            let reason = format!(
                "The field “{}” takes a value of the type {kind}, which this is not.",
                field.name
            );
            self.unsent.push(refused(lost(String::new()), reason));
            return;
        };
        let offered = Offered::of(field, value, form);
        if !offered.unknown.is_empty() {
            self.unsent.push(Unsent {
                sent: offered.part.as_ref().map(shown).unwrap_or_default(),
                ..refused(lost(String::new()), offered.why(field))
            });
        }
        if let Some(value) = offered.value {
            self.put_soft(id, value, lost(String::new()));
        }
    }
}

/// The contract's name of a ticket's value for a field of Jira's.
pub(super) fn named(id: &str) -> String {
    format!("custom_fields.{id}")
}

/// Whether a name in `custom_fields` is that of a field of Jira's that docket has no field of its own for.
pub fn is_jira_field(id: &str) -> bool {
    is_custom(id) || KNOWN.contains(&id)
}

/// Whether an administrator of Jira made the field.
fn is_custom(id: &str) -> bool {
    let number = id.strip_prefix("customfield_").unwrap_or_default();
    !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

/// A text as it is, anything else as JSON.
pub(super) fn shown(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The value as the field takes it. An object is taken to be in Jira's form already.
fn in_jiras_form(field: &CreateField, value: &Value, deployment: JiraDeployment) -> Option<Value> {
    let single = |kind: &str, value: &Value| single(kind, value, deployment);
    let kind = field.schema["type"].as_str().unwrap_or_default();
    match (kind, value) {
        ("array", Value::Array(items)) => {
            let kind = field.schema["items"].as_str().unwrap_or_default();
            items
                .iter()
                .map(|item| single(kind, item))
                .collect::<Option<Vec<_>>>()
                .map(Value::Array)
        }
        ("array", single_value) => {
            let kind = field.schema["items"].as_str().unwrap_or_default();
            single(kind, single_value).map(|item| json!([item]))
        }
        ("string", Value::String(text)) if is_document(field) => Some(match deployment {
            JiraDeployment::Cloud => adf::convert(text).adf,
            JiraDeployment::DataCenter => wiki(text, adf::TEXT_LIMIT).text.into(),
        }),
        _ => single(kind, value),
    }
}

fn is_document(field: &CreateField) -> bool {
    let named = |name: &str| field.schema[name].as_str().unwrap_or_default();
    named("custom").ends_with(":textarea") || named("system") == "environment"
}

fn single(kind: &str, value: &Value, deployment: JiraDeployment) -> Option<Value> {
    let Value::String(text) = value else {
        let fits = match kind {
            "number" => value.is_number() || value.is_object(),
            "string" | "date" | "datetime" => value.is_object(),
            _ => true,
        };
        // A number or a truth value is a text, too, where a text is wanted.
        let plain = kind == "string" && (value.is_number() || value.is_boolean());
        return match (fits, plain) {
            (_, true) => Some(value.to_string().into()),
            (true, _) => Some(value.clone()),
            _ => None,
        };
    };
    match kind {
        "number" => text
            .trim()
            .parse::<f64>()
            .ok()
            .filter(|n| n.is_finite())
            .map(Value::from),
        "option" => Some(json!({ "value": text })),
        "user" => Some(match deployment {
            JiraDeployment::Cloud => json!({ "accountId": text }),
            JiraDeployment::DataCenter => json!({ "name": text }),
        }),
        "issuelink" => Some(json!({ "key": text })),
        "component" | "group" | "priority" | "resolution" | "securitylevel" | "version" => {
            Some(json!({ "name": text }))
        }
        _ => Some(value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(schema: Value) -> CreateField {
        serde_json::from_value(json!({ "fieldId": "x", "schema": schema })).unwrap()
    }

    #[test]
    fn values_take_the_form_of_the_fields_type() {
        let list = |items: &str| json!({ "type": "array", "items": items });
        let area = json!({ "type": "string", "custom": "com.x:textarea" });
        let cases = [
            (json!({ "type": "number" }), json!("2.5"), Some(json!(2.5))),
            (json!({ "type": "number" }), json!(3), Some(json!(3))),
            (json!({ "type": "number" }), json!("x"), None),
            (json!({ "type": "number" }), json!([1]), None),
            (json!({ "type": "string" }), json!(7), Some(json!("7"))),
            (json!({ "type": "string" }), json!([7]), None),
            (
                json!({ "type": "option" }),
                json!("Red"),
                Some(json!({ "value": "Red" })),
            ),
            (
                json!({ "type": "option" }),
                json!({ "id": "5" }),
                Some(json!({ "id": "5" })),
            ),
            (
                json!({ "type": "issuelink" }),
                json!("DEMO-1"),
                Some(json!({ "key": "DEMO-1" })),
            ),
            (
                list("component"),
                json!(["API"]),
                Some(json!([{ "name": "API" }])),
            ),
            (
                list("component"),
                json!("API"),
                Some(json!([{ "name": "API" }])),
            ),
            (list("string"), json!(["a", "b"]), Some(json!(["a", "b"]))),
            (area, json!("<p>x</p>"), Some(adf::convert("<p>x</p>").adf)),
        ];
        for (schema, value, wanted) in cases {
            assert_eq!(
                in_jiras_form(&field(schema.clone()), &value, JiraDeployment::Cloud),
                wanted,
                "{schema} {value}"
            );
        }
    }

    #[test]
    fn data_center_takes_texts_as_wiki_markup_and_people_by_name() {
        let cases = [
            (
                json!({ "type": "string", "custom": "com.x:textarea" }),
                json!("<p>a <b>b</b></p>"),
                json!("a *b*"),
            ),
            (
                json!({ "type": "string", "system": "environment" }),
                json!("plain"),
                json!("plain"),
            ),
            (
                json!({ "type": "user" }),
                json!("ada"),
                json!({ "name": "ada" }),
            ),
            (
                json!({ "type": "array", "items": "user" }),
                json!(["ada"]),
                json!([{ "name": "ada" }]),
            ),
        ];
        for (schema, value, wanted) in cases {
            let form = in_jiras_form(&field(schema), &value, JiraDeployment::DataCenter);
            assert_eq!(form, Some(wanted));
        }
    }

    #[test]
    fn only_names_of_jiras_fields_are_meant_for_jira() {
        assert!(is_custom("customfield_10016"));
        assert!(
            !is_custom("customfield_") && !is_custom("customfield_x") && !is_custom("cost_center")
        );
    }
}
