//! Telling of calls: whoever follows a connection sees each request with its answer, without secrets and shortened.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use url::Url;

use super::{Jira, Trouble};
use crate::{
    connectors::http::{Answer, SendError},
    domain::export_log::{Exchange, TEXT_MAX},
};

/// Sees every call of a connection once it has ended.
pub trait Witness: Send + Sync {
    /// A call has ended.
    fn saw(&self, exchange: Exchange);
}

impl Jira {
    /// The request and its answer as they are kept.
    pub(super) fn exchange(
        &self,
        (method, url, body): (&Method, &Url, Option<&Value>),
        sent: &Result<Answer, SendError>,
        latency: Duration,
    ) -> Exchange {
        let clean = |text: &str| self.shared.redactor.clean_to(text, TEXT_MAX);
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let (status, received) = match sent {
            Ok(answer) => (Some(answer.status), self.received(answer)),
            Err(error) => (None, format!("({})", trouble(error))),
        };
        Exchange {
            method: method.to_string(),
            path: clean(&path),
            sent: body.map(|body| clean(&body.to_string())),
            status,
            received,
            latency,
        }
    }

    fn received(&self, answer: &Answer) -> String {
        match &answer.body {
            Ok(body) => {
                let text = String::from_utf8_lossy(body);
                self.shared.redactor.clean_to(&text, TEXT_MAX)
            }
            Err(how) => format!("({})", Trouble::from(*how)),
        }
    }
}

fn trouble(error: &SendError) -> Trouble {
    match error {
        SendError::NotSent(why) => why.clone().into(),
        SendError::Lost(how) => (*how).into(),
    }
}
