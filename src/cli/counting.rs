//! How far something countable has come: a bar on a terminal, a line now and then in a log.

use std::{
    io::IsTerminal as _,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

/// So many of a thing, in the right number.
pub(super) fn counted(count: impl ToString, one: &str, many: &str) -> String {
    let count = count.to_string();
    let things = if count == "1" { one } else { many };
    format!("{count} {things}")
}

/// How often a log is told.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Shows on standard error how many things are done.
#[derive(Debug)]
pub(super) struct Counting {
    /// Where there is a terminal.
    bar: Option<ProgressBar>,
    what: &'static str,
    total: Option<u64>,
    told: Instant,
}

impl Counting {
    /// Counts things, such as `tickets`; without a total where nobody knows how many there are.
    pub(super) fn new(what: &'static str, total: Option<u64>) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let (bar, form) = match total {
                Some(total) => (
                    ProgressBar::new(total),
                    "{wide_bar} {human_pos} of {human_len} {msg} ({per_sec}, {eta} left)",
                ),
                None => (
                    ProgressBar::new_spinner(),
                    "{spinner} {human_pos} {msg} ({per_sec})",
                ),
            };
            // The form is a constant, and a good one.
            let style = ProgressStyle::with_template(form);
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
                .with_message(what)
        });
        Self {
            bar,
            what,
            total,
            told: Instant::now(),
        }
    }

    /// So many are done.
    pub(super) fn at(&mut self, done: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
        } else if self.told.elapsed() >= LINE_EVERY {
            self.told = Instant::now();
            let what = self.what;
            match self.total {
                Some(total) => eprintln!("{done} of {total} {what}"),
                None => eprintln!("{done} {what}"),
            }
        }
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
