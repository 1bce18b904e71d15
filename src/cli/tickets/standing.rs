//! Bringing a ticket that was created from a file to where it stands there, by the same calls that have brought it there.

use super::record::Standing;
use crate::{
    cli::{
        CommandError,
        client::{Client, Refused, call},
    },
    domain::{ticket::TicketStatus, workflow::way},
    proto::v1,
};

/// Why a ticket was reopened that was so in the file.
const REOPENED: &str = "It was reopened where it comes from.";

/// Brings the ticket on its way, from wherever an import that broke off has left it. One that was there before stays as it is by now.
pub(super) async fn bring(
    client: &Client,
    place: &str,
    id: String,
    standing: Standing,
) -> Result<(), CommandError> {
    let way = whole_way(&standing);
    if way.is_empty() && !standing.is_deleted {
        return Ok(());
    }
    let Some(past) = past(client, place, &id).await? else {
        return Ok(());
    };
    for to in left(&way, &past.reached) {
        let what =
            format!("{place}: the ticket cannot be brought to {to} (--as-new leaves it out)");
        go(client, &what, &id, *to, &standing).await?;
    }
    if standing.is_deleted && !past.was_deleted {
        let what = format!("{place}: the ticket cannot be deleted (--as-new leaves that out)");
        let delete = v1::DeleteTicketRequest { id, etag: None };
        let deleted = call(&what, delete, async |request| {
            client.tickets().delete_ticket(request).await
        });
        deleted.await?;
    }
    Ok(())
}

/// What has happened to a ticket.
struct Past {
    /// The statuses that it was brought to, one after the other.
    reached: Vec<TicketStatus>,
    was_deleted: bool,
}

/// The first things that have happened to the ticket: an import is the first to do anything with what it has created. `None`: the caller
/// does not see it any more.
async fn past(client: &Client, place: &str, id: &str) -> Result<Option<Past>, Refused> {
    let list = v1::ListTicketHistoryRequest {
        ticket_id: id.to_owned(),
        page_size: 100,
        ..Default::default()
    };
    let what = format!("{place}: the ticket's history cannot be read");
    let listed = call(&what, list, async |request| {
        client.tickets().list_ticket_history(request).await
    });
    let entries = match listed.await {
        Ok(listed) => listed.entries,
        Err(refused) if refused.reason().as_deref() == Some("NOT_FOUND") => return Ok(None),
        Err(refused) => return Err(refused),
    };
    let of_status = entries
        .iter()
        .filter(|entry| entry.field.as_deref() == Some("status"));
    let reached = of_status.filter_map(|entry| entry.new_value.as_ref()?.parse().ok());
    let deleted = v1::HistoryEventType::Deleted;
    Ok(Some(Past {
        reached: reached.collect(),
        was_deleted: entries.iter().any(|entry| entry.event_type() == deleted),
    }))
}

/// From a new ticket to one that stands like this: by way of its resolution, where one is told of.
fn whole_way(standing: &Standing) -> Vec<TicketStatus> {
    let (from, to) = (TicketStatus::New, standing.status);
    let found = match standing.resolution_notes {
        None => way(from, to),
        Some(_) => {
            let resolved = TicketStatus::Resolved;
            let whole = way(from, resolved).zip(way(resolved, to));
            whole.map(|(first, then)| [first, then].concat())
        }
    };
    found.unwrap_or_default()
}

/// What of the way is left for a ticket that has reached these: nothing for one that was at its end before, or has left it.
fn left<'a>(way: &'a [TicketStatus], reached: &[TicketStatus]) -> &'a [TicketStatus] {
    let done = way.iter().zip(reached);
    let done = done.take_while(|(wanted, was)| wanted == was).count();
    match done == reached.len() {
        true => way.get(done..).unwrap_or_default(),
        false => &[],
    }
}

async fn go(
    client: &Client,
    what: &str,
    id: &str,
    to: TicketStatus,
    standing: &Standing,
) -> Result<(), Refused> {
    let id = id.to_owned();
    match (to, &standing.resolution_notes) {
        (TicketStatus::Resolved, Some(notes)) => {
            let resolve = v1::ResolveTicketRequest {
                id,
                resolution_notes: notes.clone(),
            };
            let resolved = call(what, resolve, async |request| {
                client.tickets().resolve_ticket(request).await
            });
            resolved.await.map(drop)
        }
        (TicketStatus::Closed, _) => {
            let close = v1::CloseTicketRequest { id };
            let closed = call(what, close, async |request| {
                client.tickets().close_ticket(request).await
            });
            closed.await.map(drop)
        }
        (TicketStatus::Reopened, _) => {
            let reopen = v1::ReopenTicketRequest {
                id,
                reason: REOPENED.to_owned(),
            };
            let reopened = call(what, reopen, async |request| {
                client.tickets().reopen_ticket(request).await
            });
            reopened.await.map(drop)
        }
        (to, _) => {
            let transition = v1::TransitionTicketRequest {
                id,
                status: wire(to).into(),
                ..Default::default()
            };
            let moved = call(what, transition, async |request| {
                client.tickets().transition_ticket(request).await
            });
            moved.await.map(drop)
        }
    }
}

fn wire(status: TicketStatus) -> v1::TicketStatus {
    let name = format!("TICKET_STATUS_{status}");
    v1::TicketStatus::from_str_name(&name).unwrap_or_default()
}
