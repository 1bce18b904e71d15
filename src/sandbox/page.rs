//! Pages by `startAt` and `maxResults`.

use serde::Deserialize;
use serde_json::{Value, json};

/// Which part of a list is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    pub(super) start_at: Option<u64>,
    pub(super) max_results: Option<u64>,
}

impl Page {
    /// The part of `all`: 50 unless told, and never more than `most`.
    pub(super) fn cut(&self, all: Vec<Value>, most: u64) -> (Vec<Value>, u64, u64) {
        let start = self.start_at.unwrap_or(0);
        let size = self.max_results.unwrap_or(50).clamp(1, most);
        let skip = usize::try_from(start).unwrap_or(usize::MAX);
        let take = usize::try_from(size).unwrap_or(usize::MAX);
        (all.into_iter().skip(skip).take(take).collect(), start, size)
    }

    /// The page as Jira's JSON, with the list under `name`.
    pub(super) fn of(&self, name: &str, all: Vec<Value>, most: u64) -> Value {
        let total = all.len() as u64;
        let (values, start, size) = self.cut(all, most);
        let is_last = start + values.len() as u64 >= total;
        let mut page = json!({"startAt": start, "maxResults": size, "total": total});
        if name == "values" {
            page["isLast"] = is_last.into();
        }
        page[name] = values.into();
        page
    }
}
