//! Files of tickets, read and written a ticket at a time, so that their size does not matter.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read as _, Write},
    path::Path,
};

use csv::{ReaderBuilder, StringRecord, Trim};
use serde_json::{Map, Value};

use super::{
    Format,
    faithful::{Once, Quotes},
    record::COLUMNS,
};
use crate::cli::{CommandError, counting::counted};

/// The longest line of a file, in bytes: a ticket has less than half of that at its largest, whatever is escaped.
const LINE: u64 = 2 * 1024 * 1024;

/// Where tickets are written to.
pub(super) enum Writer<W: Write> {
    Csv(Box<csv::Writer<W>>),
    Jsonl(W),
}

impl<W: Write> Writer<W> {
    pub(super) fn new(format: Format, to: W) -> Result<Self, CommandError> {
        match format {
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(to);
                writer.write_record(COLUMNS)?;
                Ok(Self::Csv(Box::new(writer)))
            }
            Format::Jsonl => Ok(Self::Jsonl(to)),
        }
    }

    /// Writes a ticket, given in the order of the columns.
    pub(super) fn write(&mut self, values: &[Value]) -> Result<(), CommandError> {
        match self {
            Self::Csv(writer) => Ok(writer.write_record(values.iter().map(cell))?),
            Self::Jsonl(to) => {
                let mut line = String::from("{");
                for (column, value) in COLUMNS.iter().zip(values) {
                    if line.len() > 1 {
                        line.push(',');
                    }
                    line.push_str(&format!("\"{column}\":{value}"));
                }
                line.push_str("}\n");
                Ok(to.write_all(line.as_bytes())?)
            }
        }
    }

    /// Everything is written.
    pub(super) fn finish(self) -> Result<(), CommandError> {
        match self {
            Self::Csv(mut writer) => Ok(writer.flush()?),
            Self::Jsonl(mut to) => Ok(to.flush()?),
        }
    }
}

/// A value as a cell: texts as they are, lists and objects as JSON, nothing as nothing. A text that a spreadsheet would take for a
/// formula has a `'` in front of it.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if is_formula(text) => format!("'{text}"),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// Whether a spreadsheet may calculate this, or would once a `'` is taken off (OWASP, "CSV Injection").
fn is_formula(text: &str) -> bool {
    let begin = text.trim_start_matches('\'');
    begin.starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
}

/// A cell as the text that it was written from.
fn uncell(cell: &str) -> &str {
    let rest = cell.strip_prefix('\'').filter(|rest| is_formula(rest));
    rest.unwrap_or(cell)
}

/// A ticket's values as they stand in a file, or what is wrong; with the place.
pub(super) type Row = (String, Result<Map<String, Value>, String>);

/// The tickets of a file, one after the other. `Err`: it is no such file at all.
pub(super) fn read(
    path: &Path,
    format: Format,
) -> Result<Box<dyn Iterator<Item = Row> + Send>, CommandError> {
    let shown = path.display();
    let file = File::open(path).map_err(|error| format!("cannot read {shown}: {error}"))?;
    match format {
        Format::Csv => read_csv(file).map_err(|fault| format!("{shown}: {fault}").into()),
        Format::Jsonl => Ok(Box::new(read_lines(BufReader::new(file)))),
    }
}

fn read_csv(file: File) -> Result<Box<dyn Iterator<Item = Row> + Send>, String> {
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .trim(Trim::Headers)
        .from_reader(Quotes::new(file));
    let columns = reader
        .headers()
        .map_err(|error| format!("line 1: {error}"))?;
    if columns.is_empty() {
        return Err("line 1: the names of the columns are missing".to_owned());
    }
    let columns: Vec<String> = columns
        .iter()
        .map(|column| column.trim_start_matches('\u{FEFF}').to_owned())
        .collect();
    for (place, column) in columns.iter().enumerate() {
        if !COLUMNS.contains(&column.as_str()) {
            let known = COLUMNS.join(", ");
            return Err(format!(
                "line 1: {column:?} is no column of a ticket: {known}"
            ));
        }
        if columns[..place].contains(column) {
            return Err(format!("line 1: the column {column} comes twice"));
        }
    }
    let (mut rows, mut begun, mut ended) = (reader.into_records(), 1, false);
    Ok(Box::new(std::iter::from_fn(move || match rows.next() {
        Some(Ok(row)) => {
            begun = row.position().map_or(begun, csv::Position::line);
            Some((format!("line {begun}"), values(&columns, &row)))
        }
        Some(Err(error)) => {
            begun = error.position().map_or(begun, csv::Position::line);
            Some((format!("line {begun}"), Err(error.to_string())))
        }
        None => {
            let is_cut_off = !ended && rows.reader().get_ref().open();
            ended = true;
            let fault = "the file ends within quotation marks, so something of it is missing";
            is_cut_off.then(|| (format!("line {begun}"), Err(fault.to_owned())))
        }
    })))
}

/// The row as a JSON line has it. An empty cell is an absent value.
fn values(columns: &[String], row: &StringRecord) -> Result<Map<String, Value>, String> {
    if row.len() != columns.len() {
        let cells = counted(row.len(), "cell", "cells");
        return Err(format!("has {cells}, the header has {}", columns.len()));
    }
    let mut values = Map::new();
    for (column, cell) in columns.iter().zip(row) {
        if cell.is_empty() {
            continue;
        }
        let value = match column.as_str() {
            "tags" if !cell.trim_start().starts_with('[') => cell
                .split(';')
                .map(str::trim)
                .filter(|tag| !tag.is_empty())
                .collect(),
            // As spreadsheets write it back.
            "ai_assisted" if cell.eq_ignore_ascii_case("true") => true.into(),
            "ai_assisted" if cell.eq_ignore_ascii_case("false") => false.into(),
            "tags" | "custom_fields" | "ai_assisted" => serde_json::from_str(cell)
                .map_err(|error| format!("{column}: is no JSON: {error}"))?,
            _ => uncell(cell).into(),
        };
        values.insert(column.clone(), value);
    }
    Ok(values)
}

fn read_lines(mut file: impl BufRead + Send) -> impl Iterator<Item = Row> + Send {
    let mut number = 0_u64;
    let mut ended = false;
    std::iter::from_fn(move || {
        loop {
            if ended {
                return None;
            }
            number += 1;
            let mut line = Vec::new();
            let read = file.by_ref().take(LINE).read_until(b'\n', &mut line);
            let place = format!("line {number}");
            match read {
                Ok(0) => return None,
                Ok(_) if line.len() as u64 == LINE && line.last() != Some(&b'\n') => {
                    ended = true;
                    return Some((place, Err(format!("has more than {LINE} bytes"))));
                }
                Ok(_) if line.trim_ascii().is_empty() => (),
                Ok(_) => return Some((place, object(&line))),
                Err(error) => {
                    ended = true;
                    return Some((place, Err(format!("cannot be read: {error}"))));
                }
            }
        }
    })
}

fn object(line: &[u8]) -> Result<Map<String, Value>, String> {
    let line = line.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(line);
    match serde_json::from_slice(line) {
        Ok(Once(values)) => Ok(values),
        Err(error) if error.is_data() => Err(format!(
            "must be one JSON object with each key once: {error}"
        )),
        Err(error) => Err(format!("is no JSON: {error}")),
    }
}
