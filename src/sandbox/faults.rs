//! Faults to order: which call goes wrong, and how.

use std::collections::BTreeMap;

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::operation::Operation;

/// An order for a fault: where, when, how often, what.
///
/// Every order sees every call that it matches. It lets the first `skip` of them pass and then acts `times` times.
/// Where several orders would end the same call, the oldest does and the others wait for the next one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The calls it is for.
    #[serde(default)]
    pub on: Calls,
    /// How many matching calls pass before it acts.
    #[serde(default)]
    pub skip: u32,
    /// How many times it acts; `null` never stops.
    #[serde(default = "once")]
    pub times: Option<u32>,
    /// What it does.
    pub action: Action,
}

/// Which calls a fault is for: those that fit everything that is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calls {
    /// The call's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    /// The HTTP method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path without its query; `*` stands for any text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// A text that the request's body holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// What goes wrong.
///
/// `Delay`, `Foreign`, `Skip`, `HideKeys` and `SearchLag` change how a call goes and leave room for another fault; all
/// others end it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Action {
    /// Answers at once, without doing the work.
    Status {
        /// The HTTP status.
        status: u16,
        /// The body; Jira's error shape when absent.
        #[serde(default)]
        body: Option<Value>,
        /// Headers to add.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// Does the work, then answers something else, as a gateway does that ran out of patience.
    StatusAfter {
        /// The HTTP status.
        status: u16,
    },
    /// Answers something else at once, as a gateway does that has lost patience, and does the work later all the same.
    StatusBefore {
        /// The HTTP status.
        status: u16,
        /// Seconds to wait, where the answer asks for that.
        #[serde(default)]
        retry_after: Option<u64>,
        /// How many further calls are answered before the work is done.
        after_calls: u64,
    },
    /// Answers 429.
    Throttle {
        /// Seconds to wait; a gateway's 429 may not say.
        #[serde(default)]
        retry_after: Option<u64>,
        /// The limit that was hit.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Neither works nor answers until the client leaves.
    Hang,
    /// Closes the connection without doing the work.
    DropBefore,
    /// Does the work, then closes the connection without a byte of answer.
    DropAfter,
    /// Never answers, and does the work only when the client has given up.
    WorkAfterClientLeft {
        /// Milliseconds from the client's leaving to the work.
        #[serde(default)]
        delay_ms: u64,
        /// How many further calls are answered before the work is done, whatever the time.
        #[serde(default)]
        after_calls: u64,
    },
    /// Does the work after a while; not at all if the client leaves first.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// Does the work, then answers with the right status and a body that is no JSON.
    Malformed,
    /// Does the work, then answers with a body blown up by blanks.
    Oversized {
        /// The body's size in bytes.
        bytes: u64,
    },
    /// Does the work, then breaks the connection in the middle of the body.
    Truncated,
    /// Other people create issues in the same project first.
    Foreign {
        /// How many.
        count: u32,
    },
    /// Numbers of the same project are given out to nobody first.
    Skip {
        /// How many.
        count: u64,
    },
    /// Issues that the call creates cannot be read by key for a while.
    HideKeys {
        /// How many reads that ask for the issue find nothing.
        reads: u32,
    },
    /// Issues that the call creates cannot be found by search for a while.
    SearchLag {
        /// How many searches miss the issue.
        searches: u32,
    },
}

impl Fault {
    /// A fault on the next call of this operation.
    pub fn on(operation: Operation, action: Action) -> Self {
        let on = Calls {
            operation: Some(operation),
            ..Calls::default()
        };
        Self::on_calls(on, action)
    }

    /// A fault on the next of these calls.
    pub fn on_calls(on: Calls, action: Action) -> Self {
        Self {
            on,
            skip: 0,
            times: Some(1),
            action,
        }
    }

    /// Acts from the nth matching call on (1 is the next).
    pub fn nth(mut self, n: u32) -> Self {
        self.skip = n.saturating_sub(1);
        self
    }

    /// Acts this many times.
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Acts until it is cleared.
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }
}

impl Action {
    /// An answer in Jira's error shape.
    pub fn status(status: u16) -> Self {
        Self::Status {
            status,
            body: None,
            headers: BTreeMap::new(),
        }
    }

    pub(super) fn ends_the_call(&self) -> bool {
        !matches!(
            self,
            Self::Delay { .. }
                | Self::Foreign { .. }
                | Self::Skip { .. }
                | Self::HideKeys { .. }
                | Self::SearchLag { .. }
        )
    }
}

impl Calls {
    fn fit(&self, operation: Option<Operation>, method: &Method, path: &str, body: &[u8]) -> bool {
        self.operation
            .is_none_or(|wanted| operation == Some(wanted))
            && self.method.as_deref().is_none_or(|wanted| method == wanted)
            && self
                .path
                .as_deref()
                .is_none_or(|pattern| glob(pattern, path))
            && self
                .body
                .as_deref()
                .is_none_or(|text| String::from_utf8_lossy(body).contains(text))
    }
}

/// The orders that stand.
#[derive(Debug, Default)]
pub(super) struct Orders(Vec<Fault>);

impl Orders {
    pub(super) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn standing(&self) -> Vec<Fault> {
        self.0.clone()
    }

    /// What happens to a call, in the order in which it was ordered; an ending comes last.
    pub(super) fn take(
        &mut self,
        operation: Option<Operation>,
        method: &Method,
        path: &str,
        body: &[u8],
    ) -> Vec<Action> {
        let mut actions: Vec<Action> = Vec::new();
        let mut ended = None;
        for fault in &mut self.0 {
            if !fault.on.fit(operation, method, path, body) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            let ends = fault.action.ends_the_call();
            if ends && ended.is_some() {
                continue;
            }
            if let Some(times) = &mut fault.times {
                *times = times.saturating_sub(1);
            }
            if ends {
                ended = Some(fault.action.clone());
            } else {
                actions.push(fault.action.clone());
            }
        }
        self.0.retain(|fault| fault.times != Some(0));
        actions.extend(ended);
        actions
    }
}

/// Whether `text` fits a pattern in which `*` stands for any text.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(head) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    for part in parts {
        match text.find(part) {
            Some(place) => text = &text[place + part.len()..],
            None => return false,
        }
    }
    text.ends_with(tail)
}

#[expect(clippy::unnecessary_wraps, reason = "serde wants the field's own type")]
fn once() -> Option<u32> {
    Some(1)
}
