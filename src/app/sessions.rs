//! Sessions: putting together what is to be exported.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use uuid::Uuid;

use super::{
    App,
    pages::{Listing, Page, PageRequest},
    requests::{Create, Request},
    ticket_view::TicketView,
};
use crate::{
    db::{
        export, integration,
        session::{self, Filter},
        session_ticket, ticket,
    },
    domain::{
        actor::Actor,
        ids::{IntegrationId, SessionId},
        integration::PlatformConfig,
        permission::Action,
        session::{SessionStage, SessionStatus},
        time::Time,
    },
    error::{Error, Result, Violations},
};

/// A session as it is to be opened.
#[derive(Clone, Debug)]
#[allow(
    missing_docs,
    reason = "each field is the contract's field of the same name, documented there"
)]
pub struct NewSession {
    pub name: String,
    pub integration_id: Option<IntegrationId>,
    pub jira_project_key: String,
    pub stage: SessionStage,
}

/// A session with what its picture shows from other tables.
#[derive(Clone, Debug)]
pub struct SessionView {
    /// The row.
    pub session: session::Model,
    /// How many tickets it has.
    pub ticket_count: i64,
    /// Its run, once one was started.
    pub export: Option<crate::domain::export::ExportSnapshot>,
}

impl App {
    /// Opens a session that belongs to the caller.
    pub async fn create_session(
        &self,
        actor: &Actor,
        parse: impl FnOnce() -> Result<Create<NewSession>> + Send,
    ) -> Result<SessionView> {
        actor.require(Action::CreateSession)?;
        let Create {
            new,
            request_id,
            validate_only,
        } = parse()?;
        let request = Request::new(&actor.user_id, "CreateSession", request_id, &new);
        if let Some(made) = self.made_before(request.as_ref()).await? {
            return self.session_view(session_made(&made)?).await;
        }
        let new = self.with_project(new).await?;
        let now = self.clock.now();
        let row = opened(actor, new, now);
        if validate_only {
            return Ok(SessionView {
                session: row,
                ticket_count: 0,
                export: None,
            });
        }
        self.record_caller(actor).await?;
        let remembered = request
            .as_ref()
            .map(|request| request.row(&[row.id.0], now));
        let written = self.write_session(row, remembered).await;
        match written {
            Err(Error::AlreadyExists { .. }) if request.is_some() => {
                let made = self
                    .made_before(request.as_ref())
                    .await?
                    .unwrap_or_default();
                self.session_view(session_made(&made)?).await
            }
            Err(error) => Err(error),
            Ok(session) => Ok(SessionView {
                session,
                ticket_count: 0,
                export: None,
            }),
        }
    }

    /// The session with its integration's project where it names none; the integration has to exist.
    async fn with_project(&self, new: NewSession) -> Result<NewSession> {
        let Some(id) = new.integration_id else {
            return Ok(new);
        };
        let Some(integration) = integration::find(self.db.read(), id).await? else {
            return Err(Error::invalid(
                "session.integration_id",
                "must be the id of an integration",
            ));
        };
        let PlatformConfig::Jira(config) = integration.config;
        Ok(match new.jira_project_key.is_empty() {
            true => NewSession {
                jira_project_key: config.project_key,
                ..new
            },
            false => new,
        })
    }

    async fn write_session(
        &self,
        row: session::Model,
        remembered: Option<crate::db::request_key::Model>,
    ) -> Result<session::Model> {
        let plain = Arc::new((row, remembered));
        self.db
            .write(move |tx| {
                let plain = plain.clone();
                Box::pin(async move {
                    let (row, remembered) = (*plain).clone();
                    session::insert(tx, row.clone()).await?;
                    if let Some(remembered) = remembered {
                        crate::db::request_key::insert(tx, remembered).await?;
                    }
                    Ok(row)
                })
            })
            .await
    }

    /// The session.
    pub async fn get_session(
        &self,
        actor: &Actor,
        parse: impl FnOnce() -> Result<SessionId> + Send,
    ) -> Result<SessionView> {
        actor.require(Action::ReadSessions)?;
        self.session_view(parse()?).await
    }

    /// The session with what its picture shows from other tables.
    pub(crate) async fn session_view(&self, id: SessionId) -> Result<SessionView> {
        let row = self.session(id).await?;
        self.session_views(vec![row])
            .await?
            .pop()
            .ok_or_else(|| Error::not_found("session", id))
    }

    /// Sessions, newest first.
    pub async fn list_sessions(
        &self,
        actor: &Actor,
        parse: impl FnOnce() -> Result<(Filter, PageRequest)> + Send,
    ) -> Result<Page<SessionView>> {
        actor.require(Action::ReadSessions)?;
        let (filter, request) = parse()?;
        let listing = Listing::new(&self.sealer, "sessions", &filter);
        let after: Option<(Time, SessionId)> = listing.position(&request)?;
        let rows = session::list(self.db.read(), &filter, after, request.size.get() + 1).await?;
        let page = listing.page(&request, rows, |row| (row.create_time, row.id))?;
        let items = self.session_views(page.items).await?;
        Ok(Page {
            items,
            next_page_token: page.next_page_token,
        })
    }

    /// A session's tickets by wished place.
    pub async fn list_session_tickets(
        &self,
        actor: &Actor,
        parse: impl FnOnce() -> Result<(SessionId, PageRequest)> + Send,
    ) -> Result<Page<TicketView>> {
        actor.require(Action::ReadSessions)?;
        let (id, request) = parse()?;
        self.session(id).await?;
        let listing = Listing::new(&self.sealer, "session_tickets", &id);
        let after: Option<(i32, i64)> = listing.position(&request)?;
        let limit = request.size.get() + 1;
        let rows = session_ticket::page_of_session(self.db.read(), id, after, limit).await?;
        let place = |row: &ticket::Model| (row.session_order.unwrap_or_default(), row.number);
        let page = listing.page_by_weight(&request, rows, ticket::Model::weight, place)?;
        let items = self.views(actor, page.items).await?;
        Ok(Page {
            items,
            next_page_token: page.next_page_token,
        })
    }

    /// The session's row; NOT_FOUND unless it is there.
    pub(crate) async fn session(&self, id: SessionId) -> Result<session::Model> {
        let found = session::find(self.db.read(), id).await?;
        found.ok_or_else(|| Error::not_found("session", id))
    }

    /// The session's row, for a caller who may change and export it (the owner or somebody whose role may change any), and what
    /// `parse` makes of the rest of the request, which is looked at only then. Where the id itself is broken there is no session
    /// to be allowed for, and it is told with everything else that is broken.
    pub(crate) async fn own_session<T>(
        &self,
        actor: &Actor,
        id: Result<SessionId>,
        parse: impl FnOnce() -> Result<T> + Send,
    ) -> Result<(session::Model, T)> {
        actor.require(Action::ReadSessions)?;
        let id = match id {
            Ok(id) => id,
            Err(broken) => {
                let mut violations = Violations::new();
                violations.absorb::<SessionId>(Err(broken))?;
                violations.absorb(parse())?;
                return violations.settle(None);
            }
        };
        let session = self.session(id).await?;
        if session.owner_id != actor.user_id {
            actor.require(Action::ChangeAnySession)?;
        }
        Ok((session, parse()?))
    }

    pub(super) async fn session_views(
        &self,
        sessions: Vec<session::Model>,
    ) -> Result<Vec<SessionView>> {
        let ids: Vec<SessionId> = sessions.iter().map(|session| session.id).collect();
        let counts: HashMap<SessionId, i64> =
            session_ticket::count_by_session(self.db.read(), ids.clone())
                .await?
                .into_iter()
                .collect();
        let mut exports: HashMap<SessionId, export::Model> =
            export::of_sessions(self.db.read(), ids)
                .await?
                .into_iter()
                .map(|export| (export.session_id, export))
                .collect();
        let used: HashSet<IntegrationId> = sessions
            .iter()
            .filter_map(|session| session.integration_id)
            .collect();
        let paces = integration::paces(self.db.read(), used).await?;
        let now = self.clock.now();
        let view = |session: session::Model| {
            let pace = session
                .integration_id
                .and_then(|id| paces.get(&id).copied())
                .unwrap_or_default();
            SessionView {
                ticket_count: counts.get(&session.id).copied().unwrap_or_default(),
                export: exports
                    .remove(&session.id)
                    .map(|export| export.snapshot(now, pace)),
                session,
            }
        };
        Ok(sessions.into_iter().map(view).collect())
    }
}

fn opened(actor: &Actor, new: NewSession, now: Time) -> session::Model {
    session::Model {
        id: SessionId::at(now),
        name: new.name,
        owner_id: actor.user_id.clone(),
        integration_id: new.integration_id,
        jira_project_key: new.jira_project_key,
        stage: new.stage,
        status: SessionStatus::Active,
        version: 1,
        name_version: 1,
        integration_version: 1,
        project_version: 1,
        stage_version: 1,
        status_version: 1,
        tickets_version: 1,
        create_time: now,
        update_time: now,
        complete_time: None,
        delete_time: None,
    }
}

fn session_made(made: &[Uuid]) -> Result<SessionId> {
    made.first()
        .copied()
        .map(SessionId)
        .ok_or(Error::internal("an answer without a session"))
}
