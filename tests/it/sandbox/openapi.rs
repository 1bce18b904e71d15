//! Jira's published contract: holds calls and answers against the official OpenAPI documents.
//!
//! The documents lie in the folder that `JIRA_OPENAPI_DIR` names. Without it nothing is checked, and that is said aloud.

use std::{
    collections::HashMap,
    io::Write,
    path::Path,
    sync::{Mutex, Once, OnceLock},
};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// What is written to stderr, once, where the contract is not checked.
pub const NOT_CHECKED: &str =
    "NOT CHECKED: Jira's OpenAPI contract (set JIRA_OPENAPI_DIR to the folder of the documents)";

/// Calls of Jira Cloud that the excerpt of its document leaves out.
const LEFT_OUT: [(&str, &str); 4] = [
    ("DELETE", "/rest/api/3/issueLink/{linkId}"),
    ("DELETE", "/rest/api/3/attachment/{id}"),
    ("GET", "/rest/api/3/attachment/content/{id}"),
    ("GET", "/rest/api/3/issue/{issueIdOrKey}/changelog"),
];

/// Holds a call and its answer against the contract. `path` may have a query.
///
/// An error that the documents give no shape must have the shape of all errors. An undocumented status of success, an
/// undocumented query parameter and an unknown call are faults.
///
/// # Errors
/// The first difference.
pub fn check_exchange(
    method: &str,
    path: &str,
    request_body: Option<&Value>,
    status: u16,
    response_body: Option<&Value>,
) -> Result<(), String> {
    let Some(documents) = documents() else {
        return Ok(());
    };
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let call = documents
        .iter()
        .find_map(|document| document.find(method, path));
    let Some((document, template, operation)) = call else {
        let known = LEFT_OUT
            .iter()
            .any(|(verb, template)| *verb == method && fits(template, path));
        return if known {
            Ok(())
        } else {
            Err(format!("{method} {path} is not documented"))
        };
    };
    check_query(operation, query)?;
    let name = format!("{method} {template}");
    let request = &operation["requestBody"]["content"]["application/json"]["schema"];
    // A refused request may well be one that the contract refuses.
    if let (Some(body), true, true) = (request_body, request.is_object(), status < 400) {
        document.validate(&format!("{name} request"), request, body)?;
    }
    let response = &operation["responses"][status.to_string()];
    if status < 400 && response.is_null() {
        return Err(format!("{name} does not document {status}"));
    }
    let Some(body) = response_body else {
        return Ok(());
    };
    let schema = &response["content"]["application/json"]["schema"];
    let documented = match schema.is_object() {
        true => document.validate(&format!("{name} {status}"), schema, body),
        false => Ok(()),
    };
    // A call that is refused as a whole is answered in the shape of all errors, whatever else is documented.
    match (status >= 400, schema.is_object()) {
        (false, _) => documented,
        (true, false) if body.is_null() => Ok(()),
        (true, false) => documents[0].check_error(body),
        (true, true) => {
            documented.or_else(|fault| documents[0].check_error(body).map_err(|_| fault))
        }
    }
}

fn check_query(operation: &Value, query: &str) -> Result<(), String> {
    let known = operation["parameters"].as_array();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or_default();
        let documented =
            |parameter: &Value| parameter["in"] == "query" && parameter["name"] == name;
        if !known.into_iter().flatten().any(documented) {
            return Err(format!("the query parameter {name} is not documented"));
        }
    }
    Ok(())
}

struct Document {
    value: Value,
    validators: Mutex<HashMap<String, Validator>>,
}

impl Document {
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self {
            value: serde_json::from_str(&text).unwrap(),
            validators: Mutex::default(),
        }
    }

    /// The operation of a call; of several paths that fit, the one with the fewest parameters.
    fn find(&self, method: &str, path: &str) -> Option<(&Self, &str, &Value)> {
        let paths = self.value["paths"].as_object()?;
        let (template, item) = paths
            .iter()
            .filter(|(template, item)| {
                fits(template, path) && item.get(method.to_lowercase()).is_some()
            })
            .min_by_key(|(template, _)| template.matches('{').count())?;
        Some((self, template, &item[method.to_lowercase()]))
    }

    /// The schemas that a schema needs: compiling all of them for each would take a second.
    fn reachable(&self, schema: &Value) -> Map<String, Value> {
        let mut found = Map::new();
        let mut open = Vec::new();
        references(schema, &mut open);
        while let Some(name) = open.pop() {
            if !found.contains_key(&name) {
                let schema = self.value["components"]["schemas"][&name].clone();
                references(&schema, &mut open);
                found.insert(name, schema);
            }
        }
        found
    }

    fn check_error(&self, body: &Value) -> Result<(), String> {
        let schema = json!({"$ref": "#/components/schemas/ErrorCollection"});
        self.validate("an error", &schema, body)
    }

    fn validate(&self, name: &str, schema: &Value, body: &Value) -> Result<(), String> {
        let mut validators = self.validators.lock().unwrap();
        let validator = validators.entry(name.to_owned()).or_insert_with(|| {
            let whole =
                json!({"allOf": [schema], "components": {"schemas": self.reachable(schema)}});
            jsonschema::draft4::new(&whole).unwrap()
        });
        let faults: Vec<String> = validator
            .iter_errors(body)
            .map(|fault| format!("{fault} at {}", fault.instance_path()))
            .collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(format!("{name}: {}", faults.join("; ")))
        }
    }
}

/// The names of the schemas that a schema refers to.
fn references(schema: &Value, names: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            let reference = members.get("$ref").and_then(Value::as_str);
            names.extend(
                reference
                    .and_then(|path| path.strip_prefix("#/components/schemas/"))
                    .map(Into::into),
            );
            members
                .values()
                .for_each(|member| references(member, names));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, names)),
        _ => {}
    }
}

/// The documents, the platform's first; `None`, and a line on stderr, where there are none.
fn documents() -> Option<&'static [Document; 2]> {
    static SAID: Once = Once::new();
    static DOCUMENTS: OnceLock<[Document; 2]> = OnceLock::new();
    let Some(folder) = std::env::var_os("JIRA_OPENAPI_DIR") else {
        // Not `eprintln!`, which the test harness keeps to itself when a test passes.
        let line = format!("{NOT_CHECKED}\n");
        SAID.call_once(|| std::io::stderr().write_all(line.as_bytes()).unwrap());
        return None;
    };
    let read = |name: &str| Document::read(&Path::new(&folder).join(name));
    Some(DOCUMENTS.get_or_init(|| [read("platform-openapi.json"), read("software-openapi.json")]))
}

fn fits(template: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    let same = template.split('/').all(|expected| {
        parts
            .next()
            .is_some_and(|part| expected.starts_with('{') || expected == part)
    });
    same && parts.next().is_none()
}

#[test]
fn the_checker_tells_right_from_wrong() {
    let path = "/rest/api/3/issue";
    let created = json!({"id": "1", "key": "DEMO-1", "self": "http://localhost/1"});
    assert_eq!(
        check_exchange("POST", path, None, 201, Some(&created)),
        Ok(())
    );
    if documents().is_none() {
        return;
    }
    let wrong = [
        check_exchange("POST", path, None, 201, Some(&json!({"id": 1}))),
        check_exchange(
            "POST",
            path,
            Some(&json!({"fields": []})),
            201,
            Some(&created),
        ),
        check_exchange("POST", path, None, 202, Some(&created)),
        check_exchange("POST", path, None, 500, Some(&json!({"oops": true}))),
        check_exchange(
            "GET",
            "/rest/api/3/myself?bad=1",
            None,
            200,
            Some(&json!({})),
        ),
        check_exchange("GET", "/rest/api/3/nowhere", None, 200, Some(&json!({}))),
        check_exchange(
            "GET",
            "/rest/agile/1.0/board",
            None,
            200,
            Some(&json!({"values": [{"id": "1"}]})),
        ),
    ];
    for verdict in wrong {
        verdict.unwrap_err();
    }
}
