//! HTML as the text formats of the platforms: Markdown, Slack's mrkdwn, Jira's wiki markup, plain text.
//!
//! All of them are written from the same document that Jira Cloud is given, so that one parser decides what a description holds. What a
//! format has no form for stays as text. No text gains a meaning that it had not: marks are escaped, and nobody is mentioned.

mod block;
mod escape;
mod inline;
mod table;
#[cfg(test)]
mod tests;

use super::jira::adf;

/// A text format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// GitHub's flavour of Markdown.
    Markdown,
    /// Slack's own.
    Mrkdwn,
    /// Jira's, on Data Center.
    Wiki,
    /// No marks at all.
    Plain,
}

/// A text in one of the formats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rendered {
    /// The text.
    pub(super) text: String,
    /// Whether it is less than all of it.
    pub(super) cut: bool,
}

/// The HTML in this format, in at most so many code points.
pub(super) fn render(html: &str, dialect: Dialect, most: usize) -> Rendered {
    let mut text_limit = most;
    loop {
        let options = adf::Options {
            text_limit,
            name_pictures: true,
            ..adf::Options::default()
        };
        let converted = adf::convert_with(html, &options);
        let text = block::document(&converted.adf, dialect);
        let length = text.chars().count();
        if length <= most {
            let cut = converted.truncated;
            return Rendered { text, cut };
        }
        // Marks and escapes take room of their own: by as much less text.
        let less = text_limit.saturating_mul(most) / length * 9 / 10;
        if less < 16 {
            let text = text.chars().take(most).collect();
            return Rendered { text, cut: true };
        }
        text_limit = less;
    }
}

/// A text of one line in this format, as it reads.
pub(super) fn line(text: &str, dialect: Dialect) -> String {
    escape::text(text, dialect)
}
