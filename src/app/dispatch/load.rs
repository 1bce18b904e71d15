//! What an attempt works with: the ticket as it is now, gathered into a parcel, and the way to the platform.

use super::attempt::{Attempt, Halt};
use crate::{
    connectors::{
        Connector,
        outcome::Failure,
        parcel::{Parcel, ParcelFile, Person},
    },
    db::{
        attachment, integration,
        ticket::{self, Visible},
        user,
    },
    domain::{
        export::ErrorCategory,
        ids::{TicketId, UserId},
        ticket::{ScanStatus, number_text},
    },
    error::{Error, Reason, Result},
};

/// What an attempt works with.
pub(super) struct Scene {
    pub(super) ticket: ticket::Model,
    pub(super) parcel: Parcel,
    pub(super) connector: Connector,
    /// The ticket's attachments, those included that are given to nobody.
    pub(super) kept: Vec<attachment::Model>,
}

/// Why an attempt cannot even begin.
pub(super) struct Unusable {
    pub(super) failure: Failure,
    /// Whether that may change by itself, or by somebody's doing.
    pub(super) again: bool,
    /// Whether the platform has asked to wait: nothing was even tried.
    pub(super) held: bool,
}

impl Attempt {
    pub(super) async fn load(&mut self) -> Result<Result<Scene, Unusable>, Halt> {
        let (conn, id) = (self.app.db.read(), self.row.ticket_id);
        let found = ticket::find(conn, &Visible::All, id, true).await?;
        let ticket = found.ok_or_else(|| missing(id))?;
        let found = integration::with_deleted(conn, self.row.integration_id).await?;
        let found = found.ok_or_else(|| Error::internal("a dispatch without its integration"))?;
        self.way = Some(found.way());
        if found.delete_time.is_some() {
            let text = "The integration was deleted. Hand the ticket to another one.";
            return Ok(Err(unusable(Reason::IntegrationDisabled, text, false)));
        }
        if !found.enabled {
            let text = "The integration is switched off. Ask a manager of docket to switch it on again with SetIntegrationEnabled.";
            return Ok(Err(unusable(Reason::IntegrationDisabled, text, true)));
        }
        if let Some(unusable) = self.held_back(&found) {
            return Ok(Err(unusable));
        }
        let connector = match self.app.connector(&found) {
            Ok(connector) => connector,
            Err(Error::Refused(refusal)) => {
                let text = format!("docket cannot use the integration: {}.", refusal.message);
                return Ok(Err(unusable(refusal.reason, &text, true)));
            }
            Err(error) => return Err(error.into()),
        };
        let kept = match ticket.attachment_count {
            0 => Vec::new(),
            _ => attachment::of_tickets(conn, [id]).await?,
        };
        Ok(Ok(Scene {
            parcel: self.parcel(&ticket, &kept).await?,
            ticket,
            connector,
            kept,
        }))
    }

    /// One hand-over after the other would be told to wait by a platform that has told one of them.
    fn held_back(&self, found: &integration::Model) -> Option<Unusable> {
        let left = found.held_until? - self.app.clock.now();
        let left = left.to_std().ok().filter(|left| !left.is_zero())?;
        let text = "The platform has asked docket to wait, and docket sends it nothing until then.";
        let failure = Failure::new(ErrorCategory::Temporary, Reason::Unavailable, text);
        Some(Unusable {
            failure: failure.after(Some(left)),
            again: true,
            held: true,
        })
    }

    async fn parcel(&self, ticket: &ticket::Model, kept: &[attachment::Model]) -> Result<Parcel> {
        let assignee = match &ticket.assignee_id {
            Some(id) => Some(self.person(id).await?),
            None => None,
        };
        // What was found to be infected is given to nobody.
        let given = |file: &&attachment::Model| file.scan_status != ScanStatus::Infected;
        let size = |bytes: i64| u64::try_from(bytes).unwrap_or_default();
        let file = |file: &attachment::Model| ParcelFile {
            attachment_id: file.id,
            filename: file.filename.clone(),
            content_type: file.content_type.clone(),
            size_bytes: size(file.size_bytes),
        };
        Ok(Parcel {
            key: self.row.dedupe_key.clone(),
            ticket_id: ticket.id,
            number: number_text(ticket.number),
            title: ticket.title.0.clone(),
            description: ticket.description.clone(),
            status: ticket.status,
            priority: ticket.priority,
            category: ticket.category,
            environment: ticket.environment,
            affected_service: ticket.affected_service.clone(),
            team: ticket.team.clone(),
            tags: ticket.tags.0.clone(),
            custom_fields: ticket.custom_fields.0.clone(),
            creator: self.person(&ticket.creator_id).await?,
            assignee,
            create_time: ticket.create_time,
            files: kept.iter().filter(given).map(file).collect(),
        })
    }

    async fn person(&self, id: &UserId) -> Result<Person> {
        let found = user::find(self.app.db.read(), id).await?;
        let named = |row: &user::Model| Some(row.display_name.clone()).filter(|n| !n.is_empty());
        Ok(Person {
            id: id.to_string(),
            name: found
                .as_ref()
                .and_then(named)
                .unwrap_or_else(|| id.to_string()),
            email: found.and_then(|row| row.email),
        })
    }
}

fn unusable(reason: Reason, text: &str, again: bool) -> Unusable {
    Unusable {
        failure: Failure::new(ErrorCategory::AdminRequired, reason, text),
        again,
        held: false,
    }
}

fn missing(id: TicketId) -> Error {
    Error::internal(format!("a dispatch without its ticket {id}"))
}
