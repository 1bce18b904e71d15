//! The message that a ticket becomes.

use serde_json::{Value, json};

use crate::{
    connectors::{
        markup::{Dialect, line, render},
        parcel::Parcel,
    },
    domain::export_log::shortened,
};

/// What docket marks its messages with; people do not see it.
pub(super) const EVENT: &str = "docket_ticket";
/// The longest text of a section, in code points.
const SECTION: usize = 3_000;
/// The longest text of a header, in code points.
const HEADER: usize = 150;
/// What a section keeps free for the ends of a block of code.
const AROUND: usize = 16;
/// What begins and ends a block of code; text and code never hold it.
const FENCE: &str = "```";
/// How many sections a description may take; a message takes 50 blocks.
const SECTIONS: usize = 12;
/// The longest descriptions that are tried, one after the other, in code points: how much all blocks together may hold Slack tells by
/// refusing alone.
pub(super) const DESCRIPTIONS: [usize; 4] = [SECTION * SECTIONS, 12_000, SECTION, 500];

/// What is posted, with at most so much of the description.
pub(super) fn of(parcel: &Parcel, channel: &str, most: usize) -> Value {
    json!({
        "channel": channel,
        // What notifications show, and who reads no blocks.
        "text": line(&format!("{} {}", parcel.number, parcel.title), Dialect::Mrkdwn),
        "blocks": blocks(parcel, most),
        "metadata": { "event_type": EVENT, "event_payload": { "key": parcel.key.as_str() } },
        "link_names": false,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

fn blocks(parcel: &Parcel, most: usize) -> Vec<Value> {
    let title: String = format!("{} {}", parcel.number, parcel.title);
    let mut blocks = vec![json!({
        "type": "header",
        "text": { "type": "plain_text", "text": shortened(&title, HEADER), "emoji": false },
    })];
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
        "elements": [{ "type": "mrkdwn", "text": shortened(&facts(parcel), SECTION), "verbatim": true }],
    }));
    blocks
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } })
}

fn facts(parcel: &Parcel) -> String {
    let text = |text: &str| line(&shortened(text, 200), Dialect::Mrkdwn);
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

/// The text in parts of a section's length, cut between lines where that is possible. A block of code that is cut is one in each part.
fn parts(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut in_code = false;
    for line in text.split_inclusive('\n') {
        for piece in pieces(line) {
            if part.chars().count() + piece.chars().count() > SECTION - AROUND {
                if in_code {
                    part.push_str(FENCE);
                }
                parts.push(std::mem::take(&mut part));
                if in_code {
                    part.push_str(FENCE);
                    part.push('\n');
                }
            }
            part.push_str(piece);
            in_code ^= piece.matches(FENCE).count() % 2 == 1;
        }
    }
    parts.push(part);
    parts.retain(|part| !part.trim().is_empty());
    parts.truncate(40);
    parts
}

/// A line in pieces that each fit into a section, cut at blanks where there are some, and never within a word of Slack's for one
/// character (`&amp;`).
fn pieces(line: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some((most, _)) = rest.char_indices().nth(SECTION - 2 * AROUND) {
        let head = &rest[..most];
        let blank = head.rfind(' ').map(|at| at + 1).filter(|at| *at > most / 2);
        let entity = head
            .rfind('&')
            .filter(|at| *at > 0 && !head[*at..].contains(';'));
        let (head, tail) = rest.split_at(blank.or(entity).unwrap_or(most));
        pieces.push(head);
        rest = tail;
    }
    pieces.push(rest);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_hold_the_whole_text_and_are_never_too_long() {
        let words = "word and ".repeat(700);
        let text = format!("{}\n{}\n{words}end", "a".repeat(2_990), "b".repeat(7_000));
        let parts = parts(&text);
        assert_eq!(parts.concat(), text);
        assert!(parts.iter().all(|part| part.chars().count() <= SECTION));
        assert!(parts.last().unwrap().starts_with("word"), "{parts:?}");
    }

    #[test]
    fn no_cut_changes_what_is_read() {
        let entities = parts(&"&amp;".repeat(2_000));
        assert!(entities.len() > 3 && entities.iter().all(|part| part.ends_with(";")));
        let code = format!("before\n```\n{}```\nafter", "let x = 1;\n".repeat(600));
        let code = parts(&code);
        assert!(code.len() > 2);
        for part in &code {
            assert_eq!(part.matches(FENCE).count(), 2, "{part}");
            assert!(part.chars().count() <= SECTION);
        }
    }
}
