//! Where a finished block goes: into the innermost open node that may hold it, or taken apart into what may.

use super::build::Builder;
use super::frame::{Closed, Frame, inline_code};
use super::loss::Kind;
use super::table;
use super::tree::{Block, Inline, Media, Paragraph, TaskEntry};

/// The most nodes open at once: lists 20 deep. With two levels of JSON a node, a document stays well below the
/// 128 levels that common JSON parsers stop at.
const MAX_FRAMES: usize = 40;

impl Builder<'_> {
    fn top(&mut self) -> &mut Frame {
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    /// Opens a node, if it and `inner` more within it do not nest too deep.
    pub(super) fn open(&mut self, frame: Frame, inner: usize) -> bool {
        if self.frames.len() + inner >= MAX_FRAMES {
            self.lose_once(Kind::TooDeep);
            return false;
        }
        self.settle();
        self.frames.push(frame);
        true
    }

    /// Closes implied lists, unless what comes belongs to them.
    pub(super) fn settle(&mut self) {
        if !self.context().in_run {
            self.close_implied();
        }
    }

    /// Closes implied lists. No element is to count them among the nodes that were open where it began: what it opens
    /// now in their place would be left open where it ends.
    pub(super) fn close_implied(&mut self) {
        let mut closed = false;
        while self.frames.last().is_some_and(Frame::is_implied) {
            self.close();
            closed = true;
        }
        if closed {
            self.forget_closed();
        }
    }

    /// Closes nodes until `count` are open.
    pub(super) fn close_to(&mut self, count: usize) {
        while self.frames.len() > count.max(1) {
            self.close();
        }
    }

    /// Closes the innermost node.
    pub(super) fn close(&mut self) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        match frame.close() {
            Closed::Nothing => {}
            Closed::Block(block) => self.seat(block),
            Closed::Item(item) => match self.top() {
                Frame::List { items, .. } => items.push(item),
                _ => item
                    .into_blocks()
                    .into_iter()
                    .for_each(|b| self.seat(b.into())),
            },
            Closed::Task(task) => match self.top() {
                Frame::Tasks { entries, .. } => entries.push(TaskEntry::Task(task)),
                _ => self.seat(Block::Paragraph(Paragraph(task.content), None)),
            },
            Closed::Row(row) => {
                if let Frame::Table(rows) = self.top() {
                    rows.push(row);
                }
            }
            Closed::Cell(cell) => {
                if let Frame::Row(cells) = self.top() {
                    cells.push(cell);
                }
            }
        }
        if !matches!(self.top(), Frame::Task { .. } | Frame::Tasks { .. }) {
            for media in std::mem::take(&mut self.deferred) {
                self.seat(Block::Media(media));
            }
        }
    }

    /// Puts a block where the text has got to.
    pub(super) fn place(&mut self, block: Block) {
        self.settle();
        self.seat(block);
    }

    pub(super) fn seat(&mut self, block: Block) {
        let aligned = matches!(
            block,
            Block::Paragraph(_, Some(_)) | Block::Heading(_, Some(_))
        );
        if aligned && !matches!(self.top(), Frame::Doc(_) | Frame::Cell { .. }) {
            self.lose_here(Kind::AlignmentInside);
        }
        let Some(block) = self.top().take(block) else {
            return;
        };
        let outside = self.may_stand_outside(&block);
        match self.top() {
            Frame::Task { .. } => self.seat_in_task(block),
            Frame::Tasks { .. } => self.seat_in_tasks(block),
            Frame::Table(_) | Frame::Row(_) => self.seat_between(block),
            frame if frame.may_be_interrupted() && outside => self.interrupt(block),
            _ => self.take_apart(block),
        }
    }

    /// Whether a node further out may hold what the innermost may not.
    fn may_stand_outside(&self, block: &Block) -> bool {
        let outer = self
            .frames
            .iter()
            .rev()
            .skip_while(|f| f.may_be_interrupted());
        match outer.into_iter().next() {
            Some(Frame::Doc(_)) => true,
            Some(Frame::Cell { .. }) => !matches!(block, Block::Table(_) | Block::Expand(_)),
            Some(Frame::Item { .. } | Frame::List { .. }) => {
                matches!(block, Block::Code(_) | Block::List(_) | Block::Media(_))
            }
            _ => false,
        }
    }

    /// Ends the innermost node, puts the block after it, and goes on with another of its kind.
    fn interrupt(&mut self, block: Block) {
        self.lose_here(Kind::OutsideHolder);
        let Some(frame) = self.frames.pop() else {
            return;
        };
        let next = frame.reopened();
        if let Closed::Block(first) = frame.close() {
            self.seat(first);
        }
        self.seat(block);
        self.frames.push(next);
    }

    /// Text between the parts of a table, such as its caption, goes above what of the table is still to come.
    fn seat_between(&mut self, block: Block) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        match frame {
            Frame::Table(rows) if !rows.is_empty() => {
                if let Closed::Block(table) = Frame::Table(rows).close() {
                    self.seat(table);
                }
                self.seat(block);
                self.frames.push(Frame::Table(Vec::new()));
            }
            frame => {
                self.seat(block);
                self.frames.push(frame);
            }
        }
    }

    fn seat_in_tasks(&mut self, block: Block) {
        let Frame::Tasks { entries, .. } = self.top() else {
            return;
        };
        match block {
            Block::Tasks(list) => entries.push(TaskEntry::Nested(list)),
            Block::Media(media) => self.defer(media),
            other => match entries.pop() {
                Some(TaskEntry::Task(task)) => {
                    self.frames.push(Frame::Task {
                        done: task.done,
                        content: task.content,
                        continued: false,
                    });
                    self.seat(other);
                    self.close();
                }
                entry => {
                    entries.extend(entry);
                    self.frames.push(Frame::Task {
                        done: false,
                        content: Vec::new(),
                        continued: false,
                    });
                    self.seat(other);
                    self.close();
                }
            },
        }
    }

    fn seat_in_task(&mut self, block: Block) {
        let lines = match block {
            Block::Paragraph(Paragraph(line), _) => line,
            Block::Code(code) => inline_code(code),
            Block::Tasks(list) => return self.nest_tasks(TaskEntry::Nested(list)),
            other => return self.take_apart(other),
        };
        let Frame::Task { content, .. } = self.top() else {
            return;
        };
        if !content.is_empty() && !lines.is_empty() {
            content.push(Inline::Break);
            content.extend(lines);
            self.lose_here(Kind::TaskBlocks);
        } else {
            content.extend(lines);
        }
    }

    /// A list of tasks within a task follows it; what the task goes on with makes another.
    fn nest_tasks(&mut self, nested: TaskEntry) {
        let Some(Frame::Task {
            done,
            content,
            continued,
        }) = self.frames.pop()
        else {
            return;
        };
        if let Frame::Tasks { entries, .. } = self.top() {
            if !content.is_empty() || !continued {
                entries.push(TaskEntry::Task(super::tree::Task { done, content }));
            }
            entries.push(nested);
        }
        self.frames.push(Frame::Task {
            done,
            content: Vec::new(),
            continued: true,
        });
    }

    /// Keeps an image for the next node that may hold it.
    fn defer(&mut self, media: Media) {
        self.lose_here(Kind::ImageInside);
        self.deferred.push(media);
    }

    /// Puts the parts of a block that may not stand here.
    fn take_apart(&mut self, block: Block) {
        let (kind, parts): (Kind, Vec<Block>) = match block {
            Block::Heading(heading, align) => (
                Kind::HeadingInside,
                vec![Block::Paragraph(heading.into_paragraph(), align)],
            ),
            Block::Rule => (Kind::RuleInside, Vec::new()),
            Block::Media(media) => return self.defer(media),
            Block::Quote(quote) => {
                let parts = quote.0.into_iter();
                (
                    Kind::QuoteInside,
                    parts.map(|p| Block::Paragraph(p, None)).collect(),
                )
            }
            Block::Panel(panel) => {
                let parts = panel.content.into_iter();
                (Kind::PanelInside, parts.map(Block::from).collect())
            }
            Block::Expand(expand) => {
                let parts = expand.0.into_iter();
                (Kind::DetailsInside, parts.map(Block::from).collect())
            }
            Block::Tasks(tasks) => (Kind::TaskInside, vec![Block::List(tasks.into_list())]),
            Block::List(list) => {
                let items = list.items.into_iter();
                let parts = items.flat_map(super::tree::ListItem::into_blocks);
                (Kind::ListInside, parts.map(Block::from).collect())
            }
            Block::Table(table) => (Kind::NestedTable, table::flatten(table)),
            Block::Code(code) => (
                Kind::CodeStructure,
                vec![Block::Paragraph(Paragraph(inline_code(code)), None)],
            ),
            Block::Paragraph(Paragraph(_), _) => return,
        };
        self.lose_here(kind);
        parts.into_iter().for_each(|part| self.seat(part));
    }
}
