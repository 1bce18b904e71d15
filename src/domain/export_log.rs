//! What is kept of an export for those who look into it afterwards: its states, its requests and their answers.

use std::time::Duration;

use super::{text_enum, time::Time};

/// The longest text of an entry, in code points.
pub const TEXT_MAX: usize = 1000;

text_enum! {
    /// What an entry of the log tells of.
    LogKind {
        /// A change of the run's state.
        State,
        /// A request to the outside system, and its answer.
        Request,
    }
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// When it happened; of a request, when it had its answer.
    pub time: Time,
    /// The attempt of the run, from 0.
    pub attempt: i32,
    /// What happened.
    pub what: Logged,
}

/// What an entry tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Logged {
    /// A change of state, in words.
    State(String),
    /// A request and its answer.
    Request(Exchange),
}

/// A request and its answer: without secrets, each text of at most [`TEXT_MAX`] code points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The HTTP method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The request's body, where it had one.
    pub sent: Option<String>,
    /// The answer's status; none where no answer came.
    pub status: Option<u16>,
    /// The answer's body, or why there is none.
    pub received: String,
    /// From the sending to the answer's end.
    pub latency: Duration,
}

impl LogEntry {
    /// A change of state, in at most [`TEXT_MAX`] code points.
    pub fn state(time: Time, attempt: i32, text: &str) -> Self {
        Self {
            time,
            attempt,
            what: Logged::State(shortened(text, TEXT_MAX)),
        }
    }
}

/// The text, cut to so many code points.
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text
            .chars()
            .take(most.saturating_sub(1))
            .chain(['…'])
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_by_characters_and_says_so() {
        assert_eq!(shortened("äöü", 3), "äöü");
        assert_eq!(shortened("äöüß", 3), "äö…");
    }
}
