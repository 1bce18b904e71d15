//! HTML text to a [`Dom`], in time linear in the text.
//!
//! html5ever follows the standard, in which two steps cost the square of the input: each tag looks through
//! the whole stack of open elements, and each attribute through all those before it. Browsers cap both, and so
//! does this module: elements beyond [`MAX_DEPTH`] are left out (their text is kept, and a block boundary in
//! their place), and a tag keeps its first attributes only (see [`super::attributes`]).

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use html5ever::buffer_queue::BufferQueue;
use html5ever::interface::{Tracer, TreeSink};
use html5ever::tokenizer::{
    Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts};
use html5ever::{LocalName, local_name};

use super::attributes;
use super::dom::{Dom, NodeId, Sink};

/// The deepest nesting of elements that is built.
pub(super) const MAX_DEPTH: usize = 256;
/// The most formatting elements (`<b>`, `<font>` …) that may be open at once. Each is opened again in every
/// paragraph that follows, so that their number times the number of paragraphs is what a document may cost.
const MAX_FORMATTING: usize = 64;

/// Parses a whole document or a fragment.
pub(super) fn parse(html: &str) -> Dom {
    let options = TreeBuilderOpts {
        drop_doctype: true,
        ..TreeBuilderOpts::default()
    };
    let sink = Limited::new(TreeBuilder::new(Sink::new(html.len()), options));
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    attributes::feed(html, &tokenizer);
    tokenizer.end();
    tokenizer.sink.builder.sink.finish()
}

impl attributes::Reader for Tokenizer<Limited> {
    fn read(&self, text: &str) {
        let input = BufferQueue::default();
        input.push_back(text.into());
        // A script's end makes the tokenizer hand control back; nothing is run, so go on.
        while !input.is_empty() {
            let _ = self.feed(&input);
        }
    }

    fn in_raw_text(&self) -> bool {
        self.sink.in_raw_text.get()
    }

    fn in_foreign(&self) -> bool {
        self.sink
            .adjusted_current_node_present_but_not_in_html_namespace()
    }
}

/// Hands tokens on to the tree builder, and swallows the tags that would nest too deep.
struct Limited {
    builder: TreeBuilder<NodeId, Sink>,
    /// Names of the elements left out that are still open, outermost first.
    swallowed: RefCell<Vec<LocalName>>,
    /// How often each name is in `swallowed`.
    counts: RefCell<HashMap<LocalName, usize>>,
    /// Formatting elements opened less those closed.
    formatting: Cell<usize>,
    /// Whether the element begun last holds text up to its end tag.
    in_raw_text: Cell<bool>,
}

impl Limited {
    fn new(builder: TreeBuilder<NodeId, Sink>) -> Self {
        Self {
            builder,
            swallowed: RefCell::default(),
            counts: RefCell::default(),
            formatting: Cell::new(0),
            in_raw_text: Cell::new(false),
        }
    }

    /// Whether one more element would nest too deep.
    fn is_full(&self) -> bool {
        if !self.swallowed.borrow().is_empty() {
            return true;
        }
        // The sink's count is cheap and may be too high after mis-nested formatting; the stack itself decides.
        self.builder.sink.depth() >= MAX_DEPTH && {
            let open = OpenElements::default();
            self.builder.trace_handles(&open);
            open.0.get() >= MAX_DEPTH
        }
    }

    /// Whether a start tag is left out.
    fn swallows_start(&self, tag: &Tag) -> bool {
        if is_formatting(&tag.name) {
            if self.formatting.get() >= MAX_FORMATTING {
                return true;
            }
            self.formatting.set(self.formatting.get() + 1);
        }
        if tag.self_closing || has_own_syntax(&tag.name) || !self.is_full() {
            return false;
        }
        self.swallowed.borrow_mut().push(tag.name.clone());
        *self
            .counts
            .borrow_mut()
            .entry(tag.name.clone())
            .or_default() += 1;
        true
    }

    /// Whether an end tag belongs to an element left out.
    fn swallows_end(&self, tag: &Tag) -> bool {
        if is_formatting(&tag.name) {
            self.formatting.set(self.formatting.get().saturating_sub(1));
        }
        let mut swallowed = self.swallowed.borrow_mut();
        let mut counts = self.counts.borrow_mut();
        if counts.get(&tag.name).is_none_or(|n| *n == 0) {
            // An element further out is closed, and with it all that was left out inside.
            if !swallowed.is_empty() && !is_formatting(&tag.name) {
                swallowed.clear();
                counts.clear();
            }
            return false;
        }
        while let Some(name) = swallowed.pop() {
            if let Some(n) = counts.get_mut(&name) {
                *n -= 1;
            }
            if name == tag.name {
                break;
            }
        }
        true
    }

    /// An empty element that shows nothing, for the boundary of an element left out.
    fn boundary(&self, line: u64) -> TokenSinkResult<NodeId> {
        self.builder.process_token(
            Token::TagToken(Tag {
                kind: TagKind::StartTag,
                name: local_name!("track"),
                self_closing: true,
                attrs: Vec::new(),
                had_duplicate_attributes: false,
            }),
            line,
        )
    }
}

impl TokenSink for Limited {
    type Handle = NodeId;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<NodeId> {
        if let Token::TagToken(tag) = &token {
            let swallows = match tag.kind {
                TagKind::StartTag => self.swallows_start(tag),
                TagKind::EndTag => self.swallows_end(tag),
            };
            if swallows {
                return self.boundary(line);
            }
        }
        let is_tag = matches!(token, Token::TagToken(_));
        let result = self.builder.process_token(token, line);
        if is_tag {
            let raw = matches!(
                result,
                TokenSinkResult::RawData(_) | TokenSinkResult::Plaintext
            );
            self.in_raw_text.set(raw);
        }
        result
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder
            .adjusted_current_node_present_but_not_in_html_namespace()
    }
}

/// Counts the handles the tree builder holds: the open elements, and a few more.
#[derive(Default)]
struct OpenElements(Cell<usize>);

impl Tracer for OpenElements {
    type Handle = NodeId;

    fn trace_handle(&self, _: &NodeId) {
        self.0.set(self.0.get() + 1);
    }
}

/// The formatting elements of the standard.
fn is_formatting(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("a")
            | local_name!("b")
            | local_name!("big")
            | local_name!("code")
            | local_name!("em")
            | local_name!("font")
            | local_name!("i")
            | local_name!("nobr")
            | local_name!("s")
            | local_name!("small")
            | local_name!("strike")
            | local_name!("strong")
            | local_name!("tt")
            | local_name!("u")
    )
}

/// Elements that hold no others, or whose content is not markup: these nest no deeper, and the tokenizer must
/// learn of them.
fn has_own_syntax(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("area")
            | local_name!("base")
            | local_name!("br")
            | local_name!("col")
            | local_name!("embed")
            | local_name!("hr")
            | local_name!("iframe")
            | local_name!("img")
            | local_name!("input")
            | local_name!("link")
            | local_name!("meta")
            | local_name!("noembed")
            | local_name!("noframes")
            | local_name!("noscript")
            | local_name!("param")
            | local_name!("plaintext")
            | local_name!("script")
            | local_name!("source")
            | local_name!("style")
            | local_name!("textarea")
            | local_name!("title")
            | local_name!("track")
            | local_name!("wbr")
            | local_name!("xmp")
    )
}
