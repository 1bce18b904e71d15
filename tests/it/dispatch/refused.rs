//! Integrations that tickets cannot be handed to: said before anything is written.

use docket::{domain::actor::Role, proto::v1};
use rstest::rstest;
use tonic::Code;
use uuid::Uuid;

use super::bench::{Bench, reason};
use crate::support::database::Kind;

async fn count(bench: &Bench) -> usize {
    let mut tickets = bench.tickets();
    let listed = tickets.list_tickets(v1::ListTicketsRequest::default());
    listed.await.unwrap().into_inner().tickets.len()
}

#[rstest]
#[tokio::test]
async fn one_that_is_switched_off_or_deleted_takes_no_ticket_and_says_what_to_do(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let plain = bench.file("For nobody yet").await;
    bench.switch(false).await;
    let refused = bench.create("Nowhere").await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(reason(&refused), "INTEGRATION_DISABLED");
    assert!(
        refused.message().contains("SetIntegrationEnabled"),
        "{refused}"
    );
    let refused = bench.dispatch(&plain.id, Some(&bench.integration)).await;
    assert_eq!(reason(&refused.unwrap_err()), "INTEGRATION_DISABLED");

    let request = v1::DeleteIntegrationRequest {
        id: bench.integration.clone(),
        ..Default::default()
    };
    let mut integrations = bench.server.integrations(Role::Manager);
    integrations.delete_integration(request).await.unwrap();
    let refused = bench.create("Nowhere").await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(reason(&refused), "INTEGRATION_DISABLED");
    assert!(refused.message().contains("name another"), "{refused}");
    assert_eq!(count(&bench).await, 1, "nothing was filed");
    assert_eq!(bench.jira.requests().len(), 0);
}

#[rstest]
#[tokio::test]
async fn one_that_never_was_is_a_broken_field(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let mut bench = Bench::new(kind).await;
    let plain = bench.file("For nobody yet").await;
    let refused = bench.dispatch(&plain.id, None).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::InvalidArgument, "INVALID_FIELDS")
    );
    bench.integration = Uuid::now_v7().to_string();
    for refused in [
        bench.create("Nowhere").await.unwrap_err(),
        bench
            .dispatch(&plain.id, Some(&bench.integration))
            .await
            .unwrap_err(),
    ] {
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert!(refused.message().contains("integration_id"), "{refused}");
    }
    assert_eq!(count(&bench).await, 1);
}

#[rstest]
#[tokio::test]
async fn who_may_not_change_a_ticket_may_not_hand_it_over(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let plain = bench.file("Somebody's").await;
    let request = v1::DispatchTicketRequest {
        id: plain.id.clone(),
        integration_id: Some(bench.integration.clone()),
        request_id: None,
    };
    let mut stranger = bench.server.tickets(Role::EndUser);
    let hidden = stranger.dispatch_ticket(request.clone()).await.unwrap_err();
    assert_eq!(hidden.code(), Code::NotFound);
    let mut devops = bench.server.tickets(Role::DevopsEngineer);
    let denied = devops.dispatch_ticket(request).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
    let ledger = v1::ListDispatchAttemptsRequest {
        ticket_id: plain.id,
        ..Default::default()
    };
    let hidden = stranger.list_dispatch_attempts(ledger.clone()).await;
    assert_eq!(hidden.unwrap_err().code(), Code::NotFound);
    let seen = devops.list_dispatch_attempts(ledger).await.unwrap();
    assert_eq!(seen.into_inner().attempts, []);
    assert_eq!(bench.jira.requests().len(), 0);
}
