//! Files with a session of tickets, as JSON or CSV: read wholly, and refused with every fault at once.

mod csv;
mod json;
mod order;
mod ticket;

use std::{fs, path::Path};

use clap::ValueEnum;
use serde::Deserialize;

pub(super) use self::order::calls;
use super::{CommandError, values::Faults};
use crate::{domain::actor::Role, proto::v1::NewSessionTicket};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// One object with the session and its tickets.
    Json,
    /// A header of column names, then one ticket a row.
    Csv,
}

/// What a file holds. Every ticket has its `order`, and dependencies name tickets of the file and form no cycle.
#[derive(Clone, Debug, Default)]
pub(super) struct SessionFile {
    /// The session's name, where the file tells it.
    pub(super) name: Option<String>,
    /// The key of the project to export to, where the file tells it.
    pub(super) jira_project_key: Option<String>,
    /// The people in the story. Who may call is never a file's to say: only the demo uses them.
    pub(super) users: Vec<User>,
    /// The tickets, each after those that it depends on.
    pub(super) tickets: Vec<NewSessionTicket>,
}

/// A person in a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) display_name: String,
    pub(super) email: String,
    pub(super) role: Role,
    pub(super) team: Option<String>,
}

/// Reads a file; its extension tells the format where none is given.
pub(super) fn read(path: &Path, format: Option<Format>) -> Result<SessionFile, CommandError> {
    let shown = path.display();
    let extension = path.extension().and_then(|extension| extension.to_str());
    let known = extension.and_then(|extension| Format::from_str(extension, true).ok());
    let Some(format) = format.or(known) else {
        return Err(format!("{shown}: neither .json nor .csv; --format tells what it is").into());
    };
    let bytes = fs::read(path).map_err(|error| format!("cannot read {shown}: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + good.iter().filter(|&&byte| byte == b'\n').count();
        format!("{shown}: line {line}: is not UTF-8")
    })?;
    parse(&text, format).map_err(|faults| {
        let lines = faults.0.iter().map(|fault| format!("{shown}: {fault}"));
        lines.collect::<Vec<_>>().join("\n").into()
    })
}

/// What the text of a file holds.
pub(super) fn parse(text: &str, format: Format) -> Result<SessionFile, Faults> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut faults = Faults::default();
    let (mut file, places) = match format {
        Format::Json => json::read(text, &mut faults),
        Format::Csv => csv::read(text, &mut faults),
    };
    file.tickets = order::arrange(file.tickets, &places, &mut faults);
    match faults.0.is_empty() {
        true => Ok(file),
        false => Err(faults),
    }
}
