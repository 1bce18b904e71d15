//! Values of fields that offer a choice: what of a value the project offers, and what it does not.

use serde_json::Value;

use super::{CreateField, custom::shown};

/// How many of the values that a field offers are named.
const NAMED: usize = 20;
/// By which members Jira knows what it offers.
const NAMES: [&str; 4] = ["id", "name", "value", "key"];

/// A value, as far as the field offers it.
pub(super) struct Offered {
    /// What can be sent, in Jira's form; `None`: nothing of it.
    pub(super) value: Option<Value>,
    /// The ticket's own values for that, where it is a part.
    pub(super) part: Option<Value>,
    /// The ticket's own values that the field does not offer.
    pub(super) unknown: Vec<Value>,
}

impl Offered {
    /// Holds `value`, which is made of the ticket's `given`, against what the field offers. A field that names nothing takes anything.
    pub(super) fn of(field: &CreateField, given: &Value, value: Value) -> Self {
        match (given, &value) {
            (Value::Array(given), Value::Array(values)) => {
                let pairs = given.iter().cloned().zip(values.iter().cloned());
                let (kept, unknown): (Vec<_>, Vec<_>) =
                    pairs.partition(|(_, value)| offers(field, value));
                let (given, kept): (Vec<Value>, Vec<Value>) = kept.into_iter().unzip();
                let whole = unknown.is_empty();
                let some = whole || !kept.is_empty();
                Self {
                    value: some.then_some(Value::Array(kept)),
                    part: (some && !whole).then_some(Value::Array(given)),
                    unknown: unknown.into_iter().map(|(given, _)| given).collect(),
                }
            }
            (given, Value::Array(values)) if !values.iter().all(|it| offers(field, it)) => {
                Self::nothing(given)
            }
            (given, value) if !value.is_array() && !offers(field, value) => Self::nothing(given),
            _ => Self {
                value: Some(value),
                part: None,
                unknown: Vec::new(),
            },
        }
    }

    /// Why the issue does not get all of it, for a person.
    pub(super) fn why(&self, field: &CreateField) -> String {
        let unknown: Vec<String> = self
            .unknown
            .iter()
            .map(|it| format!("“{}”", shown(it)))
            .collect();
        format!(
            "The field “{}” does not offer {}; it offers: {}.",
            field.name,
            unknown.join(", "),
            listed(field)
        )
    }

    fn nothing(given: &Value) -> Self {
        Self {
            value: None,
            part: None,
            unknown: vec![given.clone()],
        }
    }
}

/// Whether the field offers one value. What is not told by a name or number of its own is Jira's to judge.
fn offers(field: &CreateField, value: &Value) -> bool {
    let told = NAMES.into_iter().filter(|name| !value[*name].is_null());
    let told: Vec<&str> = told.collect();
    if field.allowed_values.is_empty() || told.is_empty() {
        return true;
    }
    let same = |offer: &Value| {
        let mut told = told.iter();
        told.any(|&name| !offer[name].is_null() && text(&offer[name]) == text(&value[name]))
    };
    field.allowed_values.iter().any(same)
}

fn text(value: &Value) -> String {
    let plain = value.as_str().map(str::to_owned);
    plain
        .unwrap_or_else(|| value.to_string())
        .trim()
        .to_lowercase()
}

/// What the field offers, for a person.
fn listed(field: &CreateField) -> String {
    let name = |offer: &Value| {
        let names = ["name", "value", "key", "id"].into_iter();
        let mut names = names.filter_map(|name| offer[name].as_str());
        names.next().map(str::to_owned)
    };
    let names: Vec<String> = field.allowed_values.iter().filter_map(name).collect();
    match names.len().saturating_sub(NAMED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..NAMED].join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn components(names: &[&str]) -> CreateField {
        let offers = names.iter().zip(10_000..);
        let offers: Vec<Value> = offers
            .map(|(name, id)| json!({ "id": id.to_string(), "name": name }))
            .collect();
        let field = json!({ "fieldId": "components", "allowedValues": offers });
        serde_json::from_value(field).unwrap()
    }

    #[test]
    fn what_is_offered_is_kept_by_any_of_its_names_and_the_rest_is_named() {
        let field = components(&["API", "Web"]);
        let given = json!(["api", "Nothing", { "id": 10001 }, { "self": "x" }]);
        let value =
            json!([{ "name": "api" }, { "name": "Nothing" }, { "id": 10001 }, { "self": "x" }]);
        let offered = Offered::of(&field, &given, value);
        let kept = json!([{ "name": "api" }, { "id": 10001 }, { "self": "x" }]);
        assert_eq!(offered.value, Some(kept));
        assert_eq!(
            offered.part,
            Some(json!(["api", { "id": 10001 }, { "self": "x" }]))
        );
        assert_eq!(offered.unknown, [json!("Nothing")]);
    }

    #[test]
    fn a_value_that_is_whole_or_not_offered_at_all_has_no_part() {
        let field = components(&["API"]);
        let cases = [
            (json!(["API"]), json!([{ "name": "API" }]), true),
            (json!([]), json!([]), true),
            (json!("API"), json!([{ "name": "API" }]), true),
            (json!("No"), json!([{ "name": "No" }]), false),
            (json!(["No"]), json!([{ "name": "No" }]), false),
            (json!("No"), json!({ "name": "No" }), false),
            (json!("text"), json!("text"), true),
        ];
        for (given, value, whole) in cases {
            let offered = Offered::of(&field, &given, value.clone());
            assert_eq!(offered.value, whole.then_some(value), "{given}");
            assert_eq!(offered.part, None);
            assert_eq!(offered.unknown.is_empty(), whole);
        }
        let any = components(&[]);
        let offered = Offered::of(&any, &json!("No"), json!({ "name": "No" }));
        assert!(offered.value.is_some());
    }

    #[test]
    fn a_long_list_is_not_named_whole() {
        assert_eq!(listed(&components(&["API", "Web"])), "API, Web");
        let many: Vec<String> = (0..25).map(|n| format!("c{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(listed(&components(&many)).ends_with("c19 and 5 more"));
    }
}
