//! GitHub's Markdown. Mentions, numbers and pictures are looked for in what comes of the Markdown, so that a backslash does not hide them.

use super::{Spot, UNSEEN};

pub(super) fn push(out: &mut String, spot: &Spot<'_>) {
    let next_is = |fits: fn(char) -> bool| spot.next().is_some_and(fits);
    match spot.c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '>' | '$' => escaped(out, spot.c),
        // Before a link it would make a picture of it.
        '!' if spot.last && next_is(|c| !c.is_whitespace()) => escaped(out, '!'),
        '+' | '-' | '=' | ':' if spot.starts() => escaped(out, spot.c),
        '.' | ')' if spot.follows_a_number() => escaped(out, spot.c),
        // A mention tells somebody, and a number links another issue to this one. (So does the address of an issue: nothing in it could
        // be changed that would not break it for whoever follows or copies it.)
        '@' => {
            let mentions = next_is(char::is_alphanumeric) && !spot.follows_a_name();
            broken(out, '@', mentions);
        }
        '#' => {
            if spot.starts() {
                out.push('\\');
            }
            broken(out, '#', next_is(|c| c.is_ascii_digit()));
        }
        '-' => broken(
            out,
            '-',
            spot.follows_gh() && next_is(|c| c.is_ascii_digit()),
        ),
        ':' => broken(out, ':', spot.begins_a_picture()),
        c => out.push(c),
    }
}

fn escaped(out: &mut String, c: char) {
    out.push('\\');
    out.push(c);
}

fn broken(out: &mut String, c: char, meant: bool) {
    out.push(c);
    if meant {
        out.push(UNSEEN);
    }
}

impl Spot<'_> {
    /// Whether all that stands in the line so far is a number, which with a dot would begin a list.
    fn follows_a_number(&self) -> bool {
        let number: Vec<char> = self
            .line
            .iter()
            .skip_while(|c| c.is_whitespace())
            .take(10)
            .copied()
            .collect();
        !number.is_empty() && number.len() < 10 && number.iter().all(char::is_ascii_digit)
    }

    /// Whether it stands behind a letter, as in an e-mail address, which mentions nobody. GitHub looks at each run of one look for itself.
    fn follows_a_name(&self) -> bool {
        let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        !self.first && self.prev().is_some_and(name)
    }

    /// `GH-12` is another spelling of `#12`.
    fn follows_gh(&self) -> bool {
        match self.line {
            [.., g, h] => g.eq_ignore_ascii_case(&'g') && h.eq_ignore_ascii_case(&'h'),
            _ => false,
        }
    }
}
