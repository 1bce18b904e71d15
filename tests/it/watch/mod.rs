//! Watching tickets: every event once and in order, whoever writes, reconnects, restarts or reads slowly.

mod open;
mod resume;
mod seen;
mod slow;
mod token;

use std::time::Duration;

use docket::proto::v1::{self, HistoryEventType, WatchTicketsRequest, WatchTicketsResponse};
use tonic::{Status, Streaming};

use crate::support::server::{Caller, TestServer, Tickets};

/// How long something may take that happens by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// A watcher at work.
pub(crate) struct Watcher(Streaming<WatchTicketsResponse>);

impl Watcher {
    async fn open(tickets: &mut Tickets, request: WatchTicketsRequest) -> Result<Self, Status> {
        Ok(Self(tickets.watch_tickets(request).await?.into_inner()))
    }

    /// Behind this event, or from now on.
    async fn behind(tickets: &mut Tickets, after_sequence: Option<i64>) -> Self {
        let request = WatchTicketsRequest {
            after_sequence,
            ..Default::default()
        };
        Self::open(tickets, request).await.expect("it may watch")
    }

    async fn message(&mut self) -> Result<Option<WatchTicketsResponse>, Status> {
        let message = tokio::time::timeout(PATIENCE, self.0.message()).await;
        message.expect("something is told in time")
    }

    /// The next position.
    async fn position(&mut self) -> i64 {
        let message = self.message().await.unwrap().unwrap();
        assert_eq!((&message.history_entry, &message.ticket), (&None, &None));
        message.sequence
    }

    /// The next event; positions are passed over.
    async fn event(&mut self) -> v1::HistoryEntry {
        loop {
            let message = self.message().await.unwrap().unwrap();
            if let Some(entry) = message.history_entry {
                assert_eq!(entry.sequence, message.sequence);
                assert_eq!(message.ticket.unwrap().id, entry.ticket_id);
                return entry;
            }
        }
    }

    /// The kinds of the next events.
    async fn kinds(&mut self, count: usize) -> Vec<HistoryEventType> {
        let mut kinds = Vec::new();
        for _ in 0..count {
            kinds.push(self.event().await.event_type());
        }
        kinds
    }
}

async fn filed(server: &TestServer, caller: impl Into<Caller>, title: &str) -> v1::Ticket {
    let request = v1::CreateTicketRequest {
        ticket: Some(v1::Ticket {
            title: title.to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let answer = server.tickets(caller).create_ticket(request).await;
    answer.unwrap().into_inner().ticket.unwrap()
}

async fn comment(tickets: &mut Tickets, ticket: &v1::Ticket, visibility: v1::CommentVisibility) {
    let request = v1::CreateCommentRequest {
        ticket_id: ticket.id.clone(),
        body: "On it".to_owned(),
        visibility: visibility.into(),
        ..Default::default()
    };
    tickets.create_comment(request).await.unwrap();
}
