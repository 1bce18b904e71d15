//! The order of a session's tickets: their places, and what depends on what.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    App,
    exports::{ATTEMPTS, changing},
    session_edit::{not_editable, require_seen},
    sessions::SessionView,
    ticket_change::{Update, broken_id},
    ticket_edit::Edit,
    ticket_view::TicketView,
};
use crate::{
    db::{dependency, session, session_ticket, ticket, ticket::Visible},
    domain::{
        actor::Actor,
        ids::{SessionId, TicketId},
        permission::Action,
        session::{Node, SessionStatus, dependency_order},
    },
    error::{Error, Reason, Result, Violations},
};

impl App {
    /// Numbers a session's tickets anew, from 1.
    pub async fn reorder_session_tickets(
        &self,
        actor: &Actor,
        id: Result<SessionId>,
        parse: impl FnOnce() -> Result<Update<Vec<TicketId>>> + Send,
    ) -> Result<SessionView> {
        let (session, update) = self.own_session(actor, id, parse).await?;
        self.record_caller(actor).await?;
        for _ in 0..ATTEMPTS {
            let read = self.session(session.id).await?;
            require_seen(&read, update.seen)?;
            let places = session_ticket::places_in_session(self.db.read(), read.id).await?;
            require_all(&places, &update.change)?;
            require_active(&read)?;
            let places: HashMap<TicketId, i32> = places.into_iter().collect();
            let moved = (1..).zip(&update.change).map(|(place, id)| (*id, place));
            let moved = moved.filter(|(id, place)| places.get(id) != Some(place));
            let moved: Vec<(TicketId, i32)> = moved.collect();
            match self.write_places(actor, read, moved).await {
                // Somebody else was first: what holds is read again.
                Err(Error::Fenced) => (),
                Err(error) => return Err(error),
                Ok(()) => return self.session_view(session.id).await,
            }
        }
        Err(changing(session.id))
    }

    /// Replaces what one ticket depends on.
    pub async fn set_ticket_dependencies(
        &self,
        actor: &Actor,
        id: Result<TicketId>,
        parse: impl FnOnce() -> Result<Update<Vec<TicketId>>> + Send,
    ) -> Result<TicketView> {
        actor.require(Action::ReadSessions)?;
        let id = match id {
            Ok(id) => id,
            Err(broken) => return Err(broken_id(broken, parse)),
        };
        let found = ticket::find(self.db.read(), &Visible::All, id, false).await?;
        let found = found.ok_or_else(|| Error::not_found("ticket", id))?;
        let session = found.session_id.ok_or_else(|| {
            Error::invalid("ticket_id", "must be the id of a ticket of a session")
        })?;
        let (session, update) = self.own_session(actor, Ok(session), parse).await?;
        self.record_caller(actor).await?;
        for _ in 0..ATTEMPTS {
            let read = self.session(session.id).await?;
            self.require_acyclic(&read, id, &update.change).await?;
            match self.write_dependencies(actor, read, id, &update).await {
                Err(Error::Fenced) => (),
                Err(error) => return Err(error),
                Ok(ticket) => return self.view(actor, ticket).await,
            }
        }
        Err(changing(session.id))
    }

    async fn write_places(
        &self,
        actor: &Actor,
        read: session::Model,
        moved: Vec<(TicketId, i32)>,
    ) -> Result<()> {
        if moved.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let plain = Arc::new((actor.clone(), read, moved));
        let written = self.db.write(move |tx| {
            let plain = plain.clone();
            Box::pin(async move {
                let (actor, read, moved) = &*plain;
                session::touch(tx, read, now).await?;
                for (id, place) in moved {
                    let mut edit = Edit::in_session(tx, actor, *id, now).await?;
                    edit.ticket.session_order = Some(*place);
                    edit.write(tx).await?;
                }
                Ok(())
            })
        });
        written.await
    }

    async fn write_dependencies(
        &self,
        actor: &Actor,
        read: session::Model,
        id: TicketId,
        update: &Update<Vec<TicketId>>,
    ) -> Result<ticket::Model> {
        let now = self.clock.now();
        let plain = Arc::new((actor.clone(), read, update.clone()));
        let written = self.db.write(move |tx| {
            let plain = plain.clone();
            Box::pin(async move {
                let (actor, read, update) = &*plain;
                let mut edit = Edit::in_session(tx, actor, id, now).await?;
                edit.check_seen(tx, actor, update.seen).await?;
                let before = dependency::of_tickets(tx, [id]).await?.remove(&id);
                let (before, after) = (told(&before.unwrap_or_default()), told(&update.change));
                if before == after {
                    return Ok(edit.planned());
                }
                require_active(read)?;
                session::touch(tx, read, now).await?;
                dependency::replace(tx, read.id, id, &update.change).await?;
                edit.tell_field("export.depends_on_ids", before, after);
                edit.write(tx).await
            })
        });
        written.await
    }

    /// The tickets are of the session, and the dependencies go in no circle.
    async fn require_acyclic(
        &self,
        session: &session::Model,
        id: TicketId,
        wanted: &[TicketId],
    ) -> Result<()> {
        let places = session_ticket::places_in_session(self.db.read(), session.id).await?;
        let known: HashSet<TicketId> = places.iter().map(|(id, _)| *id).collect();
        require_known(&known, wanted, "depends_on_ids")?;
        let mut edges: HashMap<TicketId, Vec<TicketId>> = HashMap::new();
        for edge in dependency::of_session(self.db.read(), session.id).await? {
            edges
                .entry(edge.ticket_id)
                .or_default()
                .push(edge.depends_on_id);
        }
        edges.insert(id, wanted.to_vec());
        let nodes: Vec<Node<TicketId>> = places
            .into_iter()
            .map(|(key, order)| Node {
                depends_on: edges.remove(&key).unwrap_or_default(),
                key,
                order,
            })
            .collect();
        dependency_order(&nodes)
            .map(drop)
            .map_err(|cycle| named(&cycle))
    }
}

/// DEPENDENCY_CYCLE with the circle.
fn named(cycle: &[TicketId]) -> Error {
    let ids = cycle.iter().chain(cycle.first());
    let circle = ids
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" -> ");
    Error::invalid_because(
        Reason::DependencyCycle,
        "depends_on_ids",
        format!("the dependencies form a cycle: {circle}"),
    )
    .with("cycle", circle)
}

/// The ids in their order, as history tells them; `None` for none.
fn told(ids: &[TicketId]) -> Option<String> {
    let mut ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    ids.sort_unstable();
    Some(ids.join(",")).filter(|text| !text.is_empty())
}

fn require_active(session: &session::Model) -> Result<()> {
    match session.status {
        SessionStatus::Active => Ok(()),
        _ => Err(not_editable(
            session,
            "the order of its tickets is fixed once its export has been started",
        )),
    }
}

/// Every ticket of the session, exactly once.
fn require_all(places: &[(TicketId, i32)], given: &[TicketId]) -> Result<()> {
    let known: HashSet<TicketId> = places.iter().map(|(id, _)| *id).collect();
    require_known(&known, given, "ticket_ids")?;
    match given.len() == known.len() {
        true => Ok(()),
        false => Err(Error::invalid(
            "ticket_ids",
            format!("must name all {} tickets of the session", known.len()),
        )),
    }
}

fn require_known(known: &HashSet<TicketId>, given: &[TicketId], field: &str) -> Result<()> {
    let mut violations = Violations::new();
    for (index, id) in given.iter().enumerate() {
        if !known.contains(id) {
            violations.add(
                format!("{field}[{index}]"),
                "must be the id of a ticket of this session",
            );
        }
    }
    violations.finish()
}
