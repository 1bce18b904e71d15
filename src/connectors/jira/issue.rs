//! Issues that exist: reading their fields, and changing them.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{CallError, CreateField, Jira, probe::BulkError};

/// An issue with some of its fields.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct IssueFields {
    /// Its number on the site, which outlives a move.
    pub id: String,
    /// Its key now.
    pub key: String,
    /// Its fields by id, as Jira shows them.
    #[serde(default)]
    pub fields: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BulkBody {
    #[serde(default)]
    issues: Vec<IssueFields>,
    #[serde(default)]
    issue_errors: Vec<BulkError>,
}

#[derive(Deserialize)]
struct EditMetaBody {
    #[serde(default)]
    fields: BTreeMap<String, Map<String, Value>>,
}

impl Jira {
    /// These issues (by id or key, at most 100) with these fields; what is missing or hidden is left out.
    pub async fn issue_fields(
        &self,
        ids: &[&str],
        fields: &[&str],
    ) -> Result<Vec<IssueFields>, CallError> {
        if !self.is_cloud() {
            return self.one_by_one(ids, fields).await;
        }
        let body = json!({ "issueIdsOrKeys": ids, "fields": fields });
        let path = ["rest", "api", "3", "issue", "bulkfetch"];
        let body: BulkBody = self.call(Method::POST, &path, &[], Some(&body)).await?;
        self.check_missing(&body.issue_errors).await?;
        Ok(body.issues)
    }

    /// As [`Jira::issue_fields`], for a Jira that reads no more than one at once.
    async fn one_by_one(
        &self,
        ids: &[&str],
        fields: &[&str],
    ) -> Result<Vec<IssueFields>, CallError> {
        let mut found = Vec::new();
        for id in ids {
            let path = ["rest", "api", "3", "issue", id];
            match self
                .get(&path, &[("fields", fields.join(",").as_str())])
                .await
            {
                Ok(issue) => found.push(issue),
                Err(CallError::Rejected(rejection)) if rejection.status == 404 => (),
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// The fields that an issue's edit screen takes; none where docket may not edit it.
    pub async fn edit_fields(&self, key: &str) -> Result<Vec<CreateField>, CallError> {
        let path = ["rest", "api", "3", "issue", key, "editmeta"];
        let body: EditMetaBody = self.get(&path, &[]).await?;
        let fields = body.fields.into_iter().filter_map(|(id, mut field)| {
            field.insert("fieldId".to_owned(), id.into());
            serde_json::from_value(Value::Object(field)).ok()
        });
        Ok(fields.collect())
    }

    /// Sets one field of an issue. Harmless to repeat.
    pub async fn set_field(&self, key: &str, field: &str, value: &Value) -> Result<(), CallError> {
        let path = ["rest", "api", "3", "issue", key];
        let body = json!({ "fields": { field: value } });
        self.tell(Method::PUT, &path, &body).await
    }
}
