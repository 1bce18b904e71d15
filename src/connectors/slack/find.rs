//! Finding a message whose answer was lost: reading the channel's newest messages, and looking for docket's mark in their metadata.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::{Slack, message::EVENT};
use crate::{
    connectors::{
        outcome::{Failure, Sought},
        parcel::Parcel,
    },
    domain::export::ErrorCategory::Temporary,
    error::Reason,
};

/// The page size that is asked for.
const PAGE: &str = "200";
/// The most pages that one look reads.
const PAGES: usize = 10;
/// By how much Slack's clock may be behind docket's.
const SKEW: TimeDelta = TimeDelta::minutes(10);

impl Slack {
    /// Looks among the messages since the aim was taken. That takes the scope channels:history (groups:history in a private channel) and
    /// the channel's id in the settings.
    pub async fn look(&self, parcel: &Parcel, aim: &Value) -> Sought {
        let channel = aim["channel"].as_str().unwrap_or_default();
        let since = aim["since"].as_str().and_then(|text| text.parse().ok());
        let since = since.map(|since: DateTime<Utc>| (since - SKEW).timestamp());
        let Some(since) = since.filter(|_| is_id(channel)) else {
            return cannot(
                "the channel is configured by its name, and Slack tells of messages by a channel's id alone",
            );
        };
        let oldest = since.to_string();
        let mut cursor = String::new();
        for _ in 0..PAGES {
            let query = [
                ("channel", channel),
                ("oldest", oldest.as_str()),
                ("limit", PAGE),
                ("include_all_metadata", "true"),
                ("cursor", cursor.as_str()),
            ];
            let body = match self.ask("conversations.history", &query).await {
                Ok(said) => said.body,
                Err(fault) if fault.reason == Reason::PlatformForbidden => {
                    return cannot(
                        "the app may not read the channel's messages (scope channels:history or groups:history)",
                    );
                }
                Err(fault) => return Sought::NotYetKnown(fault.failure()),
            };
            for message in body["messages"].as_array().into_iter().flatten() {
                let metadata = &message["metadata"];
                let ours = metadata["event_type"] == EVENT
                    && metadata["event_payload"]["key"] == parcel.key.as_str();
                if let Some(ts) = message["ts"].as_str().filter(|_| ours) {
                    return Sought::Found(self.external(channel, ts, parcel).await);
                }
            }
            let next = body["response_metadata"]["next_cursor"].as_str();
            match next.filter(|next| !next.is_empty()) {
                Some(next) => cursor = next.to_owned(),
                None => return Sought::Absent,
            }
        }
        Sought::NotYetKnown(Failure::new(
            Temporary,
            Reason::PlatformAnswerUnreadable,
            "The channel has got more messages since than docket reads, so that nobody knows whether the ticket's is among them. Look for \
             it in the channel, and dispatch the ticket again if it is not there.",
        ))
    }
}

fn cannot(why: &str) -> Sought {
    Sought::CannotAsk(format!(
        "Nobody can tell whether Slack took the ticket: {why}. Look for the message in the channel, and dispatch the ticket again if it is \
         not there."
    ))
}

/// Whether the text is a channel's id, and not its name.
fn is_id(channel: &str) -> bool {
    let letters = channel
        .bytes()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    letters && channel.len() >= 8 && channel.starts_with(['C', 'G', 'D'])
}
