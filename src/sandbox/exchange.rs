//! What went over the wire: every call with its answer, for counting and for checks against Jira's contract.

use std::collections::VecDeque;

use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{call::Call, faults::Action, operation::Operation};

/// A call and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// Its place among all calls, from 1.
    pub number: u64,
    /// Its name, if the sandbox knows the call.
    pub operation: Option<Operation>,
    /// The HTTP method.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The query.
    pub query: Option<String>,
    /// The headers, without those that carry secrets.
    pub headers: Vec<(String, String)>,
    /// The request's body where it is JSON.
    pub request: Option<Value>,
    /// The size of the request's body in bytes.
    pub request_size: u64,
    /// The faults that met it.
    pub faults: Vec<Action>,
    /// The status of the work, whether or not the client learnt of it; `None` when none was done (yet).
    pub work: Option<u16>,
    /// The status that was sent; `None` while or when none was.
    pub status: Option<u16>,
    /// The body of the work's answer where it is JSON, whether or not it was sent.
    pub response: Option<Value>,
}

impl Exchange {
    /// Whether the client was sent the work's own answer, whole.
    pub fn is_genuine(&self) -> bool {
        self.status.is_some() && !self.faults.iter().any(Action::ends_the_call)
    }

    fn new(number: u64, call: &Call, faults: &[Action]) -> Self {
        Self {
            number,
            operation: call.operation,
            method: call.method.to_string(),
            path: call.uri.path().to_owned(),
            query: call.uri.query().map(Into::into),
            headers: without_secrets(&call.headers),
            request: serde_json::from_slice(&call.body).ok(),
            request_size: call.body.len() as u64,
            faults: faults.to_vec(),
            work: None,
            status: None,
            response: None,
        }
    }
}

fn without_secrets(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| {
            !matches!(
                name.as_str(),
                "authorization" | "proxy-authorization" | "cookie"
            )
        })
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect()
}

/// The latest exchanges.
#[derive(Debug)]
pub(super) struct Log {
    kept: VecDeque<Exchange>,
    most: usize,
    begun: u64,
}

impl Log {
    pub(super) fn new(most: usize) -> Self {
        Self {
            kept: VecDeque::new(),
            most: most.max(1),
            begun: 0,
        }
    }

    /// Writes a call down, and gives its number.
    pub(super) fn begin(&mut self, call: &Call, faults: &[Action]) -> u64 {
        self.begun += 1;
        if self.kept.len() >= self.most {
            self.kept.pop_front();
        }
        self.kept.push_back(Exchange::new(self.begun, call, faults));
        self.begun
    }

    /// Writes down what the work of a call came to.
    pub(super) fn worked(&mut self, number: u64, status: u16, body: &[u8]) {
        if let Some(exchange) = self.find(number) {
            exchange.work = Some(status);
            exchange.response = serde_json::from_slice(body).ok();
        }
    }

    /// Writes down that a call is being answered.
    pub(super) fn answered(&mut self, number: u64, status: u16) {
        if let Some(exchange) = self.find(number) {
            exchange.status = Some(status);
        }
    }

    pub(super) fn all(&self) -> Vec<Exchange> {
        self.kept.iter().cloned().collect()
    }

    fn find(&mut self, number: u64) -> Option<&mut Exchange> {
        let first = self.kept.front()?.number;
        let place = usize::try_from(number.checked_sub(first)?).ok()?;
        self.kept.get_mut(place)
    }
}
