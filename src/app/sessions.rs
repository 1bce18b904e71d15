//! Sessions: putting together what is to be exported.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{
    App,
    pages::{Listing, Page, PageRequest},
    requests::{Create, Request, remember},
    ticket_view::{TicketView, weight},
};
use crate::{
    db::{
        Conn, Tx, export, integration,
        session::{self, Filter},
        session_ticket, ticket,
    },
    domain::{
        actor::Actor,
        ids::{IntegrationId, SessionId},
        integration::{JiraConfig, JiraDeployment},
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
#[derive(Clone, Debug, Serialize, Deserialize)]
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
        self.once(request.as_ref(), async {
            let new = self.with_project(new).await?;
            let view = SessionView {
                session: opened(actor, new, self.clock.now()),
                ticket_count: 0,
                export: None,
            };
            if validate_only {
                return Ok(view);
            }
            self.record_caller(actor).await?;
            self.write_session(view, request.clone()).await
        })
        .await
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
        let config = exports_to(&integration)?;
        Ok(match new.jira_project_key.is_empty() {
            true => NewSession {
                jira_project_key: config.project_key.clone(),
                ..new
            },
            false => new,
        })
    }

    async fn write_session(
        &self,
        view: SessionView,
        request: Option<Request>,
    ) -> Result<SessionView> {
        let plain = Arc::new((view, request));
        self.db
            .write(move |tx| {
                let plain = plain.clone();
                Box::pin(async move {
                    let (view, request) = (*plain).clone();
                    let row = &view.session;
                    session::insert(tx, row.clone()).await?;
                    remember(tx, request.as_ref(), &view, row.create_time).await?;
                    Ok(view)
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
        let page = listing.page_by_weight(&request, rows, weight, place)?;
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
        views(self.db.read(), sessions, self.clock.now()).await
    }
}

/// The sessions with what their pictures show from other tables, in the same order.
async fn views(
    conn: &impl Conn,
    sessions: Vec<session::Model>,
    now: Time,
) -> Result<Vec<SessionView>> {
    let ids: Vec<SessionId> = sessions.iter().map(|session| session.id).collect();
    let counts: HashMap<SessionId, i64> = session_ticket::count_by_session(conn, ids.clone())
        .await?
        .into_iter()
        .collect();
    let mut exports: HashMap<SessionId, export::Model> = export::of_sessions(conn, ids)
        .await?
        .into_iter()
        .map(|export| (export.session_id, export))
        .collect();
    let used: HashSet<IntegrationId> = sessions
        .iter()
        .filter_map(|session| session.integration_id)
        .collect();
    let paces = integration::paces(conn, used).await?;
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

/// The session as this transaction leaves it.
pub(super) async fn view_within(tx: &Tx, id: SessionId, now: Time) -> Result<SessionView> {
    let rows = session::find(tx, id).await?.into_iter().collect();
    let view = views(tx, rows, now).await?.pop();
    view.ok_or_else(|| Error::not_found("session", id))
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

/// The settings of the Jira that sessions are exported to through the integration: to Jira Cloud alone.
pub(super) fn exports_to(integration: &integration::Model) -> Result<&JiraConfig> {
    let config = integration.config.jira();
    let cloud = config.filter(|jira| jira.deployment == JiraDeployment::Cloud);
    cloud.ok_or_else(|| {
        let rule =
            "must be the id of an integration with Jira Cloud, where sessions are exported to";
        Error::invalid("session.integration_id", rule)
    })
}
