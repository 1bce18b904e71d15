//! Filling a session: tickets by ref, with their dependencies, all or none.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    App,
    exports::{ATTEMPTS, changing},
    requests::{Create, Request, remember},
    session_graph::{check_refs, edges, places, refuse_cycle},
    sessions::{SessionView, view_within},
    ticket_text::{clean_html, document},
    ticket_view::TicketView,
    tickets::created_entry,
};
use crate::{
    db::{
        counter, dependency, history, integration, session, session_ticket, ticket, ticket_search,
    },
    domain::{
        actor::Actor,
        export::TicketExportStatus,
        ids::{SessionId, TicketId},
        integration::JiraConfig,
        session::SessionStatus,
        ticket::{CustomFields, Environment, TicketCategory, TicketPriority, Title, Words},
        time::Time,
    },
    error::{Error, Reason, Result, Violations},
};

/// A ticket as it is to be added to a session.
#[derive(Clone, Debug)]
#[allow(
    missing_docs,
    reason = "each field is the contract's field of the same name, documented there"
)]
pub struct NewSessionTicket {
    pub reference: String,
    pub order: Option<i32>,
    pub depends_on_refs: Vec<String>,
    pub title: Title,
    pub description: String,
    /// `None`: the integration's, or `Task`.
    pub issue_type: Option<String>,
    pub priority: TicketPriority,
    pub category: TicketCategory,
    pub environment: Environment,
    pub affected_service: String,
    pub labels: Words,
    pub sprint: Option<String>,
    pub story_points: Option<f64>,
    pub jira_assignee: Option<String>,
    pub tags: Words,
    pub custom_fields: CustomFields,
}

/// What one call adds, as plain rows.
#[derive(Clone, Debug)]
struct Addition {
    tickets: Vec<ticket::Model>,
    dependencies: Vec<dependency::Model>,
    entries: Vec<history::Entry>,
    request: Option<Request>,
}

impl App {
    /// Adds tickets to a session that is still being put together; answers the session and the new tickets in the order given.
    pub async fn add_session_tickets(
        &self,
        actor: &Actor,
        id: Result<SessionId>,
        parse: impl FnOnce() -> Result<Create<Vec<NewSessionTicket>>> + Send,
    ) -> Result<(SessionView, Vec<TicketView>)> {
        let (session, create) = self.own_session(actor, id, parse).await?;
        let Create {
            new,
            request_id,
            validate_only,
        } = create;
        let id = session.id;
        let request = Request::new(&actor.user_id, "AddSessionTickets", request_id, &(id, &new));
        self.once(request.as_ref(), async {
            self.record_caller(actor).await?;
            self.add(actor, id, &new, request.as_ref(), validate_only)
                .await
        })
        .await
    }

    async fn add(
        &self,
        actor: &Actor,
        id: SessionId,
        new: &[NewSessionTicket],
        request: Option<&Request>,
        validate_only: bool,
    ) -> Result<(SessionView, Vec<TicketView>)> {
        for _ in 0..ATTEMPTS {
            let session = self.session(id).await?;
            if session.status != SessionStatus::Active {
                return Err(not_editable(id, session.status));
            }
            let now = self.clock.now();
            let mut addition = self.addition(actor, &session, new, now).await?;
            if validate_only {
                return Ok((self.session_view(id).await?, views(actor, &addition)));
            }
            addition.request = request.cloned();
            match self.write_addition(actor, session, addition, now).await {
                // Another call changed the session: what holds is read again.
                Err(Error::Fenced | Error::AlreadyExists { .. }) => (),
                Err(error) => return Err(error),
                Ok(answer) => return Ok(answer),
            }
        }
        Err(changing(id))
    }

    async fn addition(
        &self,
        actor: &Actor,
        into: &session::Model,
        new: &[NewSessionTicket],
        now: Time,
    ) -> Result<Addition> {
        let session = into.id;
        let known = session_ticket::refs_of_session(self.db.read(), session).await?;
        let known: HashMap<String, TicketId> = known
            .into_iter()
            .filter_map(|(reference, id)| Some((reference?, id)))
            .collect();
        let taken = session_ticket::places_in_session(self.db.read(), session).await?;
        let taken: HashSet<i32> = taken.into_iter().map(|(_, place)| place).collect();
        check_refs(&known, &taken, new)?;
        refuse_cycle(new)?;
        let places = places(&taken, new);
        let tickets = self.rows(actor, into, new, &places, now).await?;
        Ok(Addition {
            dependencies: edges(&tickets, new, known, into.id),
            entries: tickets
                .iter()
                .map(|row| created_entry(actor, row))
                .collect(),
            tickets,
            request: None,
        })
    }

    /// The new tickets' rows, at their places.
    async fn rows(
        &self,
        actor: &Actor,
        into: &session::Model,
        new: &[NewSessionTicket],
        places: &[i32],
        now: Time,
    ) -> Result<Vec<ticket::Model>> {
        let issue_type = self.issue_type(into).await?;
        let mut violations = Violations::new();
        let mut rows = Vec::with_capacity(new.len());
        for ((index, ticket), &place) in new.iter().enumerate().zip(places) {
            let field = format!("tickets[{index}].description");
            let description = clean_html(&field, &ticket.description);
            let Some(description) = violations.absorb(description)? else {
                continue;
            };
            rows.push(ticket::Model {
                session_order: Some(place),
                issue_type: Some(ticket.issue_type.as_ref().unwrap_or(&issue_type).clone()),
                ..self.planned(actor, into.id, ticket, description, now)
            });
        }
        violations.finish()?;
        Ok(rows)
    }

    /// The type of issue for tickets that name none.
    async fn issue_type(&self, session: &session::Model) -> Result<String> {
        let found = match session.integration_id {
            Some(id) => integration::find(self.db.read(), id).await?,
            None => None,
        };
        let named = found.as_ref().and_then(|found| found.config.jira());
        Ok(match named {
            Some(config) => config.issue_type.clone(),
            None => JiraConfig::DEFAULT_ISSUE_TYPE.to_owned(),
        })
    }

    fn planned(
        &self,
        actor: &Actor,
        session: SessionId,
        new: &NewSessionTicket,
        description: String,
        now: Time,
    ) -> ticket::Model {
        ticket::Model {
            title: new.title.clone(),
            description,
            priority: new.priority,
            category: new.category,
            environment: new.environment,
            affected_service: new.affected_service.clone(),
            creator_id: actor.user_id.clone(),
            tags: new.tags.clone(),
            custom_fields: new.custom_fields.clone(),
            session_id: Some(session),
            session_ref: Some(new.reference.clone()),
            labels: Some(new.labels.clone()),
            sprint: new.sprint.clone(),
            story_points: new.story_points,
            jira_assignee: new.jira_assignee.clone(),
            export_status: Some(TicketExportStatus::Pending),
            ..self.promised(new.priority, now)
        }
    }

    async fn write_addition(
        &self,
        actor: &Actor,
        session: session::Model,
        addition: Addition,
        now: Time,
    ) -> Result<(SessionView, Vec<TicketView>)> {
        let plain = Arc::new((actor.clone(), session, addition));
        self.db
            .write(move |tx| {
                let plain = plain.clone();
                Box::pin(async move {
                    let (actor, session, mut addition) = (*plain).clone();
                    session::touch(tx, &session, now).await?;
                    let count = u32::try_from(addition.tickets.len()).unwrap_or(u32::MAX);
                    let numbers = counter::next_ticket_numbers(tx, count).await?;
                    for (ticket, number) in addition.tickets.iter_mut().zip(numbers) {
                        ticket.number = number;
                    }
                    let refs = addition.tickets.iter();
                    let refs = refs.filter_map(|ticket| ticket.session_ref.clone());
                    session_ticket::free_refs(tx, session.id, refs.collect()).await?;
                    ticket::insert_many(tx, addition.tickets.clone()).await?;
                    let documents: Vec<_> = addition.tickets.iter().map(document).collect();
                    ticket_search::index(tx, &documents).await?;
                    dependency::insert_many(tx, addition.dependencies.clone()).await?;
                    history::append(tx, addition.entries.clone()).await?;
                    let session = view_within(tx, session.id, now).await?;
                    let answer = (session, views(&actor, &addition));
                    remember(tx, addition.request.as_ref(), &answer, now).await?;
                    Ok(answer)
                })
            })
            .await
    }
}

/// The new tickets as callers see them.
fn views(actor: &Actor, addition: &Addition) -> Vec<TicketView> {
    let mut depends_on: HashMap<TicketId, Vec<TicketId>> = HashMap::new();
    for edge in &addition.dependencies {
        depends_on
            .entry(edge.ticket_id)
            .or_default()
            .push(edge.depends_on_id);
    }
    let view = |ticket: &ticket::Model| {
        let mut depends_on = depends_on.remove(&ticket.id).unwrap_or_default();
        depends_on.sort_unstable();
        TicketView::new(actor, ticket.clone(), depends_on)
    };
    addition.tickets.iter().map(view).collect()
}

fn not_editable(id: SessionId, status: SessionStatus) -> Error {
    Error::refused(
        Reason::SessionNotEditable,
        format!("session/{id}"),
        format!("the session is {status}; tickets can be added only while it is ACTIVE, before its export starts"),
    )
    .with("status", status)
}
