//! What may not be seen is told as what does not exist: by every RPC that takes an id, in the same words.

use docket::{
    domain::actor::Role,
    proto::{FILE_DESCRIPTOR_SET, v1},
};
use prost::Message as _;
use prost_types::FileDescriptorSet;
use rstest::rstest;
use tonic::{Code, Request, Status, client::Grpc, codegen::http::uri::PathAndQuery};
use tonic_prost::ProstCodec;

use super::filed;
use crate::{
    attachments::{header, upload},
    support::{
        database::Kind,
        server::{Authorized, TestServer},
    },
};

/// RPCs of the service that begin with no id.
const WITHOUT: [&str; 4] = ["CreateTicket", "DraftTicket", "ListTickets", "WatchTickets"];

/// Whose id a request begins with, all others being a ticket's.
const OF_OTHERS: [(&str, &str); 6] = [
    ("UpdateComment", "comment"),
    ("DeleteComment", "comment"),
    ("DownloadAttachment", "attachment"),
    ("DeleteAttachment", "attachment"),
    ("UploadChunk", "upload"),
    ("FinishUpload", "upload"),
];

/// A request of any method that begins with an id, or with a message (`ticket`, `header`) that does.
#[derive(Clone, PartialEq, prost::Message)]
struct Plain {
    #[prost(string, tag = "1")]
    id: String,
    /// What BatchUpdateTickets has to be told: a priority.
    #[prost(int32, optional, tag = "4")]
    change: Option<i32>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Nested {
    #[prost(message, optional, tag = "1")]
    inner: Option<Plain>,
}

/// The RPCs that begin with an id, and whether a message is around it.
fn methods() -> Vec<(String, bool)> {
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    let services = set.file.iter().flat_map(|file| &file.service);
    let service = services
        .into_iter()
        .find(|service| service.name() == "TicketService");
    let messages: Vec<_> = set
        .file
        .iter()
        .flat_map(|file| &file.message_type)
        .collect();
    let mut methods = Vec::new();
    for method in &service.unwrap().method {
        if WITHOUT.contains(&method.name()) {
            continue;
        }
        let name = method.input_type().rsplit('.').next().unwrap();
        let request = messages.iter().find(|message| message.name() == name);
        let first = &request.unwrap().field[0];
        assert_eq!(first.number(), 1, "{name}");
        let nested = matches!(first.name(), "ticket" | "header");
        let id = matches!(first.name(), "id" | "ids" | "ticket_id" | "upload_id");
        assert!(
            nested || id,
            "{name} begins with an id, or stands in WITHOUT"
        );
        methods.push((method.name().to_owned(), nested));
    }
    methods
}

async fn call(channel: &Authorized, name: &str, nested: bool, id: &str) -> Status {
    let path: PathAndQuery = format!("/docket.v1.TicketService/{name}").parse().unwrap();
    let plain = Plain {
        id: id.to_owned(),
        change: (name == "BatchUpdateTickets").then_some(1),
    };
    let mut client = Grpc::new(channel.clone());
    client.ready().await.unwrap();
    let answer = if nested {
        let request = Request::new(Nested { inner: Some(plain) });
        let codec = ProstCodec::<Nested, v1::BatchUpdateTicketsResponse>::default();
        client.server_streaming(request, path, codec).await
    } else {
        let codec = ProstCodec::<Plain, v1::BatchUpdateTicketsResponse>::default();
        client
            .server_streaming(Request::new(plain), path, codec)
            .await
    };
    let answer = match answer {
        Ok(answer) => answer.into_inner().message().await,
        Err(status) => return status,
    };
    // Only a batch tells of one ticket in an answer.
    use v1::batch_update_result::Outcome;
    match answer.map(|answer| answer.and_then(|mut answer| answer.results.pop()?.outcome)) {
        Ok(Some(Outcome::Error(error))) => Status::new(error.code.into(), error.message),
        Ok(other) => panic!("{name} answers {other:?}"),
        Err(status) => status,
    }
}

/// One each of what an id can be of, all on a ticket of eve's.
async fn hidden(server: &TestServer) -> impl Fn(&str) -> String {
    let mut eve = server.tickets(("eve", Role::EndUser));
    let ticket = filed(server, ("eve", Role::EndUser)).await.id;
    let comment = v1::CreateCommentRequest {
        ticket_id: ticket.clone(),
        body: "Mine".to_owned(),
        ..Default::default()
    };
    let comment = eve.create_comment(comment).await.unwrap().into_inner();
    let comment = comment.comment.unwrap().id;
    let attachment = upload(&mut eve, header(&ticket, "mine.txt"), b"mine").await;
    let attachment = attachment.unwrap().id;
    let begun = v1::StartUploadRequest {
        ticket_id: ticket.clone(),
        filename: "mine.txt".to_owned(),
        size_bytes: 4,
        ..Default::default()
    };
    let begun = eve
        .start_upload(begun)
        .await
        .unwrap()
        .into_inner()
        .upload_id;
    move |what| match what {
        "comment" => comment.clone(),
        "attachment" => attachment.clone(),
        "upload" => begun.clone(),
        _ => ticket.clone(),
    }
}

fn kind_of(name: &str) -> &'static str {
    let other = OF_OTHERS.iter().find(|(method, _)| *method == name);
    other.map_or("ticket", |(_, kind)| kind)
}

/// Both statuses are the same but for the id that was asked for.
fn alike(name: &str, unseen: &Status, id: &str, missing: &Status, other: &str) {
    let code = match name {
        "AssignTicket" | "ResolveTicket" | "CloseTicket" | "DeleteTicket" | "UndeleteTicket" => {
            Code::PermissionDenied
        }
        _ => Code::NotFound,
    };
    assert_eq!(unseen.code(), code, "{name}: {unseen:?}");
    assert_eq!(missing.code(), code, "{name}: {missing:?}");
    assert_eq!(
        unseen.message().replace(id, other),
        missing.message(),
        "{name}"
    );
    // The details hold the id in plain text, and nothing else that differs. A map in them has no order.
    let sorted = |status: &Status| {
        let text = String::from_utf8_lossy(status.details()).replace(id, other);
        let mut chars: Vec<char> = text.chars().collect();
        chars.sort_unstable();
        chars
    };
    assert_eq!(sorted(unseen), sorted(missing), "{name}");
}

#[rstest]
#[tokio::test]
async fn what_may_not_be_seen_is_told_in_the_words_for_what_does_not_exist(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let hidden = hidden(&server).await;
    let mallory = server.authorized(("mallory", Role::EndUser));
    for deleted in [false, true] {
        for (name, nested) in methods() {
            let (id, other) = (hidden(kind_of(&name)), uuid::Uuid::now_v7().to_string());
            let unseen = call(&mallory, &name, nested, &id).await;
            let missing = call(&mallory, &name, nested, &other).await;
            alike(&name, &unseen, &id, &missing, &other);
        }
        if !deleted {
            // And once more when it is deleted.
            let request = v1::DeleteTicketRequest {
                id: hidden("ticket"),
                etag: None,
            };
            let mut admin = server.tickets(Role::Admin);
            admin.delete_ticket(request).await.unwrap();
        }
    }
}
