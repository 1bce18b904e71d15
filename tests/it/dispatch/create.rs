//! CreateTicket with an integration.

use docket::{
    domain::actor::Role,
    proto::v1::{self, DispatchOutcome, DispatchTrigger, HistoryEventType},
    sandbox::{Action, Fault, Operation},
};
use rstest::rstest;
use uuid::Uuid;

use super::bench::{Bench, result};
use crate::support::database::Kind;

#[rstest]
#[tokio::test]
async fn a_ticket_is_handed_over_and_says_so(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let bench = Bench::new(kind).await;
    let mut request = bench.request("Printer on fire");
    let ticket = request.ticket.as_mut().unwrap();
    ticket.tags = vec!["third floor".to_owned(), "fire".to_owned()];
    ticket.set_priority(v1::TicketPriority::P1);
    let answer = bench.tickets().create_ticket(request).await.unwrap();
    let ticket = answer.into_inner().ticket.unwrap();

    let told = result(&ticket);
    let issue = bench.jira.issues().pop().expect("an issue");
    assert!(told.success, "{told:?}");
    assert_eq!(told.integration_id, bench.integration);
    assert_eq!(told.external_ticket_id.as_deref(), Some(issue.key.as_str()));
    let url = format!("{}/browse/{}", bench.jira.url(), issue.key);
    assert_eq!(told.external_ticket_url.as_deref(), Some(url.as_str()));
    assert_eq!(told.error_message, None);
    let response = told.response.as_ref().expect("an answer");
    assert_eq!(response.key, issue.key);
    assert_eq!(response.id, issue.id.to_string());
    assert_eq!(response.summary, "Printer on fire");
    assert_eq!(
        (&*response.project_key, &*response.issue_type),
        ("DEMO", "Task")
    );
    assert!(
        response
            .self_
            .ends_with(&format!("/rest/api/3/issue/{}", issue.id))
    );
    assert_eq!(
        response.attachment_summary,
        Some(v1::AttachmentSummary::default())
    );

    assert_eq!(issue.fields["summary"], "Printer on fire");
    assert_eq!(
        issue.fields["labels"],
        serde_json::json!(["third-floor", "fire"])
    );
    assert_eq!(bench.get(&ticket.id).await, ticket);
    let attempts = bench.attempts(&ticket.id).await;
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0].trigger(), DispatchTrigger::Create);
    assert_eq!(attempts[0].outcome(), DispatchOutcome::Created);
    assert_eq!(
        (attempts[0].number, attempts[0].next_attempt_time),
        (1, None)
    );
    assert_eq!(attempts[0].http_status, Some(201), "as Jira answered");
    let history = bench.history(&ticket.id).await;
    let last = history.last().unwrap();
    assert_eq!(last.event_type(), HistoryEventType::IntegrationDispatched);
    assert_eq!(last.actor_id, "senior_engineer");
    let integration = bench.integration().await;
    assert_eq!(
        (integration.dispatch_count, integration.failure_count),
        (1, 0)
    );
    assert_eq!(integration.status(), v1::IntegrationStatus::Active);
}

#[rstest]
#[tokio::test]
async fn a_request_that_comes_again_hands_nothing_over_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let request = v1::CreateTicketRequest {
        request_id: Some(Uuid::new_v4().to_string()),
        ..bench.request("Once")
    };
    let mut tickets = bench.tickets();
    let first = tickets.create_ticket(request.clone()).await.unwrap();
    let again = tickets.create_ticket(request).await.unwrap();
    let (first, again) = (first.into_inner().ticket, again.into_inner().ticket);
    assert_eq!(first, again);
    assert!(result(&first.unwrap()).success);
    assert_eq!(bench.jira.issues().len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_request_that_comes_again_after_its_ticket_was_deleted_is_answered_as_before(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let request = v1::CreateTicketRequest {
        request_id: Some(Uuid::new_v4().to_string()),
        ..bench.request("Once")
    };
    let mut admin = bench.server.tickets(Role::Admin);
    let first = admin.create_ticket(request.clone()).await.unwrap();
    let first = first.into_inner().ticket.unwrap();
    let delete = v1::DeleteTicketRequest {
        id: first.id.clone(),
        ..Default::default()
    };
    admin.delete_ticket(delete).await.unwrap();
    let again = admin.create_ticket(request).await.unwrap();
    let again = again.into_inner().ticket.unwrap();
    assert_eq!((again.id, again.number), (first.id, first.number));
    assert_eq!(bench.jira.issues().len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_ticket_that_is_only_checked_goes_nowhere(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let request = v1::CreateTicketRequest {
        validate_only: true,
        ..bench.request("Perhaps")
    };
    let answer = bench.tickets().create_ticket(request).await.unwrap();
    let ticket = answer.into_inner().ticket.unwrap();
    assert_eq!((ticket.id.as_str(), ticket.integration_result), ("", None));
    assert_eq!(bench.jira.requests().len(), 0);
}

#[rstest]
#[tokio::test]
async fn a_call_does_not_wait_for_a_slow_platform_and_the_ticket_arrives_all_the_same(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::set(kind, &[("DISPATCH_WAIT_SECONDS", "0")]).await;
    bench
        .jira
        .order(Fault::on(Operation::CreateIssue, Action::Delay { ms: 300 }));
    let ticket = bench.create("Patience").await.unwrap();
    assert_eq!(ticket.integration_result, None, "it is on its way");
    bench.until_ended(&ticket.id, 1).await;
    let arrived = bench.get(&ticket.id).await;
    assert!(result(&arrived).success);
    assert_eq!(bench.issues_of(&ticket.id).len(), 1);
}

#[rstest]
#[tokio::test]
async fn what_the_issue_does_without_is_told(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let bench = Bench::new(kind).await;
    let refused = serde_json::json!({ "errorMessages": [], "errors": { "labels": "not here" } });
    let status = Action::Status {
        status: 400,
        body: Some(refused),
        headers: Default::default(),
    };
    bench.order(status);
    let mut request = bench.request("Without labels");
    request.ticket.as_mut().unwrap().tags = vec!["fire".to_owned()];
    let answer = bench.tickets().create_ticket(request).await.unwrap();
    let ticket = answer.into_inner().ticket.unwrap();
    let response = result(&ticket).response.clone().unwrap();
    let raw = format!("{:?}", response.raw.unwrap());
    assert!(raw.contains("labels") && raw.contains("not here"), "{raw}");
    assert_eq!(bench.issues_of(&ticket.id).len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_lost_answer_is_looked_up_and_never_sent_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(
        Action::DropAfter,
        Action::Malformed,
        Action::Truncated,
        Action::StatusAfter { status: 502 },
    )]
    action: Action,
) {
    let bench = Bench::new(kind).await;
    bench.jira.foreign_issue("DEMO", "Somebody else's");
    bench.order(action);
    let ticket = bench.create("Lost on the way back").await.unwrap();
    let ticket = match ticket.integration_result {
        Some(_) => ticket,
        None => {
            bench.until_ended(&ticket.id, 1).await;
            bench.get(&ticket.id).await
        }
    };
    assert!(result(&ticket).success, "{ticket:?}");
    let issues = bench.issues_of(&ticket.id);
    assert_eq!(result(&ticket).external_ticket_id, issues.first().cloned());
    assert_eq!((issues.len(), bench.creates()), (1, 1));
    let told = [(DispatchTrigger::Create, DispatchOutcome::Created)];
    assert_eq!(bench.told(&ticket.id).await, told);
    let attempts = bench.attempts(&ticket.id).await;
    assert_eq!(attempts[0].http_status, None, "it was found");
}

#[rstest]
#[tokio::test]
async fn every_role_may_file_a_ticket_for_an_integration(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let mut tickets = bench.server.tickets(Role::EndUser);
    let answer = tickets.create_ticket(bench.request("Mine")).await.unwrap();
    let ticket = answer.into_inner().ticket.unwrap();
    assert!(result(&ticket).success);
    // The creator may change it, and so hand it over; there it is already.
    let request = v1::DispatchTicketRequest {
        id: ticket.id.clone(),
        ..Default::default()
    };
    let again = tickets.dispatch_ticket(request).await.unwrap().into_inner();
    assert_eq!(
        again.ticket.unwrap().integration_result,
        ticket.integration_result
    );
    assert_eq!(bench.creates(), 1);
}
