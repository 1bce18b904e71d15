//! Every query of a list reads an index, whatever its filter, order, direction and page.

use docket::{
    db::{
        Db,
        ticket::{Model, Visible},
        ticket_filter::Filter,
        ticket_list::{Key, List, ListOrder, Position, Search},
        ticket_rank::{self, Found},
    },
    domain::{
        ids::*,
        search::Query,
        ticket::{Environment, TicketCategory, TicketPriority, TicketStatus},
    },
};
use rstest::rstest;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use super::rows::{now, ticket};
use crate::support::database::{Kind, TestDatabase};

/// Each filter alone, several values of one, and two together.
fn filters() -> Vec<(&'static str, Filter)> {
    let none = Filter::default;
    let (ada, day) = (UserId("ada".to_owned()), chrono::TimeDelta::days(1));
    vec![
        ("none", none()),
        (
            "status",
            Filter {
                statuses: vec![TicketStatus::Open],
                ..none()
            },
        ),
        (
            "statuses",
            Filter {
                statuses: vec![TicketStatus::Open, TicketStatus::New],
                ..none()
            },
        ),
        (
            "priority",
            Filter {
                priorities: vec![TicketPriority::P1],
                ..none()
            },
        ),
        (
            "category",
            Filter {
                categories: vec![TicketCategory::Billing],
                ..none()
            },
        ),
        (
            "environment",
            Filter {
                environments: vec![Environment::Test],
                ..none()
            },
        ),
        (
            "assignee",
            Filter {
                assignee_id: Some(ada.clone()),
                ..none()
            },
        ),
        (
            "unassigned",
            Filter {
                unassigned: Some(true),
                ..none()
            },
        ),
        (
            "assigned",
            Filter {
                unassigned: Some(false),
                ..none()
            },
        ),
        (
            "creator",
            Filter {
                creator_id: Some(ada),
                ..none()
            },
        ),
        (
            "team",
            Filter {
                team: Some("core".to_owned()),
                ..none()
            },
        ),
        (
            "tag",
            Filter {
                tags: vec!["a".to_owned()],
                ..none()
            },
        ),
        (
            "tags",
            Filter {
                tags: vec!["a".to_owned(), "b".to_owned()],
                ..none()
            },
        ),
        (
            "integration",
            Filter {
                integration_id: Some(IntegrationId::at(now())),
                ..none()
            },
        ),
        (
            "session",
            Filter {
                session_id: Some(SessionId::at(now())),
                ..none()
            },
        ),
        (
            "conversation",
            Filter {
                conversation_id: Some(ConversationId("c".to_owned())),
                ..none()
            },
        ),
        (
            "created",
            Filter {
                created: (Some(now()), Some(now() + day)),
                ..none()
            },
        ),
        (
            "updated",
            Filter {
                updated: (Some(now()), Some(now() + day)),
                ..none()
            },
        ),
        (
            "breached",
            Filter {
                sla_breached: Some(true),
                ..none()
            },
        ),
        (
            "kept",
            Filter {
                sla_breached: Some(false),
                ..none()
            },
        ),
        (
            "deleted",
            Filter {
                show_deleted: true,
                ..none()
            },
        ),
        (
            "team and tag",
            Filter {
                team: Some("core".to_owned()),
                tags: vec!["a".to_owned()],
                ..none()
            },
        ),
    ]
}

fn position(key: Key, row: &Model) -> Position {
    match key {
        Key::CreateTime => Position::Time(row.create_time, row.id),
        Key::UpdateTime => Position::Time(row.update_time, row.id),
        Key::Priority => Position::Priority(row.priority, row.id),
        Key::Status => Position::Status(row.status, row.id),
        Key::Number | Key::Relevance => Position::Number(row.number),
    }
}

#[rstest]
#[tokio::test]
async fn every_list_reads_an_index(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let database = TestDatabase::new(kind).await;
    let db = planner(&database).await;
    let backend = db.backend();
    let row = ticket(7);
    for (name, filter) in filters() {
        for visible in [Visible::All, Visible::FiledBy(UserId("eve".to_owned()))] {
            for key in [
                Key::CreateTime,
                Key::UpdateTime,
                Key::Priority,
                Key::Status,
                Key::Number,
            ] {
                for (descending, after, query) in [
                    (true, false, None),
                    (false, true, None),
                    (true, true, Some("paper -jam")),
                    (false, false, Some("-jam")),
                ] {
                    let list = List {
                        visible: visible.clone(),
                        filter: filter.clone(),
                        search: query.map(|text| Search {
                            query: Query::parse(text),
                            internal: false,
                        }),
                        order: ListOrder { key, descending },
                    };
                    let after = after.then(|| position(key, &row));
                    let statements = list.statements(backend, after, 51);
                    let case = format!("{name} {visible:?} {:?} {query:?}", list.order);
                    for (index, statement) in statements.into_iter().enumerate() {
                        let plan = explain(&db, statement).await;
                        assert!(
                            !scans(backend, &plan),
                            "{case} reads a whole table:\n{plan}"
                        );
                        // What is looked at first comes in its order; what is left of it may be sorted.
                        let sorts = plan.matches("Sort  (").count()
                            + plan.matches("USE TEMP B-TREE").count();
                        assert!(
                            index > 0 || sorts <= 1,
                            "{case} sorts what could be read in order:\n{plan}"
                        );
                    }
                    if query.is_some() {
                        for found in [Found::OneByOne, Found::Among(2000), Found::ByWords] {
                            let all = (0, i64::MAX);
                            let newest = ticket_rank::newest(backend, &list, found, all, 1000);
                            let plan = explain(&db, backend.build(&newest)).await;
                            assert!(
                                !scans(backend, &plan),
                                "{case}, ranked, {found:?}, reads a whole table:\n{plan}"
                            );
                        }
                    }
                }
            }
        }
    }
}

/// PostgreSQL prefers to read small tables whole: here it does so only where no index helps.
async fn planner(database: &TestDatabase) -> Db {
    match database.db.backend() {
        DbBackend::Sqlite => database.db.clone(),
        _ => {
            let url = format!(
                "{}%20-cenable_seqscan%3Doff%20-cenable_sort%3Doff",
                database.url
            );
            Db::connect(&url, 1).await.expect("connects")
        }
    }
}

fn scans(backend: DbBackend, plan: &str) -> bool {
    match backend {
        // What stands next in the order is read off an index, and then once as it comes.
        DbBackend::Sqlite => {
            let whole = |line: &&str| line.starts_with("SCAN ticket") && !line.contains("INDEX");
            let next = |line: &&str| line.starts_with("CO-ROUTINE ticket");
            plan.lines().filter(whole).count() > plan.lines().filter(next).count()
        }
        _ => plan.contains("Seq Scan"),
    }
}

async fn explain(db: &Db, statement: Statement) -> String {
    let how = match db.backend() {
        DbBackend::Sqlite => "EXPLAIN QUERY PLAN",
        _ => "EXPLAIN",
    };
    let statement = Statement {
        sql: format!("{how} {}", statement.sql),
        ..statement
    };
    let rows = db.read().query_all_raw(statement).await.expect("a plan");
    let line = |row: &sea_orm::QueryResult| match db.backend() {
        DbBackend::Sqlite => row.try_get::<String>("", "detail"),
        _ => row.try_get_by_index::<String>(0),
    };
    let lines: Vec<String> = rows.iter().map(|row| line(row).expect("a line")).collect();
    lines.join("\n")
}
