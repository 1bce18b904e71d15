//! The document as Jira may hold it. What each node may hold is a type, so that a document no Jira accepts
//! cannot be built: the narrowest of the ADF schema's generations decides.

use super::colour::Rgb;

/// At least one of something.
#[derive(Debug)]
pub(super) struct NonEmpty<T> {
    pub(super) first: T,
    pub(super) rest: Vec<T>,
}

impl<T> IntoIterator for NonEmpty<T> {
    type Item = T;
    type IntoIter = std::iter::Chain<std::iter::Once<T>, std::vec::IntoIter<T>>;

    fn into_iter(self) -> Self::IntoIter {
        std::iter::once(self.first).chain(self.rest)
    }
}

impl<T> NonEmpty<T> {
    /// `None` if there is nothing.
    pub(super) fn new(items: Vec<T>) -> Option<Self> {
        let mut rest = items;
        if rest.is_empty() {
            return None;
        }
        let first = rest.remove(0);
        Some(Self { first, rest })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.first).chain(&self.rest)
    }
}

/// Text that is not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Words(String);

impl Words {
    /// `None` if `text` is empty.
    pub(super) fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (!text.is_empty()).then_some(Self(text))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }

    pub(super) fn push_str(&mut self, more: &str) {
        self.0.push_str(more);
    }

    /// All but the last character, if anything is left.
    pub(super) fn without_last(mut self) -> Option<Self> {
        self.0.pop();
        Self::new(self.0)
    }

    /// The first `end` bytes and the rest; a part is `None` where it would be empty.
    pub(super) fn split_at(&self, end: usize) -> (Option<Self>, Option<Self>) {
        let (head, tail) = self.0.split_at_checked(end).unwrap_or((&self.0, ""));
        (Self::new(head), Self::new(tail))
    }
}

/// The address of a link: absolute, and of a kind that runs nothing.
pub(super) type Href = std::rc::Rc<str>;

/// Raised or lowered text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shift {
    Sub,
    Sup,
}

/// How text looks, other than code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) em: bool,
    pub(super) strong: bool,
    pub(super) strike: bool,
    pub(super) underline: bool,
    pub(super) shift: Option<Shift>,
}

/// The marks of a piece of text: no mark twice, code with a link only, no colour on a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Code { link: Option<Href> },
    Linked { link: Href, look: Look },
    Plain { colour: Option<Rgb>, look: Look },
}

impl Style {
    /// Text without marks.
    pub(super) const PLAIN: Self = Self::Plain {
        colour: None,
        look: Look::PLAIN,
    };

    /// The same in bold, where that is possible.
    fn embolden(&mut self) {
        match self {
            Self::Code { .. } => {}
            Self::Linked { look, .. } | Self::Plain { look, .. } => look.strong = true,
        }
    }
}

impl Look {
    const PLAIN: Self = Self {
        em: false,
        strong: false,
        strike: false,
        underline: false,
        shift: None,
    };
}

/// What stands in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Inline {
    Text(Words, Style),
    Break,
}

/// How a paragraph or heading is aligned, other than to its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Center,
    End,
}

/// A paragraph; it may be empty.
#[derive(Debug, Default)]
pub(super) struct Paragraph(pub(super) Vec<Inline>);

/// The level of a heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    One = 1,
    Two,
    Three,
    Four,
    Five,
    Six,
}

impl Level {
    /// The level of this number, from 1 to 6.
    pub(super) fn new(number: &str) -> Option<Self> {
        Some(match number.trim() {
            "1" => Self::One,
            "2" => Self::Two,
            "3" => Self::Three,
            "4" => Self::Four,
            "5" => Self::Five,
            "6" => Self::Six,
            _ => return None,
        })
    }
}

#[derive(Debug)]
pub(super) struct Heading {
    pub(super) level: Level,
    pub(super) content: Vec<Inline>,
}

impl Heading {
    /// The heading as a bold paragraph.
    pub(super) fn into_paragraph(mut self) -> Paragraph {
        for inline in &mut self.content {
            if let Inline::Text(_, style) = inline {
                style.embolden();
            }
        }
        Paragraph(self.content)
    }
}

/// A code block: text and line breaks, no marks.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) language: Option<Words>,
    pub(super) text: Option<Words>,
}

/// An image at a web address.
#[derive(Debug)]
pub(super) struct Media {
    pub(super) url: String,
    pub(super) alt: Option<String>,
    pub(super) link: Option<Href>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    Bullet,
    /// The number of the first item, 1 or higher.
    Number(std::num::NonZeroU32),
}

#[derive(Debug)]
pub(super) struct List {
    pub(super) marker: Marker,
    pub(super) items: NonEmpty<ListItem>,
}

/// An item begins with a paragraph or a code block.
#[derive(Debug)]
pub(super) struct ListItem {
    pub(super) lead: Lead,
    pub(super) rest: Vec<ItemBlock>,
}

#[derive(Debug)]
pub(super) enum Lead {
    Paragraph(Paragraph),
    Code(Code),
}

#[derive(Debug)]
pub(super) enum ItemBlock {
    Paragraph(Paragraph),
    Code(Code),
    List(List),
    Media(Media),
}

/// A task list begins with a task.
#[derive(Debug)]
pub(super) struct TaskList {
    pub(super) first: Task,
    pub(super) rest: Vec<TaskEntry>,
}

#[derive(Debug)]
pub(super) enum TaskEntry {
    Task(Task),
    Nested(TaskList),
}

#[derive(Debug)]
pub(super) struct Task {
    pub(super) done: bool,
    pub(super) content: Vec<Inline>,
}

/// A quote holds paragraphs.
#[derive(Debug)]
pub(super) struct Quote(pub(super) NonEmpty<Paragraph>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PanelKind {
    Info,
    Note,
    Success,
    Warning,
    Error,
}

#[derive(Debug)]
pub(super) struct Panel {
    pub(super) kind: PanelKind,
    pub(super) content: NonEmpty<PanelBlock>,
}

#[derive(Debug)]
pub(super) enum PanelBlock {
    Paragraph(Paragraph),
    Heading(Heading),
    List(List),
}

/// Rows of cells. Spans lie within the grid.
#[derive(Debug)]
pub(super) struct Table(pub(super) NonEmpty<Row>);

#[derive(Debug)]
pub(super) struct Row(pub(super) NonEmpty<Cell>);

#[derive(Debug)]
pub(super) struct Cell {
    pub(super) header: bool,
    pub(super) colspan: u32,
    pub(super) rowspan: u32,
    pub(super) content: NonEmpty<CellBlock>,
}

#[derive(Debug)]
pub(super) enum CellBlock {
    Paragraph(Paragraph, Option<Align>),
    Heading(Heading, Option<Align>),
    List(List),
    Tasks(TaskList),
    Code(Code),
    Quote(Quote),
    Panel(Panel),
    Media(Media),
    Rule,
}

/// What opens at a click.
#[derive(Debug)]
pub(super) struct Expand(pub(super) NonEmpty<ExpandBlock>);

#[derive(Debug)]
pub(super) enum ExpandBlock {
    Paragraph(Paragraph),
    Heading(Heading),
    List(List),
    Tasks(TaskList),
    Code(Code),
    Quote(Quote),
    Panel(Panel),
    Table(Table),
    Media(Media),
    Rule,
}

/// What stands at the top level.
#[derive(Debug)]
pub(super) enum Block {
    Paragraph(Paragraph, Option<Align>),
    Heading(Heading, Option<Align>),
    List(List),
    Tasks(TaskList),
    Code(Code),
    Quote(Quote),
    Panel(Panel),
    Expand(Expand),
    Table(Table),
    Media(Media),
    Rule,
}
