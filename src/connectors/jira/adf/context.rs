//! What an element hands down to what it holds: how text looks, where it leads to, and what stays open with it.

use super::colour::Rgb;
use super::css::WhiteSpace;
use super::dom::NodeId;
use super::tag::Tag;
use super::tree::{Align, Href, Level, Look, Style};

/// What an element hands down to what it holds.
#[derive(Clone, Debug)]
pub(super) struct Context {
    pub(super) node: NodeId,
    pub(super) tag: Tag,
    /// Whether it begins and ends a line.
    pub(super) block: bool,
    /// Whether it stands apart from what is before and after it in the line.
    pub(super) apart: bool,
    /// How many nodes are left open when it ends.
    pub(super) frames: usize,
    pub(super) look: Look,
    pub(super) code: bool,
    pub(super) colour: Option<Rgb>,
    pub(super) link: Option<Href>,
    pub(super) white_space: WhiteSpace,
    pub(super) heading: Option<Level>,
    pub(super) align: Option<Align>,
    pub(super) visible: bool,
    /// Bold because it is a term or a summary, not by its author's wish.
    pub(super) bold_by_rule: bool,
    /// Within an item whose list is implied.
    pub(super) in_run: bool,
}

impl Context {
    /// What holds at the top of a document.
    pub(super) fn root() -> Self {
        Self {
            node: NodeId::DOCUMENT,
            tag: Tag::Block,
            block: true,
            apart: false,
            frames: 1,
            look: Look::default(),
            code: false,
            colour: None,
            link: None,
            white_space: WhiteSpace::Collapse,
            heading: None,
            align: None,
            visible: true,
            bold_by_rule: false,
            in_run: false,
        }
    }

    /// Whether its text has marks other than code and link.
    pub(super) fn is_formatted(&self) -> bool {
        let mut look = self.look;
        look.strong &= !self.bold_by_rule;
        self.colour.is_some() || look != Look::default()
    }

    /// How its text looks.
    pub(super) fn style(&self) -> Style {
        let link = self.link.clone();
        match link {
            link if self.code => Style::Code { link },
            Some(link) => Style::Linked {
                link,
                look: self.look,
            },
            None => Style::Plain {
                colour: self.colour,
                look: self.look,
            },
        }
    }
}
