//! Items of lists and tasks: from any blocks to what an item may begin with, and from tasks to plain items.

use super::tree::{
    ItemBlock, Lead, List, ListItem, Marker, NonEmpty, Paragraph, Task, TaskEntry, TaskList,
};

impl ListItem {
    /// An item of any blocks: an empty paragraph leads where they begin with neither text nor code.
    pub(super) fn new(blocks: Vec<ItemBlock>) -> Self {
        let mut blocks = blocks.into_iter();
        let (lead, rest) = match blocks.next() {
            Some(ItemBlock::Paragraph(paragraph)) => (Lead::Paragraph(paragraph), None),
            Some(ItemBlock::Code(code)) => (Lead::Code(code), None),
            other => (Lead::Paragraph(Paragraph::default()), other),
        };
        Self {
            lead,
            rest: rest.into_iter().chain(blocks).collect(),
        }
    }

    /// The blocks, to go on with.
    pub(super) fn into_blocks(self) -> Vec<ItemBlock> {
        let lead = match self.lead {
            Lead::Paragraph(paragraph) => ItemBlock::Paragraph(paragraph),
            Lead::Code(code) => ItemBlock::Code(code),
        };
        std::iter::once(lead).chain(self.rest).collect()
    }

    /// Adds a block at the end.
    pub(super) fn push(&mut self, block: ItemBlock) {
        self.rest.push(block);
    }

    fn of(task: Task) -> Self {
        Self {
            lead: Lead::Paragraph(Paragraph(task.content)),
            rest: Vec::new(),
        }
    }
}

impl TaskList {
    /// `None` if there are no entries. A nested list that comes first is taken apart.
    pub(super) fn new(entries: Vec<TaskEntry>) -> Option<Self> {
        let mut entries = entries.into_iter();
        match entries.next()? {
            TaskEntry::Task(first) => Some(Self {
                first,
                rest: entries.collect(),
            }),
            TaskEntry::Nested(mut list) => {
                list.rest.extend(entries);
                Some(list)
            }
        }
    }

    /// The tasks as the items of a list.
    pub(super) fn into_list(self) -> List {
        let mut items = NonEmpty {
            first: ListItem::of(self.first),
            rest: Vec::new(),
        };
        for entry in self.rest {
            match entry {
                TaskEntry::Task(task) => items.rest.push(ListItem::of(task)),
                TaskEntry::Nested(list) => {
                    let nested = ItemBlock::List(list.into_list());
                    items
                        .rest
                        .last_mut()
                        .unwrap_or(&mut items.first)
                        .push(nested);
                }
            }
        }
        List {
            marker: Marker::Bullet,
            items,
        }
    }
}
