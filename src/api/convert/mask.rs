//! Field masks: which fields an update takes from its resource (AIP-134, AIP-161).

use std::collections::BTreeSet;

use prost_types::FieldMask;

use crate::error::Violations;

/// The fields of a resource, for updates of it.
pub(in crate::api) struct Fields {
    /// Those that the update changes.
    pub(in crate::api) changeable: &'static [&'static str],
    /// All others.
    pub(in crate::api) fixed: &'static [&'static str],
}

/// The fields that an update names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::api) struct Mask(BTreeSet<&'static str>);

impl Mask {
    /// Whether the mask names a field like this.
    pub(in crate::api) fn names_any(&self, like: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|field| like(field))
    }

    /// The value, where the mask names the field.
    pub(in crate::api) fn take<T>(
        &self,
        field: &'static str,
        value: impl FnOnce() -> T,
    ) -> Option<T> {
        self.0.contains(field).then(value)
    }
}

/// What `update_mask` names: without a path, or with `*` alone, all that can be changed. Every path that names nothing that can be changed
/// is noted.
pub(in crate::api) fn read(
    violations: &mut Violations,
    mask: Option<FieldMask>,
    fields: &Fields,
) -> Mask {
    let paths = mask.unwrap_or_default().paths;
    if paths.is_empty() || paths == ["*"] {
        return Mask(fields.changeable.iter().copied().collect());
    }
    let mut named = BTreeSet::new();
    for (index, path) in paths.iter().enumerate() {
        match fields.changeable.iter().find(|field| *field == path) {
            Some(field) => {
                named.insert(*field);
            }
            None => {
                let field = format!("update_mask.paths[{index}]");
                violations.add(field, refusal(path, fields));
            }
        }
    }
    Mask(named)
}

fn refusal(path: &str, fields: &Fields) -> String {
    let first = path.split('.').next().unwrap_or(path);
    if path == "*" {
        return "must have * alone".to_owned();
    }
    if fields.fixed.contains(&first) {
        return format!("{first} is not changed by this method");
    }
    let beginning = format!("{first}.");
    let parts = fields.changeable.iter();
    let parts: Vec<&str> = parts
        .copied()
        .filter(|field| field.starts_with(&beginning))
        .collect();
    if !parts.is_empty() {
        return format!(
            "{path} is no field of {first}; there are {}",
            parts.join(", ")
        );
    }
    if fields.changeable.contains(&first) {
        return format!("{path} is a part of {first}, which is changed as a whole");
    }
    let whole = fields.changeable.iter().copied();
    let whole: Vec<&str> = whole.filter(|field| !field.contains('.')).collect();
    format!(
        "{path} is no field that this method changes; there are {}",
        whole.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: Fields = Fields {
        changeable: &["title", "tags", "jira", "jira.site_url", "jira.project_key"],
        fixed: &["id"],
    };

    fn named(paths: &[&str]) -> Result<Vec<&'static str>, usize> {
        let mut violations = Violations::new();
        let mask = FieldMask {
            paths: paths.iter().map(|&path| path.to_owned()).collect(),
        };
        let mask = read(&mut violations, Some(mask), &FIELDS);
        match violations.finish() {
            Ok(()) => Ok(mask.0.into_iter().collect()),
            Err(crate::error::Error::Invalid { violations, .. }) => Err(violations.len()),
            Err(_) => Err(0),
        }
    }

    #[test]
    fn no_path_and_a_star_name_all_and_a_path_itself() {
        let all = FIELDS.changeable.iter().copied().collect::<BTreeSet<_>>();
        let all: Vec<_> = all.into_iter().collect();
        assert_eq!(named(&[]), Ok(all.clone()));
        assert_eq!(named(&["*"]), Ok(all));
        assert_eq!(named(&["title", "title"]), Ok(vec!["title"]));
    }

    #[test]
    fn every_other_path_is_refused() {
        assert_eq!(
            named(&["title", "id", "nonsense", "tags.0", "*", ""]),
            Err(5)
        );
        let text = |path| refusal(path, &FIELDS);
        assert_eq!(text("id"), "id is not changed by this method");
        assert!(text("tags.0").contains("as a whole"));
        assert_eq!(
            text("Title"),
            "Title is no field that this method changes; there are title, tags, jira"
        );
        assert_eq!(
            text("jira.nope"),
            "jira.nope is no field of jira; there are jira.site_url, jira.project_key"
        );
    }
}
