//! UpdateTicket: what the mask names, and nothing else.

use docket::{domain::actor::Role, proto::v1, sandbox::Options};
use rstest::rstest;
use tonic::Code;
use v1::HistoryEventType as Event;

use super::{change, fact, fields, filed, full, get, history, reason, update, violations};
use crate::support::{database::Kind, server::TestServer};

#[rstest]
#[tokio::test]
async fn only_what_the_mask_names_changes_and_each_field_is_told(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut senior = server.tickets(Role::SeniorEngineer);
    let ticket = filed(&server, ("eve", Role::EndUser), full()).await;
    let wanted = v1::Ticket {
        id: ticket.id.clone(),
        title: "Label printer at gate 5 jams".to_owned(),
        description: "not named".to_owned(),
        tags: vec!["gate".to_owned(), "urgent".to_owned()],
        team: None,
        status: v1::TicketStatus::Closed.into(),
        ..Default::default()
    };
    let request = change(wanted, &["title", "tags", "team"]);
    let changed = update(&mut senior, request.clone()).await.unwrap();
    let expected = v1::Ticket {
        title: "Label printer at gate 5 jams".to_owned(),
        tags: vec!["gate".to_owned(), "urgent".to_owned()],
        team: None,
        etag: changed.etag.clone(),
        update_time: changed.update_time,
        ..ticket.clone()
    };
    assert_eq!(changed, expected);
    assert_ne!(changed.etag, ticket.etag);
    assert_eq!(get(&mut senior, &ticket.id).await.unwrap(), changed);
    // The same again changes nothing.
    assert_eq!(update(&mut senior, request).await.unwrap(), changed);

    let told: Vec<_> = history(&server, &ticket.id)
        .await
        .into_iter()
        .skip(1)
        .collect();
    let told: Vec<_> = told
        .iter()
        .map(|entry| {
            assert_eq!(entry.event_type(), Event::Updated);
            assert_eq!(entry.actor_id, "senior_engineer");
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            (
                text(&entry.field),
                text(&entry.old_value),
                text(&entry.new_value),
            )
        })
        .collect();
    let entry =
        |field: &str, old: &str, new: &str| (field.to_owned(), old.to_owned(), new.to_owned());
    let expected = [
        entry(
            "title",
            "Label printer at gate 4 jams",
            "Label printer at gate 5 jams",
        ),
        entry("team", "core", ""),
        entry("tags", r#"["printer","gate"]"#, r#"["gate","urgent"]"#),
    ];
    assert_eq!(told, expected);

    // Lists find it by its new tags alone.
    let tagged = |tag: &str| v1::ListTicketsRequest {
        filter: Some(v1::TicketFilter {
            tags: vec![tag.to_owned()],
            ..Default::default()
        }),
        ..Default::default()
    };
    for (tag, found) in [("urgent", 1), ("gate", 1), ("printer", 0)] {
        let page = senior.list_tickets(tagged(tag)).await.unwrap().into_inner();
        assert_eq!(page.tickets.len(), found, "{tag}");
    }
    server.stop().await;
}

#[rstest]
#[case(&[])]
#[case(&["*"])]
#[tokio::test]
async fn a_full_update_clears_what_is_absent(#[case] paths: &[&str]) {
    let server = TestServer::start(Kind::Sqlite).await;
    let mut admin = server.tickets(Role::Admin);
    let ticket = filed(&server, Role::Admin, full()).await;
    let wanted = v1::Ticket {
        id: ticket.id.clone(),
        title: "Another".to_owned(),
        description: "<p onclick=\"x()\">Safe<script>x()</script></p>".to_owned(),
        ..Default::default()
    };
    let changed = update(&mut admin, change(wanted, paths)).await.unwrap();
    let created = ticket.create_time.unwrap().seconds;
    assert_eq!(changed.title, "Another");
    assert_eq!(changed.description, "<p>Safe</p>");
    assert_eq!(changed.priority(), v1::TicketPriority::P3);
    assert_eq!(changed.category(), v1::TicketCategory::General);
    assert_eq!(changed.environment(), v1::Environment::Production);
    assert_eq!(
        (changed.affected_service.as_str(), changed.team),
        ("", None)
    );
    assert!(changed.tags.is_empty());
    let due = changed.sla.unwrap().response_due_time.unwrap().seconds;
    assert_eq!(due, created + 8 * 3600);
    let nameless = v1::Ticket {
        id: ticket.id,
        ..Default::default()
    };
    let refused = update(&mut admin, change(nameless, paths))
        .await
        .unwrap_err();
    assert_eq!(fields(&refused), ["ticket.title"]);
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn paths_and_values_that_break_rules_are_told_at_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut admin = server.tickets(Role::Admin);
    let ticket = filed(&server, Role::Admin, full()).await;
    let wanted = v1::Ticket {
        id: ticket.id.clone(),
        title: "x".repeat(256),
        priority: 99,
        tags: vec!["a".to_owned(); 2],
        integration_id: Some("none".to_owned()),
        description: "x".repeat(64 * 1024 + 1),
        ..Default::default()
    };
    let paths = [
        "title",
        "priority",
        "tags",
        "integration_id",
        "status",
        "nonsense",
        "custom_fields.a",
    ];
    let refused = update(&mut admin, change(wanted.clone(), &paths))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let told = violations(&refused);
    assert_eq!(
        told.iter()
            .filter(|(field, _)| field.starts_with("update_mask.paths["))
            .count(),
        3
    );
    assert!(
        told.iter()
            .any(|(_, rule)| rule.contains("status is not changed"))
    );
    let mut broken = fields(&refused);
    broken.retain(|field| !field.starts_with("update_mask"));
    let expected = [
        "ticket.title",
        "ticket.tags[1]",
        "ticket.priority",
        "ticket.integration_id",
    ];
    assert_eq!(broken, expected);
    // What the mask does not name is not looked at.
    update(&mut admin, change(wanted, &["category"]))
        .await
        .unwrap();
    let nobody = v1::UpdateTicketRequest::default();
    assert_eq!(
        fields(&update(&mut admin, nobody).await.unwrap_err()),
        ["ticket"]
    );
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_stale_etag_names_what_changed_and_a_rehearsal_writes_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut admin = server.tickets(Role::Admin);
    let ticket = filed(&server, Role::Admin, full()).await;
    let titled = |title: &str| v1::Ticket {
        id: ticket.id.clone(),
        title: title.to_owned(),
        priority: v1::TicketPriority::P1.into(),
        ..Default::default()
    };
    let rehearsal = v1::UpdateTicketRequest {
        validate_only: true,
        ..change(titled("Rehearsed"), &["title", "priority"])
    };
    let planned = update(&mut admin, rehearsal).await.unwrap();
    assert_eq!(planned.title, "Rehearsed");
    assert_ne!(planned.sla, ticket.sla);
    assert_eq!(get(&mut admin, &ticket.id).await.unwrap(), ticket);

    let with = |etag: &str, title: &str| v1::UpdateTicketRequest {
        etag: Some(etag.to_owned()),
        ..change(titled(title), &["title", "priority"])
    };
    let changed = update(&mut admin, with(&ticket.etag, "First"))
        .await
        .unwrap();
    let refused = update(&mut admin, with(&ticket.etag, "Second"))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Aborted);
    assert_eq!(reason(&refused), "ETAG_MISMATCH");
    assert_eq!(fact(&refused, "etag"), changed.etag);
    let expected = "priority,sla.resolution_due_time,sla.response_due_time,title";
    assert_eq!(fact(&refused, "changed_fields"), expected);
    update(&mut admin, with(&changed.etag, "Second"))
        .await
        .unwrap();
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn who_may_is_asked_before_what_is_wrong(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let server = TestServer::start(kind).await;
    let ticket = filed(&server, ("eve", Role::EndUser), full()).await;
    let broken = || {
        change(
            v1::Ticket {
                id: ticket.id.clone(),
                ..Default::default()
            },
            &["nonsense"],
        )
    };
    for (caller, code) in [
        (("mallory", Role::EndUser), Code::NotFound),
        (("dev", Role::DevopsEngineer), Code::PermissionDenied),
        (("eve", Role::EndUser), Code::InvalidArgument),
        (("sue", Role::SeniorEngineer), Code::InvalidArgument),
    ] {
        let mut tickets = server.tickets(caller);
        let refused = update(&mut tickets, broken()).await.unwrap_err();
        assert_eq!(refused.code(), code, "{caller:?}");
    }
    server.stop().await;
}

/// An integration of this name, with a pace of a minute.
pub(super) fn integration(
    name: &str,
    site_url: &str,
    enabled: bool,
) -> v1::CreateIntegrationRequest {
    v1::CreateIntegrationRequest {
        integration: Some(v1::Integration {
            name: name.to_owned(),
            enabled,
            config: Some(v1::integration::Config::Jira(v1::JiraConfig {
                site_url: site_url.to_owned(),
                project_key: "DEMO".to_owned(),
                export_delay: Some(prost_types::Duration {
                    seconds: 60,
                    nanos: 0,
                }),
                ..Default::default()
            })),
            ..Default::default()
        }),
        credentials: Some(v1::Credentials {
            platform: Some(v1::credentials::Platform::Jira(v1::JiraCredentials {
                email: Options::EMAIL.to_owned(),
                api_token: Options::TOKEN.to_owned(),
                ..Default::default()
            })),
        }),
        ..Default::default()
    }
}

#[rstest]
#[tokio::test]
async fn an_integration_has_to_be_there_and_enabled(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut admin = server.tickets(Role::Admin);
    let ticket = filed(&server, Role::Admin, full()).await;
    let mut integrations = server.integrations(Role::Admin);
    let mut ids = Vec::new();
    for (name, enabled) in [("On", true), ("Off", false)] {
        let request = integration(name, "http://127.0.0.1:9", enabled);
        let made = integrations.create_integration(request).await.unwrap();
        ids.push(made.into_inner().integration.unwrap().id);
    }
    let at = |id: Option<&str>| {
        let wanted = v1::Ticket {
            id: ticket.id.clone(),
            integration_id: id.map(str::to_owned),
            ..Default::default()
        };
        change(wanted, &["integration_id"])
    };
    let changed = update(&mut admin, at(Some(&ids[0]))).await.unwrap();
    assert_eq!(changed.integration_id.as_deref(), Some(ids[0].as_str()));
    let refused = update(&mut admin, at(Some(&ids[1]))).await.unwrap_err();
    assert_eq!(reason(&refused), "INTEGRATION_DISABLED");
    let refused = update(&mut admin, at(Some(&ticket.id))).await.unwrap_err();
    assert_eq!(fields(&refused), ["ticket.integration_id"]);
    assert_eq!(
        update(&mut admin, at(None)).await.unwrap().integration_id,
        None
    );
    server.stop().await;
}
