//! Text that means nothing but itself.

use super::Dialect;

/// Breaks what a platform would read as a name or a number of its own; nobody sees it.
const UNSEEN: char = '\u{200b}';

/// The text with all that has a meaning in the format escaped. `begins`: it stands at the beginning of a line.
pub(super) fn text(text: &str, dialect: Dialect, begins: bool) -> String {
    match dialect {
        Dialect::Plain => text.to_owned(),
        Dialect::Mrkdwn => mrkdwn(text),
        Dialect::Markdown => markdown(text, begins),
        Dialect::Wiki => wiki(text, begins),
    }
}

/// Slack reads mentions (`<!channel>`, `<@U1>`) and links between angle brackets alone.
pub(super) fn mrkdwn(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn markdown(text: &str, begins: bool) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut chars = text.chars().peekable();
    let mut start = begins;
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '>' | '$' => {
                out.push('\\');
                out.push(c);
            }
            // A mention tells somebody, and a number links another issue to this one.
            '@' => {
                out.push('@');
                if next.is_some_and(|c| c.is_alphanumeric()) {
                    out.push(UNSEEN);
                }
            }
            '#' => {
                out.push_str(if start { "\\#" } else { "#" });
                if next.is_some_and(|c| c.is_ascii_digit()) {
                    out.push(UNSEEN);
                }
            }
            '+' | '-' | '=' | ':' if start => {
                out.push('\\');
                out.push(c);
            }
            '.' | ')' if starts_with_number(&out, begins) => {
                out.push('\\');
                out.push(c);
            }
            '\n' => {
                out.push('\n');
                start = true;
                continue;
            }
            _ => out.push(c),
        }
        start = start && c.is_whitespace();
    }
    out
}

/// Whether all that stands in the line so far is a number, which with a dot would begin a list.
fn starts_with_number(out: &str, begins: bool) -> bool {
    let line = out.rsplit('\n').next().unwrap_or(out);
    let first = begins || out.contains('\n');
    first && !line.is_empty() && line.len() < 10 && line.bytes().all(|b| b.is_ascii_digit())
}

fn wiki(text: &str, begins: bool) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut start = begins;
    for (at, c) in text.char_indices() {
        match c {
            // Two of them would be a line's end, and one escapes what follows.
            '\\' => out.push_str("&#92;"),
            '{' | '}' | '[' | ']' | '*' | '_' | '+' | '^' | '~' | '|' | '!' | '?' => {
                out.push('\\');
                out.push(c);
            }
            '-' | '#' if start || at > 0 && text.as_bytes().get(at + 1) == Some(&b'-') => {
                out.push('\\');
                out.push(c);
            }
            '&' => out.push_str("&amp;"),
            '\n' => {
                out.push('\n');
                start = true;
                continue;
            }
            // `h1. ` and `bq. ` at the beginning of a line.
            'h' | 'b' if start && is_block_word(&text[at..]) => {
                out.push(c);
                out.push(UNSEEN);
            }
            _ => out.push(c),
        }
        start = start && c.is_whitespace();
    }
    out
}

fn is_block_word(rest: &str) -> bool {
    let bytes = rest.as_bytes();
    let heading = matches!(bytes, [b'h', b'1'..=b'6', b'.', ..]);
    heading || rest.starts_with("bq.")
}

/// An address within a link.
pub(super) fn address(url: &str, dialect: Dialect) -> String {
    let mut out = String::with_capacity(url.len());
    for c in url.chars() {
        match c {
            ' ' => out.push_str("%20"),
            '<' => out.push_str("%3C"),
            '>' => out.push_str("%3E"),
            '|' => out.push_str("%7C"),
            '(' if dialect == Dialect::Markdown => out.push_str("%28"),
            ')' if dialect == Dialect::Markdown => out.push_str("%29"),
            '\\' if dialect == Dialect::Markdown => out.push_str("%5C"),
            '[' if dialect == Dialect::Wiki => out.push_str("%5B"),
            ']' if dialect == Dialect::Wiki => out.push_str("%5D"),
            '{' if dialect == Dialect::Wiki => out.push_str("%7B"),
            '}' if dialect == Dialect::Wiki => out.push_str("%7D"),
            '&' if dialect == Dialect::Mrkdwn => out.push_str("&amp;"),
            c if c.is_control() => (),
            c => out.push(c),
        }
    }
    out
}
