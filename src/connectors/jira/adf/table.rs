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

/// The column in which each cell begins.
fn columns(rows: &[Vec<RawCell>]) -> Vec<Vec<u32>> {
    // For each column the row in which it is free again.
    let mut free_from: Vec<usize> = Vec::new();
    let mut starts = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        let mut column = 0;
        let mut row_starts = Vec::with_capacity(row.len());
        for cell in row {
            while free_from.get(column).is_some_and(|free| *free > index) {
                column += 1;
            }
            row_starts.push(column as u32);
            let until = match cell.rowspan {
                0 => usize::MAX,
                span => index + span as usize,
            };
            let end = column + cell.colspan as usize;
            if free_from.len() < end {
                free_from.resize(end, 0);
            }
            free_from[column..end].fill(until);
            column = end;
        }
        starts.push(row_starts);
    }
    starts
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
