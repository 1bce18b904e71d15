//! Tickets to be added to a session.

use prost::Message as _;

use super::{enums, filled, ids, json};
use crate::{
    app::{requests::Create, session_tickets::NewSessionTicket},
    domain::{
        session_ticket as rules,
        ticket::{
            CustomFields, Environment, TicketCategory, TicketPriority, Title, Words,
            affected_service, description,
        },
    },
    error::{Broken, Result, Violations},
    proto::v1,
};

/// What AddSessionTickets asks for, all but the session.
pub(in crate::api) fn create(
    request: v1::AddSessionTicketsRequest,
) -> Result<Create<Vec<NewSessionTicket>>> {
    let mut violations = Violations::new();
    let request_id = ids::request(&mut violations, request.request_id.as_deref());
    let size =
        rules::batch(&request.tickets).and_then(|()| rules::batch_bytes(request.encoded_len()));
    let size = violations.check("tickets", size);
    // Too many are told as such: the faults of each would be told by the hundred.
    let tickets = size.and_then(|()| {
        let tickets = request.tickets.into_iter().enumerate();
        let read = tickets.map(|(index, ticket)| At(&mut violations, index).read(ticket));
        // To the end, whatever is broken before it.
        let read: Vec<Option<NewSessionTicket>> = read.collect();
        read.into_iter().collect::<Option<Vec<_>>>()
    });
    let made = tickets.zip(request_id).map(|(new, request_id)| Create {
        new,
        request_id,
        validate_only: request.validate_only,
    });
    violations.settle(made)
}

/// Notes what is broken in one of the tickets.
struct At<'a>(&'a mut Violations, usize);

impl At<'_> {
    fn check<T>(&mut self, name: &str, parsed: Result<T, impl Into<Vec<Broken>>>) -> Option<T> {
        self.0.check(&format!("tickets[{}].{name}", self.1), parsed)
    }

    fn read(&mut self, ticket: v1::NewSessionTicket) -> Option<NewSessionTicket> {
        let refs = rules::depends_on(&ticket.depends_on_refs, &ticket.r#ref);
        let description = description(&ticket.description).map(str::to_owned);
        let issue_type = filled(&ticket.issue_type).map(rules::jira_name).transpose();
        let sprint = ticket.sprint.as_deref().map(rules::jira_name).transpose();
        let jira_assignee = ticket.jira_assignee.as_deref();
        let jira_assignee = jira_assignee.map(rules::jira_assignee).transpose();
        let custom_fields = json::object(ticket.custom_fields.unwrap_or_default());
        let reference = self.check("ref", rules::reference(&ticket.r#ref));
        let order = self.check("order", ticket.order.map(rules::place).transpose());
        let depends_on_refs = self.check("depends_on_refs", refs);
        let title = self.check("title", Title::new(&ticket.title));
        let description = self.check("description", description);
        let issue_type = self.check("issue_type", issue_type);
        let priority = enums::or(ticket.priority, TicketPriority::P3);
        let priority = self.check("priority", priority);
        let category = enums::or(ticket.category, TicketCategory::General);
        let category = self.check("category", category);
        let environment = enums::or(ticket.environment, Environment::Production);
        let environment = self.check("environment", environment);
        let service = self.check(
            "affected_service",
            affected_service(&ticket.affected_service),
        );
        let labels = self.check("labels", Words::labels(&ticket.labels));
        let sprint = self.check("sprint", sprint);
        let story_points = ticket.story_points.map(rules::story_points).transpose();
        let story_points = self.check("story_points", story_points);
        let jira_assignee = self.check("jira_assignee", jira_assignee);
        let tags = self.check("tags", Words::tags(&ticket.tags));
        let custom_fields = custom_fields.and_then(CustomFields::new);
        let custom_fields = self.check("custom_fields", custom_fields);
        Some(NewSessionTicket {
            reference: reference?,
            order: order?,
            depends_on_refs: depends_on_refs?,
            title: title?,
            description: description?,
            issue_type: issue_type?,
            priority: priority?,
            category: category?,
            environment: environment?,
            affected_service: service?,
            labels: labels?,
            sprint: sprint?,
            story_points: story_points?,
            jira_assignee: jira_assignee?,
            tags: tags?,
            custom_fields: custom_fields?,
        })
    }
}
