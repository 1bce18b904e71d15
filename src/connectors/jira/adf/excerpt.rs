//! The words by which a reader finds the place a loss is about.

use super::dom::{Data, Dom, NodeId};
use super::tag::{self, Tag};

impl Dom {
    /// The first characters of the text in `root`, white space collapsed: enough for a reader to find the place.
    pub(super) fn excerpt(&self, root: NodeId) -> String {
        const LONGEST: usize = 80;
        const NODES: usize = 64;
        let mut out = String::new();
        let mut at = Some(root);
        for _ in 0..NODES {
            let Some(id) = at else { break };
            at = match self.data(id) {
                // What is in a script or a style is no text.
                Data::Element(element) if tag::classify(&element.name) == Tag::Hidden => {
                    self.skip_within(root, id)
                }
                _ => self.next_within(root, id),
            };
            let Data::Text(text) = self.data(id) else {
                continue;
            };
            for word in text.split_whitespace() {
                if !out.is_empty() {
                    out.push(' ');
                }
                out.extend(word.chars().take(LONGEST));
                if out.len() > LONGEST {
                    break;
                }
            }
            if out.len() > LONGEST {
                break;
            }
        }
        if let Some((end, _)) = out.char_indices().nth(LONGEST) {
            out.truncate(end);
            out.push('…');
        }
        out
    }
}
