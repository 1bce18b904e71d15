//! DispatchTicket: sending, sending again, and never twice.

use docket::{
    domain::actor::Role,
    proto::v1::{self, DispatchOutcome, DispatchTrigger},
    sandbox::{Action, Options, Sandbox},
};
use futures::future::join_all;
use rstest::rstest;
use tonic::Code;
use uuid::Uuid;

use super::bench::{Bench, integrate, reason, result};
use crate::support::database::Kind;

#[rstest]
#[tokio::test]
async fn a_ticket_is_handed_over_later_and_keeps_its_integration(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let plain = bench.file("Later").await;
    let integration = bench.integration.as_str();
    let sent = bench.dispatch(&plain.id, Some(integration)).await.unwrap();
    assert!(result(&sent).success);
    assert_eq!(sent.integration_id.as_deref(), Some(integration));
    let again = bench.dispatch(&plain.id, None).await.unwrap();
    assert_eq!(again, sent, "it is there already");
    let told = [(DispatchTrigger::Request, DispatchOutcome::Created)];
    assert_eq!(bench.told(&plain.id).await, told);
    assert_eq!(bench.creates(), 1);
}

#[rstest]
#[tokio::test]
async fn calls_at_once_make_one_issue(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let bench = Bench::new(kind).await;
    let plain = bench.file("At once").await;
    let replica = bench
        .server
        .replica_working(bench.clock.clone(), Default::default());
    let replica = match kind {
        Kind::Sqlite => None,
        Kind::Postgres => Some(replica.await),
    };
    let other = replica.as_ref().unwrap_or(&bench.server);
    let calls = (0..8).map(|n| {
        let request = v1::DispatchTicketRequest {
            id: plain.id.clone(),
            integration_id: Some(bench.integration.clone()),
            request_id: None,
        };
        let server = [&bench.server, other][n % 2];
        let mut tickets = server.tickets(Role::SeniorEngineer);
        async move { tickets.dispatch_ticket(request).await }
    });
    for answer in join_all(calls).await {
        let ticket = answer.unwrap().into_inner().ticket.unwrap();
        assert!(result(&ticket).success);
    }
    assert_eq!((bench.issues_of(&plain.id).len(), bench.creates()), (1, 1));
    assert_eq!(bench.attempts(&plain.id).await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_request_id_makes_a_repetition_one_request(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let plain = bench.file("Repeated").await;
    bench.order(Action::status(401));
    let request = v1::DispatchTicketRequest {
        id: plain.id.clone(),
        integration_id: Some(bench.integration.clone()),
        request_id: Some(Uuid::new_v4().to_string()),
    };
    let mut tickets = bench.tickets();
    let first = tickets.dispatch_ticket(request.clone()).await.unwrap();
    let again = tickets.dispatch_ticket(request.clone()).await.unwrap();
    assert_eq!(first.into_inner(), again.into_inner());
    assert_eq!(bench.creates(), 1, "the repetition is no second try");
    let other = bench.file("Another").await;
    let reused = v1::DispatchTicketRequest {
        id: other.id,
        ..request
    };
    let refused = tickets.dispatch_ticket(reused).await.unwrap_err();
    assert_eq!(reason(&refused), "REQUEST_ID_REUSED");
}

#[rstest]
#[tokio::test]
async fn another_integration_gets_its_own_copy_and_the_first_one_none_more(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let second = Sandbox::start(Options::default()).await.unwrap();
    let elsewhere = integrate(&bench.server, "Elsewhere", &second.url()).await;
    let ticket = bench.create("Both").await.unwrap();
    let moved = bench.dispatch(&ticket.id, Some(&elsewhere)).await.unwrap();
    assert_eq!(result(&moved).integration_id, elsewhere);
    assert_eq!(second.issues().len(), 1);
    let back = bench
        .dispatch(&ticket.id, Some(&bench.integration))
        .await
        .unwrap();
    let (was, is) = (result(&ticket), result(&back));
    assert_eq!(
        (&was.external_ticket_id, &was.response),
        (&is.external_ticket_id, &is.response)
    );
    assert_eq!((bench.creates(), second.issues().len()), (1, 1));
    assert_eq!(bench.integration().await.dispatch_count, 1);
}

#[rstest]
#[tokio::test]
async fn a_sessions_ticket_goes_with_its_export(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let tickets = crate::export::chain(&[("a", &[])]);
    let session = crate::export::open_session(&bench.server, &bench.integration, tickets).await;
    let request = v1::ListSessionTicketsRequest {
        session_id: session,
        ..Default::default()
    };
    let mut exports = bench.server.exports(Role::SeniorEngineer);
    let listed = exports.list_session_tickets(request).await.unwrap();
    let id = listed.into_inner().tickets[0].id.clone();
    let refused = bench
        .dispatch(&id, Some(&bench.integration))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "SESSION_NOT_EDITABLE")
    );
    assert_eq!(bench.jira.requests().len(), 0);
}

#[rstest]
#[tokio::test]
async fn the_ledger_comes_in_pages(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let bench = Bench::new(kind).await;
    let plain = bench.file("Many").await;
    for _ in 0..3 {
        bench.order(Action::status(401));
        bench
            .dispatch(&plain.id, Some(&bench.integration))
            .await
            .unwrap();
    }
    let mut request = v1::ListDispatchAttemptsRequest {
        ticket_id: plain.id,
        page_size: 2,
        page_token: String::new(),
    };
    let mut numbers = Vec::new();
    loop {
        let page = bench
            .tickets()
            .list_dispatch_attempts(request.clone())
            .await;
        let page = page.unwrap().into_inner();
        numbers.extend(page.attempts.iter().map(|attempt| attempt.number));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(numbers, [3, 2, 1]);
}
