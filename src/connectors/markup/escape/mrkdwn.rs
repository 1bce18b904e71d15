//! Slack's mrkdwn. It has no escapes but those of three characters: what else would be a mark is kept from the words beside it.

use super::{Spot, UNSEEN};

pub(super) fn push(out: &mut String, spot: &Spot<'_>) {
    match spot.c {
        // A quote, however it is spelled.
        '>' if spot.starts() => {
            out.push(UNSEEN);
            entity(out, '>');
        }
        '*' | '_' | '~' | '`' if !spot.is_within_a_word() => {
            out.push(UNSEEN);
            out.push(spot.c);
            out.push(UNSEEN);
        }
        ':' if spot.begins_a_picture() => {
            out.push(':');
            out.push(UNSEEN);
        }
        c => entity(out, c),
    }
}

/// Slack reads mentions (`<!channel>`, `<@U1>`) and links between angle brackets alone.
pub(in crate::connectors::markup) fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        entity(&mut out, c);
    }
    out
}

fn entity(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        c => out.push(c),
    }
}
