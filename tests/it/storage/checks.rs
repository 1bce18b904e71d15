//! The business rules that the database itself keeps.

use docket::{
    db::{Fault, integration, ticket},
    domain::{
        export::{ItemState, TicketExportStatus},
        ids::{IntegrationId, UserId},
        integration::IntegrationStatus,
        ticket::{TicketStatus, Title, Words},
    },
};
use rstest::rstest;
use sea_orm::{ConnectionTrait as _, EntityTrait as _};

use super::{
    fill::fill,
    rows::{self, fault, now, session_ticket, ticket, user, write},
};
use crate::support::database::{Kind, TestDatabase};

type Ticket = ticket::Model;
type Integration = integration::Model;
type Change = fn(&mut Ticket);

#[rstest]
#[case::no_title("ticket_title_length", |t: &mut Ticket| t.title = Title(String::new()))]
#[case::long_title("ticket_title_length", |t: &mut Ticket| t.title = Title("é".repeat(256)))]
#[case::large_description("ticket_description_size", |t: &mut Ticket| t.description = "é".repeat(32_769))]
#[case::resolved("ticket_resolved_has_time", |t: &mut Ticket| t.status = TicketStatus::Resolved)]
#[case::closed("ticket_closed_has_time", |t: &mut Ticket| t.status = TicketStatus::Closed)]
#[case::comments("ticket_counts_range", |t: &mut Ticket| t.comment_count = -1)]
#[case::attachments("ticket_counts_range", |t: &mut Ticket| t.attachment_count = -1)]
#[case::pause("ticket_counts_range", |t: &mut Ticket| t.paused_micros = -1)]
#[case::number("ticket_number_range", |t: &mut Ticket| t.number = 0)]
#[case::labels_alone("ticket_session_whole", |t: &mut Ticket| t.labels = Some(Words::default()))]
#[case::key_alone("ticket_session_only", |t: &mut Ticket| t.jira_key = Some("DEMO-1".to_owned()))]
#[tokio::test]
async fn refuses_a_ticket(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] rule: &str,
    #[case] change: Change,
) {
    let database = TestDatabase::new(kind).await;
    write(&database.db, user("ada"))
        .await
        .expect("takes a user");
    let mut row = ticket(1);
    change(&mut row);
    assert_eq!(
        fault(write(&database.db, row).await),
        Fault::Check(rule.to_owned())
    );
}

#[rstest]
#[case::no_order("ticket_session_whole", |t: &mut Ticket| t.session_order = None)]
#[case::no_issue_type("ticket_session_whole", |t: &mut Ticket| t.issue_type = None)]
#[case::no_labels("ticket_session_whole", |t: &mut Ticket| t.labels = None)]
#[case::no_status("ticket_session_whole", |t: &mut Ticket| t.export_status = None)]
#[case::no_key("ticket_exported_has_key", |t: &mut Ticket| t.export_status = Some(TicketExportStatus::Exported))]
#[case::points("ticket_story_points_range", |t: &mut Ticket| t.story_points = Some(-0.5))]
#[tokio::test]
async fn refuses_a_session_ticket(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] rule: &str,
    #[case] change: Change,
) {
    let database = TestDatabase::new(kind).await;
    fill(&database.db).await;
    let filled = ticket::Entity::find()
        .all(database.db.read())
        .await
        .expect("reads");
    let session = filled
        .iter()
        .find_map(|ticket| ticket.session_id)
        .expect("a session");
    let mut row = session_ticket(9, session);
    change(&mut row);
    assert_eq!(
        fault(write(&database.db, row).await),
        Fault::Check(rule.to_owned())
    );
}

#[rstest]
#[tokio::test]
async fn takes_a_ticket_at_every_limit_and_gives_it_back(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let database = TestDatabase::new(kind).await;
    fill(&database.db).await;
    let filled = ticket::Entity::find()
        .all(database.db.read())
        .await
        .expect("reads");
    let session = filled
        .iter()
        .find_map(|ticket| ticket.session_id)
        .expect("a session");
    let row = ticket::Model {
        title: Title("é".repeat(255)),
        description: "é".repeat(32_768),
        status: TicketStatus::Closed,
        resolve_time: Some(now()),
        close_time: Some(now()),
        export_status: Some(TicketExportStatus::Exported),
        jira_key: Some("DEMO-1".to_owned()),
        paused_micros: i64::MAX,
        ..session_ticket(i64::MAX, session)
    };
    write(&database.db, row.clone()).await.expect("takes it");
    let found = ticket::Entity::find_by_id(row.id)
        .one(database.db.read())
        .await
        .expect("reads");
    assert_eq!(found, Some(row));
}

#[rstest]
#[tokio::test]
async fn refuses_what_is_not_unique(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let database = TestDatabase::new(kind).await;
    let db = &database.db;
    fill(db).await;
    let is_unique = |fault: Fault| matches!(fault, Fault::Unique(_));
    assert!(
        is_unique(fault(write(db, user("ada")).await)),
        "a user's id"
    );
    assert!(
        is_unique(fault(write(db, ticket(1)).await)),
        "a ticket's number"
    );
    let same_name = integration::Model {
        name: "OUR JIRA".to_owned(),
        ..rows::integration()
    };
    assert!(
        is_unique(fault(write(db, same_name).await)),
        "an integration's name in another case"
    );
    let filled = ticket::Entity::find().all(db.read()).await.expect("reads");
    let session = filled
        .iter()
        .find_map(|ticket| ticket.session_id)
        .expect("a session");
    assert!(
        is_unique(fault(write(db, rows::export(session)).await)),
        "a session's run"
    );
    let same_ref = ticket::Model {
        session_ref: Some("ref-2".to_owned()),
        ..session_ticket(9, session)
    };
    assert!(
        is_unique(fault(write(db, same_ref).await)),
        "a reference within a session"
    );
    // Places in a session are wishes, and two may be the same.
    write(db, session_ticket(10, session))
        .await
        .expect("takes a second ticket at place 1");
}

#[rstest]
#[tokio::test]
async fn refuses_to_point_at_nothing(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let database = TestDatabase::new(kind).await;
    let db = &database.db;
    write(db, user("ada")).await.expect("takes a user");
    let by_nobody = ticket::Model {
        creator_id: UserId("nobody".to_owned()),
        ..ticket(1)
    };
    assert_eq!(fault(write(db, by_nobody).await), Fault::ForeignKey);
    let to_nothing = ticket::Model {
        integration_id: Some(IntegrationId::at(now())),
        ..ticket(1)
    };
    assert_eq!(fault(write(db, to_nothing).await), Fault::ForeignKey);
}

#[rstest]
#[case::unsealed("integration_credentials_sealed", |i: &mut Integration| i.credentials_key_id = None)]
#[case::enabled("integration_status_follows_enabled", |i: &mut Integration| i.status = IntegrationStatus::Inactive)]
#[case::disabled("integration_status_follows_enabled", |i: &mut Integration| i.enabled = false)]
#[case::nameless("integration_name_length", |i: &mut Integration| i.name = String::new())]
#[tokio::test]
async fn refuses_an_integration(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] rule: &str,
    #[case] change: fn(&mut Integration),
) {
    let database = TestDatabase::new(kind).await;
    let mut row = rows::integration();
    change(&mut row);
    assert_eq!(
        fault(write(&database.db, row).await),
        Fault::Check(rule.to_owned())
    );
}

#[rstest]
#[case::key("export_item_made_has_key", ItemState::Created, None)]
#[case::time("export_item_exported_has_time", ItemState::Exported, Some("DEMO-1"))]
#[tokio::test]
async fn refuses_an_item_that_was_not_recorded(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] rule: &str,
    #[case] state: ItemState,
    #[case] key: Option<&str>,
) {
    let database = TestDatabase::new(kind).await;
    fill(&database.db).await;
    let filled = docket::db::export_link::Entity::find()
        .one(database.db.read())
        .await;
    let link = filled.expect("reads").expect("a link");
    let mut row = rows::export_item(link.export_id, link.to_ticket_id);
    (row.position, row.state, row.jira_key) = (1, state, key.map(str::to_owned));
    assert_eq!(
        fault(write(&database.db, row).await),
        Fault::Check(rule.to_owned())
    );
}

#[rstest]
#[case("user_role_value", "UPDATE \"user\" SET role = 'OWNER'")]
#[case("ticket_status_value", "UPDATE ticket SET status = 'new'")]
#[case("ticket_tags_kind", "UPDATE ticket SET tags = '{}'")]
#[case(
    "attachment_sha256_form",
    "UPDATE attachment SET sha256 = upper(sha256)"
)]
#[case("session_stage_value", "UPDATE session SET stage = ''")]
#[case("export_lease_whole", "UPDATE export SET lease_owner = 'worker'")]
#[case("dispatch_open_has_lease", "UPDATE dispatch SET lease_until = NULL")]
#[case(
    "dispatch_ended_has_outcome",
    "UPDATE dispatch SET outcome = 'CREATED'"
)]
#[case(
    "dependency_on_another",
    "UPDATE dependency SET depends_on_id = ticket_id"
)]
#[case(
    "request_key_hash_length",
    "UPDATE request_key SET request_hash = response"
)]
#[tokio::test]
async fn refuses_a_value(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] rule: &str,
    #[case] statement: &'static str,
) {
    let database = TestDatabase::new(kind).await;
    fill(&database.db).await;
    let outcome = database
        .db
        .write(move |tx| {
            Box::pin(async move { Ok(tx.execute_unprepared(statement).await?.rows_affected()) })
        })
        .await;
    assert_eq!(fault(outcome), Fault::Check(rule.to_owned()));
}
