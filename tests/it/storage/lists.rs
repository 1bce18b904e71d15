//! A filter means the same as a condition on rows and as a test of one ticket.

use chrono::TimeDelta;
use docket::{
    db::{
        ticket::{Model, Visible},
        ticket_filter::Filter,
        ticket_list::{self, Key, List, ListOrder},
    },
    domain::{
        ids::*,
        ticket::{Environment, TicketCategory, TicketPriority, TicketStatus, Words},
    },
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use rstest::rstest;
use strum::IntoEnumIterator as _;

use super::rows::{conversation, integration, now, put, session, session_ticket, ticket, user};
use crate::support::database::{Kind, TestDatabase};

/// Tickets that differ in everything that a filter asks for.
fn tickets(random: &mut StdRng, integration: IntegrationId, session: SessionId) -> Vec<Model> {
    let statuses = [TicketStatus::New, TicketStatus::Open, TicketStatus::Review];
    let mut ticket = |number| {
        let row = if random.random_bool(0.2) {
            session_ticket(number, session)
        } else {
            ticket(number)
        };
        let person =
            |random: &mut StdRng| UserId((*["ada", "eve"].choose(random).unwrap()).to_owned());
        let minutes = TimeDelta::minutes(random.random_range(0..20));
        let tags = ["a", "b", "c"]
            .into_iter()
            .filter(|_| random.random_bool(0.5));
        let tags = Words(tags.map(str::to_owned).collect());
        Model {
            status: *statuses.choose(random).unwrap(),
            priority: TicketPriority::iter()
                .collect::<Vec<_>>()
                .choose(random)
                .copied()
                .unwrap(),
            category: TicketCategory::iter()
                .collect::<Vec<_>>()
                .choose(random)
                .copied()
                .unwrap(),
            environment: Environment::iter()
                .collect::<Vec<_>>()
                .choose(random)
                .copied()
                .unwrap(),
            creator_id: person(random),
            assignee_id: random.random_bool(0.5).then(|| person(random)),
            team: random.random_bool(0.5).then(|| "core".to_owned()),
            integration_id: random.random_bool(0.3).then_some(integration),
            conversation_id: random.random_bool(0.3).then(|| conversation().id),
            response_breached: random.random_bool(0.2),
            resolution_breached: random.random_bool(0.2),
            create_time: now() + minutes,
            update_time: now() + minutes * 2,
            delete_time: random.random_bool(0.1).then(now),
            tags,
            ..row
        }
    };
    (1..=80).map(&mut ticket).collect()
}

fn filter(random: &mut StdRng, integration: IntegrationId, session: SessionId) -> Filter {
    let sometimes = |random: &mut StdRng| random.random_bool(0.2);
    let minute = |random: &mut StdRng| now() + TimeDelta::minutes(random.random_range(0..20));
    fn some<T: strum::IntoEnumIterator>(random: &mut StdRng) -> Vec<T> {
        match random.random_bool(0.3) {
            true => T::iter().filter(|_| random.random_bool(0.4)).collect(),
            false => Vec::new(),
        }
    }
    let ada = UserId("ada".to_owned());
    let assignee_id = sometimes(random).then(|| ada.clone());
    let range = |random: &mut StdRng| {
        let (from, to) = (minute(random), minute(random));
        (
            sometimes(random).then_some(from),
            sometimes(random).then_some(to),
        )
    };
    Filter {
        statuses: some(random),
        priorities: some(random),
        categories: some(random),
        environments: some(random),
        assignee_id,
        unassigned: sometimes(random).then(|| random.random_bool(0.5)),
        creator_id: sometimes(random).then_some(ada),
        team: sometimes(random).then(|| "core".to_owned()),
        tags: ["a", "b"]
            .into_iter()
            .filter(|_| sometimes(random))
            .map(str::to_owned)
            .collect(),
        integration_id: sometimes(random).then_some(integration),
        session_id: sometimes(random).then_some(session),
        conversation_id: sometimes(random).then(|| conversation().id),
        created: range(random),
        updated: range(random),
        sla_breached: sometimes(random).then(|| random.random_bool(0.5)),
        show_deleted: sometimes(random),
    }
}

#[rstest]
#[tokio::test]
async fn a_filter_means_the_same_for_rows_and_for_one_ticket(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let database = TestDatabase::new(kind).await;
    let mut random = StdRng::seed_from_u64(7);
    let integration = integration();
    let (integration_id, session) = (integration.id, session(integration.id));
    let rows = tickets(&mut random, integration_id, session.id);
    let (session_id, plain) = (session.id, rows.clone());
    let write = database.db.write(move |tx| {
        let (integration, session, rows) = (integration.clone(), session.clone(), plain.clone());
        Box::pin(async move {
            for name in ["ada", "eve"] {
                put(tx, user(name)).await?;
            }
            put(tx, conversation()).await?;
            put(tx, integration).await?;
            put(tx, session).await?;
            docket::db::ticket::insert_many(tx, rows).await
        })
    });
    write.await.expect("takes the tickets");
    let mut found = 0;
    for _ in 0..300 {
        let filter = filter(&mut random, integration_id, session_id);
        let visible = match random.random_bool(0.3) {
            true => Visible::FiledBy(UserId("eve".to_owned())),
            false => Visible::All,
        };
        let mut expected: Vec<i64> = rows
            .iter()
            .filter(|row| filter.shows(&visible, row))
            .map(|row| row.number)
            .collect();
        expected.sort_unstable();
        for key in [Key::Number, Key::CreateTime] {
            let order = ListOrder {
                key,
                descending: false,
            };
            let (filter, visible) = (filter.clone(), visible.clone());
            let list = List {
                visible,
                filter,
                search: None,
                order,
            };
            let page = ticket_list::page(database.db.read(), &list, None, 1000)
                .await
                .unwrap();
            let mut numbers: Vec<i64> = page.iter().map(|(row, _)| row.number).collect();
            numbers.sort_unstable();
            assert_eq!(numbers, expected, "{list:?}");
            let count = ticket_list::count(database.db.read(), &list).await.unwrap();
            assert_eq!(count, expected.len() as u64);
        }
        found += expected.len();
    }
    assert!(found > 300, "the filters let something through");
}
