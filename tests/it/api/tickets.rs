//! Filing and reading tickets.

use docket::{domain::actor::Role, proto::v1};
use prost_types::{Struct, Value, value::Kind as Json};
use rstest::rstest;
use strum::IntoEnumIterator as _;
use tonic::Code;

use super::{a_ticket, fields, reason};
use crate::support::{
    database::Kind,
    server::{TestServer, Tickets},
};

async fn create(tickets: &mut Tickets, request: v1::CreateTicketRequest) -> v1::Ticket {
    let answer = tickets.create_ticket(request).await.unwrap();
    answer.into_inner().ticket.unwrap()
}

async fn get(tickets: &mut Tickets, id: &str) -> Result<v1::Ticket, tonic::Status> {
    let request = v1::GetTicketRequest {
        id: Some(id.to_owned()),
        number: None,
    };
    let answer = tickets.get_ticket(request).await?;
    Ok(answer.into_inner().ticket.unwrap())
}

fn number(value: f64) -> Value {
    Value {
        kind: Some(Json::NumberValue(value)),
    }
}

fn custom(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Option<Struct> {
    let fields = fields.into_iter();
    Some(Struct {
        fields: fields.map(|(key, value)| (key.to_owned(), value)).collect(),
    })
}

#[rstest]
#[tokio::test]
async fn a_created_ticket_is_whole_and_reads_back_as_it_was_answered(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut tickets = server.tickets(Role::EndUser);
    let created = create(
        &mut tickets,
        v1::CreateTicketRequest {
            ticket: Some(v1::Ticket {
                title: "  Printer on fire ".to_owned(),
                description: "<p>Smoke</p><script>x</script>".to_owned(),
                priority: v1::TicketPriority::P1.into(),
                affected_service: "printing".to_owned(),
                team: Some("facilities".to_owned()),
                tags: vec!["b".to_owned(), "a".to_owned()],
                custom_fields: custom([("floor", number(4.0))]),
                // Output only: not looked at.
                id: "mine".to_owned(),
                number: "TKT-9".to_owned(),
                status: v1::TicketStatus::Closed.into(),
                creator_id: "mallory".to_owned(),
                comment_count: -5,
                ..Default::default()
            }),
            conversation: Some(v1::Conversation {
                id: "mail-1".to_owned(),
                channel: "email".to_owned(),
                subject: "Help".to_owned(),
            }),
            ..Default::default()
        },
    )
    .await;
    assert_eq!(created.number, "TKT-000001");
    assert_eq!(created.title, "Printer on fire");
    assert_eq!(created.description, "<p>Smoke</p>");
    assert_eq!(created.status(), v1::TicketStatus::New);
    assert_eq!(created.priority(), v1::TicketPriority::P1);
    assert_eq!(created.category(), v1::TicketCategory::General);
    assert_eq!(created.environment(), v1::Environment::Production);
    assert_eq!(created.creator_id, "end_user");
    assert_eq!(created.assignee_id, None);
    assert_eq!(created.conversation_id.as_deref(), Some("mail-1"));
    assert_eq!(created.tags, ["b", "a"]);
    assert_eq!(created.custom_fields, custom([("floor", number(4.0))]));
    assert_eq!(created.comment_count, 0);
    assert_eq!(created.export, None);
    assert!(!created.etag.is_empty());
    let sla = created.sla.as_ref().unwrap();
    let filed = created.create_time.as_ref().unwrap().seconds;
    assert_eq!(
        sla.response_due_time.as_ref().unwrap().seconds - filed,
        3600
    );
    assert_eq!(
        sla.resolution_due_time.as_ref().unwrap().seconds - filed,
        4 * 3600
    );
    assert!(!sla.paused);

    assert_eq!(get(&mut tickets, &created.id).await.unwrap(), created);
    let by_number = v1::GetTicketRequest {
        id: None,
        number: Some("TKT-000001".to_owned()),
    };
    let found = tickets.get_ticket(by_number).await.unwrap().into_inner();
    assert_eq!(found.ticket, Some(created));
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn every_violation_is_told_at_once(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let server = TestServer::start(kind).await;
    let nested = (0..9).fold(number(1.0), |inner, _| Value {
        kind: Some(Json::StructValue(custom([("a", inner)]).unwrap())),
    });
    let request = v1::CreateTicketRequest {
        ticket: Some(v1::Ticket {
            title: "two\nlines".to_owned(),
            description: "nul \0".to_owned(),
            priority: 99,
            category: -1,
            environment: 99,
            affected_service: "x".repeat(256),
            team: Some(String::new()),
            tags: ["a", "a", "", "b"].map(str::to_owned).to_vec(),
            custom_fields: custom([("deep", nested)]),
            integration_id: Some("no uuid".to_owned()),
            ..Default::default()
        }),
        conversation: Some(v1::Conversation {
            id: String::new(),
            channel: "x".repeat(65),
            subject: "x".repeat(256),
        }),
        request_id: Some("no uuid".to_owned()),
        validate_only: false,
    };
    let status = server.tickets(Role::Admin).create_ticket(request).await;
    let status = status.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(reason(&status), "INVALID_FIELDS");
    let mut told = fields(&status);
    told.sort();
    let custom_path = told
        .iter()
        .find(|path| path.starts_with("ticket.custom_fields"));
    let custom_path = custom_path.expect("custom_fields is told").clone();
    let mut expected: Vec<&str> = vec![
        "conversation.channel",
        "conversation.id",
        "conversation.subject",
        "request_id",
        "ticket.affected_service",
        "ticket.category",
        &custom_path,
        "ticket.description",
        "ticket.environment",
        "ticket.integration_id",
        "ticket.priority",
        "ticket.tags[1]",
        "ticket.tags[2]",
        "ticket.team",
        "ticket.title",
    ];
    expected.sort_unstable();
    assert_eq!(told, expected);
}

#[rstest]
#[case::not_a_number(f64::NAN)]
#[case::infinite(f64::INFINITY)]
#[tokio::test]
async fn a_number_that_is_none_is_refused(#[case] value: f64) {
    let server = TestServer::start(Kind::Sqlite).await;
    let mut request = a_ticket("Odd");
    request.ticket.as_mut().unwrap().custom_fields = custom([("n", number(value))]);
    let status = server.tickets(Role::Admin).create_ticket(request).await;
    assert_eq!(fields(&status.unwrap_err()), ["ticket.custom_fields.n"]);
}

#[tokio::test]
async fn nothing_at_all_is_refused_and_not_a_crash() {
    let server = TestServer::start(Kind::Sqlite).await;
    let mut tickets = server.tickets(Role::Admin);
    let empty = tickets.create_ticket(v1::CreateTicketRequest::default());
    assert_eq!(fields(&empty.await.unwrap_err()), ["ticket"]);
    let neither = tickets.get_ticket(v1::GetTicketRequest::default()).await;
    assert_eq!(neither.unwrap_err().code(), Code::InvalidArgument);
    let both = v1::GetTicketRequest {
        id: Some(uuid::Uuid::now_v7().to_string()),
        number: Some("TKT-000001".to_owned()),
    };
    let both = tickets.get_ticket(both).await.unwrap_err();
    assert_eq!(both.code(), Code::InvalidArgument);
}

#[rstest]
#[tokio::test]
async fn everybody_files_and_an_end_user_sees_their_own_alone(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut theirs = server.tickets(("eve", Role::EndUser));
    let hidden = create(&mut theirs, a_ticket("Eve's")).await;
    for role in Role::iter() {
        let mut tickets = server.tickets(role);
        let own = create(&mut tickets, a_ticket("Own")).await;
        assert_eq!(get(&mut tickets, &own.id).await.unwrap(), own, "{role}");
        let others = get(&mut tickets, &hidden.id).await;
        let listed = tickets
            .list_tickets(v1::ListTicketsRequest::default())
            .await;
        let listed = listed.unwrap().into_inner().tickets;
        let sees = listed.iter().any(|ticket| ticket.id == hidden.id);
        if role == Role::EndUser {
            let hidden_status = others.unwrap_err();
            let missing = uuid::Uuid::now_v7().to_string();
            let status = get(&mut tickets, &missing).await.unwrap_err();
            assert_eq!(hidden_status.code(), Code::NotFound);
            let same = status.message().replace(&missing, &hidden.id);
            assert_eq!(hidden_status.message(), same);
            assert!(!sees);
            assert_eq!(listed.len(), 1);
        } else {
            assert_eq!(others.unwrap(), hidden, "{role}");
            assert!(sees, "{role}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_request_id_gives_the_first_answer_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut tickets = server.tickets(Role::EndUser);
    let request = v1::CreateTicketRequest {
        request_id: Some(uuid::Uuid::new_v4().to_string()),
        ..a_ticket("Once")
    };
    let first = create(&mut tickets, request.clone()).await;
    assert_eq!(create(&mut tickets, request.clone()).await, first);
    let mut other = request.clone();
    other.ticket.as_mut().unwrap().title = "Twice".to_owned();
    let status = tickets.create_ticket(other).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(reason(&status), "REQUEST_ID_REUSED");
    // The id is the caller's own: another caller's is another request.
    let other = create(&mut server.tickets(Role::Admin), request).await;
    assert_ne!(other.id, first.id);
}

#[rstest]
#[tokio::test]
async fn validating_writes_nothing(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let server = TestServer::start(kind).await;
    let mut tickets = server.tickets(Role::Admin);
    let request = v1::CreateTicketRequest {
        validate_only: true,
        ..a_ticket("Perhaps")
    };
    let planned = create(&mut tickets, request).await;
    assert_eq!((planned.id.as_str(), planned.number.as_str()), ("", ""));
    assert_eq!(planned.title, "Perhaps");
    let listed = tickets
        .list_tickets(v1::ListTicketsRequest::default())
        .await;
    assert!(listed.unwrap().into_inner().tickets.is_empty());
    assert_eq!(
        create(&mut tickets, a_ticket("Now")).await.number,
        "TKT-000001"
    );
}

#[tokio::test]
async fn only_an_admin_lists_deleted_tickets_and_is_told_so_before_anything_else() {
    let server = TestServer::start(Kind::Sqlite).await;
    let request = v1::ListTicketsRequest {
        show_deleted: true,
        page_size: -1,
        ..Default::default()
    };
    let mut manager = server.tickets(Role::Manager);
    let denied = manager.list_tickets(request.clone()).await;
    assert_eq!(denied.unwrap_err().code(), Code::PermissionDenied);
    let invalid = server.tickets(Role::Admin).list_tickets(request).await;
    assert_eq!(fields(&invalid.unwrap_err()), ["page_size"]);
}

#[rstest]
#[tokio::test]
async fn whoever_may_assign_does_so_while_filing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let request = |assignee: &str| {
        let mut request = a_ticket("Assigned");
        request.ticket.as_mut().unwrap().assignee_id = Some(assignee.to_owned());
        request
    };
    // Everybody is known from their first call on.
    let mut ada = server.tickets(("ada", Role::DevopsEngineer));
    create(&mut ada, a_ticket("Mine")).await;
    let mut lead = server.tickets(Role::TeamLead);
    let assigned = create(&mut lead, request("ada")).await;
    assert_eq!(assigned.assignee_id.as_deref(), Some("ada"));
    let listed = lead
        .list_tickets(v1::ListTicketsRequest {
            filter: Some(v1::TicketFilter {
                assignee_id: Some("ada".to_owned()),
                ..Default::default()
            }),
            ..Default::default()
        })
        .await
        .unwrap();
    assert_eq!(listed.into_inner().tickets, [assigned]);
    let unknown = lead.create_ticket(request("nobody")).await.unwrap_err();
    assert_eq!(unknown.code(), Code::InvalidArgument);
    assert_eq!(fields(&unknown), ["ticket.assignee_id"]);
    let mut user = server.tickets(Role::EndUser);
    let refused = user.create_ticket(request("ada")).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}
