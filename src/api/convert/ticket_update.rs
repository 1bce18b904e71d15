//! What UpdateTicket asks for.

use super::{
    enums, ids, json,
    mask::{self, Fields},
};
use crate::{
    app::{ticket_change::Update, ticket_update::ContentChange},
    domain::{
        etag,
        ticket::{
            self as rules, CustomFields, Environment, TicketCategory, TicketPriority, Title, Words,
        },
    },
    error::{Result, Violations},
    proto::v1,
};

/// The fields of a ticket.
const FIELDS: Fields = Fields {
    changeable: &[
        "title",
        "description",
        "priority",
        "category",
        "environment",
        "affected_service",
        "team",
        "tags",
        "custom_fields",
        "integration_id",
    ],
    fixed: &[
        "id",
        "number",
        "status",
        "creator_id",
        "assignee_id",
        "conversation_id",
        "ai_assisted",
        "resolution_notes",
        "sla",
        "integration_result",
        "export",
        "comment_count",
        "attachment_count",
        "etag",
        "create_time",
        "update_time",
        "resolve_time",
        "close_time",
        "delete_time",
    ],
};

/// The change, without the ticket's id. Only what the mask names is looked at.
pub(in crate::api) fn update(request: v1::UpdateTicketRequest) -> Result<Update<ContentChange>> {
    let mut violations = Violations::new();
    let mask = mask::read(&mut violations, request.update_mask, &FIELDS);
    let mut change = ContentChange::default();
    if let Some(ticket) = request.ticket {
        let check = &mut violations;
        words(check, &mask, &ticket, &mut change);
        values(check, &mask, ticket, &mut change);
    }
    violations.finish()?;
    Ok(Update {
        change,
        seen: request.etag.as_deref().map(etag::version),
        validate_only: request.validate_only,
    })
}

fn words(
    violations: &mut Violations,
    mask: &mask::Mask,
    ticket: &v1::Ticket,
    change: &mut ContentChange,
) {
    change.title = mask
        .take("title", || {
            violations.check("ticket.title", Title::new(&ticket.title))
        })
        .flatten();
    let description = || rules::description(&ticket.description).map(str::to_owned);
    change.description = mask
        .take("description", || {
            violations.check("ticket.description", description())
        })
        .flatten();
    let service = || rules::affected_service(&ticket.affected_service);
    change.affected_service = mask
        .take("affected_service", || {
            violations.check("ticket.affected_service", service())
        })
        .flatten();
    let team = || ticket.team.as_deref().map(rules::team).transpose();
    change.team = mask
        .take("team", || violations.check("ticket.team", team()))
        .flatten();
    let tags = || Words::tags(&ticket.tags);
    change.tags = mask
        .take("tags", || violations.check("ticket.tags", tags()))
        .flatten();
}

fn values(
    violations: &mut Violations,
    mask: &mask::Mask,
    ticket: v1::Ticket,
    change: &mut ContentChange,
) {
    let priority = || enums::or(ticket.priority, TicketPriority::P3);
    change.priority = mask
        .take("priority", || {
            violations.check("ticket.priority", priority())
        })
        .flatten();
    let category = || enums::or(ticket.category, TicketCategory::General);
    change.category = mask
        .take("category", || {
            violations.check("ticket.category", category())
        })
        .flatten();
    let environment = || enums::or(ticket.environment, Environment::Production);
    change.environment = mask
        .take("environment", || {
            violations.check("ticket.environment", environment())
        })
        .flatten();
    let integration_id = ticket.integration_id.as_deref();
    change.integration_id = mask
        .take("integration_id", || {
            ids::optional(violations, "ticket.integration_id", integration_id)
        })
        .flatten();
    let fields = ticket.custom_fields.unwrap_or_default();
    let fields = || json::object(fields).and_then(CustomFields::new);
    change.custom_fields = mask
        .take("custom_fields", || {
            violations.check("ticket.custom_fields", fields())
        })
        .flatten();
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::collections::BTreeSet;

    use prost::Message as _;
    use prost_types::FileDescriptorSet;

    use super::*;
    use crate::proto::FILE_DESCRIPTOR_SET;

    #[test]
    fn each_field_of_the_contract_is_changeable_or_fixed() {
        let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
        let messages = set.file.iter().flat_map(|file| &file.message_type);
        let ticket = messages
            .into_iter()
            .find(|message| message.name() == "Ticket");
        let contract: BTreeSet<&str> = ticket
            .unwrap()
            .field
            .iter()
            .map(|field| field.name())
            .collect();
        let both = FIELDS.changeable.iter().chain(FIELDS.fixed).copied();
        assert_eq!(both.clone().count(), contract.len());
        assert_eq!(both.collect::<BTreeSet<_>>(), contract);
    }
}
