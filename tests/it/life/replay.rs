//! A ticket's history, replayed from its beginning, is the ticket: for any sequence of operations.

pub(super) mod model;

use std::{collections::BTreeMap, time::Duration};

use docket::{domain::actor::Role, proto::v1, worker::Settings};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use prost_types::{FieldMask, Struct, Value, value::Kind as Json};
use rstest::rstest;
use tokio::runtime::Runtime;
use v1::batch_update_tickets_request::Change;

use model::{replayed, shown};

use super::{assign, filed, get, history, known, move_to};
use crate::{
    attachments::{header, upload},
    support::{
        database::Kind,
        server::{TestClock, TestServer, Tickets},
    },
};

/// Who does something: the creator, an engineer, an administrator.
const PEOPLE: [(&str, Role); 3] = [
    ("eve", Role::EndUser),
    ("ada", Role::SeniorEngineer),
    ("root", Role::Admin),
];

/// Something that somebody tries; much of it is refused, and then changes nothing.
#[derive(Clone, Debug)]
enum Step {
    Wait(u32),
    Move(i32),
    Resolve(String),
    Reopen(String),
    Escalate,
    Close,
    Assign(Option<&'static str>),
    Comment(bool, String),
    EditComment(usize, String),
    DeleteComment(usize),
    Update(Box<v1::Ticket>, Vec<&'static str>),
    /// Priorities, tags or people through the RPC for several tickets.
    Batch(Change),
    Attach,
    Detach(usize),
    Delete,
    Undelete,
}

fn steps() -> impl Strategy<Value = Vec<(usize, Step)>> {
    let text =
        || prop::sample::select(vec!["a", "b & <b>c</b>", "ü\u{1f600}"]).prop_map(str::to_owned);
    let step = prop_oneof![
        2 => (1u32..100_000).prop_map(Step::Wait),
        8 => (1i32..10).prop_map(Step::Move),
        3 => text().prop_map(Step::Resolve),
        2 => text().prop_map(Step::Reopen),
        1 => Just(Step::Escalate),
        2 => Just(Step::Close),
        2 => prop::sample::select(vec![None, Some("eve"), Some("ada"), Some("root")])
            .prop_map(Step::Assign),
        4 => (any::<bool>(), text()).prop_map(|(internal, text)| Step::Comment(internal, text)),
        1 => (0usize..4, text()).prop_map(|(index, text)| Step::EditComment(index, text)),
        3 => (0usize..4).prop_map(Step::DeleteComment),
        4 => content().prop_map(|(ticket, mask)| Step::Update(Box::new(ticket), mask)),
        2 => batch().prop_map(Step::Batch),
        2 => Just(Step::Attach),
        1 => (0usize..3).prop_map(Step::Detach),
        1 => Just(Step::Delete),
        1 => Just(Step::Undelete),
    ];
    prop::collection::vec((0..PEOPLE.len(), step), 0..25)
}

fn batch() -> impl Strategy<Value = Change> {
    let tags = || prop::collection::btree_set("[a-c]", 0..3);
    let tags = (tags(), tags()).prop_map(|(add, remove)| {
        let add = add.difference(&remove).cloned().collect();
        let remove = remove.into_iter().collect();
        Change::Tags(v1::TagsChange { add, remove })
    });
    let person = prop::sample::select(vec![None, Some("ada"), Some("root")]);
    prop_oneof![
        (1i32..5).prop_map(Change::Priority),
        tags,
        person.prop_map(|person| {
            let assignee_id = person.map(str::to_owned);
            Change::Assign(v1::AssignChange { assignee_id })
        }),
    ]
}

fn content() -> impl Strategy<Value = (v1::Ticket, Vec<&'static str>)> {
    let paths = vec![
        "title",
        "description",
        "priority",
        "category",
        "environment",
        "affected_service",
        "team",
        "tags",
        "custom_fields",
    ];
    let mask = prop::sample::subsequence(paths, 1..5);
    let words = || prop::sample::select(vec!["one", "two \"2\"", "drei"]).prop_map(str::to_owned);
    let tags = prop::collection::btree_set("[a-c]{1,2}", 0..4);
    let team = prop::option::of(words());
    let number = prop::option::of(any::<i16>());
    (words(), words(), 1i32..5, 1i32..5, team, tags, number, mask).prop_map(
        |(title, text, priority, environment, team, tags, number, mask)| {
            let field = |number| Value {
                kind: Some(Json::NumberValue(f64::from(number))),
            };
            let ticket = v1::Ticket {
                title,
                description: format!("<p>{text}</p>"),
                priority,
                category: priority,
                environment,
                affected_service: text,
                team,
                tags: tags.into_iter().collect(),
                custom_fields: number.map(|number| Struct {
                    fields: BTreeMap::from([("n".to_owned(), field(number))]),
                }),
                ..Default::default()
            };
            (ticket, mask)
        },
    )
}

#[rstest]
fn history_from_the_beginning_is_the_ticket(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let runtime = Runtime::new().unwrap();
    let clock = TestClock::new();
    let server = runtime.block_on(async {
        // Broken promises are noted whenever that comes to pass.
        let restless = Settings {
            sla_sweep: Duration::from_millis(5),
            ..Settings::default()
        };
        let server = TestServer::start_working(kind, clock.clone(), restless).await;
        for person in PEOPLE {
            known(&server, person).await;
        }
        server
    });
    let mut runner = TestRunner::new(Config {
        cases: 128,
        failure_persistence: None,
        ..Config::default()
    });
    let checked = runner.run(&steps(), |steps| {
        runtime.block_on(async {
            let ticket = filed(&server, PEOPLE[0]).await;
            let mut made = Made::default();
            for (person, step) in steps {
                let mut tickets = server.tickets(PEOPLE[person]);
                take(&mut tickets, &clock, &ticket.id, &mut made, step).await;
            }
            let mut admin = server.tickets(("root", Role::Admin));
            let now = get(&mut admin, &ticket.id).await.unwrap();
            // A deleted ticket keeps its history; it is read once it is restored.
            if now.delete_time.is_some() {
                undelete(&mut admin, &ticket.id).await.unwrap();
            }
            let (now, told) = at_rest(&mut admin, &ticket.id).await;
            prop_assert_eq!(replayed(&told), shown(&now), "{:#?}", told);
            Ok(())
        })
    });
    drop(runtime.enter());
    checked.unwrap();
}

/// The ticket and its history, between two looks at its clock.
async fn at_rest(admin: &mut Tickets, id: &str) -> (v1::Ticket, Vec<v1::HistoryEntry>) {
    loop {
        let before = get(admin, id).await.unwrap();
        let told = history(admin, id).await;
        if get(admin, id).await.unwrap() == before {
            return (before, told);
        }
    }
}

/// The ids of what was added to the ticket.
#[derive(Default)]
struct Made {
    comments: Vec<String>,
    attachments: Vec<String>,
}

/// Tries a step. A refusal is all right, a fault of docket's own is not.
async fn take(tickets: &mut Tickets, clock: &TestClock, id: &str, made: &mut Made, step: Step) {
    let id = id.to_owned();
    let refused = match step {
        Step::Wait(seconds) => {
            clock.advance(Duration::from_secs(seconds.into()));
            None
        }
        Step::Move(status) => {
            let status = v1::TicketStatus::try_from(status).unwrap();
            move_to(tickets, &id, status).await.err()
        }
        Step::Resolve(resolution_notes) => {
            let request = v1::ResolveTicketRequest {
                id,
                resolution_notes,
            };
            tickets.resolve_ticket(request).await.err()
        }
        Step::Reopen(reason) => tickets
            .reopen_ticket(v1::ReopenTicketRequest { id, reason })
            .await
            .err(),
        Step::Escalate => {
            let reason = "Too hard".to_owned();
            tickets
                .escalate_ticket(v1::EscalateTicketRequest { id, reason })
                .await
                .err()
        }
        Step::Close => tickets
            .close_ticket(v1::CloseTicketRequest { id })
            .await
            .err(),
        Step::Assign(person) => assign(tickets, &id, person).await.err(),
        Step::Comment(internal, body) => {
            let answer = tickets.create_comment(v1::CreateCommentRequest {
                ticket_id: id,
                body,
                visibility: 1 + i32::from(internal),
                ..Default::default()
            });
            match answer.await {
                Ok(answer) => {
                    made.comments.push(answer.into_inner().comment.unwrap().id);
                    None
                }
                Err(status) => Some(status),
            }
        }
        Step::EditComment(index, body) => match made.comments.get(index).cloned() {
            Some(id) => {
                let validate_only = body == "a";
                let request = v1::UpdateCommentRequest {
                    id,
                    body,
                    validate_only,
                };
                tickets.update_comment(request).await.err()
            }
            None => None,
        },
        Step::DeleteComment(index) => match made.comments.get(index).cloned() {
            Some(id) => tickets
                .delete_comment(v1::DeleteCommentRequest { id })
                .await
                .err(),
            None => None,
        },
        Step::Update(ticket, mask) => {
            let paths = mask.into_iter().map(str::to_owned).collect();
            let request = v1::UpdateTicketRequest {
                ticket: Some(v1::Ticket { id, ..*ticket }),
                update_mask: Some(FieldMask { paths }),
                ..Default::default()
            };
            tickets.update_ticket(request).await.err()
        }
        Step::Batch(change) => {
            let request = v1::BatchUpdateTicketsRequest {
                ids: vec![id],
                change: Some(change),
                validate_only: false,
            };
            tickets.batch_update_tickets(request).await.err()
        }
        Step::Attach => match upload(tickets, header(&id, "a.txt"), b"a").await {
            Ok(attachment) => {
                made.attachments.push(attachment.id);
                None
            }
            Err(status) => Some(status),
        },
        Step::Detach(index) => match made.attachments.get(index).cloned() {
            Some(id) => tickets
                .delete_attachment(v1::DeleteAttachmentRequest { id })
                .await
                .err(),
            None => None,
        },
        Step::Delete => {
            let request = v1::DeleteTicketRequest { id, etag: None };
            tickets.delete_ticket(request).await.err()
        }
        Step::Undelete => undelete(tickets, &id).await.err(),
    };
    if let Some(status) = refused {
        let fault = matches!(status.code(), tonic::Code::Internal | tonic::Code::Unknown);
        assert!(!fault, "{status:?}");
    }
}

async fn undelete(tickets: &mut Tickets, id: &str) -> Result<v1::Ticket, tonic::Status> {
    let request = v1::UndeleteTicketRequest { id: id.to_owned() };
    let answer = tickets.undelete_ticket(request).await?;
    Ok(answer.into_inner().ticket.unwrap())
}
