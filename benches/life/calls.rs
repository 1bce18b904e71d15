//! The calls: each picks what it needs at random and answers what became of it.

use std::sync::{Arc, Mutex};

use docket::proto::v1::{
    self, ticket_service_client::TicketServiceClient, user_service_client::UserServiceClient,
};
use futures::future::{BoxFuture, FutureExt as _};
use prost_types::FieldMask;
use rand::{RngExt as _, rngs::StdRng, seq::IndexedRandom as _};
use tonic::{Code, Status};

use super::{
    bearer::{SignedIn, sign_in},
    server::Server,
};

/// The callers' roles in turn: few see their own tickets alone.
const ROLES: [&str; 8] = [
    "ADMIN",
    "SENIOR_ENGINEER",
    "DEVOPS_ENGINEER",
    "TEAM_LEAD",
    "ADMIN",
    "MANAGER",
    "SENIOR_ENGINEER",
    "END_USER",
];

/// How many tickets are worked on at once: few enough to meet on them.
const TICKETS: usize = 200;

type Outcome = Result<(), Status>;
type Call = for<'a> fn(&'a mut Client, &'a mut StdRng) -> BoxFuture<'a, Outcome>;

/// Every RPC about tickets and people, by name.
pub(crate) const CALLS: [(&str, Call); 24] = [
    ("AssignTicket", assign),
    ("BatchGetTickets", batch_get),
    ("BatchUpdateTickets", batch_update),
    ("CloseTicket", close),
    ("CreateComment", create_comment),
    ("CreateTicket", create),
    ("Update-, DeleteComment", delete_comment),
    ("DeleteTicket", delete),
    ("EscalateTicket", escalate),
    ("ExplainSla", explain),
    ("GetMe", me),
    ("GetTicket", get),
    ("ListAllowedTransitions", allowed),
    ("ListComments", comments),
    ("ListTicketAssignments", assignments),
    ("ListTicketHistory", history),
    ("ListTickets", list),
    ("ListUsers", users),
    ("ReopenTicket", reopen),
    ("ResolveTicket", resolve),
    ("TransitionTicket", transition),
    ("UndeleteTicket", undelete),
    ("UpdateTicket", update),
    ("UpsertUsers", upsert),
];

/// One caller on a connection of its own.
pub(crate) struct Client {
    tickets: TicketServiceClient<SignedIn>,
    users: UserServiceClient<SignedIn>,
    ids: Arc<Mutex<Vec<String>>>,
    own_comments: Vec<String>,
    sub: String,
}

impl Client {
    pub(crate) fn new(server: &Server, index: u64, ids: Arc<Mutex<Vec<String>>>) -> Self {
        let sub = format!("caller-{index}");
        let role = ROLES[usize::try_from(index).unwrap() % ROLES.len()];
        let channel = sign_in(&server.url, &server.token(&sub, role));
        Self {
            tickets: TicketServiceClient::new(channel.clone()),
            users: UserServiceClient::new(channel),
            ids,
            own_comments: Vec::new(),
            sub,
        }
    }

    /// What to call next: a create while there are few tickets, and then anything.
    pub(crate) fn choose(&self, random: &mut StdRng) -> (&'static str, Call) {
        match self.ids.lock().unwrap().len() {
            0..TICKETS if random.random_bool(0.5) => ("CreateTicket", create),
            0 => ("CreateTicket", create),
            _ => *CALLS.choose(random).expect("a call"),
        }
    }

    /// A ticket of anybody's.
    fn any(&self, random: &mut StdRng) -> String {
        let ids = self.ids.lock().unwrap();
        ids.choose(random).cloned().unwrap_or_default()
    }
}

fn status(random: &mut StdRng) -> i32 {
    random.random_range(2..10)
}

/// Declares a call: its request from client and chance.
macro_rules! calls {
    ($($name:ident($client:ident, $random:ident) => $service:ident.$method:ident($request:expr);)+) => {$(
        fn $name<'a>($client: &'a mut Client, $random: &'a mut StdRng) -> BoxFuture<'a, Outcome> {
            let request = $request;
            async move { $client.$service.$method(request).await.map(drop) }.boxed()
        }
    )+};
}

calls! {
    assign(client, random) => tickets.assign_ticket(v1::AssignTicketRequest {
        id: client.any(random),
        assignee_id: random.random_bool(0.8).then(|| client.sub.clone()),
        etag: None,
    });
    batch_get(client, random) => tickets.batch_get_tickets(v1::BatchGetTicketsRequest {
        ids: vec![client.any(random)],
    });
    close(client, random) => tickets.close_ticket(v1::CloseTicketRequest { id: client.any(random) });
    delete(client, random) => tickets.delete_ticket(v1::DeleteTicketRequest { id: client.any(random), etag: None });
    escalate(client, random) => tickets.escalate_ticket(v1::EscalateTicketRequest {
        id: client.any(random),
        reason: "Too hard".to_owned(),
    });
    explain(client, random) => tickets.explain_sla(v1::ExplainSlaRequest { id: client.any(random) });
    get(client, random) => tickets.get_ticket(v1::GetTicketRequest { id: Some(client.any(random)), number: None });
    allowed(client, random) => tickets.list_allowed_transitions(v1::ListAllowedTransitionsRequest {
        id: client.any(random),
    });
    comments(client, random) => tickets.list_comments(v1::ListCommentsRequest {
        ticket_id: client.any(random),
        ..Default::default()
    });
    assignments(client, random) => tickets.list_ticket_assignments(v1::ListTicketAssignmentsRequest {
        ticket_id: client.any(random),
        ..Default::default()
    });
    history(client, random) => tickets.list_ticket_history(v1::ListTicketHistoryRequest {
        ticket_id: client.any(random),
        ..Default::default()
    });
    list(client, random) => tickets.list_tickets(v1::ListTicketsRequest {
        page_size: random.random_range(1..20),
        ..Default::default()
    });
    reopen(client, random) => tickets.reopen_ticket(v1::ReopenTicketRequest {
        id: client.any(random),
        reason: "Again".to_owned(),
    });
    resolve(client, random) => tickets.resolve_ticket(v1::ResolveTicketRequest {
        id: client.any(random),
        resolution_notes: "Cleaned".to_owned(),
    });
    transition(client, random) => tickets.transition_ticket(v1::TransitionTicketRequest {
        id: client.any(random),
        status: status(random),
        ..Default::default()
    });
    undelete(client, random) => tickets.undelete_ticket(v1::UndeleteTicketRequest { id: client.any(random) });
    update(client, random) => tickets.update_ticket(v1::UpdateTicketRequest {
        ticket: Some(v1::Ticket {
            id: client.any(random),
            title: format!("Renamed by {}", client.sub),
            priority: random.random_range(1..5),
            ..Default::default()
        }),
        update_mask: Some(FieldMask { paths: vec!["title".to_owned(), "priority".to_owned()] }),
        etag: random.random_bool(0.3).then(|| format!("\"{}\"", random.random_range(1..20))),
        ..Default::default()
    });
    me(client, random) => users.get_me({
        let _ = random;
        v1::GetMeRequest {}
    });
    users(client, random) => users.list_users(v1::ListUsersRequest {
        query: random.random_bool(0.5).then(|| "caller".to_owned()),
        page_size: random.random_range(1..20),
        ..Default::default()
    });
    upsert(client, random) => users.upsert_users(v1::UpsertUsersRequest {
        users: vec![v1::User {
            id: format!("caller-{}", random.random_range(0..64)),
            display_name: "Caller".to_owned(),
            role: v1::Role::DevopsEngineer.into(),
            active: true,
            ..Default::default()
        }],
    });
}

/// Changes several, of which each may fail on its own.
fn batch_update<'a>(client: &'a mut Client, random: &'a mut StdRng) -> BoxFuture<'a, Outcome> {
    use v1::{batch_update_result::Outcome as Item, batch_update_tickets_request::Change};
    let mut ids = vec![client.any(random), client.any(random), client.any(random)];
    ids.sort();
    ids.dedup();
    let change = match random.random_range(0..4) {
        0 => Change::Priority(random.random_range(1..5)),
        1 => Change::Transition(v1::TransitionChange {
            status: status(random),
            comment: None,
        }),
        2 => Change::Assign(v1::AssignChange {
            assignee_id: Some(client.sub.clone()),
        }),
        _ => Change::Tags(v1::TagsChange {
            add: vec!["a".to_owned()],
            remove: vec!["b".to_owned()],
        }),
    };
    let request = v1::BatchUpdateTicketsRequest {
        ids,
        change: Some(change),
        validate_only: false,
    };
    async move {
        let answer = client.tickets.batch_update_tickets(request).await?;
        let faults = answer.into_inner().results.into_iter();
        let fault = faults.filter_map(|result| match result.outcome {
            Some(Item::Error(error)) => Some(Status::new(error.code.into(), error.message)),
            _ => None,
        });
        let mut faults =
            fault.filter(|fault| matches!(fault.code(), Code::Internal | Code::Unknown));
        faults.next().map_or(Ok(()), Err)
    }
    .boxed()
}

fn create<'a>(client: &'a mut Client, random: &'a mut StdRng) -> BoxFuture<'a, Outcome> {
    async move {
        let request = v1::CreateTicketRequest {
            ticket: Some(v1::Ticket {
                title: "Label printer at gate 4 jams".to_owned(),
                description: "<p>Again</p>".to_owned(),
                priority: random.random_range(1..5),
                tags: vec!["b".to_owned()],
                ..Default::default()
            }),
            request_id: Some(uuid::Uuid::new_v4().to_string()),
            ..Default::default()
        };
        let again = random.random_bool(0.2).then(|| request.clone());
        let answer = client.tickets.create_ticket(request).await?.into_inner();
        if let Some(again) = again {
            // The same request is answered the same.
            let repeated = client.tickets.create_ticket(again).await?.into_inner();
            assert_eq!(repeated, answer);
        }
        let mut ids = client.ids.lock().unwrap();
        if ids.len() >= TICKETS {
            let index = random.random_range(0..ids.len());
            ids.swap_remove(index);
        }
        ids.push(answer.ticket.unwrap_or_default().id);
        Ok(())
    }
    .boxed()
}

fn create_comment<'a>(client: &'a mut Client, random: &'a mut StdRng) -> BoxFuture<'a, Outcome> {
    async move {
        let request = v1::CreateCommentRequest {
            ticket_id: client.any(random),
            body: "<p>On <b>it</b></p>".to_owned(),
            visibility: random.random_range(1..3),
            ..Default::default()
        };
        let answer = client.tickets.create_comment(request).await?.into_inner();
        client
            .own_comments
            .push(answer.comment.unwrap_or_default().id);
        Ok(())
    }
    .boxed()
}

/// Edits a comment of its own, then deletes it.
fn delete_comment<'a>(client: &'a mut Client, random: &'a mut StdRng) -> BoxFuture<'a, Outcome> {
    async move {
        if client.own_comments.is_empty() {
            create_comment(client, random).await?;
        }
        let id = client.own_comments.pop().unwrap_or_default();
        let request = v1::UpdateCommentRequest {
            id: id.clone(),
            body: "Sorry, not yet".to_owned(),
            validate_only: false,
        };
        client.tickets.update_comment(request).await?;
        let request = v1::DeleteCommentRequest { id };
        client.tickets.delete_comment(request).await.map(drop)
    }
    .boxed()
}
