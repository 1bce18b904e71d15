//! Limits of what a ticket may hold: what is beyond one is refused with the field's path, by every RPC that takes the field.

use std::collections::BTreeMap;

use docket::{domain::actor::Role, proto::v1};
use prost_types::{FieldMask, Struct, Value, value::Kind as Json};
use rstest::rstest;
use tonic::{Code, Request, client::Grpc, codegen::http::uri::PathAndQuery};
use tonic_prost::ProstCodec;

use super::{fields, filed, get};
use crate::support::{
    database::Kind,
    server::{TestServer, Tickets},
};

fn object(key: &str, kind: Json) -> Value {
    let value = Value { kind: Some(kind) };
    Value {
        kind: Some(Json::StructValue(Struct {
            fields: BTreeMap::from([(key.to_owned(), value)]),
        })),
    }
}

/// An object that nests so many levels deep, itself counted.
fn nested(levels: usize) -> Option<Struct> {
    let mut kind = Json::BoolValue(true);
    for _ in 0..levels {
        kind = object("a", kind).kind.unwrap();
    }
    match kind {
        Json::StructValue(fields) => Some(fields),
        _ => None,
    }
}

/// `{"a":"xxx…"}` of so many bytes.
fn large(bytes: usize) -> Option<Struct> {
    let kind = Json::StringValue("x".repeat(bytes - r#"{"a":""}"#.len()));
    match object("a", kind).kind {
        Some(Json::StructValue(fields)) => Some(fields),
        _ => None,
    }
}

fn tags(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("tag {index}")).collect()
}

/// A ticket at its limits: nothing more fits into any of its fields.
fn full() -> v1::Ticket {
    v1::Ticket {
        title: "\u{1f600}".repeat(255),
        description: "é".repeat(32 * 1024),
        affected_service: "ß".repeat(255),
        team: Some("ü".repeat(128)),
        tags: tags(50),
        custom_fields: large(16 * 1024),
        ..Default::default()
    }
}

fn create(ticket: v1::Ticket) -> v1::CreateTicketRequest {
    v1::CreateTicketRequest {
        ticket: Some(ticket),
        ..Default::default()
    }
}

async fn update(
    tickets: &mut Tickets,
    id: &str,
    ticket: v1::Ticket,
    path: &str,
) -> Result<v1::Ticket, tonic::Status> {
    let request = v1::UpdateTicketRequest {
        ticket: Some(v1::Ticket {
            id: id.to_owned(),
            ..ticket
        }),
        update_mask: Some(FieldMask {
            paths: vec![path.to_owned()],
        }),
        ..Default::default()
    };
    let answer = tickets.update_ticket(request).await?;
    Ok(answer.into_inner().ticket.unwrap())
}

/// Adds too much to a full ticket.
type Exceed = fn(&mut v1::Ticket);

#[rstest]
#[tokio::test]
async fn what_is_just_within_is_kept_and_one_more_is_refused(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut tickets = server.tickets(Role::Admin);
    let kept = tickets.create_ticket(create(full())).await.unwrap();
    let kept = kept.into_inner().ticket.unwrap();
    assert_eq!(kept.title, full().title);
    assert_eq!(kept.description, full().description);
    assert_eq!(kept.custom_fields, full().custom_fields);
    assert_eq!(get(&mut tickets, &kept.id).await.unwrap(), kept);

    let ticket = filed(&server, Role::Admin).await;
    let more: [(&str, &str, Exceed); 12] = [
        ("title", "title", |t| t.title.push('x')),
        ("title", "title", |t| t.title = " \u{200b}".to_owned()),
        ("description", "description", |t| t.description.push('x')),
        ("description", "description", |t| {
            t.description = "&".repeat(64 * 1024)
        }),
        ("affected_service", "affected_service", |t| {
            t.affected_service.push('x')
        }),
        ("team", "team", |t| t.team = Some("x".repeat(129))),
        ("tags", "tags", |t| t.tags = tags(51)),
        ("tags", "tags[1]", |t| {
            t.tags = vec!["a".to_owned(), "x".repeat(65)]
        }),
        ("tags", "tags[2]", |t| {
            t.tags = ["a", "b", "a"].map(str::to_owned).to_vec()
        }),
        ("custom_fields", "custom_fields", |t| {
            t.custom_fields = large(16 * 1024 + 1)
        }),
        ("custom_fields", "custom_fields.a.a.a.a.a.a.a.a", |t| {
            t.custom_fields = nested(9)
        }),
        // Deeper than any message is read.
        ("custom_fields", "custom_fields", |t| {
            t.custom_fields = nested(60)
        }),
    ];
    for (mask, path, exceed) in more {
        let mut too_much = full();
        exceed(&mut too_much);
        let path = format!("ticket.{path}");
        let refused = tickets.create_ticket(create(too_much.clone())).await;
        assert_eq!(fields(&refused.unwrap_err()), [path.as_str()]);
        let refused = update(&mut tickets, &ticket.id, too_much, mask).await;
        assert_eq!(fields(&refused.unwrap_err()), [path]);
    }
    assert_eq!(get(&mut tickets, &ticket.id).await.unwrap(), ticket);
    let deepest = v1::Ticket {
        custom_fields: nested(8),
        ..Default::default()
    };
    let kept = update(&mut tickets, &ticket.id, deepest.clone(), "custom_fields").await;
    assert_eq!(kept.unwrap().custom_fields, deepest.custom_fields);
}

#[rstest]
#[tokio::test]
async fn nothing_that_acts_comes_out_of_a_description(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    const ACTING: &str = "<script>alert(1)</script><p onclick=\"x()\">Hi</p>\
        <a href=\"javascript:x()\">a</a><a href=\"vbscript:x()\">b</a><img src=x onerror=x()>\
        <iframe src=\"https://e.com\"></iframe><svg onload=x()><form action=\"https://e.com\"><b>c</b></form>\
        <math><mtext><style><img src onerror=x()></style></mtext></math>\
        <p style=\"background:url(javascript:x())\">d</p><base href=\"https://e.com\"><meta http-equiv=refresh>";
    const NEVER: [&str; 12] = [
        "<script",
        "onclick",
        "onerror",
        "onload",
        "javascript:",
        "vbscript:",
        "<iframe",
        "<svg",
        "<form",
        "url(",
        "<base",
        "<meta",
    ];
    let server = TestServer::start(kind).await;
    let mut tickets = server.tickets(Role::Admin);
    let request = create(v1::Ticket {
        title: ACTING.chars().take(255).collect(),
        description: ACTING.to_owned(),
        ..Default::default()
    });
    let made = tickets
        .create_ticket(request)
        .await
        .unwrap()
        .into_inner()
        .ticket
        .unwrap();
    let plain = filed(&server, Role::Admin).await;
    let acting = v1::Ticket {
        description: ACTING.to_owned(),
        ..Default::default()
    };
    let changed = update(&mut tickets, &plain.id, acting, "description")
        .await
        .unwrap();
    assert_eq!(changed.description, made.description);
    let told = super::history(&mut tickets, &plain.id).await;
    let shown = [
        made.description.clone(),
        get(&mut tickets, &made.id).await.unwrap().description,
        told.last().unwrap().new_value.clone().unwrap(),
    ];
    for html in shown {
        let found = NEVER
            .iter()
            .find(|word| html.to_lowercase().contains(*word));
        assert_eq!(found, None, "{html}");
        assert!(html.contains("<p>Hi</p>"), "{html}");
    }
    // A title is plain text, which nothing renders: it stays as it is.
    assert!(made.title.starts_with("<script>"));
}

#[rstest]
#[tokio::test]
async fn numbers_come_back_as_they_were_and_the_same_again_changes_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut tickets = server.tickets(Role::Admin);
    let ticket = filed(&server, Role::Admin).await;
    for number in [
        0.1,
        -1.5e-300,
        9_007_199_254_740_994.0,
        1e17,
        -(2_f64.powi(63)),
        1e19,
        1e25,
        -1.7e308,
    ] {
        let wanted = v1::Ticket {
            custom_fields: Some(Struct {
                fields: BTreeMap::from([(
                    "n".to_owned(),
                    Value {
                        kind: Some(Json::NumberValue(number)),
                    },
                )]),
            }),
            ..Default::default()
        };
        let first = update(&mut tickets, &ticket.id, wanted.clone(), "custom_fields").await;
        let first = first.unwrap();
        assert_eq!(first.custom_fields, wanted.custom_fields);
        let again = update(&mut tickets, &ticket.id, wanted, "custom_fields").await;
        assert_eq!(again.unwrap(), first, "{number}");
    }
}

/// What an older or another client may take CreateTicketRequest for.
#[derive(Clone, PartialEq, prost::Message)]
struct Mistaken {
    #[prost(int32, tag = "1")]
    ticket: i32,
}

#[tokio::test]
async fn a_field_of_another_form_is_named() {
    let server = TestServer::start(Kind::Sqlite).await;
    let mut client = Grpc::new(server.authorized(Role::Admin));
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static("/docket.v1.TicketService/CreateTicket");
    let codec = ProstCodec::<Mistaken, v1::CreateTicketResponse>::default();
    let request = Request::new(Mistaken { ticket: 7 });
    let refused = client.unary(request, path, codec).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(fields(&refused), ["ticket"]);
}
