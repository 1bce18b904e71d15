//! Text with its marks.

use serde_json::Value;

use super::{
    Dialect,
    escape::{self, Piece, UNSEEN, address, entities},
};

/// How a line ends inside a block.
pub(super) fn line_end(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Markdown => "\\\n",
        Dialect::Mrkdwn | Dialect::Wiki | Dialect::Plain => "\n",
    }
}

/// How many characters beside a piece of text are looked at: no name, number or word that means something is longer.
const AROUND: usize = 64;

/// Neighbouring text of one look. What differs in colour alone is one text here, and so are its escapes.
struct Run<'a> {
    text: String,
    look: Look<'a>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Look<'a> {
    code: bool,
    strike: bool,
    em: bool,
    strong: bool,
    underline: bool,
    shift: Option<&'a str>,
    link: Option<&'a str>,
}

impl<'a> Look<'a> {
    fn of(node: &'a Value) -> Self {
        let marks = node["marks"].as_array().map_or(&[][..], Vec::as_slice);
        let find = |kind: &str| marks.iter().find(|mark| mark["type"] == kind);
        Self {
            code: find("code").is_some(),
            strike: find("strike").is_some(),
            em: find("em").is_some(),
            strong: find("strong").is_some(),
            underline: find("underline").is_some(),
            shift: find("subsup").and_then(|mark| mark["attrs"]["type"].as_str()),
            link: find("link").and_then(|mark| mark["attrs"]["href"].as_str()),
        }
    }

    fn has(&self, kind: &str) -> bool {
        match kind {
            "strike" => self.strike,
            "em" => self.em,
            "strong" => self.strong,
            "underline" => self.underline,
            _ => false,
        }
    }
}

/// The content of a paragraph, heading or task.
pub(super) fn inlines(content: &[Value], dialect: Dialect) -> String {
    let mut out = String::new();
    for (at, line) in content
        .split(|node| node["type"] == "hardBreak")
        .enumerate()
    {
        if at > 0 {
            let end = out.trim_end_matches(' ').len();
            out.truncate(end);
            out.push_str(line_end(dialect));
        }
        let runs = runs(line);
        let mut before = String::new();
        for (at, run) in runs.iter().enumerate() {
            let behind = runs.get(at + 1..).unwrap_or_default();
            let after = behind.iter().flat_map(|run| run.text.chars());
            let after: String = after.take(AROUND).collect();
            out.push_str(&marked(run, &before, &after, dialect));
            before.push_str(&run.text);
            before = last(&before);
        }
    }
    out
}

/// The end of a line so far.
fn last(line: &str) -> String {
    let from = line.char_indices().rev().nth(AROUND - 1);
    from.map_or(line, |(from, _)| &line[from..]).to_owned()
}

fn runs(line: &[Value]) -> Vec<Run<'_>> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    for node in line {
        let Some(text) = node["text"].as_str() else {
            continue;
        };
        let look = Look::of(node);
        match runs.last_mut() {
            Some(run) if run.look == look => run.text.push_str(text),
            _ => runs.push(Run {
                text: text.to_owned(),
                look,
            }),
        }
    }
    runs
}

/// A run, between the text before and behind it.
fn marked(run: &Run<'_>, before: &str, after: &str, dialect: Dialect) -> String {
    let Run { text, look } = run;
    // Marks have to touch the words.
    let core = text.trim();
    if core.is_empty() {
        return text.clone();
    }
    let lead = &text[..text.len() - text.trim_start().len()];
    let tail = &text[text.trim_end().len()..];
    let linked = look.link.is_some();
    let mut inner = match look.code {
        true => code(core, dialect),
        false => escape::piece(
            Piece {
                // The text of a link stands behind a bracket.
                before: &if linked {
                    "[".to_owned()
                } else {
                    format!("{before}{lead}")
                },
                text: core,
                after: &format!("{tail}{after}"),
                linked,
            },
            dialect,
        ),
    };
    let free = |c: Option<char>| c.is_none_or(|c| c.is_whitespace() || ".,;:!?()".contains(c));
    let loose = (!lead.is_empty() || free(before.chars().next_back()))
        && (!tail.is_empty() || free(after.chars().next()))
        && !linked;
    for (kind, marks) in forms(dialect, loose) {
        if look.has(kind) {
            inner = format!("{}{inner}{}", marks.0, marks.1);
        }
    }
    if dialect == Dialect::Markdown || dialect == Dialect::Wiki {
        inner = shifted(inner, look.shift, dialect);
    }
    let inner = match look.link {
        Some(url) => link(inner, core, url, dialect),
        None => inner,
    };
    format!("{lead}{inner}{tail}")
}

/// The marks of each kind of emphasis. `loose`: nothing that belongs to a word stands beside the text.
fn forms(dialect: Dialect, loose: bool) -> [(&'static str, (&'static str, &'static str)); 4] {
    let none = ("", "");
    match dialect {
        Dialect::Plain => ["strike", "em", "strong", "underline"].map(|kind| (kind, none)),
        // Marks inside a word, or beside others, would be read in another way: tags never are.
        Dialect::Markdown if !loose => [
            ("strike", ("<del>", "</del>")),
            ("em", ("<em>", "</em>")),
            ("strong", ("<strong>", "</strong>")),
            ("underline", ("<ins>", "</ins>")),
        ],
        Dialect::Markdown => [
            ("strike", ("~~", "~~")),
            ("em", ("*", "*")),
            ("strong", ("**", "**")),
            ("underline", ("<ins>", "</ins>")),
        ],
        // Braces let a mark stand inside a word.
        Dialect::Wiki if !loose => [
            ("strike", ("{-}", "{-}")),
            ("em", ("{_}", "{_}")),
            ("strong", ("{*}", "{*}")),
            ("underline", ("{+}", "{+}")),
        ],
        Dialect::Wiki => [
            ("strike", ("-", "-")),
            ("em", ("_", "_")),
            ("strong", ("*", "*")),
            ("underline", ("+", "+")),
        ],
        // Slack has no form inside a word.
        Dialect::Mrkdwn if !loose => {
            ["strike", "em", "strong", "underline"].map(|kind| (kind, none))
        }
        Dialect::Mrkdwn => [
            ("strike", ("~", "~")),
            ("em", ("_", "_")),
            ("strong", ("*", "*")),
            ("underline", none),
        ],
    }
}

fn shifted(inner: String, shift: Option<&str>, dialect: Dialect) -> String {
    match (shift, dialect) {
        (Some("sub"), Dialect::Markdown) => format!("<sub>{inner}</sub>"),
        (Some("sup"), Dialect::Markdown) => format!("<sup>{inner}</sup>"),
        (Some("sub"), _) => format!("{{~}}{inner}{{~}}"),
        (Some("sup"), _) => format!("{{^}}{inner}{{^}}"),
        _ => inner,
    }
}

fn link(inner: String, text: &str, url: &str, dialect: Dialect) -> String {
    let to = address(url, dialect);
    match dialect {
        Dialect::Markdown => format!("[{inner}]({to})"),
        Dialect::Mrkdwn => format!("<{to}|{inner}>"),
        Dialect::Wiki => format!("[{inner}|{to}]"),
        Dialect::Plain if text == url => inner,
        Dialect::Plain => format!("{inner} ({url})"),
    }
}

/// Code within a line.
fn code(text: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Plain => text.to_owned(),
        Dialect::Mrkdwn if !text.contains('`') => format!("`{}`", entities(text)),
        // A single one cannot be escaped. At an edge it would become a part of the fence.
        Dialect::Mrkdwn => {
            let edge = |at_edge: bool| {
                if at_edge {
                    UNSEEN.to_string()
                } else {
                    String::new()
                }
            };
            let (begin, end) = (edge(text.starts_with('`')), edge(text.ends_with('`')));
            format!("{MRKDWN_FENCE}{begin}{}{end}{MRKDWN_FENCE}", in_fence(text))
        }
        Dialect::Wiki => format!("{{{{{}}}}}", escape::name(text, Dialect::Wiki)),
        Dialect::Markdown => {
            let fence = "`".repeat(longest_run(text, '`') + 1);
            // A backtick at an edge must not touch the fence.
            match text.starts_with('`') || text.ends_with('`') {
                true => format!("{fence} {text} {fence}"),
                false => format!("{fence}{text}{fence}"),
            }
        }
    }
}

/// What begins and ends a block of code in Slack.
pub(super) const MRKDWN_FENCE: &str = "```";

/// Code between Slack's fences: nothing of it ends them, and all of it reads as it was.
pub(super) fn in_fence(text: &str) -> String {
    entities(text).replace(MRKDWN_FENCE, &format!("``{UNSEEN}`"))
}

/// How often the character stands in a row at most.
pub(super) fn longest_run(text: &str, of: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == of { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}
