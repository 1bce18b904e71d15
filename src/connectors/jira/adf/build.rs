//! From the parsed document to the typed tree: a walk without recursion, and the styles each element hands down.

use std::borrow::Cow;

use super::context::Context;
use super::css::{Declared, Display, TextAlign, WordList};
use super::dom::{Data, Dom, Element, NodeId};
use super::element;
use super::frame::Frame;
use super::line::Line;
use super::link::Links;
use super::loss::{Kind, Loss};
use super::plain;
use super::tag::Tag;
use super::tree::{Block, Heading, Media};
use super::{InlineAttachment, Options};

/// The text of a code block being gathered.
#[derive(Debug)]
pub(super) struct CodeText {
    pub(super) owner: NodeId,
    pub(super) text: String,
    pub(super) language: Option<String>,
    pub(super) formatted: bool,
    pub(super) structured: bool,
}

/// The tree being built.
pub(super) struct Builder<'a> {
    pub(super) dom: &'a Dom,
    pub(super) links: Links,
    contexts: Vec<Context>,
    pub(super) frames: Vec<Frame>,
    pub(super) line: Line,
    pub(super) code: Option<CodeText>,
    /// Images that wait for a node that may hold them.
    pub(super) deferred: Vec<Media>,
    pub(super) attachments: Vec<InlineAttachment>,
    pub(super) name_pictures: bool,
    pub(super) losses: Vec<Loss>,
    once: Vec<Kind>,
}

/// What a document became.
pub(super) struct Built {
    pub(super) blocks: Vec<Block>,
    pub(super) losses: Vec<Loss>,
    pub(super) attachments: Vec<InlineAttachment>,
}

/// Builds the tree of a whole document.
pub(super) fn build(dom: &Dom, options: &Options) -> Built {
    let mut builder = Builder {
        dom,
        links: Links::new(dom, options.base_url.as_ref()),
        contexts: vec![Context::root()],
        frames: vec![Frame::Doc(Vec::new())],
        line: Line::default(),
        code: None,
        deferred: Vec::new(),
        attachments: Vec::new(),
        name_pictures: options.name_pictures,
        losses: Vec::new(),
        once: Vec::new(),
    };
    builder.walk();
    builder.flush();
    builder.close_to(1);
    let blocks = match builder.frames.pop() {
        Some(Frame::Doc(blocks)) => blocks,
        _ => Vec::new(),
    };
    Built {
        blocks,
        losses: builder.losses,
        attachments: builder.attachments,
    }
}

impl Builder<'_> {
    /// The context of the element the walk is in.
    pub(super) fn context(&self) -> &Context {
        &self.contexts[self.contexts.len() - 1]
    }

    pub(super) fn context_mut(&mut self) -> &mut Context {
        let last = self.contexts.len() - 1;
        &mut self.contexts[last]
    }

    /// Whether the element the walk is in lies in another of its kind.
    pub(super) fn is_nested(&self, tag: Tag) -> bool {
        self.contexts.iter().rev().skip(1).any(|c| c.tag == tag)
    }

    /// Lets no element the walk is in count more nodes than are open.
    pub(super) fn forget_closed(&mut self) {
        let open = self.frames.len();
        for context in &mut self.contexts {
            context.frames = context.frames.min(open);
        }
    }

    /// Notes a loss at the element the walk is in.
    pub(super) fn lose_here(&mut self, kind: Kind) {
        let excerpt = self.dom.excerpt(self.context().node);
        self.losses.push(kind.at(excerpt));
    }

    /// Notes a loss of what the element the walk is in does to its text, if it has any.
    pub(super) fn lose_text(&mut self, kind: Kind) {
        let excerpt = self.dom.excerpt(self.context().node);
        if !excerpt.is_empty() {
            self.losses.push(kind.at(excerpt));
        }
    }

    /// Notes a loss at an element.
    pub(super) fn lose_at(&mut self, kind: Kind, node: NodeId) {
        let excerpt = self.dom.excerpt(node);
        self.losses.push(kind.at(excerpt));
    }

    /// Notes a loss that is told once for the whole document.
    pub(super) fn lose_once(&mut self, kind: Kind) {
        if !self.once.contains(&kind) {
            self.once.push(kind);
            self.lose_here(kind);
        }
    }

    fn walk(&mut self) {
        let mut at = NodeId::DOCUMENT;
        loop {
            if self.enter(at) {
                if let Some(child) = self.dom.first_child(at) {
                    at = child;
                    continue;
                }
                self.leave();
            }
            loop {
                if at == NodeId::DOCUMENT {
                    return;
                }
                if let Some(next) = self.dom.next_sibling(at) {
                    at = next;
                    break;
                }
                at = self.dom.parent(at).unwrap_or(NodeId::DOCUMENT);
                if at != NodeId::DOCUMENT {
                    self.leave();
                }
            }
        }
    }

    /// Whether the walk is to go into the node, and to leave it.
    fn enter(&mut self, node: NodeId) -> bool {
        match self.dom.data(node) {
            Data::Document => node == NodeId::DOCUMENT && self.dom.first_child(node).is_some(),
            Data::Comment => false,
            Data::Text(text) => {
                self.text(text);
                false
            }
            Data::Element(element) => self.enter_element(node, element),
        }
    }

    fn enter_element(&mut self, node: NodeId, element: &Element) -> bool {
        let declared = element
            .attr("style")
            .map(Declared::parse)
            .unwrap_or_default();
        let tag = element::tag(element);
        if element::is_hidden(element, tag, &declared) {
            return false;
        }
        if declared.word_list == Some(WordList::Marker) && self.context().in_run {
            return false;
        }
        if element::is_void(tag) {
            // A picture, frame or field may be made a line of its own.
            let alone = declared.display == Some(Display::Block) && tag != Tag::Break;
            if alone {
                self.boundary();
            }
            self.void(node, element, tag, &declared);
            if alone {
                self.boundary();
            }
            return false;
        }
        let flow = element::flow(element, tag, &declared);
        let block = flow == Display::Block;
        let apart = declared.apart && flow == Display::Inline;
        match flow {
            Display::Inline if apart => self.gap(),
            Display::Cell => self.gap(),
            Display::Block => self.boundary(),
            Display::Inline | Display::None => {}
        }
        let mut context = self.context().clone();
        context.node = node;
        context.tag = tag;
        context.block = block;
        context.apart = apart;
        context.frames = self.frames.len();
        self.contexts.push(context);
        self.inherit(element, tag, &declared);
        self.begin(node, element, tag, &declared);
        true
    }

    /// Leaves the innermost element.
    pub(super) fn leave(&mut self) {
        let (tag, block, apart, frames) = {
            let context = self.context();
            (context.tag, context.block, context.apart, context.frames)
        };
        if block {
            self.boundary();
        } else if apart {
            self.gap();
        }
        self.end();
        if self.code.is_none() {
            self.close_to(frames);
        }
        self.contexts.pop();
        self.after(tag);
    }

    fn text(&mut self, text: &str) {
        if self.context().visible {
            self.say(text);
        }
    }

    /// Adds text that is seen, in the style of the element the walk is in.
    pub(super) fn say(&mut self, text: &str) {
        let context = self.context();
        let cleaned = plain::without_controls(text);
        let text = &*cleaned;
        let (style, white_space) = (context.style(), context.white_space);
        let formatted = context.is_formatted();
        if let Some(code) = &mut self.code {
            code.formatted |= formatted;
            code.text.push_str(text);
        } else {
            self.line.push(text, white_space, &style);
        }
        if matches!(cleaned, Cow::Owned(_)) {
            self.lose_once(Kind::Control);
        }
    }

    /// Ends the line, as the edge of a block does.
    pub(super) fn boundary(&mut self) {
        match &mut self.code {
            Some(code) => {
                if !code.text.is_empty() && !code.text.ends_with('\n') {
                    code.text.push('\n');
                }
            }
            None => self.flush(),
        }
    }

    /// Sets what follows apart within the line.
    fn gap(&mut self) {
        match &mut self.code {
            Some(code) if code.text.is_empty() || code.text.ends_with('\n') => {}
            Some(code) => code.text.push('\t'),
            None => self.line.push_gap(),
        }
    }

    /// Ends the line and places it.
    pub(super) fn flush(&mut self) {
        let paragraph = self.line.finish();
        let images = std::mem::take(&mut self.line.images);
        let (heading, align) = (self.context().heading, self.context().align);
        if let Some(paragraph) = paragraph {
            let stray = matches!(
                self.frames.last(),
                Some(Frame::List { .. } | Frame::Tasks { .. } | Frame::Table(_) | Frame::Row(_))
            );
            match heading {
                _ if paragraph.0.is_empty() && stray => {}
                Some(level) if !paragraph.0.is_empty() => {
                    let content = paragraph.0;
                    self.place(Block::Heading(Heading { level, content }, align));
                }
                _ => self.place(Block::Paragraph(paragraph, align)),
            }
        }
        for image in images {
            self.place(Block::Media(image));
        }
    }

    /// Applies what an element's name, attributes and style change for what it holds.
    fn inherit(&mut self, element: &Element, tag: Tag, declared: &Declared) {
        let node = self.context().node;
        if tag == Tag::Link
            && let Some(address) = element.attr("href")
        {
            self.follow(node, address);
        }
        let in_block = self.code.is_some();
        let losses = element::inherit(self.context_mut(), element, tag, declared);
        for kind in losses {
            let of_text = matches!(
                kind,
                Kind::InlineCode | Kind::ColourOnLink | Kind::SubAndSup
            );
            if in_block && of_text {
                continue;
            }
            let excerpt = self.dom.excerpt(node);
            if !excerpt.is_empty() {
                self.losses.push(kind.at(excerpt));
            }
        }
        if let Some(align) = declared.align.or_else(|| element::old_align(element, tag))
            && self.context().block
        {
            self.context_mut().align = match align {
                TextAlign::Start => None,
                TextAlign::Other(align) => Some(align),
            };
        }
    }

    /// Makes what a link holds lead to its address.
    fn follow(&mut self, node: NodeId, address: &str) {
        match self.links.link(address) {
            Ok(href) if self.code.is_some() => self.losses.push(Kind::CodeLink.at(&*href)),
            Ok(href) => self.context_mut().link = Some(href),
            Err(kind) => {
                if !self.dom.excerpt(node).is_empty() {
                    let address: String = address.chars().take(200).collect();
                    self.losses.push(kind.at(address));
                }
            }
        }
    }
}
