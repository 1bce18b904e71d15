//! Word's lists: paragraphs that name their level and write their marker out.

use super::build::Builder;
use super::css::{Declared, WordList};
use super::dom::NodeId;
use super::list::Wanted;
use super::loss::Kind;

/// How far into a paragraph its marker is looked for: bookmarks may stand before it.
const FURTHEST: usize = 64;

impl Builder<'_> {
    /// A paragraph that Word shows as an item of a list.
    pub(super) fn begin_word_item(&mut self, node: NodeId, level: u8) {
        let marker = wanted(&self.word_marker(node));
        if marker == Wanted::Number(None) {
            self.lose_here(Kind::ListStyle);
        }
        self.begin_level(level, marker);
    }

    /// The marker Word wrote out at the beginning of the paragraph.
    fn word_marker(&self, paragraph: NodeId) -> String {
        let mut at = self.dom.next_within(paragraph, paragraph);
        for _ in 0..FURTHEST {
            let Some(node) = at else { break };
            let style = self.dom.element(node).and_then(|e| e.attr("style"));
            if style.is_some_and(|s| Declared::parse(s).word_list == Some(WordList::Marker)) {
                let marker = self.dom.excerpt(node);
                return marker.trim_matches([' ', '\u{a0}', '(']).to_owned();
            }
            at = self.dom.next_within(paragraph, node);
        }
        String::new()
    }
}

/// What a marker as written says: `3.`, `b)` and `1.2` are numbers, and the letter `o` is one of Word's bullets.
fn wanted(written: &str) -> Wanted {
    let number = written.trim_end_matches(['.', ')']);
    if number.len() == written.len() && !number.contains(|c: char| c.is_ascii_digit()) {
        return Wanted::Bullet;
    }
    Wanted::Number(number.parse().ok())
}
