//! `docket adf`: HTML in, Jira's document format out, for scripts and for a look at what an export would send.

use std::io::{self, BufRead, Read as _, Write};

use clap::Args;
use serde_json::json;
use url::Url;

use super::CommandError;
use crate::connectors::jira::adf::{self, Conversion, Loss};

/// How to convert.
#[derive(Debug, Args)]
pub(super) struct AdfArgs {
    /// One JSON string of HTML a line in, one {"adf":…, "losses":[…]} a line out, each as soon as its line has come.
    #[arg(long)]
    jsonl: bool,
    /// What relative links are resolved against; without it they are dropped and noted.
    #[arg(long)]
    base_url: Option<Url>,
    /// Cut the text at so many UTF-16 units, as an export does at 32000. Nothing is cut without it.
    #[arg(long)]
    limit: Option<usize>,
}

/// Converts standard input to standard output; losses go to standard error, or with `--jsonl` into each line.
pub(super) fn run(args: AdfArgs) -> Result<(), CommandError> {
    let options = adf::Options {
        base_url: args.base_url,
        text_limit: args.limit.unwrap_or(usize::MAX),
        ..adf::Options::default()
    };
    let convert = |html: &str| adf::convert_with(html, &options);
    let written = match args.jsonl {
        true => lines(convert),
        false => whole(convert),
    };
    match written {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(error.to_string().into()),
        written => Ok(written?),
    }
}

fn whole(convert: impl Fn(&str) -> Conversion) -> io::Result<()> {
    let mut html = Vec::new();
    io::stdin().lock().read_to_end(&mut html)?;
    let Conversion { adf, losses, .. } = convert(&String::from_utf8_lossy(&html));
    let mut err = io::stderr().lock();
    for loss in &losses {
        writeln!(err, "{}", told(loss))?;
    }
    writeln!(io::stdout().lock(), "{adf}")
}

/// Line by line, so that the input may be longer than memory.
fn lines(convert: impl Fn(&str) -> Conversion) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for (number, line) in io::stdin().lock().lines().enumerate() {
        let line = line.map_err(|error| at(number, &error))?;
        let html: String = serde_json::from_str(&line).map_err(|error| at(number, &error))?;
        let Conversion { adf, losses, .. } = convert(&html);
        writeln!(out, "{}", json!({ "adf": adf, "losses": losses }))?;
        out.flush()?;
    }
    Ok(())
}

fn at(line: usize, error: &dyn std::error::Error) -> io::Error {
    let text = format!("line {}: is no JSON string of HTML: {error}", line + 1);
    io::Error::new(io::ErrorKind::InvalidData, text)
}

/// `table: what happened (what to do): "the text concerned"`.
fn told(loss: &Loss) -> String {
    let Loss {
        node,
        reason,
        suggested_fix,
        excerpt,
    } = loss;
    let fix = if suggested_fix.is_empty() {
        String::new()
    } else {
        format!(" ({suggested_fix})")
    };
    let excerpt = if excerpt.is_empty() {
        String::new()
    } else {
        format!(": {excerpt:?}")
    };
    format!("{node}: {reason}{fix}{excerpt}")
}
