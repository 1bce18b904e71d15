//! Who is known, since when, and as what.

use docket::{domain::actor::Role, proto::v1};
use rstest::rstest;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::support::{
    database::Kind,
    server::{Caller, TestServer, Users},
};

async fn me(server: &TestServer, caller: impl Into<Caller>) -> v1::User {
    let mut users = server.users(caller);
    let answer = users.get_me(v1::GetMeRequest {}).await;
    answer.unwrap().into_inner().user.unwrap()
}

fn person(id: &str, name: &str) -> v1::User {
    v1::User {
        id: id.to_owned(),
        display_name: name.to_owned(),
        role: v1::Role::DevopsEngineer.into(),
        active: true,
        ..Default::default()
    }
}

async fn upsert(users: &mut Users, people: &[v1::User]) -> Result<Vec<v1::User>, Status> {
    let request = v1::UpsertUsersRequest {
        users: people.to_vec(),
    };
    Ok(users.upsert_users(request).await?.into_inner().users)
}

/// The ids of all pages, two a page.
async fn listed(users: &mut Users, request: v1::ListUsersRequest) -> Vec<String> {
    let mut ids = Vec::new();
    let mut request = v1::ListUsersRequest {
        page_size: 2,
        ..request
    };
    loop {
        let page = users
            .list_users(request.clone())
            .await
            .unwrap()
            .into_inner();
        assert!(page.users.len() <= 2);
        ids.extend(page.users.into_iter().map(|user| user.id));
        if page.next_page_token.is_empty() {
            return ids;
        }
        request.page_token = page.next_page_token;
    }
}

fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let bad = details.bad_request().expect("a BadRequest");
    let fields = bad.field_violations.iter();
    fields.map(|violation| violation.field.clone()).collect()
}

#[rstest]
#[tokio::test]
async fn a_caller_is_recorded_at_the_first_call_and_follows_the_token(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    // Any call, even one that fails.
    let unknown = v1::GetTicketRequest {
        number: Some("TKT-000001".to_owned()),
        id: None,
    };
    let mut eve = server.tickets(("eve", Role::EndUser));
    assert_eq!(
        eve.get_ticket(unknown).await.unwrap_err().code(),
        Code::NotFound
    );
    let mut admin = server.users(Role::Admin);
    let everybody = listed(&mut admin, v1::ListUsersRequest::default()).await;
    assert_eq!(everybody, ["admin", "eve"]);

    let first = me(&server, ("eve", Role::EndUser)).await;
    assert_eq!(first.display_name, "eve");
    assert!(first.active && first.create_time.is_some());
    assert_eq!(
        (first.team.as_deref(), first.role()),
        (None, v1::Role::EndUser)
    );
    let second = me(&server, ("eve", Role::TeamLead, "core")).await;
    assert_eq!(
        (second.team.as_deref(), second.role()),
        (Some("core"), v1::Role::TeamLead)
    );
    assert_eq!(second.create_time, first.create_time);
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn what_the_auth_service_tells_holds_where_a_token_says_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut admin = server.users(Role::Admin);
    let before = me(&server, ("eve", Role::EndUser)).await;
    let told = v1::User {
        email: Some("eve@example.com".to_owned()),
        team: Some("core".to_owned()),
        active: false,
        ..person("eve", "Eve Example")
    };
    let answer = upsert(&mut admin, &[person("zoe", "Zoe"), told.clone()])
        .await
        .unwrap();
    let ids: Vec<_> = answer.iter().map(|user| user.id.as_str()).collect();
    assert_eq!(ids, ["zoe", "eve"]);
    let expected = v1::User {
        create_time: before.create_time,
        ..told.clone()
    };
    assert_eq!(answer[1], expected);
    assert_eq!(
        upsert(&mut admin, &[told]).await.unwrap(),
        std::slice::from_ref(&expected)
    );

    // The role is the token's at each call, whichever it is; name, address and team are not in it.
    let mut eve = server.tickets(("eve", Role::EndUser));
    let request = v1::ListTicketsRequest::default();
    eve.list_tickets(request).await.unwrap();
    let end_users = v1::ListUsersRequest {
        role: v1::Role::EndUser.into(),
        ..Default::default()
    };
    assert_eq!(listed(&mut admin, end_users).await, ["eve"]);
    let after = me(&server, ("eve", Role::SeniorEngineer)).await;
    let expected = v1::User {
        role: v1::Role::SeniorEngineer.into(),
        ..expected
    };
    assert_eq!(after, expected);

    // Whoever is inactive can be assigned nothing.
    let mut lead = server.tickets(Role::TeamLead);
    let request = |assignee: &str| v1::CreateTicketRequest {
        ticket: Some(v1::Ticket {
            title: "Label printer".to_owned(),
            assignee_id: Some(assignee.to_owned()),
            ..Default::default()
        }),
        ..Default::default()
    };
    let refused = lead.create_ticket(request("eve")).await.unwrap_err();
    assert_eq!(fields(&refused), ["ticket.assignee_id"]);
    lead.create_ticket(request("zoe")).await.unwrap();
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn people_are_listed_by_name_role_and_team(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut admin = server.users(("zz-admin", Role::Admin));
    let with = |user: v1::User, team: &str, email: &str| v1::User {
        team: Some(team.to_owned()),
        email: Some(email.to_owned()),
        ..user
    };
    let lead = v1::User {
        role: v1::Role::TeamLead.into(),
        ..with(person("4", "Dora"), "core", "d@example.com")
    };
    let people = [
        with(person("2", "Berta"), "core", "b@example.com"),
        with(person("1", "Berta"), "web", "100%@example.com"),
        person("3", "Anton"),
        lead,
    ];
    upsert(&mut admin, &people).await.unwrap();
    let mut engineer = server.users(("zz-engineer", Role::DevopsEngineer));
    let all = listed(&mut engineer, v1::ListUsersRequest::default()).await;
    assert_eq!(all, ["3", "1", "2", "4", "zz-admin", "zz-engineer"]);
    let query = |text: &str| v1::ListUsersRequest {
        query: Some(text.to_owned()),
        ..Default::default()
    };
    assert_eq!(listed(&mut engineer, query("BERT")).await, ["1", "2"]);
    assert_eq!(
        listed(&mut engineer, query("@example")).await,
        ["1", "2", "4"]
    );
    assert_eq!(listed(&mut engineer, query("0%@")).await, ["1"]);
    assert_eq!(listed(&mut engineer, query("zz-e")).await, ["zz-engineer"]);
    let core = v1::ListUsersRequest {
        team: Some("core".to_owned()),
        ..Default::default()
    };
    assert_eq!(listed(&mut engineer, core.clone()).await, ["2", "4"]);
    let lead = v1::ListUsersRequest {
        role: v1::Role::TeamLead.into(),
        ..core
    };
    assert_eq!(listed(&mut engineer, lead).await, ["4"]);

    let broken = v1::ListUsersRequest {
        query: Some(String::new()),
        role: 99,
        team: Some(String::new()),
        page_size: -1,
        ..Default::default()
    };
    let refused = engineer.list_users(broken).await.unwrap_err();
    assert_eq!(fields(&refused), ["query", "role", "team", "page_size"]);
    let mut user = server.users(("eve", Role::EndUser));
    let refused = user
        .list_users(v1::ListUsersRequest::default())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn an_upsert_is_all_or_none_and_for_admins(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut admin = server.users(Role::Admin);
    let broken = v1::User {
        email: Some("nowhere".to_owned()),
        role: 0,
        team: Some("x".repeat(129)),
        ..person("", "")
    };
    let people = [person("ada", "Ada"), broken, person("ada", "Ada")];
    let refused = upsert(&mut admin, &people).await.unwrap_err();
    let expected = [
        "users[1].id",
        "users[1].display_name",
        "users[1].email",
        "users[1].role",
        "users[1].team",
        "users[2].id",
    ];
    assert_eq!(fields(&refused), expected);
    assert_eq!(
        fields(&upsert(&mut admin, &[]).await.unwrap_err()),
        ["users"]
    );
    let many: Vec<_> = (0..101).map(|n| person(&n.to_string(), "N")).collect();
    assert_eq!(
        fields(&upsert(&mut admin, &many).await.unwrap_err()),
        ["users"]
    );
    assert_eq!(
        listed(&mut admin, v1::ListUsersRequest::default()).await,
        ["admin"]
    );
    // Who may is asked before what is wrong.
    let mut manager = server.users(Role::Manager);
    let refused = upsert(&mut manager, &[]).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    server.stop().await;
}

/// In history `system` is docket itself: nobody else may be called so.
#[rstest]
#[tokio::test]
async fn nobody_is_taken_for_docket_itself(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let server = TestServer::start(kind).await;
    let mut admin = server.users(Role::Admin);
    let refused = upsert(&mut admin, &[person("system", "System")]).await;
    assert_eq!(fields(&refused.unwrap_err()), ["users[0].id"]);
    let mut system = server.users(("system", Role::Admin));
    let refused = system.get_me(v1::GetMeRequest {}).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    assert_eq!(
        listed(&mut admin, v1::ListUsersRequest::default()).await,
        ["admin"]
    );
    me(&server, ("System", Role::Admin)).await;
    server.stop().await;
}
