//! What a description loses as ADF, told to a caller: each kind of loss once, with how often and where.

use crate::connectors::jira::adf;

/// The most passages that are quoted of one kind of loss.
const QUOTED: usize = 3;

/// A kind of loss that a description meets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "each field is the contract's field of the same name, documented there"
)]
pub struct Loss {
    pub node: String,
    pub reason: String,
    pub suggested_fix: String,
}

impl Loss {
    /// About how many bytes it has in an answer.
    pub(super) fn weight(&self) -> usize {
        self.node.len() + self.reason.len() + self.suggested_fix.len() + 16
    }
}

/// The losses by kind, in the order in which each is met first: a long text may lose one thing a thousand times.
pub(super) fn by_kind(losses: &[adf::Loss]) -> Vec<Loss> {
    let mut kinds: Vec<(&adf::Loss, Vec<&str>)> = Vec::new();
    for loss in losses {
        let same = |(first, _): &&mut (&adf::Loss, _)| {
            (&first.node, &first.reason) == (&loss.node, &loss.reason)
        };
        match kinds.iter_mut().find(same) {
            Some((_, places)) => places.push(&loss.excerpt),
            None => kinds.push((loss, vec![&loss.excerpt])),
        }
    }
    kinds
        .into_iter()
        .map(|(loss, places)| Loss {
            node: loss.node.to_string(),
            reason: format!("{}{}", loss.reason, told(&places)),
            suggested_fix: loss.suggested_fix.to_string(),
        })
        .collect()
}

/// ` (“this”, “that” and 4 more)`.
fn told(places: &[&str]) -> String {
    let quoted: Vec<String> = places
        .iter()
        .filter(|place| !place.is_empty())
        .take(QUOTED)
        .map(|place| format!("“{place}”"))
        .collect();
    match (quoted.len(), places.len() - quoted.len()) {
        (0, 0 | 1) => String::new(),
        (0, times) => format!(" ({times} times)"),
        (_, 0) => format!(" ({})", quoted.join(", ")),
        (_, more) => format!(" ({} and {more} more)", quoted.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn losses(html: &str) -> Vec<Loss> {
        by_kind(&adf::convert(html).losses)
    }

    #[test]
    fn each_kind_is_told_once_with_how_often_and_where() {
        let link = |text: &str| format!("<a href='javascript:x()'>{text}</a> ");
        let html = format!(
            "<p>{}<iframe></iframe>{}</p>",
            link("one"),
            ["two", "three", "four", "five"].map(link).concat()
        );
        let told = losses(&html);
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!(told[0].node, "a");
        assert!(told[0].reason.ends_with(" and 2 more)"), "{told:?}");
        assert!(!told[0].suggested_fix.is_empty());
    }

    #[test]
    fn what_is_not_quoted_is_counted() {
        assert_eq!(told(&[""]), "");
        assert_eq!(told(&["", ""]), " (2 times)");
        assert_eq!(told(&["a", ""]), " (“a” and 1 more)");
        assert_eq!(told(&["a", "b"]), " (“a”, “b”)");
    }
}
