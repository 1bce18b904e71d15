//! Tickets: filing, reading and listing them.

use serde_json::json;
use uuid::Uuid;

use super::{
    App, html,
    pages::{Listing, Page, PageRequest},
    requests::{Create, Request},
};
use crate::{
    db::{
        assignment, conversation, counter, dependency, history,
        history::Entry,
        request_key, ticket,
        ticket::Visible,
        ticket_list::{self, Filter, ListOrder, Position},
        ticket_search::{self, Document},
        user,
    },
    domain::{
        actor::Actor,
        history::HistoryEventType,
        ids::{AssignmentId, ConversationId, IntegrationId, TicketId, UserId},
        permission::Action,
        ticket::{
            CustomFields, DESCRIPTION_MAX_BYTES, Environment, TicketCategory, TicketPriority,
            Title, Words, number_text,
        },
        time::Time,
    },
    error::{Error, Result, Violations},
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

/// A ticket with what its picture shows from other tables.
#[derive(Clone, Debug, PartialEq)]
pub struct TicketView {
    /// The row.
    pub ticket: ticket::Model,
    /// What it depends on in its session.
    pub depends_on: Vec<TicketId>,
}

/// How a caller names a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketName {
    /// By id.
    Id(TicketId),
    /// By number.
    Number(i64),
}

/// Which tickets to list, in which order.
#[derive(Clone, Debug)]
pub struct TicketQuery {
    /// Which.
    pub filter: Filter,
    /// In which order.
    pub order: ListOrder,
    /// Where and how many.
    pub page: PageRequest,
    /// Whether to count the whole list.
    pub include_total: bool,
}

impl App {
    /// Files a ticket: status NEW, due times by its priority. `parse` runs once the caller is known to be allowed.
    pub async fn create_ticket(
        &self,
        actor: &Actor,
        parse: impl FnOnce() -> Result<Create<NewTicket>> + Send,
    ) -> Result<TicketView> {
        actor.require(Action::CreateTicket)?;
        let Create {
            new,
            request_id,
            validate_only,
        } = parse()?;
        // Taking the ticket and never handing it over would be worse than saying so.
        if new.integration_id.is_some() {
            return Err(Error::Unimplemented(
                "TicketService.CreateTicket with ticket.integration_id",
            ));
        }
        let request = Request::new(&actor.user_id, "CreateTicket", request_id, &new);
        if let Some(made) = self.made_before(request.as_ref()).await? {
            return self.replayed(actor, &made).await;
        }
        self.check_references(actor, &new).await?;
        let now = self.clock.now();
        let filed = self.filed(actor, &new, now)?;
        if validate_only {
            return Ok(TicketView {
                ticket: filed,
                depends_on: Vec::new(),
            });
        }
        self.record_caller(actor).await?;
        let remembered = request
            .as_ref()
            .map(|request| request.row(&[filed.id.0], now));
        match self
            .write_ticket(actor, filed, new.conversation, remembered)
            .await
        {
            // Two at once with one request_id: the loser gives the winner's answer.
            Err(Error::AlreadyExists { .. }) if request.is_some() => {
                let made = self
                    .made_before(request.as_ref())
                    .await?
                    .unwrap_or_default();
                self.replayed(actor, &made).await
            }
            written => written,
        }
    }

    /// The ticket, if the caller may see it. Every role may ask.
    pub async fn get_ticket(&self, actor: &Actor, name: TicketName) -> Result<TicketView> {
        let visible = visible(actor);
        let found = match name {
            TicketName::Id(id) => ticket::find(self.db.read(), &visible, id).await?,
            TicketName::Number(number) => {
                ticket::find_by_number(self.db.read(), &visible, number).await?
            }
        };
        let found = found.ok_or_else(|| match name {
            TicketName::Id(id) => Error::not_found("ticket", id),
            TicketName::Number(number) => Error::not_found("ticket", number_text(number)),
        })?;
        self.view(found).await
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
        let visible = visible(actor);
        let filter = Filter {
            show_deleted,
            ..query.filter
        };
        let order = query.order;
        let listing = Listing::new(&self.sealer, "tickets", &(&visible, &filter, order));
        let after: Option<Position> = listing.position(&query.page)?;
        let limit = query.page.size.get() + 1;
        let rows =
            ticket_list::page(self.db.read(), &visible, &filter, order, after, limit).await?;
        let total = match query.include_total {
            true => Some(ticket_list::count(self.db.read(), &visible, &filter).await?),
            false => None,
        };
        let position = |row: &ticket::Model| order.key.position(row);
        let page = listing.page_by_weight(&query.page, rows, ticket::Model::weight, position)?;
        let items = self.views(page.items).await?;
        Ok((
            Page {
                items,
                next_page_token: page.next_page_token,
            },
            total,
        ))
    }

    /// The tickets with what their pictures show from other tables, in the same order.
    pub(crate) async fn views(&self, tickets: Vec<ticket::Model>) -> Result<Vec<TicketView>> {
        let of_sessions = tickets.iter().filter(|ticket| ticket.session_id.is_some());
        let ids: Vec<TicketId> = of_sessions.map(|ticket| ticket.id).collect();
        let mut depends_on = match ids.is_empty() {
            true => Default::default(),
            false => dependency::of_tickets(self.db.read(), ids).await?,
        };
        let view = |ticket: ticket::Model| TicketView {
            depends_on: depends_on.remove(&ticket.id).unwrap_or_default(),
            ticket,
        };
        Ok(tickets.into_iter().map(view).collect())
    }

    async fn view(&self, ticket: ticket::Model) -> Result<TicketView> {
        let id = ticket.id;
        let view = self.views(vec![ticket]).await?.pop();
        view.ok_or_else(|| Error::not_found("ticket", id))
    }

    async fn replayed(&self, actor: &Actor, made: &[Uuid]) -> Result<TicketView> {
        let id = made
            .first()
            .copied()
            .map(TicketId)
            .ok_or(Error::internal("an answer without a ticket"))?;
        self.get_ticket(actor, TicketName::Id(id)).await
    }

    /// What the ticket points at must exist, and the caller must be allowed to point there.
    async fn check_references(&self, actor: &Actor, new: &NewTicket) -> Result<()> {
        let mut violations = Violations::new();
        if let Some(assignee) = &new.assignee_id {
            let person = user::active(self.db.read(), assignee).await?;
            let team = person.as_ref().and_then(|person| person.team.as_deref());
            actor.require_assign(assignee, team)?;
            if person.is_none() {
                violations.add("ticket.assignee_id", "must be the id of an active user");
            }
        }
        violations.finish()
    }

    /// The row as it will be written, save its number.
    fn filed(&self, actor: &Actor, new: &NewTicket, now: Time) -> Result<ticket::Model> {
        let dates = self.sla.dates(new.priority, now);
        Ok(ticket::Model {
            title: new.title.clone(),
            description: clean_description("ticket.description", &new.description)?,
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
            response_due_time: dates.response_due,
            resolution_due_time: dates.resolution_due,
            integration_id: new.integration_id,
            ..ticket::Model::blank(now)
        })
    }

    async fn write_ticket(
        &self,
        actor: &Actor,
        filed: ticket::Model,
        conversation: Option<NewConversation>,
        remembered: Option<request_key::Model>,
    ) -> Result<TicketView> {
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
        let plain = std::sync::Arc::new((filed, entry, assignment, conversation, remembered));
        let written = self.db.write(move |tx| {
            let plain = plain.clone();
            Box::pin(async move {
                let (filed, entry, assignment, conversation, remembered) = (*plain).clone();
                if let Some(row) = conversation {
                    conversation::mention(tx, row).await?;
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
                if let Some(row) = remembered {
                    request_key::insert(tx, row).await?;
                }
                Ok(filed)
            })
        });
        Ok(TicketView {
            ticket: written.await?,
            depends_on: Vec::new(),
        })
    }
}

/// Whose tickets this caller sees.
pub(crate) fn visible(actor: &Actor) -> Visible {
    if actor.may(Action::ViewAllTickets) {
        Visible::All
    } else {
        Visible::FiledBy(actor.user_id.clone())
    }
}

/// The description as it is kept. Escaping can make it longer than what came in, so the limit holds for both.
pub(crate) fn clean_description(field: &str, description: &str) -> Result<String> {
    let clean = html::sanitise(description);
    if clean.len() > DESCRIPTION_MAX_BYTES {
        return Err(Error::invalid(
            field,
            "must have at most 65536 bytes once it is sanitised",
        ));
    }
    Ok(clean)
}

/// What search knows of a ticket without comments.
pub(crate) fn document(filed: &ticket::Model) -> Document {
    Document {
        ticket_id: filed.id,
        number: filed.number,
        title: filed.title.0.clone(),
        description: html::words(&filed.description),
        public_comments: String::new(),
        internal_comments: String::new(),
    }
}

/// The first entry of a ticket's history: with it, every later state can be told from the entries alone.
pub(crate) fn created_entry(actor: &Actor, filed: &ticket::Model) -> Entry {
    let metadata = json!({
        "title": filed.title,
        "description": filed.description,
        "status": filed.status,
        "priority": filed.priority,
        "category": filed.category,
        "environment": filed.environment,
        "affected_service": filed.affected_service,
        "assignee_id": filed.assignee_id,
        "team": filed.team,
        "conversation_id": filed.conversation_id,
        "tags": filed.tags,
        "custom_fields": filed.custom_fields,
        "integration_id": filed.integration_id,
        "session_id": filed.session_id,
    });
    Entry::event(
        filed.id,
        HistoryEventType::Created,
        actor.user_id.clone(),
        actor.ip_address,
        metadata,
        filed.create_time,
    )
}
