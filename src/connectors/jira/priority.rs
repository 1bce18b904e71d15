//! From docket's four priorities to whatever a site calls its own.

use serde_json::{Value, json};

use crate::domain::ticket::TicketPriority;

/// The site's names for each priority, the closest first; lower case.
const fn names(priority: TicketPriority) -> &'static [&'static str] {
    match priority {
        TicketPriority::P1 => &["highest", "blocker", "urgent", "critical", "p1"],
        TicketPriority::P2 => &["high", "critical", "major", "p2"],
        TicketPriority::P3 => &["medium", "major", "normal", "moderate", "p3"],
        TicketPriority::P4 => &["low", "minor", "lowest", "trivial", "p4"],
    }
}

/// What Jira calls the priority by default.
pub(super) const fn name(priority: TicketPriority) -> &'static str {
    match priority {
        TicketPriority::P1 => "Highest",
        TicketPriority::P2 => "High",
        TicketPriority::P3 => "Medium",
        TicketPriority::P4 => "Low",
    }
}

const ALL: [TicketPriority; 4] = [
    TicketPriority::P1,
    TicketPriority::P2,
    TicketPriority::P3,
    TicketPriority::P4,
];

/// The value to send: by name, else, where the site uses none of the known names, by rank, which `allowedValues` has from the
/// most urgent down. `None` when the site offers nothing that fits.
pub(super) fn pick(priority: TicketPriority, allowed: &[Value]) -> Option<Value> {
    let offered: Vec<(String, &str)> = allowed
        .iter()
        .filter_map(|v| Some((v["name"].as_str()?.trim().to_lowercase(), v["id"].as_str()?)))
        .collect();
    let known = |offer: &str| ALL.iter().any(|&p| names(p).contains(&offer));
    if let Some(id) = by_name(priority, &offered) {
        return Some(json!({ "id": id }));
    }
    // A site that uses some of the known names means them: what it lacks, it lacks.
    if offered.len() < 2 || offered.iter().any(|(offer, _)| known(offer)) {
        return None;
    }
    let rank = ALL.iter().position(|&p| p == priority)?;
    // Four or more: the fourth is "low", and what comes after it lower still. Fewer: spread, so that first and last keep their ends.
    let place = if offered.len() >= ALL.len() {
        rank
    } else {
        (rank * (offered.len() - 1) + 1) / 3
    };
    let (_, id) = offered.get(place)?;
    Some(json!({ "id": id }))
}

/// The closest name on offer that no more urgent priority takes: a site's "Critical" is the highest or the second.
fn by_name<'a>(priority: TicketPriority, offered: &[(String, &'a str)]) -> Option<&'a str> {
    let mut taken: Vec<&str> = Vec::new();
    for each in ALL {
        let free = |name: &&str| {
            offered
                .iter()
                .find(|(offer, id)| offer == name && !taken.contains(id))
        };
        let found = names(each).iter().find_map(free).map(|(_, id)| *id);
        if each == priority {
            return found;
        }
        taken.extend(found);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(priority: TicketPriority, names: &[&str]) -> Option<String> {
        let allowed: Vec<_> = (0..)
            .zip(names)
            .map(|(i, name)| json!({ "id": format!("{i}"), "name": name }))
            .collect();
        let value = pick(priority, &allowed)?;
        let index: usize = value["id"].as_str()?.parse().ok()?;
        Some(names[index].to_owned())
    }

    #[test]
    fn names_go_before_ranks() {
        use TicketPriority::{P1, P2, P3, P4};
        let usual = ["Highest", "High", "Medium", "Low", "Lowest"];
        let old = ["Blocker", "Critical", "Major", "Minor", "Trivial"];
        let own = ["A", "B", "C", "D"];
        let three = ["hoch", "mittel", "tief"];
        let five = ["rot", "orange", "gelb", "grün", "blau"];
        let cases: [(&[&str], [Option<&str>; 4]); 9] = [
            (
                &three,
                [Some("hoch"), Some("mittel"), Some("mittel"), Some("tief")],
            ),
            (
                &usual,
                [Some("Highest"), Some("High"), Some("Medium"), Some("Low")],
            ),
            (
                &old,
                [
                    Some("Blocker"),
                    Some("Critical"),
                    Some("Major"),
                    Some("Minor"),
                ],
            ),
            (
                &["Critical", "High", "Medium", "Low"],
                [Some("Critical"), Some("High"), Some("Medium"), Some("Low")],
            ),
            (
                &["Critical", "Major", "Minor"],
                [Some("Critical"), Some("Major"), None, Some("Minor")],
            ),
            (&own, [Some("A"), Some("B"), Some("C"), Some("D")]),
            (
                &five,
                [Some("rot"), Some("orange"), Some("gelb"), Some("grün")],
            ),
            (
                &["URGENT", "normal "],
                [Some("URGENT"), None, Some("normal "), None],
            ),
            (&[], [None, None, None, None]),
        ];
        for (names, wanted) in cases {
            let got = [P1, P2, P3, P4].map(|p| picked(p, names));
            assert_eq!(got, wanted.map(|w| w.map(str::to_owned)), "{names:?}");
        }
    }
}
