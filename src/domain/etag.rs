//! Etags: the version of a row as clients carry it, a quoted string as in RFC 9110.

/// The etag of a version.
pub fn of_version(version: i64) -> String {
    format!("\"{version}\"")
}

/// The version behind an etag; one that no row ever has, 0, for a text that is no etag of docket's: it is stale in any case.
pub fn version(etag: &str) -> i64 {
    let digits = etag
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let version = digits.and_then(|digits| digits.parse().ok());
    let own = |version: &i64| *version > 0 && of_version(*version) == etag;
    version.filter(own).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_survives_the_way_there_and_back_and_nothing_else_is_one() {
        assert_eq!(version(&of_version(7)), 7);
        for other in [
            "", "7", "\"\"", "\"-7\"", "\"x\"", "W/\"7\"", "\"7", "\"+7\"", "\"07\"",
        ] {
            assert_eq!(version(other), 0, "{other:?}");
        }
    }
}
