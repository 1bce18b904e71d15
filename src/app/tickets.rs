//! Tickets: filing and listing them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    App,
    assignments::{ACTIVE_USER, require_assignable},
    dispatch::hold_usable,
    pages::{Listing, Page, PageRequest},
    requests::{Create, Request, remember},
    ticket_text::{clean_html, document},
    ticket_view::{TicketView, visible, weight},
};
use crate::{
    db::{
        assignment, conversation, counter, dispatch, history,
        history::Entry,
        ticket,
        ticket_filter::Filter,
        ticket_list::{self, List, ListOrder, Listed, Position, Search},
        ticket_search,
    },
    domain::{
        actor::Actor,
        history::HistoryEventType,
        ids::{AssignmentId, ConversationId, IntegrationId, UserId},
        permission::Action,
        search,
        ticket::{CustomFields, Environment, TicketCategory, TicketPriority, Title, Words},
        time::Time,
    },
    error::{Error, Result},
};

/// A ticket as it is to be filed, every rule of a single field already checked.
#[derive(Clone, Debug)]
#[allow(
    missing_docs,
    reason = "each field is the contract's field of the same name, documented there"
)]
pub struct NewTicket {
    pub title: Title,
    pub description: String,
    pub priority: TicketPriority,
    pub category: TicketCategory,
    pub environment: Environment,
    pub affected_service: String,
    pub assignee_id: Option<UserId>,
    pub team: Option<String>,
    pub conversation: Option<NewConversation>,
    pub tags: Words,
    pub custom_fields: CustomFields,
    pub ai_assisted: bool,
    pub integration_id: Option<IntegrationId>,
}

/// The conversation that a ticket comes from; recorded when it is mentioned first.
#[derive(Clone, Debug)]
#[allow(
    missing_docs,
    reason = "each field is the contract's field of the same name, documented there"
)]
pub struct NewConversation {
    pub id: ConversationId,
    pub channel: String,
    pub subject: String,
}

/// Which tickets to list, in which order.
#[derive(Clone, Debug)]
pub struct TicketQuery {
    /// Which.
    pub filter: Filter,
    /// What they have to say.
    pub search: Option<search::Query>,
    /// In which order.
    pub order: ListOrder,
    /// Where and how many.
    pub page: PageRequest,
    /// Whether to count the whole list.
    pub include_total: bool,
}

/// Where a request names the integration.
const INTEGRATION_FIELD: &str = "ticket.integration_id";

/// A ticket that has been filed. What is remembered of it is the ticket as it was then.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct Filed {
    view: TicketView,
    /// The attempt to hand it over that goes with it.
    #[serde(skip)]
    attempt: Option<dispatch::Model>,
}

impl Filed {
    const fn only(view: TicketView) -> Self {
        Self {
            view,
            attempt: None,
        }
    }
}

impl App {
    /// Files a ticket: status NEW, due times by its priority. One that names an integration is handed over once it is there; the answer
    /// waits for what comes of that, but not for long. `parse` runs once the caller is known to be allowed.
    pub async fn create_ticket(
        self: &Arc<Self>,
        actor: &Actor,
        parse: impl FnOnce() -> Result<Create<NewTicket>> + Send,
    ) -> Result<TicketView> {
        actor.require(Action::CreateTicket)?;
        let Create {
            new,
            request_id,
            validate_only,
        } = parse()?;
        let request = Request::new(&actor.user_id, "CreateTicket", request_id, &new);
        let filed = self.once(request.as_ref(), async {
            self.check_references(actor, &new).await?;
            let filed = self.filed(actor, &new, self.clock.now())?;
            if validate_only {
                let view = TicketView::new(actor, filed, Vec::new());
                return Ok(Filed::only(view));
            }
            self.record_caller(actor).await?;
            let request = request.clone();
            self.write_ticket(actor, filed, new.conversation, request)
                .await
        });
        let Filed { view, attempt } = filed.await?;
        let id = view.ticket.id;
        match (view.ticket.integration_id, attempt) {
            (None, _) => return Ok(view),
            _ if validate_only => return Ok(view),
            (_, Some(attempt)) => self.wait_for(self.hand_over(attempt)).await,
            (_, None) => self.wait_until_over(id).await?,
        }
        match self.as_it_is(actor, id).await {
            // It was deleted since it was filed: a repeated request is answered as the first one was.
            Err(Error::NotFound { .. }) => Ok(view),
            shown => shown,
        }
    }

    /// The tickets that the caller may see, a page at a time, with the size of the whole list where asked for. Every role may ask;
    /// with `show_deleted` only those who see deleted tickets.
    pub async fn list_tickets(
        &self,
        actor: &Actor,
        show_deleted: bool,
        parse: impl FnOnce() -> Result<TicketQuery> + Send,
    ) -> Result<(Page<TicketView>, Option<u64>)> {
        if show_deleted {
            actor.require(Action::SeeDeleted)?;
        }
        let query = parse()?;
        let internal = actor.may(Action::SeeInternalComments);
        let list = List {
            visible: visible(actor),
            filter: Filter {
                show_deleted,
                ..query.filter
            },
            search: query.search.map(|query| Search { query, internal }),
            order: query.order,
        };
        let listing = Listing::new(&self.sealer, "tickets", &list);
        let after: Option<Position> = listing.position(&query.page)?;
        let limit = query.page.size.get() + 1;
        let rows = ticket_list::page(self.db.read(), &list, after, limit).await?;
        let total = match query.include_total {
            true => Some(ticket_list::count(self.db.read(), &list).await?),
            false => None,
        };
        let weight = |(row, _): &Listed| weight(row);
        let page = listing.page_by_weight(&query.page, rows, weight, |(_, at)| at.clone())?;
        let rows = page.items.into_iter().map(|(row, _)| row).collect();
        let items = self.views(actor, rows).await?;
        Ok((
            Page {
                items,
                next_page_token: page.next_page_token,
            },
            total,
        ))
    }

    /// What the ticket points at must exist, and the caller must be allowed to point there.
    async fn check_references(&self, actor: &Actor, new: &NewTicket) -> Result<()> {
        if let Some(integration) = new.integration_id {
            self.require_dispatchable(integration, INTEGRATION_FIELD)
                .await?;
        }
        let Some(assignee) = &new.assignee_id else {
            return Ok(());
        };
        match require_assignable(self.db.read(), actor, assignee).await? {
            true => Ok(()),
            false => Err(Error::invalid("ticket.assignee_id", ACTIVE_USER)),
        }
    }

    /// The row as it will be written, save its number.
    fn filed(&self, actor: &Actor, new: &NewTicket, now: Time) -> Result<ticket::Model> {
        Ok(ticket::Model {
            title: new.title.clone(),
            description: clean_html("ticket.description", &new.description)?,
            priority: new.priority,
            category: new.category,
            environment: new.environment,
            affected_service: new.affected_service.clone(),
            creator_id: actor.user_id.clone(),
            assignee_id: new.assignee_id.clone(),
            team: new.team.clone(),
            conversation_id: new
                .conversation
                .as_ref()
                .map(|conversation| conversation.id.clone()),
            tags: new.tags.clone(),
            custom_fields: new.custom_fields.clone(),
            ai_assisted: new.ai_assisted,
            integration_id: new.integration_id,
            ..self.promised(new.priority, now)
        })
    }

    async fn write_ticket(
        &self,
        actor: &Actor,
        filed: ticket::Model,
        conversation: Option<NewConversation>,
        request: Option<Request>,
    ) -> Result<Filed> {
        let entry = created_entry(actor, &filed);
        let assignment = filed
            .assignee_id
            .clone()
            .map(|assignee_id| assignment::Model {
                id: AssignmentId::at(filed.create_time),
                ticket_id: filed.id,
                assignee_id,
                assigned_by_id: actor.user_id.clone(),
                assign_time: filed.create_time,
                unassign_time: None,
            });
        let conversation = conversation.map(|new| conversation::Model {
            id: new.id,
            channel: new.channel,
            subject: new.subject,
            create_time: filed.create_time,
        });
        // The intent to hand the ticket over is kept with it, so that neither is there without the other.
        let target = filed.integration_id;
        let attempt = target.map(|integration| self.first_attempt(&filed, integration));
        let plain = Arc::new((
            actor.clone(),
            filed,
            entry,
            assignment,
            conversation,
            attempt,
        ));
        let written = self.db.write(move |tx| {
            let (plain, request) = (Arc::clone(&plain), request.clone());
            Box::pin(async move {
                let (actor, filed, entry, assignment, conversation, attempt) = (*plain).clone();
                if let Some(attempt) = &attempt {
                    hold_usable(tx, attempt.integration_id, INTEGRATION_FIELD).await?;
                }
                if let Some(row) = conversation {
                    conversation::mention(tx, vec![row]).await?;
                }
                let number = counter::next_ticket_numbers(tx, 1)
                    .await?
                    .pop()
                    .unwrap_or_default();
                let filed = ticket::Model { number, ..filed };
                ticket::insert_many(tx, vec![filed.clone()]).await?;
                ticket_search::index(tx, &[document(&filed)]).await?;
                history::append(tx, vec![entry]).await?;
                if let Some(row) = assignment {
                    assignment::insert(tx, row).await?;
                }
                if let Some(attempt) = attempt.clone() {
                    dispatch::insert(tx, attempt).await?;
                }
                let now = filed.create_time;
                let view = TicketView::new(&actor, filed, Vec::new());
                let filed = Filed { view, attempt };
                remember(tx, request.as_ref(), &filed, now).await?;
                Ok(filed)
            })
        });
        written.await
    }
}

/// The first entry of a ticket's history: all that it begins with, by the fields' paths, so that every later state follows from the
/// entries alone.
pub(crate) fn created_entry(actor: &Actor, filed: &ticket::Model) -> Entry {
    let facts = filed.facts().into_iter();
    let mut begun: Map<String, Value> = facts
        .filter_map(|(field, value)| Some((field.to_owned(), Value::String(value?))))
        .collect();
    begun.extend([
        ("tags".to_owned(), json!(filed.tags)),
        ("custom_fields".to_owned(), json!(filed.custom_fields)),
        ("creator_id".to_owned(), json!(filed.creator_id)),
        ("conversation_id".to_owned(), json!(filed.conversation_id)),
        ("ai_assisted".to_owned(), json!(filed.ai_assisted)),
    ]);
    Entry {
        ticket_version: Some(filed.version),
        ..Entry::event(
            filed.id,
            HistoryEventType::Created,
            actor.user_id.clone(),
            actor.ip_address,
            Value::Object(begun),
            filed.create_time,
        )
    }
}
