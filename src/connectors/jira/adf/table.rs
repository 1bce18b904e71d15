//! Tables: spans cut to the grid, and rows laid out as text where a table may not stand.

use super::tree::{Block, Cell, CellBlock, Inline, NonEmpty, Paragraph, Row, Style, Table, Words};

/// The widest cell, as the HTML standard has it.
const MOST_COLUMNS: u32 = 1_000;
/// The tallest cell, as the HTML standard has it.
const MOST_ROWS: u32 = 65_534;

/// A cell with the spans its author wrote.
#[derive(Debug)]
pub(super) struct RawCell {
    pub(super) header: bool,
    pub(super) colspan: u32,
    /// Zero means: to the end of the table.
    pub(super) rowspan: u32,
    pub(super) content: NonEmpty<CellBlock>,
}

/// The columns a `colspan` attribute asks for.
pub(super) fn colspan(attr: Option<&str>) -> u32 {
    leading_number(attr)
        .filter(|n| *n > 0)
        .unwrap_or(1)
        .min(MOST_COLUMNS)
}

/// The rows a `rowspan` attribute asks for.
pub(super) fn rowspan(attr: Option<&str>) -> u32 {
    leading_number(attr).unwrap_or(1).min(MOST_ROWS)
}

fn leading_number(attr: Option<&str>) -> Option<u32> {
    let text = attr?.trim_start().trim_start_matches('+');
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let digits = text.get(..digits.min(9))?;
    digits.parse().ok()
}

/// A table of these rows. Rows without cells are left out, and spans end with the grid, as a browser draws them:
/// a column exists only where a cell begins.
pub(super) fn fit(rows: Vec<Vec<RawCell>>) -> Option<Table> {
    let mut before = Vec::with_capacity(rows.len() + 1);
    let mut count = 0;
    for row in &rows {
        before.push(count);
        count += u32::from(!row.is_empty());
    }
    before.push(count);
    let starts = columns(&rows);
    let width = starts.iter().flatten().max().map_or(1, |last| last + 1);
    let rows = rows.into_iter().zip(starts).enumerate();
    let rows = rows.filter_map(|(index, (row, starts))| {
        let cells = row.into_iter().zip(starts).map(|(cell, start)| {
            let end = match cell.rowspan {
                0 => before.len() - 1,
                span => (index + span as usize).min(before.len() - 1),
            };
            Cell {
                header: cell.header,
                colspan: cell.colspan.min(width - start).max(1),
                rowspan: before[end].saturating_sub(before[index]).max(1),
                content: cell.content,
            }
        });
        NonEmpty::new(cells.collect()).map(Row)
    });
    NonEmpty::new(rows.collect()).map(Table)
}

/// A stretch of columns that cells reach down into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Taken {
    start: usize,
    end: usize,
    /// The row in which it is free again.
    until: usize,
}

/// The column in which each cell begins. Stretches rather than columns are kept, so that cells of a thousand columns that all reach
/// to the end of the table cost no more than others.
fn columns(rows: &[Vec<RawCell>]) -> Vec<Vec<u32>> {
    let spans = |cell: &RawCell| (cell.colspan as usize, cell.rowspan as usize);
    let mut taken: Vec<Taken> = Vec::new();
    let mut starts = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        taken.retain(|stretch| stretch.until > index);
        let placed = place(&taken, row.iter().map(spans), index, rows.len());
        let columns = placed.iter().map(|cell| cell.start as u32);
        starts.push(columns.collect());
        taken = overlay(&taken, placed);
    }
    starts
}

/// Where a row's cells, each of (columns, rows), come to stand between those that reach into it.
fn place(
    taken: &[Taken],
    cells: impl Iterator<Item = (usize, usize)>,
    index: usize,
    rows: usize,
) -> Vec<Taken> {
    let (mut column, mut next) = (0, 0);
    let cell = |(colspan, rowspan): (usize, usize)| {
        while let Some(stretch) = taken.get(next).filter(|stretch| stretch.start <= column) {
            column = column.max(stretch.end);
            next += 1;
        }
        let start = column;
        column += colspan;
        let until = match rowspan {
            0 => rows,
            // Where the table ends, all end: so they can be one stretch.
            span => (index + span).min(rows),
        };
        Taken {
            start,
            end: column,
            until,
        }
    };
    cells.map(cell).collect()
}

/// The stretches after a row: its cells, and what they leave uncovered of the earlier ones.
fn overlay(taken: &[Taken], placed: Vec<Taken>) -> Vec<Taken> {
    let mut all: Vec<Taken> = Vec::with_capacity(taken.len() + placed.len());
    let mut add = |stretch: Taken| match all.last_mut() {
        _ if stretch.start >= stretch.end => (),
        Some(last) if last.end == stretch.start && last.until == stretch.until => {
            last.end = stretch.end;
        }
        _ => all.push(stretch),
    };
    let mut older = taken.iter().copied().peekable();
    for cell in placed {
        while let Some(stretch) = older.next_if(|stretch| stretch.end <= cell.start) {
            add(stretch);
        }
        // No cell begins within a stretch, but it may reach over those that begin after it.
        add(cell);
        while older.next_if(|stretch| stretch.end <= cell.end).is_some() {}
        if let Some(stretch) = older.peek_mut() {
            stretch.start = stretch.start.max(cell.end);
        }
    }
    older.for_each(add);
    all
}

/// The table as blocks: a row of short cells becomes one paragraph, the cells of others follow one another.
pub(super) fn flatten(table: Table) -> Vec<Block> {
    let mut blocks = Vec::new();
    for row in table.0.into_iter() {
        let cells = row.0;
        if cells.iter().all(is_one_line) {
            let mut inlines = Vec::new();
            for cell in cells {
                if let CellBlock::Paragraph(Paragraph(line), _) = cell.content.first {
                    append_cell(&mut inlines, line);
                }
            }
            if !inlines.is_empty() {
                blocks.push(Block::Paragraph(Paragraph(inlines), None));
            }
        } else {
            let content = cells.into_iter().flat_map(|cell| cell.content);
            blocks.extend(content.map(Block::from).filter(|b| !is_empty(b)));
        }
    }
    blocks
}

fn append_cell(inlines: &mut Vec<Inline>, line: Vec<Inline>) {
    if !inlines.is_empty()
        && !line.is_empty()
        && let Some(gap) = Words::new(" ")
    {
        inlines.push(Inline::Text(gap, Style::PLAIN));
    }
    inlines.extend(line);
}

fn is_one_line(cell: &Cell) -> bool {
    cell.content.rest.is_empty() && matches!(cell.content.first, CellBlock::Paragraph(..))
}

fn is_empty(block: &Block) -> bool {
    matches!(block, Block::Paragraph(Paragraph(line), _) if line.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// The HTML standard's algorithm, column by column and row by row.
    fn slow(rows: &[Vec<(usize, usize)>]) -> Vec<Vec<usize>> {
        let mut free_from = vec![0; 1_000];
        let row = |(index, row): (usize, &Vec<(usize, usize)>)| {
            let mut column = 0;
            let cell = |&(colspan, rowspan): &(usize, usize)| {
                while free_from[column] > index {
                    column += 1;
                }
                let start = column;
                column += colspan;
                let until = if rowspan == 0 {
                    usize::MAX
                } else {
                    index + rowspan
                };
                free_from[start..column].fill(until);
                start
            };
            row.iter().map(cell).collect()
        };
        rows.iter().enumerate().map(row).collect()
    }

    fn fast(rows: &[Vec<(usize, usize)>]) -> Vec<Vec<usize>> {
        let mut taken: Vec<Taken> = Vec::new();
        let mut starts = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            taken.retain(|stretch| stretch.until > index);
            let placed = place(&taken, row.iter().copied(), index, rows.len());
            starts.push(placed.iter().map(|cell| cell.start).collect());
            taken = overlay(&taken, placed);
        }
        starts
    }

    proptest! {
        #[test]
        fn cells_stand_where_the_standard_puts_them(rows in vec(vec((1..5_usize, 0..6_usize), 0..6), 0..12)) {
            prop_assert_eq!(fast(&rows), slow(&rows));
        }
    }
}
