//! What a site and a project let docket do: account, project, permissions, issue types and their create screens.

use std::{collections::BTreeMap, future::Future};

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{CallError, Jira, Trouble};

/// The page size that is asked for; Jira may give less.
const PAGE: u64 = 50;
/// The most entries that are read of any list, so that a broken answer cannot keep docket reading.
const MAX_ENTRIES: usize = 5_000;
/// The permissions that an export uses.
const PERMISSIONS: &str = "BROWSE_PROJECTS,CREATE_ISSUES,EDIT_ISSUES,ASSIGN_ISSUES,CREATE_ATTACHMENTS,LINK_ISSUES,SCHEDULE_ISSUES";

/// A person or robot with an account on the site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Account {
    /// Identifies the account in every call to Jira Cloud; empty elsewhere.
    pub account_id: String,
    /// Identifies the account in every call to Data Center; empty elsewhere.
    pub name: String,
    /// The name that people see.
    pub display_name: String,
    /// The e-mail address, if the person lets others see it.
    pub email_address: Option<String>,
}

impl Account {
    /// The account, as a field of an issue takes it.
    pub fn as_value(&self) -> Value {
        match self.account_id.as_str() {
            "" => json!({ "name": self.name }),
            id => json!({ "accountId": id }),
        }
    }

    /// What identifies it.
    pub(super) fn handle(&self) -> &str {
        match self.account_id.as_str() {
            "" => &self.name,
            id => id,
        }
    }
}

/// What a site says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServerInfo {
    /// The address for people.
    pub base_url: String,
    /// `Cloud` or `Server`.
    pub deployment_type: String,
}

/// A project.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Project {
    /// Its number on the site.
    pub id: String,
    /// Its key, case-sensitive.
    pub key: String,
    /// The name that people see.
    #[serde(default)]
    pub name: String,
}

/// A type of issue that can be created in a project.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct IssueType {
    /// Its number.
    pub id: String,
    /// Its name on this site.
    pub name: String,
    /// Whether its issues need a parent.
    #[serde(default, deserialize_with = "or_default")]
    pub subtask: bool,
}

/// A field that the create screen of an issue type takes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateField {
    /// Its id, such as `summary` or `customfield_10016`; the name under which a create sends it.
    pub field_id: String,
    /// The name that people see.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Whether a create without it is refused, unless it has a default.
    #[serde(default, deserialize_with = "or_default")]
    pub required: bool,
    /// Whether Jira fills it in when it is not sent.
    #[serde(default, deserialize_with = "or_default")]
    pub has_default_value: bool,
    /// The values to choose from, where there is a choice; in Jira's order.
    #[serde(default, deserialize_with = "or_default")]
    pub allowed_values: Vec<Value>,
    /// Its type: `type`, `items`, `system`, `custom` …
    #[serde(default)]
    pub schema: Value,
}

impl CreateField {
    /// Whether a create is refused that does not send it. Jira fills in the reporter by itself.
    pub fn is_demanded(&self) -> bool {
        self.required && !self.has_default_value && self.field_id != "reporter"
    }
}

/// Whether and how large files may be attached on a site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AttachmentSettings {
    /// Whether attachments are switched on.
    pub enabled: bool,
    /// The largest file, in bytes; 0 where the site names none: it has one all the same, and tells it by refusing.
    pub upload_limit: u64,
}

impl AttachmentSettings {
    /// Of a site that does not tell: it is left to refuse the files themselves.
    pub const UNTOLD: Self = Self {
        enabled: true,
        upload_limit: 0,
    };

    /// Whether a file of this many bytes is not too large.
    pub fn takes(self, bytes: u64) -> bool {
        self.upload_limit == 0 || bytes <= self.upload_limit
    }
}

/// What is switched on on a site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SiteSettings {
    /// Whether issues can be linked.
    pub issue_linking_enabled: bool,
    /// Whether an issue may have nobody assigned.
    pub unassigned_issues_allowed: bool,
}

/// What docket's account may do in a project, by Jira's permission keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions(BTreeMap<String, bool>);

impl Permissions {
    /// Whether the account has the permission; one that Jira does not name is not held.
    pub fn has(&self, key: &str) -> bool {
        self.0.get(key).copied().unwrap_or_default()
    }
}

#[derive(Deserialize)]
struct PermissionsBody {
    #[serde(default)]
    permissions: BTreeMap<String, HeldPermission>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HeldPermission {
    #[serde(default)]
    have_permission: bool,
}

/// One page of any of Jira's numbered lists; the list's name differs by call.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page<T> {
    #[serde(default = "Vec::new")]
    values: Vec<T>,
    #[serde(default = "Vec::new")]
    issue_types: Vec<T>,
    #[serde(default = "Vec::new")]
    fields: Vec<T>,
    #[serde(default = "Vec::new")]
    results: Vec<T>,
    total: Option<u64>,
    is_last: Option<bool>,
}

/// Reads a numbered list to its end.
pub(super) async fn all_pages<T, F>(mut page: impl FnMut(u64) -> F) -> Result<Vec<T>, CallError>
where
    F: Future<Output = Result<Page<T>, CallError>>,
{
    let mut all = Vec::new();
    loop {
        let start = u64::try_from(all.len()).unwrap_or(u64::MAX);
        let next = page(start).await?;
        let before = all.len();
        for part in [next.values, next.issue_types, next.fields, next.results] {
            all.extend(part);
        }
        let empty = all.len() == before;
        let read = u64::try_from(all.len()).unwrap_or(u64::MAX);
        let last = next.is_last.unwrap_or(false) || next.total.is_some_and(|total| read >= total);
        if empty || last || all.len() >= MAX_ENTRIES {
            return Ok(all);
        }
    }
}

impl Jira {
    /// The account that the credentials belong to.
    pub async fn myself(&self) -> Result<Account, CallError> {
        self.get(&["rest", "api", "3", "myself"], &[]).await
    }

    /// What the site says of itself. Needs no permission.
    pub async fn server_info(&self) -> Result<ServerInfo, CallError> {
        self.get(&["rest", "api", "3", "serverInfo"], &[]).await
    }

    /// Whether and how large files may be attached.
    pub async fn attachment_settings(&self) -> Result<AttachmentSettings, CallError> {
        let path = ["rest", "api", "3", "attachment", "meta"];
        self.get(&path, &[]).await
    }

    /// What is switched on on the site.
    pub async fn site_settings(&self) -> Result<SiteSettings, CallError> {
        let path = ["rest", "api", "3", "configuration"];
        self.get(&path, &[]).await
    }

    /// A project by its key. Rejected with 404 when it is missing or hidden.
    pub async fn project(&self, key: &str) -> Result<Project, CallError> {
        self.get(&["rest", "api", "3", "project", key], &[]).await
    }

    /// What docket's account may do in a project.
    pub async fn permissions(&self, project_key: &str) -> Result<Permissions, CallError> {
        let query = [("projectKey", project_key), ("permissions", PERMISSIONS)];
        let path = ["rest", "api", "3", "mypermissions"];
        let body: PermissionsBody = self.get(&path, &query).await?;
        let held = body.permissions.into_iter();
        Ok(Permissions(
            held.map(|(key, p)| (key, p.have_permission)).collect(),
        ))
    }

    /// The issue types that can be created in a project.
    pub async fn issue_types(&self, project_key: &str) -> Result<Vec<IssueType>, CallError> {
        let path = [
            "rest",
            "api",
            "3",
            "issue",
            "createmeta",
            project_key,
            "issuetypes",
        ];
        readable(self.list(&path, &[]).await?)
    }

    /// The fields that a create of this issue type takes; Jira refuses a create with any other.
    pub async fn create_fields(
        &self,
        project_key: &str,
        issue_type_id: &str,
    ) -> Result<Vec<CreateField>, CallError> {
        let path = [
            "rest",
            "api",
            "3",
            "issue",
            "createmeta",
            project_key,
            "issuetypes",
            issue_type_id,
        ];
        readable(self.list(&path, &[]).await?)
    }

    /// All entries of a numbered list.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Vec<T>, CallError> {
        let size = PAGE.to_string();
        all_pages(|start| {
            let (start, size) = (start.to_string(), &size);
            async move {
                let mut query = query.to_vec();
                query.extend([("startAt", start.as_str()), ("maxResults", size)]);
                self.get(path, &query).await
            }
        })
        .await
    }
}

/// What Jira leaves empty, or out.
fn or_default<'de, D, T>(value: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(value)?.unwrap_or_default())
}

/// The entries that can be read: one that an app has left half filled does not spoil the others.
fn readable<T: DeserializeOwned>(entries: Vec<Value>) -> Result<Vec<T>, CallError> {
    let any = !entries.is_empty();
    let read = entries
        .into_iter()
        .filter_map(|entry| serde_json::from_value(entry).ok());
    let read: Vec<T> = read.collect();
    match any && read.is_empty() {
        true => Err(Trouble::Unreadable.into()),
        false => Ok(read),
    }
}

#[cfg(test)]
mod tests;
