//! What each element opens where it begins and closes where it ends.

use super::build::Builder;
use super::callout;
use super::code;
use super::css::{Declared, WhiteSpace, WordList};
use super::dom::{Data, Element, NodeId};
use super::frame::Frame;
use super::loss::Kind;
use super::table;
use super::tag::Tag;
use super::tree::Block;

impl Builder<'_> {
    /// An element begins; its context is in place.
    pub(super) fn begin(&mut self, node: NodeId, element: &Element, tag: Tag, declared: &Declared) {
        let structure = self.context().block && !matches!(tag, Tag::Block | Tag::Paragraph);
        if let Some(code) = &mut self.code {
            code.structured |= structure;
            return;
        }
        match tag {
            Tag::Preformatted if declared.white_space != Some(WhiteSpace::Collapse) => {
                self.code = Some(code::begin(self.dom, node));
            }
            Tag::List { ordered } => self.begin_list(element, ordered, declared),
            Tag::Item => self.begin_item(node, element, declared),
            Tag::Table => self.begin_table(node, element),
            Tag::Row if matches!(self.frames.last(), Some(Frame::Table(_))) => {
                self.open(Frame::Row(Vec::new()), 1);
            }
            Tag::Cell { header } if matches!(self.frames.last(), Some(Frame::Row(_))) => {
                let cell = Frame::Cell {
                    header,
                    colspan: table::colspan(element.attr("colspan")),
                    rowspan: table::rowspan(element.attr("rowspan")),
                    blocks: Vec::new(),
                };
                self.open(cell, 0);
            }
            Tag::Caption => self.lose_text(Kind::Caption),
            Tag::Quote => {
                self.open(Frame::Quote(Vec::new()), 0);
            }
            Tag::Details if !self.has_summary(node) => self.begin_expand(),
            Tag::DefinitionList => self.lose_text(Kind::DefinitionList),
            Tag::Quotation => self.lose_text(Kind::Quotation),
            Tag::Ruby => self.lose_text(Kind::Ruby),
            Tag::Formula if !self.is_nested(tag) => self.lose_here(Kind::Formula),
            Tag::Object => {
                if let Some(address) = element.attr("data") {
                    let address: String = address.chars().take(200).collect();
                    self.losses.push(Kind::Embedded.at(address));
                }
            }
            Tag::Vector => self.begin_vector(node, element),
            Tag::Paragraph => {
                if let Some(WordList::Item(level)) = declared.word_list {
                    self.begin_word_item(node, level);
                }
            }
            Tag::Aside | Tag::Block => {
                if let Some(kind) = callout::kind(self.dom, node, element, tag) {
                    self.open(Frame::Panel(kind, Vec::new()), 0);
                }
            }
            _ => {}
        }
    }

    /// The innermost element ends; its context is still in place.
    pub(super) fn end(&mut self) {
        let node = self.context().node;
        if self.code.as_ref().is_some_and(|code| code.owner == node)
            && let Some(code) = self.code.take()
        {
            if code.formatted {
                self.lose_here(Kind::CodeFormatting);
            }
            if code.structured {
                self.lose_here(Kind::CodeStructure);
            }
            if let Some(block) = code::finish(code) {
                self.place(Block::Code(block));
            }
        }
    }

    /// An element has ended; the context is its parent's.
    pub(super) fn after(&mut self, tag: Tag) {
        let expands = tag == Tag::Summary && self.context().tag == Tag::Details;
        if expands && self.code.is_none() && self.frames.len() == self.context().frames {
            self.begin_expand();
        }
    }

    fn begin_expand(&mut self) {
        self.open(Frame::Expand(Vec::new()), 0);
    }

    fn begin_table(&mut self, node: NodeId, element: &Element) {
        let role = element.attr("role").unwrap_or("");
        if matches!(role, "presentation" | "none") {
            return self.lose_at(Kind::PresentationTable, node);
        }
        self.open(Frame::Table(Vec::new()), 3);
    }

    fn begin_vector(&mut self, node: NodeId, element: &Element) {
        let decorative = element.attr("aria-hidden") == Some("true");
        if !decorative && self.dom.first_child(node).is_some() {
            self.lose_here(Kind::VectorImage);
        }
    }

    fn has_summary(&self, node: NodeId) -> bool {
        let mut child = self.dom.first_child(node);
        while let Some(at) = child {
            match self.dom.data(at) {
                Data::Element(element) => return super::element::tag(element) == Tag::Summary,
                Data::Text(text) if !text.trim_ascii().is_empty() => return false,
                _ => child = self.dom.next_sibling(at),
            }
        }
        false
    }

    /// An element that holds nothing shown as text.
    pub(super) fn void(&mut self, node: NodeId, element: &Element, tag: Tag, declared: &Declared) {
        if !declared.visible.unwrap_or(self.context().visible) {
            // What cannot be seen still takes its place.
            if tag == Tag::Rule {
                self.boundary();
            }
            return;
        }
        match tag {
            Tag::Break => match &mut self.code {
                Some(code) => code.text.push('\n'),
                None => self.line.push_break(),
            },
            Tag::Rule => {
                self.boundary();
                match &mut self.code {
                    Some(code) => code.structured = true,
                    None => self.place(Block::Rule),
                }
            }
            Tag::Image => self.image(element),
            Tag::Input => self.input(element),
            _ => {
                let source = element.attr("src").or(element.attr("data")).unwrap_or("");
                let excerpt = match source {
                    "" => self.dom.excerpt(node),
                    source => source.chars().take(200).collect(),
                };
                self.losses.push(Kind::Embedded.at(excerpt));
            }
        }
    }

    fn input(&mut self, element: &Element) {
        let kind = element.attr("type").unwrap_or("text").to_ascii_lowercase();
        match kind.as_str() {
            "hidden" | "password" | "image" => {}
            "checkbox" | "radio" => {
                let in_task = self.frames.iter().any(|f| matches!(f, Frame::Task { .. }));
                // Of radio buttons, one alone says something; a box that is not ticked says so.
                if !in_task && (kind == "checkbox" || element.attr("checked").is_some()) {
                    self.lose_here(Kind::TaskState);
                }
            }
            _ => {
                if let Some(value) = element.attr("value").filter(|v| !v.trim().is_empty()) {
                    let excerpt: String = value.chars().take(80).collect();
                    self.losses.push(Kind::FieldValue.at(excerpt));
                }
            }
        }
    }
}
