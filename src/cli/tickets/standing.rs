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

/// Brings the ticket on its way, from wherever an import that broke off has left it. One that somebody has moved elsewhere since stays there.
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
    let get = v1::GetTicketRequest {
        id: Some(id.clone()),
        number: None,
    };
    let what = format!("{place}: the ticket cannot be read");
    let found = call(&what, get, async |request| {
        client.tickets().get_ticket(request).await
    });
    let now = found.await?.ticket.unwrap_or_default();
    if now.delete_time.is_some() {
        return Ok(());
    }
    for to in left(&way, now.status()) {
        let what = format!("{place}: the ticket cannot be brought to {to}");
        go(client, &what, &id, *to, &standing).await?;
    }
    if standing.is_deleted {
        let what = format!("{place}: the ticket cannot be deleted, as it is in the file");
        let delete = v1::DeleteTicketRequest { id, etag: None };
        let deleted = call(&what, delete, async |request| {
            client.tickets().delete_ticket(request).await
        });
        deleted.await?;
    }
    Ok(())
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

/// What of the way is left for a ticket that stands there.
fn left(way: &[TicketStatus], now: v1::TicketStatus) -> &[TicketStatus] {
    if now == v1::TicketStatus::New {
        return way;
    }
    let at = way.iter().position(|status| wire(*status) == now);
    at.and_then(|at| way.get(at + 1..)).unwrap_or_default()
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
