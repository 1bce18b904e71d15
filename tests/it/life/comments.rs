//! Comments: who reads and changes which, and what is left of HTML that acts.

use docket::{domain::actor::Role, proto::v1};
use rstest::rstest;
use tonic::{Code, Status};
use v1::{CommentVisibility as Visibility, HistoryEventType as Event};

use super::{fields, filed, get, history, reason};
use crate::support::{
    database::Kind,
    server::{TestServer, Tickets},
};

fn a_comment(ticket: &v1::Ticket, body: &str, visibility: Visibility) -> v1::CreateCommentRequest {
    v1::CreateCommentRequest {
        ticket_id: ticket.id.clone(),
        body: body.to_owned(),
        visibility: visibility.into(),
        ..Default::default()
    }
}

async fn comment(
    tickets: &mut Tickets,
    request: v1::CreateCommentRequest,
) -> Result<v1::Comment, Status> {
    let answer = tickets.create_comment(request).await?;
    Ok(answer.into_inner().comment.unwrap())
}

async fn update(tickets: &mut Tickets, id: &str, body: &str) -> Result<v1::Comment, Status> {
    let request = v1::UpdateCommentRequest {
        id: id.to_owned(),
        body: body.to_owned(),
        validate_only: false,
    };
    let answer = tickets.update_comment(request).await?;
    Ok(answer.into_inner().comment.unwrap())
}

async fn delete(tickets: &mut Tickets, id: &str) -> Result<v1::Comment, Status> {
    let request = v1::DeleteCommentRequest { id: id.to_owned() };
    let answer = tickets.delete_comment(request).await?;
    Ok(answer.into_inner().comment.unwrap())
}

/// All comments that the caller may read, two a page.
async fn listed(tickets: &mut Tickets, ticket: &v1::Ticket) -> Vec<v1::Comment> {
    let mut comments = Vec::new();
    let mut request = v1::ListCommentsRequest {
        ticket_id: ticket.id.clone(),
        page_size: 2,
        ..Default::default()
    };
    loop {
        let page = tickets.list_comments(request.clone()).await.unwrap();
        let page = page.into_inner();
        comments.extend(page.comments);
        if page.next_page_token.is_empty() {
            return comments;
        }
        request.page_token = page.next_page_token;
    }
}

#[rstest]
#[tokio::test]
async fn an_end_user_learns_nothing_of_internal_comments(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let ticket = filed(&server, ("eve", Role::EndUser)).await;
    let (mut eve, mut senior) = (
        server.tickets(("eve", Role::EndUser)),
        server.tickets(Role::SeniorEngineer),
    );
    let internal = a_comment(&ticket, "She is <b>wrong</b>", Visibility::Internal);
    let secret = comment(&mut senior, internal.clone()).await.unwrap();
    let unmet = get(&mut senior, &ticket.id).await.unwrap();
    assert_eq!(unmet.sla.unwrap().first_response_time, None);
    let public = a_comment(&ticket, "On it", Visibility::Unspecified);
    let told = comment(&mut senior, public).await.unwrap();
    assert_eq!(told.visibility(), Visibility::Public);
    let own = a_comment(&ticket, "Thanks", Visibility::Public);
    comment(&mut eve, own).await.unwrap();

    assert_eq!(listed(&mut senior, &ticket).await.len(), 3);
    let seen = listed(&mut eve, &ticket).await;
    let bodies: Vec<_> = seen.iter().map(|row| row.body.as_str()).collect();
    assert_eq!(bodies, ["On it", "Thanks"]);
    assert_eq!(get(&mut eve, &ticket.id).await.unwrap().comment_count, 2);
    let whole = get(&mut senior, &ticket.id).await.unwrap();
    assert_eq!(whole.comment_count, 3);
    assert_eq!(whole.sla.unwrap().first_response_time, told.create_time);
    let list = eve
        .list_tickets(v1::ListTicketsRequest::default())
        .await
        .unwrap();
    assert_eq!(list.into_inner().tickets[0].comment_count, 2);

    let entries = history(&mut eve, &ticket.id).await;
    assert_eq!(entries.len(), 3, "{entries:?}");
    assert!(!format!("{entries:?}").contains(&secret.id));
    assert_eq!(history(&mut senior, &ticket.id).await.len(), 4);

    // Nor does an etag from before it tell what has changed since.
    let fresh = filed(&server, ("eve", Role::EndUser)).await;
    let hidden = a_comment(&fresh, "Hm", Visibility::Internal);
    comment(&mut senior, hidden).await.unwrap();
    for (tickets, told) in [(&mut eve, ""), (&mut senior, "comment_count")] {
        let stale = v1::TransitionTicketRequest {
            etag: Some(fresh.etag.clone()),
            ..super::transition(&fresh.id, v1::TicketStatus::Open)
        };
        let stale = tickets.transition_ticket(stale).await.unwrap_err();
        assert_eq!(super::fact(&stale, "changed_fields"), told);
    }

    let mut denied = internal;
    denied.body = "Me too".to_owned();
    let denied = comment(&mut eve, denied).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
    // A comment that may not be read is told as one that does not exist, by every RPC.
    let missing = uuid::Uuid::now_v7().to_string();
    let hidden = update(&mut eve, &secret.id, "x").await.unwrap_err();
    let nothing = update(&mut eve, &missing, "x").await.unwrap_err();
    assert_eq!(hidden.code(), Code::NotFound);
    assert_eq!(
        hidden.message(),
        nothing.message().replace(&missing, &secret.id)
    );
    assert_eq!(
        delete(&mut eve, &secret.id).await.unwrap_err().code(),
        Code::NotFound
    );
    // Nor is there a way to another one's ticket through its comments.
    let mut mallory = server.tickets(("mallory", Role::EndUser));
    assert_eq!(
        update(&mut mallory, &told.id, "x")
            .await
            .unwrap_err()
            .code(),
        Code::NotFound
    );
}

#[rstest]
#[tokio::test]
async fn author_and_admin_edit_and_delete_and_leave_a_trace(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let ticket = filed(&server, Role::SeniorEngineer).await;
    let mut senior = server.tickets(Role::SeniorEngineer);
    let said = comment(&mut senior, a_comment(&ticket, "Frist", Visibility::Public))
        .await
        .unwrap();
    assert_eq!(said.edit_time, None);
    for role in [Role::TeamLead, Role::Manager, Role::DevopsEngineer] {
        let mut other = server.tickets(role);
        let denied = update(&mut other, &said.id, "Mine").await.unwrap_err();
        assert_eq!(denied.code(), Code::PermissionDenied, "{role}");
        let denied = delete(&mut other, &said.id).await.unwrap_err();
        assert_eq!(denied.code(), Code::PermissionDenied, "{role}");
    }
    let edited = update(&mut senior, &said.id, "First").await.unwrap();
    assert_eq!(edited.body, "First");
    assert!(edited.edit_time.is_some());
    assert_eq!(
        update(&mut senior, &said.id, "First").await.unwrap(),
        edited
    );
    let rehearsal = v1::UpdateCommentRequest {
        id: said.id.clone(),
        body: "Second".to_owned(),
        validate_only: true,
    };
    let planned = senior.update_comment(rehearsal).await.unwrap().into_inner();
    assert_eq!(planned.comment.unwrap().body, "Second");
    assert_eq!(
        listed(&mut senior, &ticket).await,
        std::slice::from_ref(&edited)
    );
    let mut admin = server.tickets(Role::Admin);
    let corrected = update(&mut admin, &said.id, "First!").await.unwrap();
    assert_eq!(corrected.author_id, "senior_engineer");
    let gone = delete(&mut admin, &said.id).await.unwrap();
    assert_eq!(gone.body, "");
    assert!(gone.delete_time.is_some());
    assert!(listed(&mut senior, &ticket).await.is_empty());
    assert_eq!(get(&mut senior, &ticket.id).await.unwrap().comment_count, 0);
    assert_eq!(
        delete(&mut admin, &said.id).await.unwrap_err().code(),
        Code::NotFound
    );
    let entries = history(&mut senior, &ticket.id).await;
    let told: Vec<_> = entries[1..]
        .iter()
        .map(|entry| {
            (
                entry.event_type(),
                entry.old_value.as_deref(),
                entry.new_value.as_deref(),
            )
        })
        .collect();
    let expected = [
        (Event::CommentAdded, None, None),
        (Event::CommentUpdated, Some("Frist"), Some("First")),
        (Event::CommentUpdated, Some("First"), Some("First!")),
        (Event::CommentDeleted, None, None),
    ];
    assert_eq!(told, expected);
    // What docket itself wrote stays.
    super::move_to(&mut senior, &ticket.id, v1::TicketStatus::Open)
        .await
        .unwrap();
    let system = listed(&mut senior, &ticket).await.pop().unwrap();
    assert!(system.system);
    assert_eq!(system.body, "<p>Status changed from NEW to OPEN.</p>");
    let denied = update(&mut admin, &system.id, "x").await.unwrap_err();
    assert_eq!(reason(&denied), "PERMISSION_DENIED");
    assert_eq!(
        reason(&delete(&mut senior, &system.id).await.unwrap_err()),
        "PERMISSION_DENIED"
    );
}

#[rstest]
#[case("<script>alert(1)</script>Hi", "Hi")]
#[case("<img src=x onerror=alert(1)>Hi", "<img src=\"x\">Hi")]
#[case(
    "<a href=\"javascript:alert(1)\">Hi</a>",
    "<a href=\"about:invalid\" rel=\"noopener noreferrer\">Hi</a>"
)]
#[case(
    "<a href=\"java\nscript:alert(1)\">Hi</a>",
    "<a href=\"about:invalid\" rel=\"noopener noreferrer\">Hi</a>"
)]
#[case("<svg><script>alert(1)</script></svg>Hi", "Hi")]
#[case(
    "<p onclick='x()' style='position:fixed'>Hi</p>",
    "<p style=\"\">Hi</p>"
)]
#[case("<iframe srcdoc='<script>x</script>'></iframe>Hi", "Hi")]
#[tokio::test]
async fn what_acts_never_comes_out_again(#[case] html: &str, #[case] kept: &str) {
    let server = TestServer::start(Kind::Sqlite).await;
    let ticket = filed(&server, Role::EndUser).await;
    let mut tickets = server.tickets(Role::EndUser);
    let said = comment(&mut tickets, a_comment(&ticket, html, Visibility::Public))
        .await
        .unwrap();
    assert_eq!(said.body, kept);
    assert_eq!(listed(&mut tickets, &ticket).await[0].body, kept);
    update(&mut tickets, &said.id, "Other").await.unwrap();
    let edited = update(&mut tickets, &said.id, html).await.unwrap();
    assert_eq!(edited.body, kept);
    let why = v1::TransitionTicketRequest {
        id: ticket.id.clone(),
        status: v1::TicketStatus::Open.into(),
        comment: Some(html.to_owned()),
        etag: None,
    };
    // Plain text shows as it was typed.
    tickets.transition_ticket(why).await.unwrap();
    let told = listed(&mut tickets, &ticket).await.pop().unwrap();
    let escaped = html
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\n', "<br>");
    assert_eq!(
        told.body,
        format!("<p>Status changed from NEW to OPEN.</p><p>{escaped}</p>")
    );
}

#[rstest]
#[tokio::test]
async fn a_body_has_limits_and_has_to_show_something(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let ticket = filed(&server, Role::EndUser).await;
    let mut tickets = server.tickets(Role::EndUser);
    let longest = "x".repeat(64 * 1024);
    let said = comment(
        &mut tickets,
        a_comment(&ticket, &longest, Visibility::Public),
    )
    .await;
    assert_eq!(said.unwrap().body.len(), 64 * 1024);
    let too_long = format!("{longest}x");
    let escaped_too_long = "<".repeat(64 * 1024);
    for body in [
        "",
        "nul \0",
        "<p>&nbsp;</p>",
        "<script>x</script>",
        &too_long,
        &escaped_too_long,
    ] {
        let refused = comment(&mut tickets, a_comment(&ticket, body, Visibility::Public)).await;
        let refused = refused.unwrap_err();
        assert_eq!(
            fields(&refused),
            ["body"],
            "{}",
            &body[..body.len().min(20)]
        );
    }
    let nothing = tickets.create_comment(v1::CreateCommentRequest {
        visibility: 9,
        request_id: Some("x".to_owned()),
        ..Default::default()
    });
    let told = fields(&nothing.await.unwrap_err());
    assert_eq!(told, ["ticket_id", "body", "visibility", "request_id"]);
    let planned = v1::CreateCommentRequest {
        validate_only: true,
        ..a_comment(&ticket, "Perhaps", Visibility::Public)
    };
    assert_eq!(comment(&mut tickets, planned).await.unwrap().id, "");
    assert_eq!(listed(&mut tickets, &ticket).await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_request_id_adds_one_comment_however_often_it_comes(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let ticket = filed(&server, Role::EndUser).await;
    let mut tickets = server.tickets(Role::EndUser);
    let request = v1::CreateCommentRequest {
        request_id: Some(uuid::Uuid::new_v4().to_string()),
        ..a_comment(&ticket, "Once", Visibility::Public)
    };
    let calls = (0..20).map(|_| {
        let (mut tickets, request) = (tickets.clone(), request.clone());
        async move { comment(&mut tickets, request).await.unwrap() }
    });
    let said = futures::future::join_all(calls).await;
    assert!(said.iter().all(|one| *one == said[0]));
    assert_eq!(listed(&mut tickets, &ticket).await, [said[0].clone()]);
    let mut other = request;
    other.body = "Twice".to_owned();
    let refused = comment(&mut tickets, other).await.unwrap_err();
    assert_eq!(reason(&refused), "REQUEST_ID_REUSED");
}
