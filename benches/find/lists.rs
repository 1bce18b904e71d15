//! Lists and pages: medians with few tickets and with many, and what they are to each other.

use docket::proto::v1::{
    Environment, ListTicketsRequest, TicketCategory, TicketFilter, TicketPriority, TicketStatus,
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

/// One of each filter, for the tickets that `docket bench-data` makes.
fn filters() -> Vec<(&'static str, TicketFilter)> {
    let none = TicketFilter::default;
    let later = Timestamp {
        seconds: 4_000_000_000,
        nanos: 0,
    };
    let filter = |name, set: &dyn Fn(&mut TicketFilter)| {
        let mut filter = none();
        set(&mut filter);
        (name, filter)
    };
    let two = [TicketStatus::Open.into(), TicketStatus::InProgress.into()];
    vec![
        filter("none", &|_| ()),
        filter("status", &|it| it.statuses = vec![TicketStatus::New.into()]),
        filter("two statuses", &|it| it.statuses = two.to_vec()),
        filter("priority", &|it| {
            it.priorities = vec![TicketPriority::P1.into()];
        }),
        filter("category", &|it| {
            it.categories = vec![TicketCategory::General.into()];
        }),
        filter("environment", &|it| {
            it.environments = vec![Environment::Production.into()];
        }),
        filter("assignee", &|it| {
            it.assignee_id = Some("bench-engineer-0007".to_owned());
        }),
        filter("unassigned", &|it| it.unassigned = Some(true)),
        filter("assigned", &|it| it.unassigned = Some(false)),
        filter("creator", &|it| {
            it.creator_id = Some("bench-user-0003".to_owned());
        }),
        filter("team", &|it| it.team = Some("Network".to_owned())),
        filter("tag", &|it| it.tags = vec!["network".to_owned()]),
        filter("rare tag", &|it| it.tags = vec!["observatory".to_owned()]),
        filter("created before", &|it| it.create_time_end = Some(later)),
        filter("updated before", &|it| it.update_time_end = Some(later)),
        filter("breached", &|it| it.sla_breached = Some(true)),
        filter("not breached", &|it| it.sla_breached = Some(false)),
    ]
}

/// Asks both for the newest 50 in every way, and the large one for a page far behind the first.
pub(crate) async fn compare(small: &Server, large: &Server) -> Vec<Figure> {
    let (mut few, mut many) = (client(small), client(large));
    let filtered = filters().into_iter().map(|(name, filter)| {
        let request = ListTicketsRequest {
            filter: Some(filter),
            ..ListTicketsRequest::default()
        };
        (format!("filter: {name}"), request)
    });
    let ordered = ["update_time desc", "priority", "status", "number desc"].map(|order| {
        let request = ListTicketsRequest {
            order_by: Some(order.to_owned()),
            ..ListTicketsRequest::default()
        };
        (format!("order: {order}"), request)
    });
    let mut figures = Vec::new();
    for (name, request) in filtered.chain(ordered) {
        let (one, other) = (
            median(&mut few, &request).await,
            median(&mut many, &request).await,
        );
        let told = format!("{name}: {} with few, {} with many", ms(one), ms(other));
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
