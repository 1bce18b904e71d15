//! How the tickets of one call hang together, with each other and with those that are in the session already: refs, places,
//! dependencies.

use std::collections::{HashMap, HashSet};

use super::session_tickets::NewSessionTicket;
use crate::{
    db::{dependency, ticket},
    domain::{
        ids::{SessionId, TicketId},
        session::{Node, dependency_order},
    },
    error::{Error, Reason, Result, Violations},
};

/// Where each new ticket goes: where it wishes, or behind all others in the order of the request.
pub(super) fn places(taken: &HashSet<i32>, new: &[NewSessionTicket]) -> Vec<i32> {
    let wished = new.iter().filter_map(|ticket| ticket.order);
    let mut last = wished.chain(taken.iter().copied()).max().unwrap_or(0);
    let place = |ticket: &NewSessionTicket| {
        ticket.order.unwrap_or_else(|| {
            last = last.saturating_add(1);
            last
        })
    };
    new.iter().map(place).collect()
}

/// The dependencies of the new tickets, on each other and on those that are in the session already.
pub(super) fn edges(
    rows: &[ticket::Model],
    new: &[NewSessionTicket],
    known: HashMap<String, TicketId>,
    session_id: SessionId,
) -> Vec<dependency::Model> {
    let mut ids = known;
    for (row, ticket) in rows.iter().zip(new) {
        ids.insert(ticket.reference.clone(), row.id);
    }
    let mut edges = Vec::new();
    for (row, ticket) in rows.iter().zip(new) {
        let found = ticket.depends_on_refs.iter().filter_map(|r| ids.get(r));
        edges.extend(found.map(|&depends_on_id| dependency::Model {
            ticket_id: row.id,
            depends_on_id,
            session_id,
        }));
    }
    edges
}

/// Every ref and place is new, and every dependency is a ref of this call or of the session.
pub(super) fn check_refs(
    known: &HashMap<String, TicketId>,
    taken: &HashSet<i32>,
    new: &[NewSessionTicket],
) -> Result<()> {
    let mut violations = Violations::new();
    let mut first: HashMap<&str, usize> = HashMap::new();
    let mut placed: HashMap<i32, usize> = HashMap::new();
    for (index, ticket) in new.iter().enumerate() {
        if known.contains_key(&ticket.reference) {
            violations.add(
                format!("tickets[{index}].ref"),
                "is the ref of a ticket of this session already",
            );
        } else if let Some(earlier) = first.insert(&ticket.reference, index) {
            violations.add(
                format!("tickets[{index}].ref"),
                format!("is the ref of tickets[{earlier}] too"),
            );
        }
        let Some(order) = ticket.order else { continue };
        let field = format!("tickets[{index}].order");
        if taken.contains(&order) {
            violations.add(field, "is the order of a ticket of this session already");
        } else if let Some(earlier) = placed.insert(order, index) {
            violations.add(field, format!("is the order of tickets[{earlier}] too"));
        }
    }
    for (index, ticket) in new.iter().enumerate() {
        for (place, reference) in ticket.depends_on_refs.iter().enumerate() {
            if !first.contains_key(reference.as_str()) && !known.contains_key(reference) {
                let field = format!("tickets[{index}].depends_on_refs[{place}]");
                violations.add(
                    field,
                    format!("{reference:?} is no ref of this call or this session"),
                );
            }
        }
    }
    violations.finish()
}

/// Tickets that are in the session already cannot depend on new ones, so a cycle has new ones only.
pub(super) fn refuse_cycle(new: &[NewSessionTicket]) -> Result<()> {
    let nodes: Vec<Node<&str>> = new
        .iter()
        .map(|ticket| Node {
            key: ticket.reference.as_str(),
            order: ticket.order.unwrap_or_default(),
            depends_on: ticket.depends_on_refs.iter().map(String::as_str).collect(),
        })
        .collect();
    let Err(cycle) = dependency_order(&nodes) else {
        return Ok(());
    };
    let index = new
        .iter()
        .position(|ticket| cycle.first() == Some(&ticket.reference.as_str()));
    let mut named = cycle.clone();
    named.extend(cycle.first());
    let cycle = named.join(" -> ");
    Err(Error::invalid_because(
        Reason::DependencyCycle,
        format!("tickets[{}].depends_on_refs", index.unwrap_or_default()),
        format!("the dependencies form a cycle: {cycle}"),
    )
    .with("cycle", cycle))
}
