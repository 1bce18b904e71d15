//! A flat document tree for html5ever: nodes live in one vector and name each other by index,
//! so that building, walking and dropping a document never recurses.

use std::borrow::Cow;
use std::cell::{Cell, Ref, RefCell};

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::{Attribute, LocalName, QualName, local_name, ns};

/// The index of a node in its [`Dom`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeId(u32);

impl NodeId {
    /// The document node, created first.
    pub(super) const DOCUMENT: Self = Self(0);

    fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a node is.
#[derive(Debug)]
pub(super) enum Data {
    /// The document itself, or the content of a `<template>`.
    Document,
    /// An element with its attributes.
    Element(Element),
    /// Character data.
    Text(StrTendril),
    /// A comment or a processing instruction: never visible, so its text is not kept.
    Comment,
}

/// An element's name and attributes.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: QualName,
    pub(super) attrs: Vec<Attribute>,
    template: Option<NodeId>,
    integration_point: bool,
}

impl Element {
    /// The value of an attribute without a namespace.
    pub(super) fn attr(&self, name: &str) -> Option<&str> {
        self.attrs
            .iter()
            .find(|a| *a.name.local == *name)
            .map(|a| &*a.value)
    }

    /// Whether `class` holds this very word.
    pub(super) fn has_class(&self, wanted: &str) -> bool {
        self.classes().any(|class| class == wanted)
    }

    /// The words of `class`.
    pub(super) fn classes(&self) -> impl Iterator<Item = &str> {
        self.attr("class").unwrap_or("").split_ascii_whitespace()
    }
}

#[derive(Debug)]
struct Node {
    parent: Option<NodeId>,
    prev: Option<NodeId>,
    next: Option<NodeId>,
    first: Option<NodeId>,
    last: Option<NodeId>,
    depth: u32,
    data: Data,
}

/// A parsed document.
#[derive(Debug)]
pub(super) struct Dom {
    nodes: Vec<Node>,
    nameless: QualName,
}

impl Dom {
    fn with_capacity(nodes: usize) -> Self {
        let mut dom = Self {
            nodes: Vec::with_capacity(nodes),
            nameless: QualName::new(None, ns!(), local_name!("")),
        };
        dom.add(Data::Document);
        dom
    }

    /// What `id` is.
    pub(super) fn data(&self, id: NodeId) -> &Data {
        &self.nodes[id.index()].data
    }

    /// The element `id` is, if it is one.
    pub(super) fn element(&self, id: NodeId) -> Option<&Element> {
        match self.data(id) {
            Data::Element(element) => Some(element),
            _ => None,
        }
    }

    /// The name of the HTML element `id` is, if it is one.
    pub(super) fn html_name(&self, id: NodeId) -> Option<&LocalName> {
        self.element(id)
            .filter(|e| e.name.ns == ns!(html))
            .map(|e| &e.name.local)
    }

    pub(super) fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.nodes[id.index()].parent
    }

    pub(super) fn first_child(&self, id: NodeId) -> Option<NodeId> {
        self.nodes[id.index()].first
    }

    pub(super) fn next_sibling(&self, id: NodeId) -> Option<NodeId> {
        self.nodes[id.index()].next
    }

    /// The node after `id` in document order within `root`.
    pub(super) fn next_within(&self, root: NodeId, id: NodeId) -> Option<NodeId> {
        self.first_child(id).or_else(|| self.skip_within(root, id))
    }

    /// The node after `id` and all it holds, in document order within `root`.
    pub(super) fn skip_within(&self, root: NodeId, id: NodeId) -> Option<NodeId> {
        let mut at = id;
        while at != root {
            if let Some(next) = self.next_sibling(at) {
                return Some(next);
            }
            at = self.parent(at)?;
        }
        None
    }

    fn add(&mut self, data: Data) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(Node {
            parent: None,
            prev: None,
            next: None,
            first: None,
            last: None,
            depth: 0,
            data,
        });
        id
    }

    fn at(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.index()]
    }

    fn detach(&mut self, id: NodeId) {
        let node = self.at(id);
        let (parent, prev, next) = (node.parent.take(), node.prev.take(), node.next.take());
        match (prev, parent) {
            (Some(prev), _) => self.at(prev).next = next,
            (None, Some(parent)) => self.at(parent).first = next,
            (None, None) => {}
        }
        match (next, parent) {
            (Some(next), _) => self.at(next).prev = prev,
            (None, Some(parent)) => self.at(parent).last = prev,
            (None, None) => {}
        }
    }

    fn insert(&mut self, parent: NodeId, before: Option<NodeId>, child: NodeOrText<NodeId>) {
        let prev = match before {
            Some(sibling) => self.at(sibling).prev,
            None => self.at(parent).last,
        };
        let child = match child {
            NodeOrText::AppendNode(node) => node,
            NodeOrText::AppendText(text) => {
                if let Some(prev) = prev
                    && let Data::Text(existing) = &mut self.at(prev).data
                {
                    existing.push_tendril(&text);
                    return;
                }
                self.add(Data::Text(text))
            }
        };
        self.detach(child);
        // Detaching may have moved the neighbours.
        let prev = match before {
            Some(sibling) => self.at(sibling).prev,
            None => self.at(parent).last,
        };
        let depth = self.at(parent).depth + 1;
        let node = self.at(child);
        node.depth = depth;
        (node.parent, node.prev, node.next) = (Some(parent), prev, before);
        match prev {
            Some(prev) => self.at(prev).next = Some(child),
            None => self.at(parent).first = Some(child),
        }
        match before {
            Some(next) => self.at(next).prev = Some(child),
            None => self.at(parent).last = Some(child),
        }
    }
}

/// The builder html5ever writes a [`Dom`] through.
#[derive(Debug)]
pub(super) struct Sink {
    dom: RefCell<Dom>,
    depth: Cell<u32>,
}

impl Sink {
    /// A builder for a text of `bytes`.
    pub(super) fn new(bytes: usize) -> Self {
        // Markup has about a node in 32 bytes; the vector grows where it has more.
        Self {
            dom: RefCell::new(Dom::with_capacity(16 + bytes / 32)),
            depth: Cell::new(0),
        }
    }

    /// How deep the element last opened and not yet closed lies: never too low, and too high only between a
    /// mis-nested end tag and the next element.
    pub(super) fn depth(&self) -> usize {
        self.depth.get() as usize
    }

    fn insert(&self, parent: NodeId, before: Option<NodeId>, child: NodeOrText<NodeId>) {
        let mut dom = self.dom.borrow_mut();
        let element = match &child {
            NodeOrText::AppendNode(id) => dom.element(*id).map(|_| *id),
            NodeOrText::AppendText(_) => None,
        };
        dom.insert(parent, before, child);
        if let Some(id) = element {
            self.depth.set(dom.at(id).depth);
        }
    }
}

impl TreeSink for Sink {
    type Handle = NodeId;
    type Output = Dom;
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Dom {
        self.dom.into_inner()
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> NodeId {
        NodeId::DOCUMENT
    }

    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Ref<'a, QualName> {
        Ref::map(self.dom.borrow(), |dom| match dom.data(*target) {
            Data::Element(element) => &element.name,
            _ => &dom.nameless,
        })
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, flags: ElementFlags) -> NodeId {
        let mut dom = self.dom.borrow_mut();
        let template = flags.template.then(|| dom.add(Data::Document));
        dom.add(Data::Element(Element {
            name,
            attrs,
            template,
            integration_point: flags.mathml_annotation_xml_integration_point,
        }))
    }

    fn create_comment(&self, _: StrTendril) -> NodeId {
        self.dom.borrow_mut().add(Data::Comment)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> NodeId {
        self.dom.borrow_mut().add(Data::Comment)
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        self.insert(*parent, None, child);
    }

    fn pop(&self, node: &NodeId) {
        let depth = self.dom.borrow_mut().at(*node).depth;
        self.depth.set(depth.saturating_sub(1));
    }

    fn append_based_on_parent_node(
        &self,
        element: &NodeId,
        previous: &NodeId,
        child: NodeOrText<NodeId>,
    ) {
        if self.dom.borrow().parent(*element).is_some() {
            self.append_before_sibling(element, child);
        } else {
            self.append(previous, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        let dom = self.dom.borrow();
        dom.element(*target)
            .and_then(|e| e.template)
            .unwrap_or(*target)
    }

    fn same_node(&self, x: &NodeId, y: &NodeId) -> bool {
        x == y
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &NodeId, child: NodeOrText<NodeId>) {
        let parent = self.dom.borrow().parent(*sibling);
        if let Some(parent) = parent {
            self.insert(parent, Some(*sibling), child);
        }
    }

    fn add_attrs_if_missing(&self, target: &NodeId, attrs: Vec<Attribute>) {
        if let Data::Element(element) = &mut self.dom.borrow_mut().at(*target).data {
            for attr in attrs {
                if !element.attrs.iter().any(|a| a.name == attr.name) {
                    element.attrs.push(attr);
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &NodeId) {
        self.dom.borrow_mut().detach(*target);
    }

    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        let mut dom = self.dom.borrow_mut();
        while let Some(child) = dom.first_child(*node) {
            dom.insert(*new_parent, None, NodeOrText::AppendNode(child));
        }
    }

    fn is_mathml_annotation_xml_integration_point(&self, target: &NodeId) -> bool {
        self.dom
            .borrow()
            .element(*target)
            .is_some_and(|e| e.integration_point)
    }
}
