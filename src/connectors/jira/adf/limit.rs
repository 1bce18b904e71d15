//! Keeping a document within the length Jira accepts.

use super::tree::{
    Block, CellBlock, Code, ExpandBlock, Inline, ItemBlock, Lead, List, ListItem, NonEmpty, Panel,
    PanelBlock, Paragraph, Quote, Row, TaskEntry, TaskList, Words,
};

/// Keeps the first blocks whose text together is no longer than `limit` UTF-16 units, counting one for the end
/// of each block. Says whether anything was cut. The block that goes over is cut between the blocks in it, such as items and
/// rows; a paragraph between words, and code between lines, only where more than half of what fits would be left out.
pub(super) fn cut(blocks: Vec<Block>, limit: usize) -> (Vec<Block>, bool) {
    let mut left = limit;
    let mut kept = Vec::with_capacity(blocks.len());
    for block in blocks {
        let length = block_length(&block);
        if length <= left {
            left -= length;
            kept.push(block);
        } else {
            kept.extend(part(block, left, left > limit / 2));
            return (kept, true);
        }
    }
    (kept, false)
}

fn part(block: Block, left: usize, is_most: bool) -> Option<Block> {
    match block {
        Block::Paragraph(Paragraph(line), align) if is_most => {
            let line = first_words(line, left);
            (!line.is_empty()).then_some(Block::Paragraph(Paragraph(line), align))
        }
        Block::Code(code) if is_most => first_lines(code, left).map(Block::Code),
        Block::List(mut list) => {
            list.items = first(list.items, left, item_length)?;
            Some(Block::List(list))
        }
        Block::Table(mut table) => {
            table.0 = first(table.0, left, row_length)?;
            Some(Block::Table(table))
        }
        Block::Quote(mut quote) => {
            quote.0 = first(quote.0, left, |p| line_length(&p.0))?;
            Some(Block::Quote(quote))
        }
        Block::Expand(mut expand) => {
            expand.0 = first(expand.0, left, expand_length)?;
            Some(Block::Expand(expand))
        }
        _ => None,
    }
}

/// The first parts that fit, or none.
fn first<T>(
    parts: NonEmpty<T>,
    mut left: usize,
    length: impl Fn(&T) -> usize,
) -> Option<NonEmpty<T>> {
    let fitting = parts.into_iter().take_while(|part| {
        let length = length(part);
        let fits = length <= left;
        left = left.saturating_sub(length);
        fits
    });
    NonEmpty::new(fitting.collect())
}

/// The words that fit.
fn first_words(line: Vec<Inline>, mut left: usize) -> Vec<Inline> {
    let mut kept = Vec::new();
    for inline in line {
        let length = inline_length(&inline);
        if length < left {
            left -= length;
            kept.push(inline);
            continue;
        }
        kept.push(inline);
        // One is for the paragraph's end.
        drop_last_word(&mut kept, left.saturating_sub(1));
        break;
    }
    kept
}

/// Cuts the last inline to `room` units, and back from there to the end of a word, which may have begun earlier.
fn drop_last_word(line: &mut Vec<Inline>, room: usize) {
    let mut room = Some(room);
    while let Some(Inline::Text(words, style)) = line.pop() {
        let text = words.as_str();
        let most = room.take().map_or(text.len(), |units| prefix(text, units));
        let ends = text.char_indices().take_while(|(at, _)| *at <= most);
        if let Some((end, _)) = ends.filter(|(_, c)| c.is_whitespace()).last() {
            line.extend(
                words
                    .split_at(end)
                    .0
                    .map(|words| Inline::Text(words, style)),
            );
            return;
        }
    }
}

fn first_lines(code: Code, left: usize) -> Option<Code> {
    let text = code.text?;
    let room = prefix(text.as_str(), left);
    let end = text.as_str()[..room].rfind('\n')?;
    let (text, _) = text.split_at(end);
    text.is_some().then_some(Code { text, ..code })
}

/// The end of the longest prefix of at most `units` UTF-16 units.
fn prefix(text: &str, units: usize) -> usize {
    let mut used = 0;
    text.char_indices()
        .find(|(_, c)| {
            used += c.len_utf16();
            used > units
        })
        .map_or(text.len(), |(at, _)| at)
}

fn units(words: &Words) -> usize {
    words.as_str().chars().map(char::len_utf16).sum()
}

fn inline_length(inline: &Inline) -> usize {
    match inline {
        Inline::Text(words, _) => units(words),
        Inline::Break => 1,
    }
}

fn line_length(line: &[Inline]) -> usize {
    1 + line.iter().map(inline_length).sum::<usize>()
}

fn code_length(code: &Code) -> usize {
    1 + code.text.as_ref().map_or(0, units)
}

fn list_length(list: &List) -> usize {
    list.items.iter().map(item_length).sum()
}

fn item_length(item: &ListItem) -> usize {
    let lead = match &item.lead {
        Lead::Paragraph(it) => line_length(&it.0),
        Lead::Code(it) => code_length(it),
    };
    let rest = item.rest.iter().map(|block| match block {
        ItemBlock::Paragraph(it) => line_length(&it.0),
        ItemBlock::Code(it) => code_length(it),
        ItemBlock::List(it) => list_length(it),
        ItemBlock::Media(_) => 1,
    });
    lead + rest.sum::<usize>()
}

fn tasks_length(list: &TaskList) -> usize {
    let rest = list.rest.iter().map(|entry| match entry {
        TaskEntry::Task(task) => line_length(&task.content),
        TaskEntry::Nested(list) => tasks_length(list),
    });
    line_length(&list.first.content) + rest.sum::<usize>()
}

fn panel_length(panel: &Panel) -> usize {
    let blocks = panel.content.iter().map(|block| match block {
        PanelBlock::Paragraph(it) => line_length(&it.0),
        PanelBlock::Heading(it) => line_length(&it.content),
        PanelBlock::List(it) => list_length(it),
    });
    blocks.sum()
}

fn quote_length(quote: &Quote) -> usize {
    quote.0.iter().map(|p| line_length(&p.0)).sum()
}

fn row_length(row: &Row) -> usize {
    let blocks = row.0.iter().flat_map(|cell| cell.content.iter());
    blocks
        .map(|block| match block {
            CellBlock::Paragraph(it, _) => line_length(&it.0),
            CellBlock::Heading(it, _) => line_length(&it.content),
            CellBlock::List(it) => list_length(it),
            CellBlock::Tasks(it) => tasks_length(it),
            CellBlock::Code(it) => code_length(it),
            CellBlock::Quote(it) => quote_length(it),
            CellBlock::Panel(it) => panel_length(it),
            CellBlock::Media(_) | CellBlock::Rule => 1,
        })
        .sum()
}

fn expand_length(block: &ExpandBlock) -> usize {
    match block {
        ExpandBlock::Paragraph(it) => line_length(&it.0),
        ExpandBlock::Heading(it) => line_length(&it.content),
        ExpandBlock::List(it) => list_length(it),
        ExpandBlock::Tasks(it) => tasks_length(it),
        ExpandBlock::Code(it) => code_length(it),
        ExpandBlock::Quote(it) => quote_length(it),
        ExpandBlock::Panel(it) => panel_length(it),
        ExpandBlock::Table(it) => it.0.iter().map(row_length).sum(),
        ExpandBlock::Media(_) | ExpandBlock::Rule => 1,
    }
}

fn block_length(block: &Block) -> usize {
    match block {
        Block::Paragraph(it, _) => line_length(&it.0),
        Block::Heading(it, _) => line_length(&it.content),
        Block::List(it) => list_length(it),
        Block::Tasks(it) => tasks_length(it),
        Block::Code(it) => code_length(it),
        Block::Quote(it) => quote_length(it),
        Block::Panel(it) => panel_length(it),
        Block::Expand(it) => it.0.iter().map(expand_length).sum(),
        Block::Table(it) => it.0.iter().map(row_length).sum(),
        Block::Media(_) | Block::Rule => 1,
    }
}
