//! A session as CSV (RFC 4180): a header of column names, then one ticket a row. Cells of lists are separated by `;`.

use csv::{ReaderBuilder, StringRecord, Trim};
use serde_json::{Map, Value};

use super::{Faults, SessionFile, ticket};
use crate::cli::counting::counted;

/// Reads all that can be read. The second value tells where each ticket stands, for faults that concern several.
pub(super) fn read(text: &str, faults: &mut Faults) -> (SessionFile, Vec<String>) {
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .trim(Trim::Headers)
        .from_reader(text.as_bytes());
    let columns = match reader.headers() {
        Ok(columns) => columns.clone(),
        Err(error) => {
            faults.add(format!("line 1: {error}"));
            return Default::default();
        }
    };
    check(&columns, faults);
    let mut file = SessionFile::default();
    let mut places = Vec::new();
    for row in reader.records() {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                faults.add(error.to_string());
                continue;
            }
        };
        let line = row.position().map_or(0, csv::Position::line);
        if row.len() != columns.len() {
            let (cells, all) = (counted(row.len(), "cell", "cells"), columns.len());
            faults.add(format!("line {line}: has {cells}, the header has {all}"));
            continue;
        }
        let place = format!("line {line}");
        let values = values(&columns, &row, &place, faults);
        file.tickets.push(ticket::read(values, &place, faults));
        places.push(place);
    }
    (file, places)
}

fn check(columns: &StringRecord, faults: &mut Faults) {
    for (place, column) in columns.iter().enumerate() {
        if !ticket::KEYS.contains(&column) {
            let known = ticket::KEYS.join(", ");
            faults.add(format!(
                "line 1: {column:?} is no column of a ticket: {known}"
            ));
        } else if columns.iter().take(place).any(|other| other == column) {
            faults.add(format!("line 1: the column {column} comes twice"));
        }
    }
    for required in ["ref", "title"] {
        if !columns.iter().any(|column| column == required) {
            faults.add(format!("line 1: the column {required} is missing"));
        }
    }
}

/// The row as a JSON ticket has it. An empty cell is an absent value; unknown columns have been told already.
fn values(
    columns: &StringRecord,
    row: &StringRecord,
    place: &str,
    faults: &mut Faults,
) -> Map<String, Value> {
    let mut values = Map::new();
    for (column, cell) in columns.iter().zip(row) {
        if cell.trim().is_empty() || !ticket::KEYS.contains(&column) {
            continue;
        }
        let value = match column {
            "depends_on_refs" | "labels" | "tags" => list(cell),
            "order" | "story_points" => number(cell),
            "custom_fields" => match serde_json::from_str(cell) {
                Ok(value) => value,
                Err(error) => {
                    faults.add(format!("{place}: custom_fields: is no JSON: {error}"));
                    continue;
                }
            },
            _ => cell.into(),
        };
        values.insert(column.to_owned(), value);
    }
    values
}

fn list(cell: &str) -> Value {
    let items = cell
        .split(';')
        .map(str::trim)
        .filter(|item| !item.is_empty());
    items.collect()
}

/// A number, or the text as it is, which the ticket then refuses.
fn number(cell: &str) -> Value {
    let cell = cell.trim();
    let whole = cell.parse::<i64>().map(Value::from);
    whole
        .or_else(|_| cell.parse::<f64>().map(Value::from))
        .unwrap_or_else(|_| cell.into())
}
