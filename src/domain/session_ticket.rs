//! What a ticket carries because it belongs to a session: the rules of a single field.

use std::collections::HashSet;

use super::ticket::{named_text, short_text};
use crate::error::{Broken, each};

/// The most tickets that one call adds.
pub const MAX_BATCH: usize = 500;
/// The most tickets that one ticket depends on.
pub const MAX_DEPENDENCIES: usize = 100;
/// The longest ref, in code points.
pub const REF_MAX: usize = 128;
/// The last place in a session.
pub const MAX_PLACE: i32 = 1_000_000;
/// The largest estimate.
pub const MAX_STORY_POINTS: f64 = 1000.0;
/// The longest e-mail address, in code points (RFC 3696, erratum 1690); other names of a Jira user are shorter.
const ASSIGNEE_MAX: usize = 320;

/// A call's tickets are answered with more fields than they came with, and gRPC clients take 4 MiB by default: at most 3 MiB.
pub fn batch_bytes(encoded: usize) -> Result<(), Broken> {
    match encoded {
        0..=3_145_728 => Ok(()),
        _ => Err(Broken::new(
            "must have at most 3145728 bytes in one call; send the rest in another one",
        )),
    }
}

/// How many tickets a call adds: 1 to 500.
pub fn batch<T>(tickets: &[T]) -> Result<(), Broken> {
    match tickets.len() {
        1..=MAX_BATCH => Ok(()),
        count => Err(Broken::new(format!(
            "must have 1 to {MAX_BATCH} entries, not {count}"
        ))),
    }
}

/// The caller's own name for a ticket: 1 to 128 characters in one line.
pub fn reference(text: &str) -> Result<String, Broken> {
    named_text(text, REF_MAX)
}

/// A ticket's place in its session: 1 to 1,000,000.
pub fn place(order: i32) -> Result<i32, Broken> {
    if (1..=MAX_PLACE).contains(&order) {
        return Ok(order);
    }
    Err(Broken::new(format!("must be between 1 and {MAX_PLACE}")))
}

/// The refs that the ticket named `own` depends on: at most 100, none twice, and not its own.
pub fn depends_on(refs: &[String], own: &str) -> Result<Vec<String>, Vec<Broken>> {
    if refs.len() > MAX_DEPENDENCIES {
        let rule = format!("must have at most {MAX_DEPENDENCIES} entries");
        return Err(Broken::new(rule).into());
    }
    let mut seen = HashSet::with_capacity(refs.len());
    each(refs, |text| {
        let reference = reference(text)?;
        if text == own {
            return Err(Broken::new("must not be the ticket's own ref"));
        }
        if !seen.insert(text) {
            return Err(Broken::new("is there twice"));
        }
        Ok(reference)
    })
}

/// The name of a Jira issue type or sprint: 1 to 255 characters in one line.
pub fn jira_name(text: &str) -> Result<String, Broken> {
    named_text(text, 255)
}

/// An estimate: 0 to 1,000.
pub fn story_points(points: f64) -> Result<f64, Broken> {
    // What is not a number is in no range.
    if (0.0..=MAX_STORY_POINTS).contains(&points) {
        // -0 would be shown as such.
        return Ok(points + 0.0);
    }
    Err(Broken::new("must be between 0 and 1000"))
}

/// An e-mail address, account id or display name of a Jira user: 1 to 320 characters in one line.
pub fn jira_assignee(text: &str) -> Result<String, Broken> {
    named_text(text, ASSIGNEE_MAX)
}

/// What a session is called: 1 to 255 characters in one line.
pub fn session_name(text: &str) -> Result<String, Broken> {
    named_text(text, 255)
}

/// A part of a name to look for: 1 to 255 characters.
pub fn name_query(text: &str) -> Result<String, Broken> {
    if text.is_empty() {
        return Err(Broken::new("must have 1 to 255 characters"));
    }
    short_text(text, 255)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_ref_has_1_to_128_characters_in_one_line() {
        assert_eq!(reference("api-1").unwrap(), "api-1");
        assert!(reference(&"ü".repeat(128)).is_ok());
        for bad in ["", "  ", "a\nb", "a\0b", &"ü".repeat(129)] {
            assert!(reference(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_place_counts_from_1() {
        for (order, good) in [(i32::MIN, false), (0, false), (1, true), (MAX_PLACE, true)] {
            assert_eq!(place(order).is_ok(), good, "{order}");
        }
        assert!(place(MAX_PLACE + 1).is_err());
    }

    #[test]
    fn dependencies_are_distinct_and_never_the_ticket_itself() {
        let refs = |texts: &[&str]| {
            texts
                .iter()
                .map(|&text| text.to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(depends_on(&refs(&["a", "b"]), "c").unwrap().len(), 2);
        assert_eq!(
            depends_on(&refs(&["a", "a"]), "c").unwrap_err()[0].path,
            "[1]"
        );
        assert_eq!(
            depends_on(&refs(&["a", "c"]), "c").unwrap_err()[0].path,
            "[1]"
        );
        assert_eq!(
            depends_on(&refs(&["", "a"]), "c").unwrap_err()[0].path,
            "[0]"
        );
        let many: Vec<String> = (0..101).map(|n| n.to_string()).collect();
        assert_eq!(depends_on(&many, "c").unwrap_err()[0].path, "");
        assert!(depends_on(&many[..100], "c").is_ok());
    }

    #[test]
    fn an_estimate_is_a_number_between_0_and_1000() {
        for good in [0.0, 0.5, 1000.0] {
            assert_eq!(story_points(good).unwrap(), good);
        }
        assert!(story_points(-0.0).unwrap().is_sign_positive());
        for bad in [-0.1, 1000.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(story_points(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_call_adds_1_to_500_tickets() {
        for (count, good) in [(0, false), (1, true), (500, true), (501, false)] {
            assert_eq!(batch(&vec![(); count]).is_ok(), good, "{count}");
        }
    }
}
