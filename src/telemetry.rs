//! Logs: pretty for a person or JSON for a log store, filtered by level or by module.

use std::{error::Error, io::IsTerminal as _};

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::config::{LogFormat, LogSettings};

/// Libraries that say at `debug` and `info` what only their authors need, or, the HTML parser, all that people write; a filter of
/// one's own can ask for them.
const QUIET: &str = "h2=warn,html5ever=warn,hyper=warn,hyper_util=warn,markup5ever=warn,rustls=warn,sqlx=warn,sea_orm_migration=warn";

/// The filter for a level's name (also Python's `WARNING` and `CRITICAL`), or the text itself when it is a filter already.
pub fn filter(text: &str) -> Result<String, String> {
    let level = match text.to_ascii_lowercase().as_str() {
        "warning" => "warn",
        "critical" | "fatal" => "error",
        "notset" => "trace",
        level @ ("trace" | "debug" | "info" | "warn" | "error" | "off") => {
            return Ok(level.to_owned());
        }
        _ if !text.contains('=') => {
            return Err(format!(
                "must be a level such as info or warning, or a filter such as info,docket=debug, not {text:?}"
            ));
        }
        _ => {
            return match EnvFilter::builder().parse(text) {
                Ok(_) => Ok(text.to_owned()),
                Err(error) => Err(format!("is no filter: {error}")),
            };
        }
    };
    Ok(level.to_owned())
}

/// Starts logging to standard error, for the whole process, panics included. A second call changes nothing.
pub fn init(settings: &LogSettings) {
    let text = if settings.filter.contains('=') {
        settings.filter.clone()
    } else {
        format!("{},{QUIET}", settings.filter)
    };
    let registry = tracing_subscriber::registry().with(EnvFilter::new(text));
    let started = match settings.format {
        LogFormat::Pretty => registry
            .with(
                fmt::layer()
                    .with_ansi(std::io::stderr().is_terminal())
                    .with_target(false)
                    .with_writer(std::io::stderr),
            )
            .try_init(),
        LogFormat::Json => registry
            .with(
                fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_current_span(true)
                    .with_span_list(false)
                    .with_writer(std::io::stderr),
            )
            .try_init(),
    };
    if started.is_ok() {
        std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    }
}

/// The error and what caused it, outermost first: for the log and the terminal, never for a caller.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    std::iter::successors(Some(error), |&error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
