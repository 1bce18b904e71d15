//! Lists: of HTML and of Quill's indented items; and the tasks among their items.

use std::num::NonZeroU32;

use html5ever::local_name;

use super::build::Builder;
use super::css::Declared;
use super::dom::{Data, Element, NodeId};
use super::frame::{Closed, Frame};
use super::loss::Kind;
use super::tag::Tag;
use super::tree::{ListItem, Marker};

/// The deepest level of a list written as paragraphs; Word knows nine.
const DEEPEST_LEVEL: u8 = 9;

/// What an item says of its marker where no list around it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The one of the list it goes on.
    Any,
    Bullet,
    /// This number, or else the next.
    Number(Option<NonZeroU32>),
}

impl Wanted {
    /// The marker of a list that begins with the item.
    fn first(self) -> Marker {
        match self {
            Self::Any | Self::Bullet => Marker::Bullet,
            Self::Number(number) => Marker::Number(number.unwrap_or(NonZeroU32::MIN)),
        }
    }

    /// Whether an item with the marker `next` is as wanted.
    fn is(self, next: Marker) -> bool {
        match (self, next) {
            (Self::Any, _) | (Self::Bullet, Marker::Bullet) => true,
            (Self::Number(wanted), Marker::Number(next)) => wanted.is_none_or(|n| n == next),
            _ => false,
        }
    }
}

impl Builder<'_> {
    pub(super) fn begin_list(&mut self, element: &Element, ordered: bool, declared: &Declared) {
        if ordered && has_other_marker(element, declared) {
            self.lose_here(Kind::ListStyle);
        }
        let marker = if ordered {
            self.numbering(element)
        } else {
            Marker::Bullet
        };
        let list = Frame::List {
            marker,
            items: Vec::new(),
            implied: false,
        };
        self.open(list, 1);
    }

    fn numbering(&mut self, element: &Element) -> Marker {
        let start = element.attr("start").and_then(integer).unwrap_or(1);
        let number = u32::try_from(start).ok().and_then(NonZeroU32::new);
        if number.is_none() || element.attr("reversed").is_some() {
            self.lose_here(Kind::ListStart);
        }
        Marker::Number(number.unwrap_or(NonZeroU32::MIN))
    }

    pub(super) fn begin_item(&mut self, node: NodeId, element: &Element, declared: &Declared) {
        let task = self.task_state(node, element);
        let indent = element.classes().find_map(|c| c.strip_prefix("ql-indent-"));
        let kind = element.attr("data-list");
        let in_list = matches!(
            self.frames.last(),
            Some(Frame::List { implied: false, .. } | Frame::Tasks { .. })
        );
        if task.is_none() && (indent.is_some() || kind.is_some() || !in_list) {
            let level = indent.and_then(|n| n.parse::<u8>().ok()).unwrap_or(0);
            let wanted = match kind {
                Some("ordered") => Wanted::Number(None),
                Some(_) => Wanted::Bullet,
                None => Wanted::Any,
            };
            return self.begin_level(level.saturating_add(1), wanted);
        }
        match task {
            Some(done) => {
                self.close_implied();
                if let Some(Frame::List { marker, items, .. }) = self.frames.last() {
                    let marker = after(*marker, items.len());
                    self.go_on_with(Frame::Tasks {
                        entries: Vec::new(),
                        marker,
                    });
                }
                if matches!(self.frames.last(), Some(Frame::Tasks { .. })) {
                    let content = Vec::new();
                    self.open(
                        Frame::Task {
                            done,
                            content,
                            continued: false,
                        },
                        0,
                    );
                }
            }
            None => {
                self.number_item(element);
                self.check_marker(node, element, declared);
                self.open(
                    Frame::Item {
                        blocks: Vec::new(),
                        implied: false,
                    },
                    0,
                );
            }
        }
    }

    /// Makes the innermost list one of plain items that goes on with the right number.
    fn number_item(&mut self, element: &Element) {
        if let Some(Frame::Tasks { marker, .. }) = self.frames.last() {
            let marker = *marker;
            self.go_on_with(Frame::List {
                marker,
                items: Vec::new(),
                implied: false,
            });
        }
        let Some(value) = element.attr("value").and_then(integer) else {
            return;
        };
        let Some(Frame::List { marker, items, .. }) = self.frames.last_mut() else {
            return;
        };
        let Marker::Number(first) = *marker else {
            return;
        };
        if i64::from(first.get()) + items.len() as i64 == value {
            return;
        }
        let Some(wanted) = u32::try_from(value).ok().and_then(NonZeroU32::new) else {
            return self.lose_here(Kind::ListStart);
        };
        if items.is_empty() {
            *marker = Marker::Number(wanted);
        } else {
            let marker = Marker::Number(wanted);
            self.go_on_with(Frame::List {
                marker,
                items: Vec::new(),
                implied: false,
            });
        }
    }

    /// Google Docs says of the items what others say of the list.
    fn check_marker(&mut self, node: NodeId, element: &Element, declared: &Declared) {
        let first = matches!(self.frames.last(), Some(Frame::List { marker: Marker::Number(_), items, .. }) if items.is_empty());
        if !first || !has_other_marker(element, declared) {
            return;
        }
        let list = self.dom.parent(node).and_then(|n| self.dom.element(n));
        let style = list.and_then(|list| list.attr("style"));
        let of_list = style.map(Declared::parse).unwrap_or_default();
        if !list.is_some_and(|list| has_other_marker(list, &of_list)) {
            self.lose_here(Kind::ListStyle);
        }
    }

    /// Ends the innermost list and begins another in its place.
    fn go_on_with(&mut self, next: Frame) {
        if let Some(frame) = self.frames.pop()
            && let Closed::Block(block) = frame.close()
        {
            self.seat(block);
        }
        self.frames.push(next);
    }

    /// An item at a level from 1, in lists that its neighbours and its level alone imply.
    pub(super) fn begin_level(&mut self, level: u8, wanted: Wanted) {
        let level = usize::from(level.clamp(1, DEEPEST_LEVEL));
        self.context_mut().in_run = true;
        if matches!(self.frames.last(), Some(Frame::Tasks { .. })) {
            self.go_on_with(Frame::List {
                marker: wanted.first(),
                items: Vec::new(),
                implied: false,
            });
        }
        let implied = self.frames.iter().rev().take_while(|f| f.is_implied());
        let mut depth = implied.filter(|f| matches!(f, Frame::List { .. })).count();
        let below = self.frames.iter().rev().find(|f| !f.is_implied());
        depth += usize::from(matches!(below, Some(Frame::List { .. })));
        while depth > level {
            if matches!(self.frames.last(), Some(Frame::List { .. })) {
                depth -= 1;
            }
            self.close();
        }
        if depth == level {
            if matches!(self.frames.last(), Some(Frame::Item { implied: true, .. })) {
                self.close();
            }
            self.match_marker(wanted);
        }
        while depth < level {
            if let Some(Frame::List { items, .. }) = self.frames.last_mut() {
                // The item above is the one it belongs to.
                let blocks = items.pop().map_or_else(Vec::new, ListItem::into_blocks);
                self.frames.push(Frame::Item {
                    blocks,
                    implied: true,
                });
            }
            let list = Frame::List {
                marker: wanted.first(),
                items: Vec::new(),
                implied: true,
            };
            if !self.open(list, 1) {
                return;
            }
            depth += 1;
        }
        self.frames.push(Frame::Item {
            blocks: Vec::new(),
            implied: true,
        });
        self.context_mut().frames = self.frames.len();
    }

    /// Makes the innermost list one that goes on with the wanted marker.
    fn match_marker(&mut self, wanted: Wanted) {
        let Some(Frame::List {
            marker,
            items,
            implied,
        }) = self.frames.last_mut()
        else {
            return;
        };
        if wanted.is(after(*marker, items.len())) {
            return;
        }
        if items.is_empty() {
            *marker = wanted.first();
        } else {
            let implied = *implied;
            self.go_on_with(Frame::List {
                marker: wanted.first(),
                items: Vec::new(),
                implied,
            });
        }
    }

    /// Whether an item is a task, and if so whether it is done.
    fn task_state(&self, node: NodeId, element: &Element) -> Option<bool> {
        match element.attr("data-list") {
            Some("checked") => return Some(true),
            Some("unchecked") => return Some(false),
            _ => {}
        }
        let list = self.dom.parent(node).and_then(|n| self.dom.element(n));
        let checked = element
            .attr("data-checked")
            .or_else(|| list.and_then(|l| l.attr("data-checked")));
        match checked {
            Some("true") => return Some(true),
            Some("false") => return Some(false),
            _ => {}
        }
        if element.attr("role") == Some("checkbox") {
            return Some(element.attr("aria-checked") == Some("true"));
        }
        if let Some(state) = element.attr("data-task-state") {
            return Some(state == "DONE");
        }
        // Confluence's and TinyMCE's.
        if list.is_some_and(|l| l.has_class("inline-task-list") || l.has_class("tox-checklist")) {
            return Some(
                element.has_class("checked") || element.has_class("tox-checklist--checked"),
            );
        }
        self.leading_checkbox(node)
    }

    /// The state of the checkbox an item begins with.
    fn leading_checkbox(&self, item: NodeId) -> Option<bool> {
        let mut at = self.dom.next_within(item, item);
        for _ in 0..12 {
            let node = at?;
            match self.dom.data(node) {
                Data::Text(text) if !text.trim_ascii().is_empty() => return None,
                Data::Element(element) => match *self.dom.html_name(node)? {
                    local_name!("input") => {
                        let kind = element.attr("type").unwrap_or("");
                        return kind
                            .eq_ignore_ascii_case("checkbox")
                            .then(|| element.attr("checked").is_some());
                    }
                    _ if element.has_class("checkbox-on") => return Some(true),
                    _ if element.has_class("checkbox-off") => return Some(false),
                    // Labels, and what sites put before the box, such as GitLab's button.
                    _ if matches!(
                        super::element::tag(element),
                        Tag::Inline | Tag::Block | Tag::Paragraph
                    ) => {}
                    _ => return None,
                },
                _ => {}
            }
            at = self.dom.next_within(item, node);
        }
        None
    }
}

/// Whether a list or item has letters, Roman numbers or nothing for numbers.
fn has_other_marker(element: &Element, declared: &Declared) -> bool {
    declared.other_marker || matches!(element.attr("type"), Some("a" | "A" | "i" | "I"))
}

fn after(marker: Marker, items: usize) -> Marker {
    match marker {
        Marker::Bullet => Marker::Bullet,
        Marker::Number(first) => {
            let items = u32::try_from(items).unwrap_or(u32::MAX);
            Marker::Number(first.saturating_add(items))
        }
    }
}

/// An integer as the HTML standard reads attributes.
fn integer(text: &str) -> Option<i64> {
    let text = text.trim_start();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = digits
        .bytes()
        .take_while(u8::is_ascii_digit)
        .count()
        .min(12);
    digits.get(..end)?.parse::<i64>().ok().map(|n| sign * n)
}
