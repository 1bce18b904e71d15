//! Made-up tickets are as calls would have left them: their histories replay to them, and lists, counts and search know them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chrono::TimeDelta;
use docket::{
    app::bench_data::{self, Made, Plan},
    db::{Db, assignment, comment, history, ticket, ticket_sla},
    domain::{actor::Role, sla::SlaPolicy, time::Time},
    proto::v1,
    worker::Settings,
};
use rstest::rstest;
use sea_orm::{ConnectionTrait as _, EntityTrait as _, QueryOrder as _};

use super::{history as told, replay::model};
use crate::support::{
    database::{Kind, TestDatabase},
    server::{TestClock, TestServer, Tickets},
};

fn plan(tickets: u64, seed: u64, until: Time) -> Plan {
    Plan {
        tickets,
        seed,
        until,
        span: TimeDelta::days(60),
        sla: Arc::new(SlaPolicy::default()),
        reopen_window: TimeDelta::days(7),
    }
}

/// All tickets that a filter finds.
async fn all(tickets: &mut Tickets, filter: v1::TicketFilter) -> Vec<v1::Ticket> {
    let mut request = v1::ListTicketsRequest {
        filter: Some(filter),
        page_size: 100,
        show_deleted: true,
        ..Default::default()
    };
    let mut found = Vec::new();
    loop {
        let page = tickets.list_tickets(request.clone()).await.unwrap();
        let page = page.into_inner();
        found.extend(page.tickets);
        if page.next_page_token.is_empty() {
            return found;
        }
        request.page_token = page.next_page_token;
    }
}

#[rstest]
#[tokio::test]
async fn made_up_tickets_are_as_calls_would_have_left_them(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    use docket::app::clock::Clock as _;
    let clock = TestClock::new();
    let workers = Settings {
        sla_sweep: Duration::from_secs(3600),
        ..Settings::default()
    };
    let server = TestServer::start_working(kind, clock.clone(), workers).await;
    let mut steps = Vec::new();
    let plan = plan(400, 7, clock.now());
    let made = bench_data::fill(server.database(), plan, |made| steps.push(made)).await;
    let made = made.unwrap();
    assert_eq!((made.tickets, steps.last()), (400, Some(&made)));

    let mut admin = server.tickets(Role::Admin);
    let tickets = all(&mut admin, v1::TicketFilter::default()).await;
    assert_eq!(tickets.len(), 400);
    let (mut statuses, mut tags) = (BTreeMap::new(), BTreeMap::new());
    let mut counted = Made {
        tickets: 400,
        ..Made::default()
    };
    for ticket in &tickets {
        *statuses.entry(ticket.status().as_str_name()).or_insert(0) += 1;
        for tag in &ticket.tags {
            *tags.entry(tag.clone()).or_insert(0) += 1;
        }
        if ticket.delete_time.is_some() {
            continue;
        }
        let entries = told(&mut admin, &ticket.id).await;
        assert_eq!(
            model::replayed(&entries),
            model::shown(ticket),
            "{entries:#?}"
        );
        let request = v1::ListCommentsRequest {
            ticket_id: ticket.id.clone(),
            page_size: 100,
            ..Default::default()
        };
        let comments = admin.list_comments(request).await.unwrap().into_inner();
        assert_eq!(comments.comments.len(), ticket.comment_count as usize);
        let request = v1::ListTicketAssignmentsRequest {
            ticket_id: ticket.id.clone(),
            page_size: 100,
            ..Default::default()
        };
        let spans = admin.list_ticket_assignments(request).await.unwrap();
        let spans = spans.into_inner().assignments;
        let (last, before) = match spans.split_last() {
            Some((last, before)) => (Some(&last.assignee_id), before),
            None => (None, &spans[..]),
        };
        assert_eq!(last, ticket.assignee_id.as_ref());
        assert!(before.iter().all(|span| span.unassign_time.is_some()));
        counted.entries += entries.len() as u64;
    }
    assert!(counted.entries <= made.entries && counted.entries * 10 > made.entries * 9);
    assert_eq!(statuses.len(), 9, "every status is there: {statuses:?}");
    for (tag, count) in tags {
        let filter = v1::TicketFilter {
            tags: vec![tag],
            ..Default::default()
        };
        assert_eq!(all(&mut admin, filter).await.len(), count);
    }
    server.stop().await;
}

/// What search knows of a ticket.
async fn indexed(db: &Db, number: i64) -> Vec<String> {
    let sql = format!(
        "SELECT document::text, ts_filter(document, '{{c}}')::text, ts_filter(document, '{{d}}')::text FROM ticket_search \
         JOIN ticket ON ticket.id = ticket_id WHERE ticket.number = {number}"
    );
    let statement = sea_orm::Statement::from_string(db.backend(), sql);
    let row = db.read().query_one_raw(statement).await.unwrap().unwrap();
    (0..3)
        .map(|column| row.try_get_by_index(column).unwrap())
        .collect()
}

#[tokio::test]
async fn search_knows_them_as_it_would_know_them_from_calls() {
    use docket::app::clock::Clock as _;
    let clock = TestClock::new();
    let server = TestServer::start_with(Kind::Postgres, clock.clone()).await;
    let plan = plan(60, 3, clock.now());
    bench_data::fill(server.database(), plan, |_| ())
        .await
        .unwrap();
    let mut admin = server.tickets(Role::Admin);
    let mut commented = 0;
    for ticket in all(&mut admin, v1::TicketFilter::default()).await {
        if ticket.delete_time.is_some() {
            continue;
        }
        let number = ticket.number.strip_prefix("TKT-").unwrap().parse().unwrap();
        let before = indexed(server.database(), number).await;
        commented += i32::from(!before[1].is_empty() && !before[2].is_empty());
        for title in ["Something else", &ticket.title] {
            let request = v1::UpdateTicketRequest {
                ticket: Some(v1::Ticket {
                    id: ticket.id.clone(),
                    title: title.to_owned(),
                    ..Default::default()
                }),
                update_mask: Some(prost_types::FieldMask {
                    paths: vec!["title".to_owned()],
                }),
                ..Default::default()
            };
            admin.update_ticket(request).await.unwrap();
        }
        assert_eq!(indexed(server.database(), number).await, before);
    }
    assert!(commented > 5, "some have comments of both kinds");
    server.stop().await;
}

/// All that was made of tickets.
async fn rows(
    db: &Db,
) -> (
    Vec<ticket::Model>,
    Vec<comment::Model>,
    Vec<assignment::Model>,
    Vec<history::Model>,
) {
    let tickets = ticket::Entity::find().order_by_asc(ticket::Column::Id);
    let comments = comment::Entity::find().order_by_asc(comment::Column::Id);
    let assignments = assignment::Entity::find().order_by_asc(assignment::Column::Id);
    let entries = history::Entity::find().order_by_asc(history::Column::Sequence);
    (
        tickets.all(db.read()).await.unwrap(),
        comments.all(db.read()).await.unwrap(),
        assignments.all(db.read()).await.unwrap(),
        entries.all(db.read()).await.unwrap(),
    )
}

#[tokio::test]
async fn the_same_seed_makes_the_same_tickets_on_both_databases() {
    let until: Time = "2026-03-01T12:00:00Z".parse().unwrap();
    let (sqlite, postgres) = (
        TestDatabase::new(Kind::Sqlite).await,
        TestDatabase::new(Kind::Postgres).await,
    );
    for database in [&sqlite, &postgres] {
        let filled = bench_data::fill(&database.db, plan(80, 5, until), |_| ()).await;
        assert_eq!(filled.unwrap().tickets, 80);
        // What the sweep would have noted by then is noted.
        let swept = until - TimeDelta::minutes(1);
        let late = ticket_sla::to_be_noted(database.db.read(), swept, 10).await;
        assert!(late.unwrap().is_empty());
    }
    let made = rows(&sqlite.db).await;
    assert!(made.1.len() > 80 && made.3.len() > 160);
    assert_eq!(made, rows(&postgres.db).await);
    // Again, they would be the same ones; others fit beside them.
    let again = bench_data::fill(&sqlite.db, plan(80, 5, until), |_| ()).await;
    assert!(matches!(
        again,
        Err(docket::error::Error::AlreadyExists { .. })
    ));
    bench_data::fill(&sqlite.db, plan(80, 6, until), |_| ())
        .await
        .unwrap();
    let more = rows(&sqlite.db).await;
    assert_eq!(more.0.len(), 160);
    let numbers: std::collections::BTreeSet<i64> = more.0.iter().map(|row| row.number).collect();
    assert_eq!(numbers, (1..=160).collect());
}
