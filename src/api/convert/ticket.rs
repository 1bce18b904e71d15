//! Tickets: read from a create request, and shown the same way in every answer.

use super::{
    adf::distinct,
    enums::{self, Wire as _},
    etag, ids, integration_result, json, required,
    time::{span, timestamp},
};
use crate::{
    app::{
        requests::Create,
        ticket_view::{TicketName, TicketView},
        tickets::{NewConversation, NewTicket},
    },
    db::ticket::Model,
    domain::{
        ids::{TicketId, UserId},
        ticket::{
            self as rules, CustomFields, Environment, TicketCategory, TicketPriority, Title, Words,
        },
    },
    error::{Error, Result, Violations},
    proto::v1,
};

/// The most tickets that one call returns.
const MAX_TICKETS: usize = 100;

/// What CreateTicket asks for. Fields that are output only are not looked at (AIP-203).
pub(in crate::api) fn create(request: v1::CreateTicketRequest) -> Result<Create<NewTicket>> {
    let mut violations = Violations::new();
    let request_id = ids::request(&mut violations, request.request_id.as_deref());
    let conversation = match request.conversation {
        Some(conversation) => conversation_of(&mut violations, &conversation).map(Some),
        None => Some(None),
    };
    let new = required(&mut violations, "ticket", request.ticket)
        .and_then(|ticket| new_ticket(&mut violations, ticket, conversation));
    let made = new.zip(request_id).map(|(new, request_id)| Create {
        new,
        request_id,
        validate_only: request.validate_only,
    });
    violations.settle(made)
}

fn new_ticket(
    violations: &mut Violations,
    ticket: v1::Ticket,
    conversation: Option<Option<NewConversation>>,
) -> Option<NewTicket> {
    let check = &mut *violations;
    let title = check.check("ticket.title", Title::new(&ticket.title));
    let description = rules::description(&ticket.description).map(str::to_owned);
    let description = check.check("ticket.description", description);
    let priority = enums::or(ticket.priority, TicketPriority::P3);
    let priority = check.check("ticket.priority", priority);
    let category = enums::or(ticket.category, TicketCategory::General);
    let category = check.check("ticket.category", category);
    let environment = enums::or(ticket.environment, Environment::Production);
    let environment = check.check("ticket.environment", environment);
    let affected_service = rules::affected_service(&ticket.affected_service);
    let affected_service = check.check("ticket.affected_service", affected_service);
    let team = ticket.team.as_deref().map(rules::team).transpose();
    let team = check.check("ticket.team", team);
    let tags = check.check("ticket.tags", Words::tags(&ticket.tags));
    let custom_fields = json::object(ticket.custom_fields.unwrap_or_default());
    let custom_fields = custom_fields.and_then(CustomFields::new);
    let custom_fields = check.check("ticket.custom_fields", custom_fields);
    let assignee_id = ticket.assignee_id.filter(|id| !id.is_empty());
    let assignee_id = assignee_id.map(|id| id.parse::<UserId>()).transpose();
    let assignee_id = check.check("ticket.assignee_id", assignee_id);
    let integration_id = ticket.integration_id.as_deref();
    let integration_id = ids::optional(check, "ticket.integration_id", integration_id);
    Some(NewTicket {
        title: title?,
        description: description?,
        priority: priority?,
        category: category?,
        environment: environment?,
        affected_service: affected_service?,
        assignee_id: assignee_id?,
        team: team?,
        conversation: conversation?,
        tags: tags?,
        custom_fields: custom_fields?,
        ai_assisted: ticket.ai_assisted,
        integration_id: integration_id?,
    })
}

fn conversation_of(
    violations: &mut Violations,
    conversation: &v1::Conversation,
) -> Option<NewConversation> {
    let id = violations.check("conversation.id", conversation.id.parse());
    let channel = rules::channel(&conversation.channel);
    let channel = violations.check("conversation.channel", channel);
    let subject = rules::subject(&conversation.subject);
    let subject = violations.check("conversation.subject", subject);
    Some(NewConversation {
        id: id?,
        channel: channel?,
        subject: subject?,
    })
}

/// The ticket that GetTicket asks for.
pub(in crate::api) fn name(request: &v1::GetTicketRequest) -> Result<TicketName> {
    match (&request.id, &request.number) {
        (Some(id), None) => ids::id("id", id).map(TicketName::Id),
        (None, Some(number)) => rules::parse_number(number)
            .map(TicketName::Number)
            .map_err(|broken| Error::invalid("number", broken.rule)),
        _ => Err(Error::invalid(
            "id",
            "exactly one of id and number must be given",
        )),
    }
}

/// The tickets that BatchGetTickets asks for.
pub(in crate::api) fn several(texts: &[String]) -> Result<Vec<TicketId>> {
    let mut violations = Violations::new();
    if texts.is_empty() {
        violations.add("ids", "must have 1 to 100 entries");
    }
    let ids = violations.check("ids", distinct(texts, MAX_TICKETS));
    violations.settle(ids)
}

/// The ticket as everybody sees it.
pub(in crate::api) fn ticket(view: TicketView) -> v1::Ticket {
    let TicketView { ticket, depends_on } = view;
    let depends_on = depends_on.iter().map(ToString::to_string).collect();
    v1::Ticket {
        id: ticket.id.to_string(),
        number: rules::number_text(ticket.number),
        sla: Some(sla(&ticket)),
        export: export(&ticket, depends_on),
        title: ticket.title.0,
        description: ticket.description,
        status: ticket.status.number(),
        priority: ticket.priority.number(),
        category: ticket.category.number(),
        environment: ticket.environment.number(),
        affected_service: ticket.affected_service,
        creator_id: ticket.creator_id.0,
        assignee_id: ticket.assignee_id.map(|id| id.0),
        team: ticket.team,
        conversation_id: ticket.conversation_id.map(|id| id.0),
        tags: ticket.tags.0,
        custom_fields: Some(json::structure(ticket.custom_fields.0)),
        ai_assisted: ticket.ai_assisted,
        resolution_notes: ticket.resolution_notes,
        integration_id: ticket.integration_id.map(|id| id.to_string()),
        integration_result: ticket.integration_result.map(integration_result::result),
        comment_count: ticket.comment_count,
        attachment_count: ticket.attachment_count,
        etag: etag(ticket.version),
        create_time: Some(timestamp(ticket.create_time)),
        update_time: Some(timestamp(ticket.update_time)),
        resolve_time: ticket.resolve_time.map(timestamp),
        close_time: ticket.close_time.map(timestamp),
        delete_time: ticket.delete_time.map(timestamp),
    }
}

/// The ticket that a call with `validate_only` would have made: it has neither id nor number yet.
pub(in crate::api) fn planned(view: TicketView) -> v1::Ticket {
    v1::Ticket {
        id: String::new(),
        number: String::new(),
        ..ticket(view)
    }
}

fn sla(ticket: &Model) -> v1::Sla {
    let paused = u64::try_from(ticket.paused_micros).unwrap_or_default();
    v1::Sla {
        response_due_time: Some(timestamp(ticket.response_due_time)),
        resolution_due_time: Some(timestamp(ticket.resolution_due_time)),
        first_response_time: ticket.first_response_time.map(timestamp),
        response_breached: ticket.response_breached,
        resolution_breached: ticket.resolution_breached,
        paused: ticket.paused_since.is_some(),
        paused_duration: Some(span(std::time::Duration::from_micros(paused))),
    }
}

fn export(ticket: &Model, depends_on_ids: Vec<String>) -> Option<v1::TicketExport> {
    Some(v1::TicketExport {
        session_id: ticket.session_id?.to_string(),
        order: ticket.session_order.unwrap_or_default(),
        depends_on_ids,
        issue_type: ticket.issue_type.clone().unwrap_or_default(),
        labels: ticket.labels.clone().unwrap_or_default().0,
        sprint: ticket.sprint.clone(),
        story_points: ticket.story_points,
        jira_assignee: ticket.jira_assignee.clone(),
        status: ticket.export_status.map_or(0, |status| status.number()),
        jira_key: ticket.jira_key.clone(),
        jira_url: ticket.jira_url.clone(),
        export_time: ticket.export_time.map(timestamp),
    })
}
