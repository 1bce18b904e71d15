//! Links between issues: those that an export has set and that are not there any more, and those that somebody has added.

use std::collections::{HashMap, HashSet};

use super::drift::Drift;
use crate::{
    connectors::jira::{IssueLink, IssueNow},
    db::{dependency, export_item, export_link},
    domain::{export::LinkState, ids::TicketId},
};

/// Jira's id of the field.
const FIELD: &str = "issuelinks";

/// The links of a run, and those that its issues have.
pub(super) struct LinkDrifts {
    links: Vec<export_link::Model>,
    /// The tickets that each is about, the one that blocks first.
    meant: HashSet<(TicketId, TicketId)>,
    /// The dependencies that docket has now, each as the ticket that blocks and the one that is blocked.
    dependencies: HashSet<(TicketId, TicketId)>,
    /// The keys that the issues have now, and their links; only of those that Jira shows with their links.
    seen: HashMap<TicketId, (String, Vec<IssueLink>)>,
    /// The tickets by these keys.
    tickets: HashMap<String, TicketId>,
}

impl LinkDrifts {
    pub(super) fn new(links: Vec<export_link::Model>, edges: &[dependency::Model]) -> Self {
        let ends = edges
            .iter()
            .map(|edge| (edge.depends_on_id, edge.ticket_id));
        let meant = links
            .iter()
            .map(|link| (link.from_ticket_id, link.to_ticket_id));
        Self {
            meant: meant.collect(),
            links,
            dependencies: ends.collect(),
            seen: HashMap::new(),
            tickets: HashMap::new(),
        }
    }

    /// Takes in what Jira has of a ticket's issue.
    pub(super) fn note(&mut self, ticket: TicketId, issue: &IssueNow) {
        if let Some(links) = &issue.links {
            self.tickets.insert(issue.key.clone(), ticket);
            self.seen.insert(ticket, (issue.key.clone(), links.clone()));
        }
    }

    /// What differs of one ticket's issue, once all are taken in. A link of two tickets of the run is told once: one that is missing of
    /// the ticket that waits, one that was added of the inward issue.
    pub(super) fn of(&self, item: &export_item::Model) -> Vec<Drift> {
        let Some((key, has)) = self.seen.get(&item.ticket_id) else {
            return Vec::new();
        };
        let known = item.jira_key.clone().unwrap_or_default();
        let drift = |exported: Option<String>, in_jira, in_docket| Drift {
            jira_key: known.clone(),
            field: FIELD.to_owned(),
            exported: exported.unwrap_or_default(),
            in_jira,
            in_docket,
        };
        let missing = self.missing(item.ticket_id).map(|(text, wanted)| {
            let in_docket = Some(text.clone()).filter(|_| wanted);
            drift(Some(text), None, in_docket)
        });
        let mut drifts: Vec<Drift> = missing.collect();
        let added = has.iter().filter(|link| {
            let here = link.inward == *key || !self.tickets.contains_key(link.other_than(key));
            here && !self.is_expected(item.ticket_id, link, has)
        });
        drifts.extend(added.map(|link| drift(None, Some(told(link)), None)));
        drifts
    }

    /// The links that the ticket waited by and that are not there, in words, and whether docket still has the dependency.
    fn missing(&self, ticket: TicketId) -> impl Iterator<Item = (String, bool)> {
        let set = self.links.iter();
        let set =
            set.filter(move |link| link.to_ticket_id == ticket && link.state == LinkState::Done);
        set.filter_map(|link| {
            let (blocker, _) = self.seen.get(&link.from_ticket_id)?;
            let (blocked, has) = self.seen.get(&link.to_ticket_id)?;
            let there = has.iter().any(|it| it.other_than(blocked) == blocker);
            let ends = (link.from_ticket_id, link.to_ticket_id);
            let text = format!("{blocker} blocks {blocked}");
            (!there).then_some((text, self.dependencies.contains(&ends)))
        })
    }

    /// Whether a link of the ticket's issue is one of the run's: it says what the run meant, or is the only one between the two.
    fn is_expected(&self, ticket: TicketId, link: &IssueLink, has: &[IssueLink]) -> bool {
        let Some((key, _)) = self.seen.get(&ticket) else {
            return false;
        };
        let other = link.other_than(key);
        let Some(&end) = self.tickets.get(other) else {
            return false;
        };
        let says = |it: &IssueLink, blocker, blocked| it.kind.blocks() && it.says(blocker, blocked);
        let said = match (self.is_meant(ticket, end), self.is_meant(end, ticket)) {
            (true, _) => says(link, key, other),
            (_, true) => says(link, other, key),
            (false, false) => return false,
        };
        said || has.iter().filter(|it| it.other_than(key) == other).count() == 1
    }

    fn is_meant(&self, blocker: TicketId, blocked: TicketId) -> bool {
        self.meant.contains(&(blocker, blocked))
    }
}

/// A link in the words of its type.
fn told(link: &IssueLink) -> String {
    let words = match link.kind.outward.as_str() {
        "" => &link.kind.name,
        words => words,
    };
    format!("{} {words} {}", link.inward, link.outward)
}
