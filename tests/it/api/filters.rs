//! Each filter of a list, told from every other: it finds what it is for, and nothing else.

use std::{sync::Arc, time::Duration};

use docket::{app::clock::Clock as _, domain::actor::Role, proto::v1, sandbox::Sandbox};
use prost_types::{FieldMask, Timestamp};
use rstest::rstest;

use super::{a_ticket, new_integration};
use crate::{
    export::{SteppingClock, chain, open_session},
    support::{database::Kind, server::TestServer},
};

/// A server with a ticket for each filter, filed ten seconds apart.
struct Filed {
    server: TestServer,
    clock: Arc<SteppingClock>,
    begin: i64,
    integration: String,
    session: String,
    _jira: Sandbox,
}

impl Filed {
    async fn file(&self, title: &str, change: impl FnOnce(&mut v1::CreateTicketRequest)) -> String {
        self.clock.advance(Duration::from_secs(10));
        let mut request = a_ticket(title);
        change(&mut request);
        let mut tickets = self.server.tickets(Role::Manager);
        let made = tickets.create_ticket(request).await.unwrap();
        made.into_inner().ticket.unwrap().id
    }

    /// The titles of what is found, in the order of the numbers.
    async fn found(&self, filter: v1::TicketFilter) -> Vec<String> {
        let request = v1::ListTicketsRequest {
            filter: Some(filter),
            order_by: Some("number".to_owned()),
            include_total: true,
            ..Default::default()
        };
        let mut tickets = self.server.tickets(Role::Admin);
        let page = tickets.list_tickets(request).await.unwrap().into_inner();
        let titles: Vec<String> = page.tickets.into_iter().map(|it| it.title).collect();
        assert_eq!(
            page.total_size,
            i32::try_from(titles.len()).ok().map(Into::into)
        );
        titles
    }

    /// So many seconds after the first one was filed.
    fn at(&self, seconds: i64) -> Option<Timestamp> {
        let seconds = self.begin + seconds;
        Some(Timestamp { seconds, nanos: 0 })
    }
}

async fn filed(kind: Kind) -> Filed {
    let clock = SteppingClock::new();
    let server = TestServer::start_set_with(kind, &[], clock.clone()).await;
    let jira = Sandbox::start(Default::default()).await.unwrap();
    let integration = new_integration(&server, &jira.url()).await.id;
    let session = open_session(&server, &integration, Vec::new()).await;
    let begin = clock.now().timestamp() + 10;
    let filed = Filed {
        server,
        clock,
        begin,
        integration,
        session,
        _jira: jira,
    };
    let set = |change: fn(&mut v1::Ticket)| {
        move |request: &mut v1::CreateTicketRequest| change(request.ticket.as_mut().unwrap())
    };
    let plain = filed.file("Plain", |_| ()).await;
    filed
        .file(
            "Billing",
            set(|it| it.set_category(v1::TicketCategory::Billing)),
        )
        .await;
    filed
        .file(
            "Staging",
            set(|it| it.set_environment(v1::Environment::Staging)),
        )
        .await;
    filed
        .file("Urgent", set(|it| it.set_priority(v1::TicketPriority::P1)))
        .await;
    filed
        .file("Ops", set(|it| it.team = Some("ops".to_owned())))
        .await;
    filed
        .file(
            "Tagged",
            set(|it| it.tags = vec!["a".to_owned(), "b".to_owned()]),
        )
        .await;
    filed
        .file("Talked", |request| {
            request.conversation = Some(v1::Conversation {
                id: "chat-7".to_owned(),
                ..Default::default()
            });
        })
        .await;
    filed
        .file(
            "Mine",
            set(|it| it.assignee_id = Some("manager".to_owned())),
        )
        .await;
    let integration = filed.integration.clone();
    filed
        .file("Handed", |request| {
            request.ticket.as_mut().unwrap().integration_id = Some(integration);
        })
        .await;
    filed.clock.advance(Duration::from_secs(10));
    let mut tickets = chain(&[("work", &[])]);
    tickets[0].title = "Planned".to_owned();
    let mut exports = filed.server.exports(Role::SeniorEngineer);
    let add = v1::AddSessionTicketsRequest {
        session_id: filed.session.clone(),
        tickets,
        ..Default::default()
    };
    exports.add_session_tickets(add).await.unwrap();

    filed.clock.advance(Duration::from_secs(3600));
    let update = v1::UpdateTicketRequest {
        ticket: Some(v1::Ticket {
            id: plain,
            affected_service: "mail".to_owned(),
            ..Default::default()
        }),
        update_mask: Some(FieldMask {
            paths: vec!["affected_service".to_owned()],
        }),
        ..Default::default()
    };
    let mut tickets = filed.server.tickets(Role::Manager);
    tickets.update_ticket(update).await.unwrap();
    filed
}

#[rstest]
#[tokio::test]
async fn each_filter_finds_what_it_is_for(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let filed = filed(kind).await;
    let text = |text: &str| Some(text.to_owned());
    let none = v1::TicketFilter::default;
    let cases = [
        (
            "Billing",
            v1::TicketFilter {
                categories: vec![v1::TicketCategory::Billing.into()],
                ..none()
            },
        ),
        (
            "Staging",
            v1::TicketFilter {
                environments: vec![v1::Environment::Staging.into()],
                ..none()
            },
        ),
        (
            "Urgent",
            v1::TicketFilter {
                priorities: vec![v1::TicketPriority::P1.into()],
                ..none()
            },
        ),
        (
            "Ops",
            v1::TicketFilter {
                team: text("ops"),
                ..none()
            },
        ),
        (
            "Tagged",
            v1::TicketFilter {
                tags: vec!["b".to_owned(), "a".to_owned()],
                ..none()
            },
        ),
        (
            "Talked",
            v1::TicketFilter {
                conversation_id: text("chat-7"),
                ..none()
            },
        ),
        (
            "Mine",
            v1::TicketFilter {
                assignee_id: text("manager"),
                ..none()
            },
        ),
        (
            "Mine",
            v1::TicketFilter {
                unassigned: Some(false),
                ..none()
            },
        ),
        (
            "Handed",
            v1::TicketFilter {
                integration_id: text(&filed.integration),
                session_id: None,
                ..none()
            },
        ),
        (
            "Planned",
            v1::TicketFilter {
                session_id: text(&filed.session),
                ..none()
            },
        ),
        (
            "Planned",
            v1::TicketFilter {
                creator_id: text("senior_engineer"),
                ..none()
            },
        ),
        (
            "Billing",
            v1::TicketFilter {
                create_time_start: filed.at(10),
                create_time_end: filed.at(20),
                ..none()
            },
        ),
        (
            "Plain",
            v1::TicketFilter {
                create_time_end: filed.at(10),
                ..none()
            },
        ),
        (
            "Plain",
            v1::TicketFilter {
                update_time_start: filed.at(3600),
                ..none()
            },
        ),
    ];
    for (title, filter) in cases {
        let shown = format!("{filter:?}");
        let found = filed.found(filter).await;
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        // What is handed over with its session is both.
        let found: Vec<_> = match title {
            "Handed" => found.into_iter().filter(|it| *it != "Planned").collect(),
            _ => found,
        };
        assert_eq!(found, [title], "{shown}");
    }
    let before = v1::TicketFilter {
        update_time_end: filed.at(3600),
        ..none()
    };
    assert!(!filed.found(before).await.contains(&"Plain".to_owned()));
    let both = v1::TicketFilter {
        categories: vec![v1::TicketCategory::Billing.into()],
        team: text("ops"),
        ..none()
    };
    assert_eq!(filed.found(both).await, [""; 0]);
    assert_eq!(filed.found(none()).await.len(), 10);
}
