//! The nodes being built, from the document inwards: each takes the blocks its type allows and gives back the others.

use super::table::{self, RawCell};
use super::tree::{
    Block, CellBlock, Code, Expand, ExpandBlock, Inline, ItemBlock, List, ListItem, Marker,
    NonEmpty, Panel, PanelBlock, PanelKind, Paragraph, Quote, Style, Task, TaskEntry, TaskList,
};

/// A node that is open.
#[derive(Debug)]
pub(super) enum Frame {
    Doc(Vec<Block>),
    List {
        marker: Marker,
        items: Vec<ListItem>,
        /// Opened for an item without a list around it.
        implied: bool,
    },
    Item {
        blocks: Vec<ItemBlock>,
        implied: bool,
    },
    Tasks {
        entries: Vec<TaskEntry>,
        /// The marker of the items that are no tasks.
        marker: Marker,
    },
    Task {
        done: bool,
        content: Vec<Inline>,
        /// A part of it stands in the list already.
        continued: bool,
    },
    Quote(Vec<Paragraph>),
    Panel(PanelKind, Vec<PanelBlock>),
    Expand(Vec<ExpandBlock>),
    Table(Vec<Vec<RawCell>>),
    Row(Vec<RawCell>),
    Cell {
        header: bool,
        colspan: u32,
        rowspan: u32,
        blocks: Vec<CellBlock>,
    },
}

/// What a frame is when it is closed.
pub(super) enum Closed {
    Block(Block),
    Item(ListItem),
    Task(Task),
    Row(Vec<RawCell>),
    Cell(RawCell),
    Nothing,
}

impl Frame {
    /// Takes a block in; gives back one that may not stand here.
    pub(super) fn take(&mut self, block: Block) -> Option<Block> {
        match self {
            Self::Doc(blocks) => {
                blocks.push(block);
                None
            }
            Self::Item { blocks, .. } => add(blocks, block),
            Self::List { items, .. } => match ItemBlock::try_from(block) {
                Ok(block) => {
                    match items.last_mut() {
                        Some(item) => item.push(block),
                        None => items.push(ListItem::new(vec![block])),
                    }
                    None
                }
                Err(block) => Some(block),
            },
            Self::Quote(blocks) => add(blocks, block),
            Self::Panel(_, blocks) => add(blocks, block),
            Self::Expand(blocks) => add(blocks, block),
            Self::Cell { blocks, .. } => add(blocks, block),
            Self::Tasks { .. } | Self::Task { .. } | Self::Table(_) | Self::Row(_) => Some(block),
        }
    }

    /// Whether a block that may not stand in it may interrupt it instead.
    pub(super) fn may_be_interrupted(&self) -> bool {
        matches!(
            self,
            Self::Quote(_) | Self::Panel(..) | Self::Expand(_) | Self::Table(_) | Self::Row(_)
        )
    }

    /// Whether it is only open until something else comes.
    pub(super) fn is_implied(&self) -> bool {
        matches!(
            self,
            Self::List { implied: true, .. } | Self::Item { implied: true, .. }
        )
    }

    /// The finished node.
    pub(super) fn close(self) -> Closed {
        let block = match self {
            Self::Item { blocks, .. } => return Closed::Item(ListItem::new(blocks)),
            Self::Task {
                content, continued, ..
            } if continued && content.is_empty() => None,
            Self::Task { done, content, .. } => return Closed::Task(Task { done, content }),
            Self::Row(cells) => return Closed::Row(cells),
            Self::Cell {
                header,
                colspan,
                rowspan,
                blocks,
            } => {
                let empty = || CellBlock::Paragraph(Paragraph::default(), None);
                let content = NonEmpty::new(blocks).unwrap_or_else(|| NonEmpty {
                    first: empty(),
                    rest: Vec::new(),
                });
                return Closed::Cell(RawCell {
                    header,
                    colspan,
                    rowspan,
                    content,
                });
            }
            Self::List { marker, items, .. } => {
                NonEmpty::new(items).map(|items| Block::List(List { marker, items }))
            }
            Self::Tasks { entries, .. } => TaskList::new(entries).map(Block::Tasks),
            Self::Quote(blocks) => NonEmpty::new(blocks).map(|b| Block::Quote(Quote(b))),
            Self::Panel(kind, blocks) => {
                NonEmpty::new(blocks).map(|content| Block::Panel(Panel { kind, content }))
            }
            Self::Expand(blocks) => NonEmpty::new(blocks).map(|b| Block::Expand(Expand(b))),
            Self::Table(rows) => table::fit(rows).map(Block::Table),
            Self::Doc(_) => None,
        };
        block.map_or(Closed::Nothing, Closed::Block)
    }

    /// An empty frame of the same kind, to go on with after an interruption.
    pub(super) fn reopened(&self) -> Self {
        match self {
            Self::Panel(kind, _) => Self::Panel(*kind, Vec::new()),
            Self::Expand(_) => Self::Expand(Vec::new()),
            _ => Self::Quote(Vec::new()),
        }
    }
}

/// Adds a block to others if its type allows; gives it back if not.
fn add<T: TryFrom<Block, Error = Block>>(blocks: &mut Vec<T>, block: Block) -> Option<Block> {
    match T::try_from(block) {
        Ok(block) => {
            blocks.push(block);
            None
        }
        Err(block) => Some(block),
    }
}

/// The lines of a code block as inline code.
pub(super) fn inline_code(code: Code) -> Vec<Inline> {
    let style = Style::Code { link: None };
    let mut inlines = Vec::new();
    let text = code.text.as_ref().map_or("", |text| text.as_str());
    for (n, line) in text.split('\n').enumerate() {
        if n > 0 {
            inlines.push(Inline::Break);
        }
        if let Some(words) = super::tree::Words::new(line) {
            inlines.push(Inline::Text(words, style.clone()));
        }
    }
    inlines
}
