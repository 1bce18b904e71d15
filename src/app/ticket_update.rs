//! Changing what a ticket says: its content, and whether it is there at all.

use std::sync::Arc;

use super::{
    App, dispatch::hold_usable, exports::changing, ticket_change::Update, ticket_edit::Edit,
    ticket_text::clean_html, ticket_view::TicketView,
};
use crate::{
    db::{Tx, session},
    domain::{
        actor::Actor,
        ids::{IntegrationId, TicketId},
        permission::TicketAction,
        session::SessionStatus,
        sla::SlaPolicy,
        ticket::{CustomFields, Environment, TicketCategory, TicketPriority, Title, Words},
    },
    error::{Error, Reason, Result},
};

/// What of a ticket's content is to be another; `None` stays. A field that can be without a value is cleared by an inner `None`.
#[derive(Clone, Debug, Default)]
#[allow(
    missing_docs,
    reason = "each field is the contract's field of the same name, documented there"
)]
pub struct ContentChange {
    pub title: Option<Title>,
    pub description: Option<String>,
    pub priority: Option<TicketPriority>,
    pub category: Option<TicketCategory>,
    pub environment: Option<Environment>,
    pub affected_service: Option<String>,
    pub team: Option<Option<String>>,
    pub tags: Option<Words>,
    pub custom_fields: Option<CustomFields>,
    pub integration_id: Option<Option<IntegrationId>>,
}

impl App {
    /// Changes what a ticket says. A new priority recomputes its due times.
    pub async fn update_ticket(
        &self,
        actor: &Actor,
        id: Result<TicketId>,
        parse: impl FnOnce() -> Result<Update<ContentChange>> + Send,
    ) -> Result<TicketView> {
        let parse = || {
            let mut update = parse()?;
            if let Some(html) = &mut update.change.description {
                *html = clean_html("ticket.description", html)?;
            }
            Ok(update)
        };
        let sla = Arc::clone(&self.sla);
        let action = |_: Option<&ContentChange>| TicketAction::UpdateTicket;
        self.change_ticket(actor, id, action, parse, move |tx, edit, change| {
            let sla = Arc::clone(&sla);
            Box::pin(async move { edit.set_content(tx, &sla, change).await })
        })
        .await
    }

    /// Deletes a ticket, softly: it keeps its number and all it has, and leaves every list.
    pub async fn delete_ticket(
        &self,
        actor: &Actor,
        id: Result<TicketId>,
        seen: Option<i64>,
    ) -> Result<TicketView> {
        let parse = || {
            Ok(Update {
                seen,
                ..Update::now(())
            })
        };
        let action = |_: Option<&()>| TicketAction::DeleteTicket;
        self.change_ticket(actor, id, action, parse, move |tx, edit, ()| {
            Box::pin(async move {
                edit.change_session(tx).await?;
                edit.ticket.delete_time = Some(edit.now);
                Ok(())
            })
        })
        .await
    }

    /// Restores a deleted ticket as it was. Into a session that was exported it does not come back: the export was laid out without it.
    pub async fn undelete_ticket(&self, actor: &Actor, id: Result<TicketId>) -> Result<TicketView> {
        let parse = || Ok(Update::now(()));
        let action = |_: Option<&()>| TicketAction::UndeleteTicket;
        self.change_ticket(actor, id, action, parse, move |tx, edit, ()| {
            Box::pin(async move {
                if edit.ticket.delete_time.take().is_none() {
                    return Err(Error::NotDeleted {
                        resource: "ticket",
                        id: edit.ticket.id.to_string(),
                    });
                }
                edit.change_session(tx).await
            })
        })
        .await
    }
}

impl Edit {
    /// Refuses to go on while the ticket's session is being exported.
    pub(crate) async fn refuse_during_export(&self, tx: &Tx) -> Result<()> {
        let Some(id) = self.ticket.session_id else {
            return Ok(());
        };
        match session::find(tx, id).await? {
            Some(session) if session.status == SessionStatus::Exporting => {
                Err(not_editable(&session))
            }
            _ => Ok(()),
        }
    }

    /// Takes over the new content.
    async fn set_content(
        &mut self,
        tx: &Tx,
        sla: &SlaPolicy,
        change: &ContentChange,
    ) -> Result<()> {
        self.refuse_during_export(tx).await?;
        if let Some(integration) = change.integration_id {
            self.set_integration(tx, integration).await?;
        }
        if let Some(priority) = change.priority {
            self.set_priority(tx, sla, priority).await?;
        }
        let ticket = &mut self.ticket;
        set(&mut ticket.title, &change.title);
        set(&mut ticket.description, &change.description);
        set(&mut ticket.category, &change.category);
        set(&mut ticket.environment, &change.environment);
        set(&mut ticket.affected_service, &change.affected_service);
        set(&mut ticket.team, &change.team);
        set(&mut ticket.tags, &change.tags);
        set(&mut ticket.custom_fields, &change.custom_fields);
        Ok(())
    }

    /// Points the ticket at another integration, which has to be there and enabled.
    async fn set_integration(&mut self, tx: &Tx, wanted: Option<IntegrationId>) -> Result<()> {
        if let Some(id) = wanted.filter(|_| wanted != self.ticket.integration_id) {
            hold_usable(tx, id, "ticket.integration_id").await?;
        }
        self.ticket.integration_id = wanted;
        Ok(())
    }

    /// Tells the ticket's session that it has other tickets now, so that an export that is being laid out begins anew. The session has to
    /// be one that is still being put together.
    async fn change_session(&self, tx: &Tx) -> Result<()> {
        let Some(id) = self.ticket.session_id else {
            return Ok(());
        };
        let Some(session) = session::find(tx, id).await? else {
            return Ok(());
        };
        if session.status != SessionStatus::Active {
            return Err(not_editable(&session));
        }
        // Whoever changed it meanwhile may have begun its export: the transaction is to be tried again.
        let touched = session::touch(tx, &session, self.now).await;
        touched.map_err(|error| match error {
            Error::Fenced => changing(id),
            error => error,
        })
    }
}

fn set<T: Clone>(field: &mut T, value: &Option<T>) {
    if let Some(value) = value {
        field.clone_from(value);
    }
}

fn not_editable(session: &session::Model) -> Error {
    let (id, status) = (session.id, session.status);
    let message =
        format!("the ticket belongs to a session that is {status}, which forbids this change");
    Error::refused(Reason::SessionNotEditable, format!("session/{id}"), message)
        .with("status", status)
}
