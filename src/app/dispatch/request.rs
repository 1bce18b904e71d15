//! DispatchTicket and the ledger: what people ask for, and what they see of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Intent, hold_usable};
use crate::{
    app::{
        App,
        pages::{Listing, Page, PageRequest},
        requests::{Request, remember},
        ticket_edit::Edit,
        ticket_view::{TicketView, visible},
    },
    db::{Tx, attachment, dispatch, dispatch_files::SentFiles, ticket},
    domain::{
        actor::Actor,
        dispatch::DispatchTrigger,
        ids::{IntegrationId, TicketId},
        permission::TicketAction,
        time::Time,
    },
    error::{Error, Reason, Result},
};

/// What DispatchTicket asks for.
#[derive(Clone, Copy, Debug)]
pub struct DispatchRequest {
    /// Where to; `None`: where the ticket points.
    pub integration: Option<IntegrationId>,
    /// By what the request is recognised when it comes again.
    pub request_id: Option<Uuid>,
}

/// What a request has begun; nothing, where it was answered before.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Begun {
    #[serde(skip)]
    attempt: Option<dispatch::Model>,
}

/// All that a request is made of.
struct Asked {
    actor: Actor,
    ticket: TicketId,
    integration: IntegrationId,
    /// Whether the platform takes files.
    files: bool,
    request: Option<Request>,
    now: Time,
    attempt: dispatch::Model,
}

impl App {
    /// Hands a ticket over, or tries again after a failure. Where it has its copy already, that is the answer, once it has the files
    /// that it lacked; so is the issue that an export has made of it.
    pub async fn dispatch_ticket(
        self: &Arc<Self>,
        actor: &Actor,
        id: Result<TicketId>,
        parse: impl FnOnce() -> Result<DispatchRequest> + Send,
    ) -> Result<TicketView> {
        let action = TicketAction::UpdateTicket;
        let (ticket, wanted) = self.permitted(actor, id, action, parse).await?;
        let content = (ticket.id, wanted.integration);
        let request = Request::new(
            &actor.user_id,
            "DispatchTicket",
            wanted.request_id,
            &content,
        );
        let begun = self.once(request.as_ref(), async {
            self.record_caller(actor).await?;
            let target = wanted.integration.or(ticket.integration_id);
            let target = target.ok_or_else(|| {
                Error::invalid(
                    "integration_id",
                    "must be given, because the ticket names no integration",
                )
            })?;
            let connector = self.require_dispatchable(target, "integration_id").await?;
            if self.is_exported(&ticket, target).await? {
                return Ok(Begun::default());
            }
            let files = connector.takes_files().is_ok();
            self.begin_dispatch(actor, ticket.id, (target, files), request.clone())
                .await
        });
        match begun.await?.attempt {
            Some(row) => self.wait_for(self.hand_over(row)).await,
            None => self.wait_until_over(ticket.id).await?,
        }
        self.as_it_is(actor, ticket.id).await
    }

    /// The ledger of a ticket, latest attempt first, for whoever may view the ticket.
    pub async fn list_dispatch_attempts(
        &self,
        actor: &Actor,
        id: Result<TicketId>,
        parse: impl FnOnce() -> Result<PageRequest> + Send,
    ) -> Result<Page<dispatch::Model>> {
        let view = TicketAction::ViewTicket;
        let (ticket, request) = self.permitted(actor, id, view, parse).await?;
        let listing = Listing::new(&self.sealer, "dispatch_attempts", &ticket.id);
        let before: Option<i32> = listing.position(&request)?;
        let limit = request.size.get() + 1;
        let rows = dispatch::page(self.db.read(), ticket.id, before, limit).await?;
        listing.page(&request, rows, |row| row.number)
    }

    /// The ticket as it stands after an attempt.
    pub(in crate::app) async fn as_it_is(&self, actor: &Actor, id: TicketId) -> Result<TicketView> {
        let found = ticket::find(self.db.read(), &visible(actor), id, false).await?;
        let found = found.ok_or_else(|| Error::not_found("ticket", id))?;
        self.view(actor, found).await
    }

    async fn begin_dispatch(
        &self,
        actor: &Actor,
        ticket: TicketId,
        (integration, files): (IntegrationId, bool),
        request: Option<Request>,
    ) -> Result<Begun> {
        let attempt = self.opened(Intent {
            ticket,
            integration,
            number: 1,
            trigger: DispatchTrigger::Request,
            actor: actor.user_id.clone(),
        });
        let asked = Arc::new(Asked {
            actor: actor.clone(),
            ticket,
            integration,
            files,
            request,
            now: attempt.start_time,
            attempt,
        });
        self.db
            .write(move |tx| {
                let asked = Arc::clone(&asked);
                Box::pin(async move { asked.begin(tx).await })
            })
            .await
    }
}

impl Asked {
    async fn begin(&self, tx: &Tx) -> Result<Begun> {
        let action = TicketAction::UpdateTicket;
        let mut edit = Edit::begin(tx, &self.actor, self.ticket, action, self.now).await?;
        hold_usable(tx, self.integration, "integration_id").await?;
        edit.ticket.integration_id = Some(self.integration);
        let latest = dispatch::latest(tx, self.ticket).await?;
        let attempt = self.next(tx, latest.as_ref()).await?;
        if let Some(row) = &attempt {
            dispatch::settle_ticket(tx, self.ticket).await?;
            dispatch::insert(tx, row.clone()).await?;
        }
        edit.write(tx).await?;
        let begun = Begun { attempt };
        remember(tx, self.request.as_ref(), &begun, self.now).await?;
        Ok(begun)
    }

    /// The attempt to make; none where one is under way, or the latest one has done what is asked for.
    async fn next(
        &self,
        tx: &Tx,
        latest: Option<&dispatch::Model>,
    ) -> Result<Option<dispatch::Model>> {
        let there = |row: &&dispatch::Model| row.integration_id == self.integration;
        match latest {
            Some(row) if row.is_open() && there(&row) => return Ok(None),
            Some(row) if row.is_open() => return Err(under_way(row)),
            Some(row) if row.is_success() && there(&row) && !self.goes_on(tx, row).await? => {
                return Ok(None);
            }
            _ => (),
        }
        let made = dispatch::success(tx, self.ticket, self.integration).await?;
        let earlier = match made {
            Some(row) => Some(row),
            None => dispatch::latest_to(tx, self.ticket, self.integration).await?,
        };
        let number = latest.map_or(0, |row| row.number) + 1;
        let open = dispatch::Model {
            number,
            ..self.attempt.clone()
        };
        Ok(Some(match earlier {
            // What is there is told again, and what is in doubt is looked for first.
            Some(earlier) => {
                let mut open = dispatch::Model {
                    aim: earlier.aim,
                    sent_time: earlier.sent_time,
                    external: earlier.external,
                    files: earlier.files.map(SentFiles::again),
                    ..open
                };
                open.asked_too_early();
                open
            }
            None => open,
        }))
    }

    /// Whether there is something to do for a ticket whose copy is there: another attempt is due anyway, or that lacks a file.
    async fn goes_on(&self, tx: &Tx, row: &dispatch::Model) -> Result<bool> {
        if row.next_attempt_time.is_some() || !self.files {
            return Ok(row.next_attempt_time.is_some());
        }
        let kept = attachment::of_tickets(tx, [self.ticket]).await?;
        let files = row.files.clone().unwrap_or_default();
        Ok(files.lack_any(&kept))
    }
}

fn under_way(row: &dispatch::Model) -> Error {
    Error::Unavailable {
        reason: Reason::Unavailable,
        message: format!(
            "the ticket is just being handed to the integration {}; call again",
            row.integration_id
        ),
        retry_after: std::time::Duration::from_secs(2),
    }
}
