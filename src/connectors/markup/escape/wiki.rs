//! Jira's wiki markup.

use super::{Spot, UNSEEN};

/// What between parentheses is a picture, beside what is escaped anyway.
const PICTURES: [&str; 9] = [
    "y)", "n)", "i)", "x)", "/)", "on)", "off)", "flag)", "flagoff)",
];

pub(super) fn push(out: &mut String, spot: &Spot<'_>) {
    match spot.c {
        // Two of them would be a line's end, and one escapes what follows.
        '\\' => out.push_str("&#92;"),
        '&' => out.push_str("&amp;"),
        '{' | '}' | '[' | ']' | '*' | '_' | '+' | '^' | '~' | '|' | '!' | '?' => {
            escaped(out, spot.c);
        }
        '-' if !spot.is_a_plain_hyphen() => escaped(out, '-'),
        '#' if spot.starts() => escaped(out, '#'),
        // `h1. ` and `bq. ` at the beginning of a line.
        'h' | 'H' | 'b' | 'B' if spot.begins_a_block() => broken(out, spot.c),
        ':' | ';' if spot.next().is_some_and(|c| "()PpDd".contains(c)) => broken(out, spot.c),
        '(' if PICTURES.iter().any(|picture| spot.is_followed_by(picture)) => broken(out, '('),
        c => out.push(c),
    }
}

fn escaped(out: &mut String, c: char) {
    out.push('\\');
    out.push(c);
}

fn broken(out: &mut String, c: char) {
    out.push(c);
    out.push(UNSEEN);
}

impl Spot<'_> {
    /// A hyphen in a word, or one between blanks. At a word's edge it may strike out, at a line's beginning make a list or a line, and
    /// beside another one a dash.
    fn is_a_plain_hyphen(&self) -> bool {
        let blank = |c: Option<char>| c.is_none_or(char::is_whitespace);
        let between = blank(self.prev()) && blank(self.next()) && !self.starts();
        between || self.is_within_a_word()
    }

    fn begins_a_block(&self) -> bool {
        let heading = matches!(self.rest, ['1'..='6', '.', ..]);
        let block = match self.c {
            'h' | 'H' => heading,
            _ => self.is_followed_by("q."),
        };
        block && self.starts()
    }
}
