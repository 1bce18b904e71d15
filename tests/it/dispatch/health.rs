//! What hand-overs say about an integration, up to its being switched off.

use std::time::Duration;

use docket::{
    domain::actor::Role,
    proto::v1::{self, IntegrationStatus},
    sandbox::{Action, Fault, Operation, Options, Sandbox},
};
use rstest::rstest;

use super::bench::{Bench, integrate, reason, result};
use crate::support::{database::Kind, eventually};

#[rstest]
#[tokio::test]
async fn one_that_does_nothing_but_fail_is_switched_off_and_loses_no_ticket(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::set(kind, &[("DISPATCH_DISABLE_AFTER_HOURS", "1")]).await;
    let refuse = Fault::on(Operation::CreateIssue, Action::status(401));
    bench.jira.order(refuse.always());
    let ticket = bench.create("First").await.unwrap();
    assert_eq!(bench.integration().await.status(), IntegrationStatus::Error);
    bench.pass(Duration::from_secs(3500));
    bench.until_ended(&ticket.id, 2).await;
    assert!(bench.integration().await.enabled, "the spell is not over");
    bench.pass(Duration::from_secs(3500));
    bench.until_ended(&ticket.id, 3).await;

    let integration = bench.integration().await;
    assert!(!integration.enabled);
    assert_eq!(integration.status(), IntegrationStatus::Inactive);
    let why = integration.last_error.unwrap();
    assert!(why.contains("switched the integration off"), "{why}");
    let history = bench.history(&ticket.id).await;
    let note = history
        .iter()
        .find(|entry| entry.field.as_deref() == Some("integration.enabled"));
    let note = note.expect("an entry");
    assert_eq!(note.new_value.as_deref(), Some("false"));
    assert_eq!(note.actor_id, "system", "nobody but docket did it");
    let refused = bench.create("Second").await.unwrap_err();
    assert_eq!(reason(&refused), "INTEGRATION_DISABLED");

    // What waits is held until somebody has put it right, while what waits for others is tried again.
    let second = Sandbox::start(Options::default()).await.unwrap();
    let elsewhere = integrate(&bench.server, "Elsewhere", &second.url()).await;
    let refuse = Fault::on(Operation::CreateIssue, Action::status(401));
    second.order(refuse);
    let other = bench.file("Elsewhere").await;
    let failed = bench.dispatch(&other.id, Some(&elsewhere)).await.unwrap();
    assert!(!result(&failed).success);
    bench.pass(Duration::from_secs(13 * 3600));
    bench.until_ended(&other.id, 2).await;
    assert_eq!(bench.attempts(&ticket.id).await.len(), 3);
    bench.jira.clear_orders();
    bench.switch(true).await;
    bench.until_ended(&ticket.id, 4).await;
    assert!(result(&bench.get(&ticket.id).await).success);
    assert_eq!(
        bench.integration().await.status(),
        IntegrationStatus::Active
    );
    assert_eq!(bench.issues_of(&ticket.id).len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_success_ends_the_spell(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let bench = Bench::set(kind, &[("DISPATCH_DISABLE_AFTER_HOURS", "1")]).await;
    for _ in 0..3 {
        bench.order(Action::status(401));
        let ticket = bench.create("Fails").await.unwrap();
        assert!(!result(&ticket).success);
        bench.pass(Duration::from_secs(2000));
        bench.until_ended(&ticket.id, 2).await;
        assert!(result(&bench.get(&ticket.id).await).success);
    }
    let integration = bench.integration().await;
    assert!(integration.enabled);
    assert_eq!(
        (integration.dispatch_count, integration.failure_count),
        (3, 3)
    );
}

#[rstest]
#[tokio::test]
async fn what_hand_overs_find_keeps_nobody_from_changing_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let before = bench.integration().await;
    bench.create("There").await.unwrap();
    bench.order(Action::status(401));
    bench.create("Not there").await.unwrap();
    let used = bench.integration().await;
    assert_eq!(used.status(), IntegrationStatus::Error);
    assert_eq!((used.dispatch_count, used.failure_count), (1, 1));
    assert_eq!(used.etag, before.etag);
    let request = v1::UpdateIntegrationRequest {
        integration: Some(v1::Integration {
            name: "Renamed".to_owned(),
            ..before.clone()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["name".to_owned()],
        }),
        etag: Some(before.etag.clone()),
        ..Default::default()
    };
    let mut integrations = bench.server.integrations(Role::Manager);
    let renamed = integrations.update_integration(request.clone()).await;
    let renamed = renamed.unwrap().into_inner().integration.unwrap();
    assert_ne!(renamed.etag, before.etag);
    assert_eq!(bench.integration().await, renamed);
    assert_eq!(renamed.last_error, used.last_error);
    let stale = integrations.update_integration(request).await.unwrap_err();
    assert_eq!(reason(&stale), "ETAG_MISMATCH");
}

#[rstest]
#[tokio::test]
async fn a_deleted_integration_leaves_what_came_of_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let sent = bench.create("There").await.unwrap();
    bench.order(Action::status(401));
    let failed = bench.create("Not there").await.unwrap();
    let request = v1::DeleteIntegrationRequest {
        id: bench.integration.clone(),
        ..Default::default()
    };
    let mut integrations = bench.server.integrations(Role::Manager);
    integrations.delete_integration(request).await.unwrap();
    for ticket in [sent, failed] {
        let now = bench.get(&ticket.id).await;
        assert_eq!(now.integration_result, ticket.integration_result);
        assert_eq!(now.integration_id, ticket.integration_id);
        let attempts = bench.attempts(&ticket.id).await;
        assert_eq!(attempts[0].next_attempt_time, None, "nobody tries again");
    }
}

#[rstest]
#[tokio::test]
async fn what_is_on_its_way_while_its_integration_is_deleted_is_not_tried_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::set(kind, &[("DISPATCH_WAIT_SECONDS", "0")]).await;
    bench.order(Action::Hang);
    let ticket = bench.create("Hangs").await.unwrap();
    eventually("it is sent", async || bench.creates() == 1).await;
    let request = v1::DeleteIntegrationRequest {
        id: bench.integration.clone(),
        ..Default::default()
    };
    let mut integrations = bench.server.integrations(Role::Manager);
    integrations.delete_integration(request).await.unwrap();
    let attempts = bench.until_ended(&ticket.id, 1).await;
    assert_eq!(attempts[0].next_attempt_time, None);
}

#[rstest]
#[tokio::test]
async fn what_waits_goes_out_once_it_is_switched_on_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    bench.order(Action::status(401));
    let ticket = bench.create("Waits").await.unwrap();
    let integration = bench.integration().await;
    assert!(
        integration.last_check_time.is_some(),
        "it was as good as a check"
    );
    bench.switch(false).await;
    bench.switch(true).await;
    // No time passes.
    bench.until_ended(&ticket.id, 2).await;
    assert!(result(&bench.get(&ticket.id).await).success);
}
