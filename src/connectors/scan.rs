//! Scanners for malware: a program, or a clamd, that is given a file's bytes and says whether there is something in them.

mod clamd;
mod command;

use std::{io, time::Duration};

use bytes::Bytes;
use futures::Stream;

pub use clamd::Clamd;
pub use command::ScanCommand;

use crate::domain::ticket::is_unseen;

/// The longest name of a finding that is kept, in characters.
const FINDING: usize = 200;

/// How files are scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanner {
    /// By what.
    pub by: ScannedBy,
    /// The longest that the scan of one file may take.
    pub timeout: Duration,
}

/// What scans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScannedBy {
    /// A program that is started for each file.
    Command(ScanCommand),
    /// A clamd that listens.
    Clamd(Clamd),
}

/// What a scan has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was found.
    Clean,
    /// Something was found: its name, as the scanner has it; may be empty.
    Infected(String),
}

impl Scanner {
    /// Scans a file. An error says why there is no verdict, and nothing about the file.
    pub async fn scan(
        &self,
        bytes: impl Stream<Item = io::Result<Bytes>> + Send,
    ) -> Result<Verdict, String> {
        let scan = async {
            match &self.by {
                ScannedBy::Command(command) => command.scan(bytes).await,
                ScannedBy::Clamd(clamd) => clamd.scan(bytes).await,
            }
        };
        let seconds = self.timeout.as_secs();
        let late = |_| Err(format!("there was no verdict within {seconds} s"));
        tokio::time::timeout(self.timeout, scan)
            .await
            .unwrap_or_else(late)
    }
}

/// A scanner's word for what it found: one short line that reads as it was written.
fn finding(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    let shown = line.chars().filter(|c| !c.is_control() && !is_unseen(*c));
    shown.take(FINDING).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_a_short_line_that_does_not_mislead() {
        assert_eq!(finding(" Evil\u{202e}gpj\u{7}.exe\nmore"), "Evilgpj.exe");
        assert_eq!(finding(&"x".repeat(300)).len(), FINDING);
    }
}
