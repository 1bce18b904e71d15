//! How the tickets of a file stand to one another: distinct refs and positions, dependencies, and the calls that they fit into.

use std::collections::{HashMap, HashSet};

use prost::Message as _;

use super::Faults;
use crate::{
    domain::session::{Node, dependency_order},
    proto::v1::NewSessionTicket,
};

/// The most tickets that one call takes.
const CALL_TICKETS: usize = 500;
/// The most bytes of tickets in one call: the server takes messages of 4 MiB.
const CALL_BYTES: usize = 3 * 1024 * 1024;

/// The tickets with a position each, in an order in which each comes after those that it depends on. `places` tells where each
/// stands in the file.
pub(super) fn arrange(
    mut tickets: Vec<NewSessionTicket>,
    places: &[String],
    faults: &mut Faults,
) -> Vec<NewSessionTicket> {
    check_refs(&tickets, places, faults);
    check_orders(&tickets, places, faults);
    fill_orders(&mut tickets);
    let nodes: Vec<Node<String>> = tickets.iter().map(node).collect();
    match dependency_order(&nodes) {
        Ok(sorted) => {
            let rank: HashMap<String, usize> = sorted.into_iter().zip(0..).collect();
            tickets.sort_by_key(|ticket| rank.get(&ticket.r#ref).copied());
        }
        Err(cycle) => {
            let first = cycle.first().cloned();
            let path: Vec<String> = cycle.into_iter().chain(first).collect();
            let problem = "tickets depend on one another in a circle";
            faults.add(format!("{problem}: {}", path.join(" → ")));
        }
    }
    tickets
}

fn node(ticket: &NewSessionTicket) -> Node<String> {
    Node {
        key: ticket.r#ref.clone(),
        order: ticket.order.unwrap_or(i32::MAX),
        depends_on: ticket.depends_on_refs.clone(),
    }
}

fn check_refs(tickets: &[NewSessionTicket], places: &[String], faults: &mut Faults) {
    let mut first: HashMap<&str, &String> = HashMap::new();
    for (ticket, place) in tickets.iter().zip(places) {
        match first.get(ticket.r#ref.as_str()) {
            _ if ticket.r#ref.is_empty() => {}
            Some(other) => {
                let reference = &ticket.r#ref;
                faults.add(format!(
                    "{place}: ref: {reference:?} is that of {other} already"
                ));
            }
            None => {
                first.insert(&ticket.r#ref, place);
            }
        }
    }
    for (ticket, place) in tickets.iter().zip(places) {
        let mut seen = HashSet::new();
        for reference in &ticket.depends_on_refs {
            let problem = if *reference == ticket.r#ref {
                "is the ticket itself"
            } else if !first.contains_key(reference.as_str()) {
                "is the ref of no ticket in the file"
            } else if !seen.insert(reference) {
                "comes twice"
            } else {
                continue;
            };
            faults.add(format!("{place}: depends_on_refs: {reference:?} {problem}"));
        }
    }
}

fn check_orders(tickets: &[NewSessionTicket], places: &[String], faults: &mut Faults) {
    let mut first: HashMap<i32, &String> = HashMap::new();
    for (ticket, place) in tickets.iter().zip(places) {
        let Some(order) = ticket.order else { continue };
        if let Some(other) = first.get(&order) {
            faults.add(format!(
                "{place}: order: {order} is that of {other} already"
            ));
        } else {
            first.insert(order, place);
        }
    }
}

/// Tickets without a position come after all others, as they do within one call: here they may be spread over several.
fn fill_orders(tickets: &mut [NewSessionTicket]) {
    let mut last = tickets.iter().filter_map(|t| t.order).max().unwrap_or(0);
    for ticket in tickets.iter_mut().filter(|ticket| ticket.order.is_none()) {
        last = last.saturating_add(1);
        ticket.order = Some(last);
    }
}

/// The tickets in the calls that take them: as many in each as it holds, dependencies never after what needs them.
pub(in crate::cli) fn calls(tickets: Vec<NewSessionTicket>) -> Vec<Vec<NewSessionTicket>> {
    let mut calls = Vec::new();
    let mut call = Vec::new();
    let mut bytes = 0;
    for ticket in tickets {
        // A field's tag and length go before each message.
        let size = ticket.encoded_len() + 8;
        if call.len() == CALL_TICKETS || (bytes + size > CALL_BYTES && !call.is_empty()) {
            calls.push(std::mem::take(&mut call));
            bytes = 0;
        }
        bytes += size;
        call.push(ticket);
    }
    calls.push(call);
    calls.retain(|call| !call.is_empty());
    calls
}
