//! Finding a message whose answer was lost: reading the channel's newest messages, and looking for docket's mark in their metadata.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::{Slack, message::EVENT};
use crate::{
    connectors::{outcome::Sought, parcel::Parcel},
    error::Reason,
};

/// The page size that is asked for: so many of the longest messages are no larger than the largest answer that is read.
const PAGE: &str = "50";
/// The most pages that one look reads.
const PAGES: usize = 40;
/// By how much Slack's clock may differ from docket's.
const SKEW: TimeDelta = TimeDelta::minutes(10);

impl Slack {
    /// Looks among the messages since the aim was taken. That takes the scope channels:history (groups:history in a private channel) and
    /// the channel's id in the settings.
    pub async fn look(&self, parcel: &Parcel, aim: &Value) -> Sought {
        let channel = aim["channel"].as_str().unwrap_or_default();
        let since = aim["since"].as_str().and_then(|text| text.parse().ok());
        let since = since.map(|since: DateTime<Utc>| since - SKEW);
        let Some(since) = since.filter(|_| is_id(channel)) else {
            return cannot(
                "the channel is configured by its name, and Slack tells of messages by a channel's id alone",
            );
        };
        // Both ends are named: what is posted while docket reads does not shift the pages.
        let oldest = since.timestamp().to_string();
        let latest = (Utc::now() + SKEW).timestamp().to_string();
        let query = [
            ("channel", channel),
            ("oldest", oldest.as_str()),
            ("latest", latest.as_str()),
            ("limit", PAGE),
            ("include_all_metadata", "true"),
        ];
        let mut cursor = String::new();
        for _ in 0..PAGES {
            let page = self.page("conversations.history", &query, &cursor).await;
            let (body, next) = match page {
                Ok(page) => page,
                Err(fault)
                    if fault.reason == Reason::PlatformForbidden && fault.status == Some(200) =>
                {
                    return cannot(
                        "the app may not read the channel's messages (scope channels:history or groups:history)",
                    );
                }
                Err(fault)
                    if fault.reason == Reason::PlatformNotFound
                        && fault.status == Some(200)
                        && channel != self.shared.config.channel =>
                {
                    return cannot(
                        "the channel that it was sent to is not there any more, and the integration leads to another one by now",
                    );
                }
                Err(fault) => return Sought::NotYetKnown(fault.failure()),
            };
            let messages = body["messages"].as_array();
            let ours = messages
                .into_iter()
                .flatten()
                .find(|message| is_of(message, parcel));
            if let Some(ts) = ours.and_then(|message| message["ts"].as_str()) {
                return Sought::Found(self.external(channel, ts, parcel, aim));
            }
            match next {
                Some(next) => cursor = next,
                None => return Sought::Absent,
            }
        }
        // There are no fewer by a later look.
        cannot("the channel has got more messages since than docket reads")
    }
}

/// Whether the message bears docket's mark of the ticket.
fn is_of(message: &Value, parcel: &Parcel) -> bool {
    let metadata = &message["metadata"];
    metadata["event_type"] == EVENT && metadata["event_payload"]["key"] == parcel.key.as_str()
}

fn cannot(why: &str) -> Sought {
    Sought::CannotAsk(format!("docket cannot look for the message itself: {why}."))
}

/// Whether the text is a channel's id, and not its name.
fn is_id(channel: &str) -> bool {
    let letters = channel
        .bytes()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    letters && channel.len() >= 8 && channel.starts_with(['C', 'G', 'D'])
}
