//! Text that means nothing but itself: each character is looked at with what stands around it in its line, also in other pieces of it.

mod markdown;
mod mrkdwn;
mod wiki;

use super::Dialect;
pub(super) use mrkdwn::entities;

/// Breaks what a platform would read as a name or a number of its own; nobody sees it.
pub(super) const UNSEEN: char = '\u{200b}';

/// A piece of a line, with what stands around it there, before anything is escaped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub(super) before: &'a str,
    pub(super) text: &'a str,
    pub(super) after: &'a str,
    /// Whether it is the text of a link.
    pub(super) linked: bool,
}

/// A character, where it stands.
struct Spot<'a> {
    c: char,
    /// The line before it.
    line: &'a [char],
    /// All behind it.
    rest: &'a [char],
    /// Whether another piece ends before it, or nothing.
    first: bool,
    /// Whether another piece begins behind it, or nothing.
    last: bool,
}

impl Spot<'_> {
    fn prev(&self) -> Option<char> {
        self.line.last().copied()
    }

    fn next(&self) -> Option<char> {
        self.rest.first().copied()
    }

    /// Whether nothing but blanks stands before it in its line.
    fn starts(&self) -> bool {
        self.line.iter().all(|c| c.is_whitespace())
    }

    /// Whether it stands in the middle of a word.
    fn is_within_a_word(&self) -> bool {
        let of_a_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        of_a_word(self.prev()) && of_a_word(self.next())
    }

    /// Whether this follows at once, but for case.
    fn is_followed_by(&self, text: &str) -> bool {
        let mut rest = self.rest.iter();
        text.chars().all(|c| {
            rest.next()
                .is_some_and(|next| next.eq_ignore_ascii_case(&c))
        })
    }

    /// Whether a colon begins a name that stands for a picture, such as `:smile:`. A time (`10:30:15`) does not.
    fn begins_a_picture(&self) -> bool {
        let of_a_name = |c: &&char| c.is_ascii_alphanumeric() || "_+-".contains(**c);
        let name: Vec<char> = self
            .rest
            .iter()
            .take(64)
            .take_while(of_a_name)
            .copied()
            .collect();
        let ends = self.rest.get(name.len()) == Some(&':');
        ends && name.iter().any(|c| !c.is_ascii_digit())
    }
}

/// The piece with all that has a meaning in the format escaped.
pub(super) fn piece(piece: Piece<'_>, dialect: Dialect) -> String {
    if dialect == Dialect::Plain {
        return piece.text.to_owned();
    }
    let count = |text: &str| text.chars().count();
    let (from, to) = (count(piece.before), count(piece.before) + count(piece.text));
    let parts = [piece.before, piece.text, piece.after];
    let chars: Vec<char> = parts.into_iter().flat_map(str::chars).collect();
    let mut out = String::with_capacity(piece.text.len() + 16);
    let (mut at, mut line) = (from, 0);
    while let Some(&c) = chars.get(at).filter(|_| at < to) {
        let spot = Spot {
            c,
            line: chars.get(line..at).unwrap_or_default(),
            rest: chars.get(at + 1..).unwrap_or_default(),
            first: at == from,
            last: at + 1 == to,
        };
        at += 1;
        if c == '\n' {
            out.push(c);
            line = at;
            continue;
        }
        let url = chars.get(at - 1..to).unwrap_or_default();
        if let Some(url) = address_in(url, &spot).filter(|_| !piece.linked) {
            let form = match dialect {
                Dialect::Markdown => Some(format!("<{}>", address(&url, dialect))),
                Dialect::Wiki => Some(format!("[{}]", address(&url, dialect))),
                Dialect::Mrkdwn | Dialect::Plain => None,
            };
            if let Some(form) = form {
                out.push_str(&form);
                at += count(&url) - 1;
                continue;
            }
        }
        match dialect {
            Dialect::Markdown => markdown::push(&mut out, &spot),
            Dialect::Mrkdwn => mrkdwn::push(&mut out, &spot),
            Dialect::Wiki => wiki::push(&mut out, &spot),
            Dialect::Plain => out.push(c),
        }
    }
    out
}

/// A text that stands alone.
pub(super) fn text(text: &str, dialect: Dialect) -> String {
    let alone = Piece {
        before: "",
        text,
        after: "",
        linked: false,
    };
    piece(alone, dialect)
}

/// The name of something behind a link, wherever that stands.
pub(super) fn name(text: &str, dialect: Dialect) -> String {
    let name = Piece {
        before: "[",
        text,
        after: "]",
        linked: true,
    };
    piece(name, dialect)
}

/// The web address that begins here: escapes within it would break it.
fn address_in(chars: &[char], spot: &Spot<'_>) -> Option<String> {
    let schemes = ["ttp://", "ttps://"];
    let begins = spot.c == 'h' && schemes.iter().any(|scheme| spot.is_followed_by(scheme));
    if !begins || spot.prev().is_some_and(char::is_alphanumeric) {
        return None;
    }
    let foreign = |c: &char| c.is_whitespace() || c.is_control() || "<>\"|".contains(*c);
    let url: String = chars.iter().take_while(|c| !foreign(c)).collect();
    let url = url.trim_end_matches(|c: char| ".,;:!?()[]{}'*_~".contains(c));
    let host = url
        .split_once("://")
        .is_some_and(|(_, host)| !host.is_empty());
    host.then(|| url.to_owned())
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
