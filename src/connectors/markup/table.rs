//! Tables. Spans are of ADF alone: a cell that covers several stands in the first of them.

use serde_json::Value;

use super::{
    Dialect,
    block::{blocks, content},
};

pub(super) fn table(node: &Value, dialect: Dialect) -> String {
    let rows = content(node);
    match dialect {
        Dialect::Markdown => markdown(rows),
        Dialect::Wiki => wiki(rows),
        Dialect::Mrkdwn | Dialect::Plain => {
            let lines = rows.iter().map(|row| {
                let cells = content(row).iter();
                let texts = cells.map(|cell| flat(cell, dialect, " "));
                texts.collect::<Vec<_>>().join(" | ")
            });
            lines.collect::<Vec<_>>().join("\n")
        }
    }
}

/// What a cell holds, in one line.
fn flat(cell: &Value, dialect: Dialect, between: &str) -> String {
    let text = blocks(content(cell), dialect);
    let lines = text.split('\n').map(|line| line.trim_end_matches('\\'));
    let lines: Vec<&str> = lines.filter(|line| !line.trim().is_empty()).collect();
    lines.join(between)
}

fn is_header(row: &Value) -> bool {
    let cells = content(row);
    !cells.is_empty() && cells.iter().all(|cell| cell["type"] == "tableHeader")
}

/// GitHub's tables have one header row, and lines of HTML inside a cell.
fn markdown(rows: &[Value]) -> String {
    let width = rows.iter().map(|row| content(row).len()).max().unwrap_or(0);
    let line = |cells: Vec<String>| {
        let missing = width.saturating_sub(cells.len());
        let cells = cells.into_iter().chain(vec![String::new(); missing]);
        format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
    };
    let cells = |row: &Value| {
        let cells = content(row).iter();
        cells
            .map(|cell| unpiped(&flat(cell, Dialect::Markdown, "<br>")))
            .collect()
    };
    let (head, body) = match rows.split_first() {
        Some((first, rest)) if is_header(first) => (cells(first), rest),
        _ => (Vec::new(), rows),
    };
    let mut lines = vec![line(head), line(vec!["---".to_owned(); width])];
    lines.extend(body.iter().map(|row| line(cells(row))));
    lines.join("\n")
}

/// A cell's text: also inside code, where nothing is escaped yet, a bar would end the cell.
fn unpiped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars() {
        if c == '|' && before != '\\' {
            out.push('\\');
        }
        out.push(c);
        before = c;
    }
    out
}

fn wiki(rows: &[Value]) -> String {
    let lines = rows.iter().map(|row| {
        let mut line = String::new();
        let mut bar = "|";
        for cell in content(row) {
            bar = if cell["type"] == "tableHeader" {
                "||"
            } else {
                "|"
            };
            let text = blocks(content(cell), Dialect::Wiki);
            let lines: Vec<&str> = text
                .split('\n')
                .filter(|line| !line.trim().is_empty())
                .collect();
            let text = lines.join("\\\\ ");
            // An empty cell would run into the next one.
            let text = if text.is_empty() { " " } else { text.as_str() };
            line.push_str(bar);
            line.push_str(text);
        }
        line + bar
    });
    lines.collect::<Vec<_>>().join("\n")
}
