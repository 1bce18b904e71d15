//! The message that a ticket becomes.

use serde_json::{Value, json};

use crate::connectors::{
    markup::{Dialect, line, render},
    parcel::Parcel,
};

/// What docket marks its messages with; people do not see it.
pub(super) const EVENT: &str = "docket_ticket";
/// The longest text of a section, in code points.
const SECTION: usize = 3_000;
/// The longest text of a header, in code points.
const HEADER: usize = 150;
/// How many sections a description may take; a message takes 50 blocks.
const SECTIONS: usize = 12;

/// What is posted.
pub(super) fn of(parcel: &Parcel, channel: &str) -> Value {
    json!({
        "channel": channel,
        // What notifications show, and who reads no blocks.
        "text": line(&format!("{} {}", parcel.number, parcel.title), Dialect::Mrkdwn),
        "blocks": blocks(parcel),
        "metadata": { "event_type": EVENT, "event_payload": { "key": parcel.key.as_str() } },
        "link_names": false,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

fn blocks(parcel: &Parcel) -> Vec<Value> {
    let title: String = format!("{} {}", parcel.number, parcel.title);
    let mut blocks = vec![json!({
        "type": "header",
        "text": { "type": "plain_text", "text": cut(&title, HEADER), "emoji": false },
    })];
    let most = SECTION * SECTIONS;
    let description = render(&parcel.description, Dialect::Mrkdwn, most);
    for part in parts(&description.text) {
        blocks.push(section(&part));
    }
    if description.cut {
        let number = &parcel.number;
        blocks.push(section(&format!(
            "_(The description is longer than a message may be: the whole of it is in docket, {number}.)_"
        )));
    }
    blocks.push(json!({
        "type": "context",
        "elements": [{ "type": "mrkdwn", "text": cut(&facts(parcel), SECTION), "verbatim": true }],
    }));
    blocks
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } })
}

fn facts(parcel: &Parcel) -> String {
    let text = |text: &str| line(&cut(text, 200), Dialect::Mrkdwn);
    let mut facts = vec![
        format!("*Priority:* {}", parcel.priority),
        format!("*Status:* {}", parcel.status),
        format!("*Category:* {}", parcel.category),
        format!("*Environment:* {}", parcel.environment),
        format!("*Filed by:* {}", text(&parcel.creator.name)),
    ];
    if !parcel.affected_service.is_empty() {
        facts.push(format!("*Service:* {}", text(&parcel.affected_service)));
    }
    if let Some(team) = &parcel.team {
        facts.push(format!("*Team:* {}", text(team)));
    }
    if !parcel.tags.is_empty() {
        facts.push(format!("*Tags:* {}", text(&parcel.tags.join(", "))));
    }
    facts.join("  ·  ")
}

/// The text in parts of a section's length, cut between lines where that is possible.
fn parts(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    for line in text.split_inclusive('\n') {
        let mut rest: String = line.to_owned();
        while part.chars().count() + rest.chars().count() > SECTION {
            if !part.is_empty() {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            let head: String = rest.chars().take(SECTION).collect();
            rest = rest.chars().skip(SECTION).collect();
            parts.push(head);
        }
        part.push_str(&rest);
    }
    parts.push(part);
    parts.retain(|part| !part.trim().is_empty());
    parts.truncate(40);
    parts
}

fn cut(text: &str, most: usize) -> String {
    match text.chars().count() > most {
        true => text.chars().take(most - 1).chain(['…']).collect(),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_hold_the_whole_text_and_are_never_too_long() {
        let text = format!("{}\n{}\nend", "a".repeat(2_990), "b".repeat(7_000));
        let parts = parts(&text);
        assert_eq!(parts.concat(), text);
        assert!(parts.iter().all(|part| part.chars().count() <= SECTION));
    }
}
