//! Plain text: input without a single tag, in which line ends and empty lines are the only structure.

use std::borrow::Cow;

use super::build::Built;
use super::dom::{Data, Dom, NodeId};
use super::loss::Kind;
use super::tree::{Block, Inline, Paragraph, Style, Words};

/// The paragraphs of a text: an empty line parts two. Indentation is kept, as it may have a meaning; white space at
/// the end of a line is not.
pub(super) fn build(dom: &Dom) -> Built {
    let mut text = String::new();
    let mut at = Some(NodeId::DOCUMENT);
    while let Some(node) = at {
        if let Data::Text(part) = dom.data(node) {
            text.push_str(part);
        }
        at = dom.next_within(NodeId::DOCUMENT, node);
    }
    let cleaned = without_controls(&text);
    let mut lines = cleaned.split(['\n', '\r']).map(str::trim_ascii_end);
    let mut blocks = Vec::new();
    while let Some(first) = lines.by_ref().find(|line| !line.is_empty()) {
        let mut line: Vec<Inline> = words(first).collect();
        for next in lines.by_ref().take_while(|line| !line.is_empty()) {
            line.push(Inline::Break);
            line.extend(words(next));
        }
        blocks.push(Block::Paragraph(Paragraph(line), None));
    }
    let removed = matches!(cleaned, Cow::Owned(_));
    Built {
        blocks,
        losses: removed.then(|| Kind::Control.at("")).into_iter().collect(),
        attachments: Vec::new(),
    }
}

fn words(line: &str) -> impl Iterator<Item = Inline> {
    Words::new(line)
        .map(|words| Inline::Text(words, Style::PLAIN))
        .into_iter()
}

/// The text without control characters, which no browser shows and no XML may hold. Borrowed if there are none.
pub(super) fn without_controls(text: &str) -> Cow<'_, str> {
    let is_control = |c: char| matches!(c, '\0'..='\x08' | '\x0b' | '\x0e'..='\x1f' | '\x7f' | '\u{fffe}' | '\u{ffff}');
    // The characters sought are these bytes, or begin with the last of them.
    let suspicious = |b: &u8| {
        (*b < b' ' && !matches!(b, b'\t' | b'\n' | 0x0c | b'\r')) || matches!(b, 0x7f | 0xef)
    };
    if text.as_bytes().iter().any(suspicious) && text.contains(is_control) {
        Cow::Owned(text.replace(is_control, ""))
    } else {
        Cow::Borrowed(text)
    }
}
