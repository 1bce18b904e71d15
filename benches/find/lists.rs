//! Lists and pages: medians with few tickets and with many, and what they are to each other.

use docket::proto::v1::{
    Environment, ListTicketsRequest, Ticket, TicketCategory, TicketFilter, TicketPriority,
    TicketStatus,
};
use prost_types::Timestamp;

use super::{
    Tickets, client,
    figures::{Figure, ms},
    median,
    server::Server,
};

/// The deep page.
const DEEP: usize = 10_000;

/// One of each filter, for the tickets that `docket bench-data` makes, and how the list is ordered. No ticket of theirs is of an
/// integration or a session; `middle` are instants in the middle of their time, and `conversation` one that somebody began.
fn requests(middle: [Timestamp; 2], conversation: &str) -> Vec<(String, ListTicketsRequest)> {
    let filters: Vec<(&str, TicketFilter)> = plain_filters()
        .into_iter()
        .chain(filters_of_places(middle, conversation))
        .collect();
    let filtered = filters.into_iter().map(|(name, filter)| {
        let request = ListTicketsRequest {
            filter: Some(filter),
            ..ListTicketsRequest::default()
        };
        (format!("filter: {name}"), request)
    });
    let ordered = ["update_time desc", "priority", "status", "number desc"];
    let ordered = ordered.map(|order| ordered_by(order, order, TicketFilter::default()));
    let updated = TicketFilter {
        update_time_start: Some(middle[0]),
        update_time_end: Some(middle[1]),
        ..TicketFilter::default()
    };
    let told = "update_time desc, updated between";
    let updated = ordered_by(told, "update_time desc", updated);
    filtered.chain(ordered).chain([updated]).collect()
}

fn ordered_by(told: &str, order: &str, filter: TicketFilter) -> (String, ListTicketsRequest) {
    let request = ListTicketsRequest {
        filter: Some(filter),
        order_by: Some(order.to_owned()),
        ..ListTicketsRequest::default()
    };
    (format!("order: {told}"), request)
}

fn filter(name: &'static str, set: impl FnOnce(&mut TicketFilter)) -> (&'static str, TicketFilter) {
    let mut filter = TicketFilter::default();
    set(&mut filter);
    (name, filter)
}

fn plain_filters() -> Vec<(&'static str, TicketFilter)> {
    let two = [TicketStatus::Open.into(), TicketStatus::InProgress.into()];
    vec![
        filter("none", |_| ()),
        filter("status", |it| it.statuses = vec![TicketStatus::New.into()]),
        filter("two statuses", |it| it.statuses = two.to_vec()),
        filter("priority", |it| {
            it.priorities = vec![TicketPriority::P1.into()];
        }),
        filter("category", |it| {
            it.categories = vec![TicketCategory::General.into()];
        }),
        filter("environment", |it| {
            it.environments = vec![Environment::Production.into()];
        }),
        filter("tag", |it| it.tags = vec!["network".to_owned()]),
        filter("rare tag", |it| it.tags = vec!["observatory".to_owned()]),
        filter("breached", |it| it.sla_breached = Some(true)),
        filter("not breached", |it| it.sla_breached = Some(false)),
    ]
}

fn filters_of_places(
    middle: [Timestamp; 2],
    conversation: &str,
) -> Vec<(&'static str, TicketFilter)> {
    let nowhere = || Some("0195a8e0-0000-7000-8000-000000000000".to_owned());
    vec![
        filter("assignee", |it| {
            it.assignee_id = Some("bench-engineer-0007".to_owned());
        }),
        filter("unassigned", |it| it.unassigned = Some(true)),
        filter("assigned", |it| it.unassigned = Some(false)),
        filter("creator", |it| {
            it.creator_id = Some("bench-user-0003".to_owned());
        }),
        filter("team", |it| it.team = Some("Network".to_owned())),
        filter("conversation", |it| {
            it.conversation_id = Some(conversation.to_owned());
        }),
        filter("integration", |it| it.integration_id = nowhere()),
        filter("session", |it| it.session_id = nowhere()),
        filter("created between", |it| {
            (it.create_time_start, it.create_time_end) = (Some(middle[0]), Some(middle[1]));
        }),
        filter("updated since", |it| it.update_time_start = Some(middle[0])),
        filter("updated between", |it| {
            (it.update_time_start, it.update_time_end) = (Some(middle[0]), Some(middle[1]));
        }),
    ]
}

/// The requests for one server's tickets.
async fn for_tickets(tickets: &mut Tickets) -> Vec<(String, ListTicketsRequest)> {
    let mut ends = Vec::new();
    for order in ["create_time", "create_time desc"] {
        let (_, request) = ordered_by("", order, TicketFilter::default());
        let page = tickets.list_tickets(request).await.expect("a page");
        ends.push(page.into_inner().tickets);
    }
    let seconds = |page: &[Ticket]| {
        let first = page.first().and_then(|ticket| ticket.create_time);
        first.expect("a ticket").seconds
    };
    let (first, last) = (seconds(&ends[0]), seconds(&ends[1]));
    let at = |tenths: i64| Timestamp {
        seconds: first + (last - first) / 10 * tenths,
        nanos: 0,
    };
    let mut conversations = ends
        .iter()
        .flatten()
        .filter_map(|ticket| ticket.conversation_id.clone());
    requests([at(5), at(6)], &conversations.next().unwrap_or_default())
}

/// Asks both for the newest 50 in every way, and the large one for a page far behind the first.
pub(crate) async fn compare(small: &Server, large: &Server) -> Vec<Figure> {
    let (mut few, mut many) = (client(small), client(large));
    let (of_few, of_many) = (for_tickets(&mut few).await, for_tickets(&mut many).await);
    let mut figures = Vec::new();
    for ((name, mut small), (_, mut large)) in of_few.into_iter().zip(of_many) {
        // As many of both, where few tickets have less than a page.
        let page = few.list_tickets(small.clone()).await.expect("a page");
        let count = i32::try_from(page.into_inner().tickets.len()).unwrap_or(50);
        (small.page_size, large.page_size) = (count, count);
        let (one, other) = (
            median(&mut few, &small).await,
            median(&mut many, &large).await,
        );
        let told = format!(
            "{name}: newest {count}: {} with few, {} with many",
            ms(one),
            ms(other)
        );
        figures.push(Figure::below(told, other / one, 2.0, " times"));
    }
    figures.push(deep(&mut many).await);
    figures
}

/// The page is reached as a client would: page by page.
async fn deep(tickets: &mut Tickets) -> Figure {
    let first = ListTicketsRequest::default();
    let mut request = first.clone();
    let mut page = 1;
    while page < DEEP {
        let answer = tickets.list_tickets(request.clone()).await;
        let token = answer.expect("a page").into_inner().next_page_token;
        if token.is_empty() {
            break;
        }
        request.page_token = token;
        page += 1;
    }
    let (one, other) = (
        median(tickets, &first).await,
        median(tickets, &request).await,
    );
    let told = format!("page 1: {}, page {page}: {}", ms(one), ms(other));
    Figure::below(told, other / one, 1.2, " times")
}
