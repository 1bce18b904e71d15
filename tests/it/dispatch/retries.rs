//! Trying again: when, how often, and never so that there are two.

use std::time::Duration;

use docket::{
    proto::v1::{self, DispatchOutcome, DispatchTrigger, HistoryEventType},
    sandbox::{Action, Fault, Operation, Options},
};
use rstest::rstest;

use super::bench::{Bench, result};
use crate::support::database::Kind;

/// Longer than any wait before a retry.
const LATER: Duration = Duration::from_secs(13 * 3600);

#[rstest]
#[tokio::test]
async fn a_failure_keeps_the_ticket_and_is_tried_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    bench.order(Action::status(401));
    let ticket = bench.create("Not now").await.unwrap();
    let told = result(&ticket);
    assert!(!told.success);
    let why = told.error_message.as_deref().unwrap();
    assert!(
        why.contains("credentials") || why.contains("token"),
        "{why}"
    );
    assert_eq!((&told.external_ticket_id, &told.response), (&None, &None));
    let attempts = bench.attempts(&ticket.id).await;
    assert_eq!(attempts[0].outcome(), DispatchOutcome::RetryLater);
    assert_eq!(attempts[0].http_status, Some(401));
    assert_eq!(attempts[0].error_message.as_deref(), Some(why));
    let wait = bench.wait_of(&attempts[0]);
    assert!(
        (4..=6).contains(&wait),
        "the first retry comes after 5 s: {wait}"
    );
    let integration = bench.integration().await;
    assert_eq!(integration.status(), v1::IntegrationStatus::Error);
    let last_error = integration.last_error.as_deref().unwrap();
    assert_eq!(
        why,
        format!("{last_error} While the integration is switched on, docket tries again by itself."),
        "what docket does is a matter of this ticket's alone"
    );
    assert_eq!(integration.failure_count, 1);

    bench.pass(Duration::from_secs(7));
    bench.until_ended(&ticket.id, 2).await;
    let ticket = bench.get(&ticket.id).await;
    assert!(result(&ticket).success);
    let expected = [
        (DispatchTrigger::Create, DispatchOutcome::RetryLater),
        (DispatchTrigger::Retry, DispatchOutcome::Created),
    ];
    assert_eq!(bench.told(&ticket.id).await, expected);
    let attempts = bench.attempts(&ticket.id).await;
    assert_eq!(attempts[0].next_attempt_time, None, "that is past");
    assert_eq!(bench.issues_of(&ticket.id).len(), 1);
    let told = bench.history(&ticket.id).await.into_iter();
    let told = told.filter(|entry| entry.event_type() == HistoryEventType::IntegrationDispatched);
    let told: Vec<_> = told.collect();
    let actors: Vec<&str> = told.iter().map(|entry| entry.actor_id.as_str()).collect();
    assert_eq!(actors, ["senior_engineer", "system"]);
    let fact = |at: usize, name: &str| {
        let metadata = told[at].metadata.clone().unwrap();
        match metadata
            .fields
            .get(name)
            .and_then(|value| value.kind.clone())
        {
            Some(prost_types::value::Kind::StringValue(text)) => Some(text),
            _ => None,
        }
    };
    let cause = ["error_category", "error_reason"].map(|name| fact(0, name));
    let expected = ["ADMIN_REQUIRED", "JIRA_UNAUTHORIZED"].map(|text| Some(text.to_owned()));
    assert_eq!(cause, expected);
    assert_eq!(fact(1, "error_category"), None);
    let integration = bench.integration().await;
    assert_eq!(
        (integration.status(), integration.last_error),
        (v1::IntegrationStatus::Active, None)
    );
}

#[rstest]
#[tokio::test]
async fn waits_grow_as_published_and_end(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let bench = Bench::set(kind, &[("DISPATCH_DISABLE_AFTER_HOURS", "0")]).await;
    let refuse = Fault::on(Operation::CreateIssue, Action::status(403));
    bench.jira.order(refuse.always());
    let ticket = bench.create("Never").await.unwrap();
    let least = [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600];
    for (made, least) in least.into_iter().enumerate() {
        let attempts = bench.until_ended(&ticket.id, made + 1).await;
        assert_eq!(attempts.len(), made + 1);
        let wait = bench.wait_of(attempts.last().unwrap());
        assert!(
            (least - 1..=least * 6 / 5).contains(&wait),
            "{wait} after {least}"
        );
        bench.pass(LATER);
    }
    let attempts = bench.until_ended(&ticket.id, 8).await;
    let last = attempts.last().unwrap();
    assert_eq!(last.next_attempt_time, None);
    let why = last.error_message.as_deref().unwrap();
    assert!(
        why.contains("8 times") && why.contains("DispatchTicket"),
        "{why}"
    );
    assert_eq!(bench.creates(), 8);

    // A person begins anew.
    bench.jira.clear_orders();
    let ticket = bench.dispatch(&ticket.id, None).await.unwrap();
    assert!(result(&ticket).success);
    assert_eq!(bench.issues_of(&ticket.id).len(), 1);
}

#[rstest]
#[tokio::test]
async fn the_wait_that_the_platform_asks_for_is_kept(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    bench.order(Action::Throttle {
        retry_after: Some(7200),
        reason: None,
    });
    let ticket = bench.create("Too many").await.unwrap();
    let attempts = bench.attempts(&ticket.id).await;
    assert_eq!(attempts[0].http_status, Some(429));
    let wait = bench.wait_of(&attempts[0]);
    assert!((7199..=7200).contains(&wait), "{wait}");
}

#[rstest]
#[tokio::test]
async fn what_jira_refuses_for_good_is_not_tried_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    bench.order(Action::status(401));
    bench.create("Ill").await.unwrap();
    let integration = bench.integration().await;
    assert_eq!(integration.status(), v1::IntegrationStatus::Error);
    let body = serde_json::json!({ "errorMessages": [], "errors": { "summary": "is banned" } });
    bench.order(Action::Status {
        status: 400,
        body: Some(body),
        headers: Default::default(),
    });
    let ticket = bench.create("Banned").await.unwrap();
    let why = result(&ticket).error_message.clone().unwrap();
    assert!(why.contains("is banned"), "{why}");
    let attempts = bench.attempts(&ticket.id).await;
    assert_eq!(attempts[0].outcome(), DispatchOutcome::Rejected);
    assert_eq!(attempts[0].next_attempt_time, None);
    // Who refuses a ticket for what it says works: that is told, and the failure before is past.
    let integration = bench.integration().await;
    assert_eq!(integration.status(), v1::IntegrationStatus::Active);
    assert_eq!(
        (integration.failure_count, integration.last_error),
        (2, None)
    );
    let ticket = bench.dispatch(&ticket.id, None).await.unwrap();
    assert!(result(&ticket).success);
}

#[rstest]
#[tokio::test]
async fn nothing_made_is_found_out_before_it_is_sent_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    bench.order(Action::status(502));
    let ticket = bench.create("Bad gateway").await.unwrap();
    bench.until_ended(&ticket.id, 1).await;
    assert!(!result(&bench.get(&ticket.id).await).success);
    bench.pass(Duration::from_secs(7));
    bench.until_ended(&ticket.id, 2).await;
    let expected = [
        (DispatchTrigger::Create, DispatchOutcome::RetryLater),
        (DispatchTrigger::Retry, DispatchOutcome::Created),
    ];
    assert_eq!(bench.told(&ticket.id).await, expected);
    assert_eq!((bench.issues_of(&ticket.id).len(), bench.creates()), (1, 2));
}

#[rstest]
#[tokio::test]
async fn while_jira_cannot_be_asked_nothing_is_sent_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::set(kind, &[("DISPATCH_WAIT_SECONDS", "0")]).await;
    bench.order(Action::DropAfter);
    let looks = Fault::on(Operation::FetchIssues, Action::status(503));
    bench.jira.order(looks.always());
    let ticket = bench.create("Who knows").await.unwrap();
    let attempts = bench.until_ended(&ticket.id, 1).await;
    assert_eq!(attempts[0].outcome(), DispatchOutcome::Uncertain);
    assert!(attempts[0].next_attempt_time.is_some());
    in_doubt(&bench, &attempts[0]);
    bench.pass(Duration::from_secs(7));
    let attempts = bench.until_ended(&ticket.id, 2).await;
    assert_eq!(attempts[1].outcome(), DispatchOutcome::Uncertain);
    assert_eq!(bench.creates(), 1, "nothing is sent blindly");
    in_doubt(&bench, &attempts[1]);
    bench.jira.clear_orders();
    bench.pass(LATER);
    bench.until_ended(&ticket.id, 3).await;
    let ticket = bench.get(&ticket.id).await;
    assert!(result(&ticket).success, "it was found");
    assert_eq!((bench.issues_of(&ticket.id).len(), bench.creates()), (1, 1));
}

/// Jira gives up on a create that it has not answered, and comes round to it once docket has looked and was refused another one.
#[rstest]
#[case::for_now(Action::Throttle { retry_after: None, reason: None }, DispatchOutcome::RetryLater)]
#[case::for_good(Action::status(400), DispatchOutcome::Rejected)]
#[tokio::test]
async fn what_comes_late_is_found_also_after_a_refusal(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] refusal: Action,
    #[case] refused: DispatchOutcome,
) {
    let bench = Bench::new(kind).await;
    bench.order(Action::DropBefore);
    let ticket = bench.create("Late").await.unwrap();
    bench.until_ended(&ticket.id, 1).await;
    bench.order(refusal);
    bench.pass(Duration::from_secs(7));
    let attempts = bench.until_ended(&ticket.id, 2).await;
    assert_eq!(attempts[1].outcome(), refused);
    let late = bench.jira.requests_of(Operation::CreateIssue).remove(0);
    let late = reqwest::Client::new()
        .post(format!("{}{}", bench.jira.url(), late.path))
        .basic_auth(Options::EMAIL, Some(Options::TOKEN))
        .json(&late.request);
    assert_eq!(late.send().await.unwrap().status(), 201);
    let issue = bench.issues_of(&ticket.id);
    assert_eq!(issue.len(), 1);
    let creates = bench.creates();

    let ticket = bench.dispatch(&ticket.id, None).await.unwrap();
    let told = result(&ticket);
    assert!(told.success, "{told:?}");
    assert_eq!(told.external_ticket_id.as_deref(), Some(issue[0].as_str()));
    assert_eq!(
        (bench.issues_of(&ticket.id), bench.creates()),
        (issue, creates)
    );
}

/// It says that the ticket may have arrived, and where to look.
fn in_doubt(bench: &Bench, attempt: &v1::DispatchAttempt) {
    let why = attempt.error_message.as_deref().unwrap();
    let place = format!("look in the Jira project DEMO on {}", bench.jira.url());
    assert!(
        why.starts_with("The ticket may have arrived") && why.contains(&place),
        "{why}"
    );
}

#[rstest]
#[tokio::test]
async fn a_ticket_that_is_deleted_or_points_elsewhere_is_not_sent_behind_ones_back(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    use docket::domain::actor::Role;
    let bench = Bench::new(kind).await;
    let refuse = Fault::on(Operation::CreateIssue, Action::status(401));
    bench.jira.order(refuse.times(2));
    let (gone, moved) = (
        bench.create("Gone").await.unwrap(),
        bench.create("Moved").await.unwrap(),
    );
    let request = v1::DeleteTicketRequest {
        id: gone.id.clone(),
        ..Default::default()
    };
    let mut admin = bench.server.tickets(Role::Admin);
    admin.delete_ticket(request).await.unwrap();
    let request = v1::UpdateTicketRequest {
        ticket: Some(v1::Ticket {
            id: moved.id.clone(),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["integration_id".to_owned()],
        }),
        ..Default::default()
    };
    admin.update_ticket(request).await.unwrap();
    bench.pass(LATER);
    // One that is still to go proves that the workers have been at it.
    let third = bench.create("Third").await.unwrap();
    assert!(result(&third).success);
    let settled = async {
        while bench.attempts(&moved.id).await[0]
            .next_attempt_time
            .is_some()
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), settled)
        .await
        .unwrap();
    assert_eq!(bench.attempts(&moved.id).await.len(), 1);
    assert_eq!(bench.creates(), 3, "two were refused, one is there");
    for id in [&gone.id, &moved.id] {
        let ticket = bench.get(id).await;
        assert!(!result(&ticket).success, "what came of it is not forgotten");
    }

    // One that is restored goes on where it was.
    let request = v1::UndeleteTicketRequest {
        id: gone.id.clone(),
    };
    admin.undelete_ticket(request).await.unwrap();
    let attempts = bench.until_ended(&gone.id, 2).await;
    assert_eq!(attempts[1].trigger(), DispatchTrigger::Retry);
    assert!(result(&bench.get(&gone.id).await).success);
    assert_eq!(bench.issues_of(&gone.id).len(), 1);
}
