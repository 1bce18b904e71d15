//! An export's progress as it happens: a bar on a terminal, plain lines in a log.

use std::{collections::HashMap, io::IsTerminal as _, time::Duration};

use indicatif::{FormattedDuration, ProgressBar, ProgressStyle};

use super::{counting::counted, summary::fix_line};
use crate::proto::v1::{
    Export, ExportEvent, ExportResumed, ExportStatus, ResumeReason, TicketExported,
    export_event::Detail,
};

/// How often the bar moves while nothing happens, so that it is seen to live.
const TICK: Duration = Duration::from_millis(120);

/// Shows events on standard error.
#[derive(Debug)]
pub(super) struct Progress {
    display: Display,
    /// By the ticket's id: the event of its issue does not repeat its title.
    titles: HashMap<String, String>,
}

#[derive(Debug)]
enum Display {
    Bar(ProgressBar),
    Lines,
    Nothing,
}

/// What an event says.
enum Line {
    /// Worth a line of its own beside a bar.
    Notable(String),
    /// Told well enough by a bar.
    Routine(String),
    /// Nothing to say.
    None,
}

impl Progress {
    /// A bar where standard error is a terminal, else lines; nothing where it is not wanted.
    pub(super) fn new(wanted: bool) -> Self {
        let display = match wanted {
            false => Display::Nothing,
            true if std::io::stderr().is_terminal() => Display::Bar(bar()),
            true => Display::Lines,
        };
        Self {
            display,
            titles: HashMap::new(),
        }
    }

    /// Whether anything is shown.
    pub(super) fn is_shown(&self) -> bool {
        !matches!(self.display, Display::Nothing)
    }

    /// Tells how the tickets are called, by their ids.
    pub(super) fn call_them(&mut self, titles: HashMap<String, String>) {
        self.titles = titles;
    }

    /// Says something beside the progress.
    pub(super) fn note(&self, text: &str) {
        match &self.display {
            Display::Bar(bar) => bar.suspend(|| eprintln!("{text}")),
            Display::Lines => eprintln!("{text}"),
            Display::Nothing => {}
        }
    }

    /// Shows an event, and where the export stands after it.
    pub(super) fn show(&mut self, event: &ExportEvent, export: &Export) {
        let line = match &event.detail {
            Some(detail) => self.line(detail, export),
            None => Line::None,
        };
        match (&self.display, line) {
            (Display::Lines, Line::Notable(text) | Line::Routine(text))
            | (Display::Bar(_), Line::Notable(text)) => self.note(&text),
            _ => {}
        }
        if let Display::Bar(bar) = &self.display {
            bar.set_length(export.total_tickets.unsigned_abs().into());
            bar.set_position(export.tickets_completed.unsigned_abs().into());
            bar.set_message(message(export));
        }
    }

    /// Takes the bar away.
    pub(super) fn end(&mut self) {
        if let Display::Bar(bar) = &self.display {
            bar.finish_and_clear();
        }
    }

    fn line(&self, detail: &Detail, export: &Export) -> Line {
        match detail {
            Detail::Started(_) => Line::Notable(format!(
                "exporting {} to {}",
                counted(export.total_tickets, "ticket", "tickets"),
                export.jira_project_key
            )),
            Detail::TicketExported(exported) => self.exported(exported, export),
            Detail::FieldFallback(fallback) => match &fallback.manual_fix {
                Some(fix) => Line::Notable(format!("! {}", fix_line(fix))),
                None => Line::None,
            },
            Detail::AttachmentUploaded(file) => {
                Line::Routine(format!("{} + {}", file.jira_key, file.filename))
            }
            Detail::DependencyCreated(link) => {
                Line::Routine(format!("{} blocks {}", link.from_key, link.to_key))
            }
            Detail::Throttled(throttled) => Line::Notable(format!(
                "~ Jira asks to wait {} ({})",
                throttled
                    .retry_after
                    .as_ref()
                    .map(clock)
                    .unwrap_or_default(),
                throttled.reason
            )),
            Detail::Paused(_) => Line::Notable("paused".to_owned()),
            Detail::Resumed(resumed) => Line::Notable(resumed_line(resumed)),
            Detail::Heartbeat(_)
            | Detail::Completed(_)
            | Detail::Failed(_)
            | Detail::Cancelled(_) => Line::None,
        }
    }

    fn exported(&self, exported: &TicketExported, export: &Export) -> Line {
        let title = self.titles.get(&exported.ticket_id);
        let title = title.map(String::as_str).unwrap_or_default();
        let width = export.total_tickets.to_string().len();
        let count = format!(
            "{:width$}/{}",
            export.tickets_completed, export.total_tickets
        );
        let line = format!("{count}  {:9}  {title}", exported.jira_key);
        let line = line.trim_end();
        match exported.adopted {
            true => Line::Notable(format!("{line} (taken over: it existed already)")),
            false => Line::Routine(line.to_owned()),
        }
    }
}

fn resumed_line(resumed: &ExportResumed) -> String {
    let why = match resumed.reason() {
        ResumeReason::Requested => "resumed",
        ResumeReason::Retried => "retried",
        ResumeReason::TakenOver => "taken over by another worker",
        ResumeReason::Unspecified => "goes on",
    };
    match resumed.from_order {
        0 => format!("{why}: only links are left"),
        order => format!("{why} from ticket {order} on"),
    }
}

/// What stands beside the bar.
fn message(export: &Export) -> String {
    let mut parts = Vec::new();
    if let Some(pace) = pace(export) {
        parts.push(format!("{pace:.0}/min"));
    }
    if let Some(left) = &export.estimated_remaining {
        parts.push(format!("{} left", clock(left)));
    }
    match (&export.current_ticket, export.status()) {
        (_, ExportStatus::Paused) => parts.push("paused".to_owned()),
        (Some(ticket), _) => parts.push(ticket.title.clone()),
        (None, _) if export.dependencies_created > 0 => {
            let links = counted(export.dependencies_created, "link", "links");
            parts.push(format!("{links} set"));
        }
        (None, _) => {}
    }
    parts.join("  ")
}

/// Tickets a minute over all attempts, as the time is, once there is something to tell it from.
fn pace(export: &Export) -> Option<f64> {
    let seconds = std_duration(export.processing_time.as_ref()?).as_secs_f64();
    let made = export.tickets_completed;
    (made > 0 && seconds >= 1.0).then(|| f64::from(made) * 60.0 / seconds)
}

/// A span of time as `00:01:20`.
pub(super) fn clock(span: &prost_types::Duration) -> String {
    FormattedDuration(std_duration(span)).to_string()
}

fn std_duration(span: &prost_types::Duration) -> Duration {
    Duration::try_from(*span).unwrap_or_default()
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} [{bar:28}] {pos}/{len}  {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(0).with_style(style.progress_chars("=> "));
    bar.enable_steady_tick(TICK);
    bar
}
