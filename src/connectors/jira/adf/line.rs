//! A line of text being gathered, under the white space rules of CSS.

use super::css::WhiteSpace;
use super::tree::{Inline, Media, Paragraph, Style, Words};

/// What the line ends in, for the next white space to go by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Edge {
    /// Nothing yet, or a line break: white space disappears.
    #[default]
    Start,
    /// A space that disappears if the line ends here.
    Space,
    /// Text.
    Solid,
}

/// The inline content of a paragraph to be.
#[derive(Debug, Default)]
pub(super) struct Line {
    items: Vec<Inline>,
    edge: Edge,
    /// Images met after the line's first word.
    pub(super) images: Vec<Media>,
}

impl Line {
    /// Whether nothing of it would be seen.
    pub(super) fn is_blank(&self) -> bool {
        self.items.is_empty()
    }

    /// Adds text. Control characters must be gone.
    pub(super) fn push(&mut self, text: &str, white_space: WhiteSpace, style: &Style) {
        match white_space {
            WhiteSpace::Collapse => self.collapse(text, style),
            WhiteSpace::Lines => self.lines(text, |line, part| line.collapse(part, style)),
            WhiteSpace::Preserve => self.lines(text, |line, part| {
                if !part.is_empty() {
                    line.append(part, style);
                    line.edge = Edge::Solid;
                }
            }),
        }
    }

    fn lines(&mut self, text: &str, mut add: impl FnMut(&mut Self, &str)) {
        for (n, part) in text.split('\n').enumerate() {
            if n > 0 {
                self.push_break();
            }
            add(self, part);
        }
    }

    fn collapse(&mut self, text: &str, style: &Style) {
        let is_space = |b: u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0c);
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let spaces = rest
                .iter()
                .position(|b| !is_space(*b))
                .unwrap_or(rest.len());
            if spaces > 0 {
                if self.edge == Edge::Solid {
                    self.append(" ", style);
                    self.edge = Edge::Space;
                }
                at += spaces;
                continue;
            }
            // Up to a run of white space that is more than one plain space, which can be copied with the rest.
            let end = (0..rest.len())
                .find(|n| {
                    is_space(rest[*n])
                        && (rest[*n] != b' ' || rest.get(n + 1).is_none_or(|b| is_space(*b)))
                })
                .unwrap_or(rest.len());
            self.append(&text[at..at + end], style);
            self.edge = Edge::Solid;
            at += end;
        }
    }

    fn append(&mut self, text: &str, style: &Style) {
        if let Some(Inline::Text(words, last)) = self.items.last_mut()
            && last == style
        {
            words.push_str(text);
        } else if let Some(words) = Words::new(text) {
            self.items.push(Inline::Text(words, style.clone()));
        }
    }

    /// A line break.
    pub(super) fn push_break(&mut self) {
        self.trim();
        self.items.push(Inline::Break);
        self.edge = Edge::Start;
    }

    /// White space between what a browser shows apart, such as the cells of a row.
    pub(super) fn push_gap(&mut self) {
        self.push(" ", WhiteSpace::Collapse, &Style::PLAIN);
    }

    fn trim(&mut self) {
        if self.edge == Edge::Space
            && let Some(Inline::Text(words, style)) = self.items.pop()
            && let Some(words) = words.without_last()
        {
            self.items.push(Inline::Text(words, style));
        }
    }

    /// Ends the line. `None` if a browser shows nothing; an empty paragraph for an empty line.
    pub(super) fn finish(&mut self) -> Option<Paragraph> {
        self.trim();
        self.edge = Edge::Start;
        let mut items = std::mem::take(&mut self.items);
        // The last break ends the last line: it opens no other.
        let broken = matches!(items.last(), Some(Inline::Break));
        if broken {
            items.pop();
        }
        let seen = items.iter().any(|item| match item {
            Inline::Break => true,
            Inline::Text(words, _) => !words.as_str().chars().all(|c| c.is_ascii_whitespace()),
        });
        if seen {
            Some(Paragraph(items))
        } else {
            broken.then(Paragraph::default)
        }
    }
}
