//! What Jira may do to a create, and what becomes of the run: the category, the text, what to do, and never a second issue.

use std::collections::BTreeMap;

use docket::{
    proto::v1::{ErrorCategory, Export, ExportStatus},
    sandbox::{Action, Fault, Operation, Options},
};
use rstest::rstest;
use serde_json::json;

use super::bench::{Bench, assert_completed, chain, kinds, last};
use crate::support::database::Kind;

const TICKETS: &[(&str, &[&str])] = &[("a", &[]), ("b", &["a"]), ("c", &["a", "b"])];

/// Jira does this to the second create, and only to that one.
async fn once(action: Action) -> (Bench, Vec<docket::proto::v1::ExportEvent>) {
    let bench = Bench::new(Kind::Sqlite, TICKETS).await;
    bench
        .jira
        .order(Fault::on(Operation::CreateIssue, action).nth(2));
    let events = bench.run().await;
    (bench, events)
}

/// Jira does this to every create from the second one on.
async fn always(action: Action) -> (Bench, Export) {
    let bench = Bench::new(Kind::Sqlite, TICKETS).await;
    bench
        .jira
        .order(Fault::on(Operation::CreateIssue, action).nth(2).always());
    let events = bench.run().await;
    assert_eq!(kinds(&events).last(), Some(&"failed"));
    (bench, last(&events))
}

fn body(status: u16, body: serde_json::Value) -> Action {
    Action::Status {
        status,
        body: Some(body),
        headers: BTreeMap::new(),
    }
}

#[rstest]
#[tokio::test]
async fn a_whole_session_becomes_issues_and_links(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, TICKETS).await;
    let events = bench.run().await;
    assert_completed(&events);
    let told = [
        "started",
        "ticket_exported",
        "ticket_exported",
        "ticket_exported",
    ];
    let linked = [
        "dependency_created",
        "dependency_created",
        "dependency_created",
        "completed",
    ];
    assert_eq!(kinds(&events), [&told[..], &linked[..]].concat());
    assert_eq!(
        events.iter().map(|e| e.sequence).collect::<Vec<_>>(),
        (1..=8).collect::<Vec<_>>()
    );
    let current = |event: &docket::proto::v1::ExportEvent| {
        let current = event.export.as_ref()?.current_ticket.as_ref()?;
        Some((current.title.clone(), current.order))
    };
    let shown: Vec<_> = events.iter().map(current).collect();
    let at = |name: &str, order| Some((format!("The work on {name}"), order));
    assert_eq!(shown[..3], [at("a", 1), at("b", 2), at("c", 3)]);
    assert!(
        shown[3..].iter().all(Option::is_none),
        "only links are left"
    );
    bench.assert_whole(3).await;
    let export = last(&events);
    assert_eq!(
        (export.tickets_completed, export.progress_percentage),
        (3, 100)
    );
    assert_eq!(
        (export.dependencies_created, export.manual_fixes_needed),
        (3, 0)
    );
    let keys: Vec<_> = bench
        .results()
        .await
        .jira_tickets
        .into_iter()
        .map(|t| (t.title, t.jira_key))
        .collect();
    let key = |n: usize| keys[n].1.clone();
    assert_eq!(keys[0].0, "The work on a");
    let links: Vec<_> = bench
        .jira
        .links()
        .into_iter()
        .map(|l| (l.inward, l.outward))
        .collect();
    // With `Blocks`, the inward issue blocks the outward one.
    for pair in [(key(0), key(1)), (key(0), key(2)), (key(1), key(2))] {
        assert!(links.contains(&pair), "{pair:?} in {links:?}");
    }
    assert_eq!(links.len(), 3);
}

#[rstest]
#[case::answer_lost(Action::DropAfter)]
#[case::answer_malformed(Action::Malformed)]
#[case::answer_cut(Action::Truncated)]
#[case::answer_oversized(Action::Oversized { bytes: 8 << 20 })]
#[case::gateway_gave_up(Action::StatusAfter { status: 504 })]
#[case::busy_after_all(Action::StatusAfter { status: 503 })]
#[case::done_when_nobody_waits(Action::WorkAfterClientLeft { delay_ms: 0, after_calls: 2 })]
#[tokio::test]
async fn work_whose_answer_is_lost_is_adopted_and_not_repeated(#[case] action: Action) {
    let (bench, events) = once(action).await;
    assert_completed(&events);
    assert_eq!(bench.creates(), 3, "no create was sent twice");
    bench.assert_whole(3).await;
}

#[rstest]
#[case::server_error(Action::status(500))]
#[case::busy(Action::status(503))]
#[case::connection_lost(Action::DropBefore)]
#[case::no_answer(Action::Hang)]
#[tokio::test]
async fn work_that_was_never_done_is_sent_again(#[case] action: Action) {
    let (bench, events) = once(action).await;
    assert_completed(&events);
    assert_eq!(bench.creates(), 4);
    bench.assert_whole(3).await;
}

#[rstest]
#[case::says_when(Action::Throttle { retry_after: Some(7), reason: Some("jira-burst-based".into()) }, 7)]
#[case::does_not_say(Action::Throttle { retry_after: None, reason: None }, 1)]
#[tokio::test]
async fn a_throttled_create_waits_as_told_and_says_so(
    #[case] action: Action,
    #[case] seconds: i64,
) {
    let (bench, events) = once(action).await;
    assert_completed(&events);
    let told = events
        .iter()
        .find_map(|event| match event.detail.as_ref()? {
            docket::proto::v1::export_event::Detail::Throttled(throttled) => throttled.retry_after,
            _ => None,
        });
    assert_eq!(told.unwrap().seconds, seconds);
    // The ticket that is ready to be the next one waits beside it, and the clock adds up what both wait.
    let waited: std::time::Duration = bench.clock.waits().iter().sum();
    let seconds = seconds.unsigned_abs();
    assert!(
        (seconds..=2 * seconds).contains(&waited.as_secs()),
        "{waited:?}"
    );
    bench.assert_whole(3).await;
}

#[rstest]
#[case::token(Action::status(401), ErrorCategory::AdminRequired, "JIRA_UNAUTHORIZED")]
#[case::permission(Action::status(403), ErrorCategory::AdminRequired, "JIRA_FORBIDDEN")]
#[case::project(
    Action::status(404),
    ErrorCategory::AdminRequired,
    "JIRA_PROJECT_NOT_FOUND"
)]
#[case::issue_type(
    body(400, json!({"errorMessages": [], "errors": {"issuetype": "Wählen Sie einen Vorgangstyp"}})),
    ErrorCategory::AdminRequired,
    "JIRA_ISSUE_TYPE_NOT_FOUND"
)]
#[case::summary(
    body(400, json!({"errorMessages": [], "errors": {"summary": "nein"}})),
    ErrorCategory::UserFixable,
    "JIRA_FIELD_REJECTED"
)]
#[case::required(
    body(400, json!({"errorMessages": [], "errors": {"customfield_10099": "Team is required."}})),
    ErrorCategory::UserFixable,
    "JIRA_REQUIRED_FIELD_MISSING"
)]
#[case::content(
    body(400, json!({"errorMessages": ["INVALID_INPUT"], "errors": {}})),
    ErrorCategory::UserFixable,
    "JIRA_CONTENT_REJECTED"
)]
#[case::too_long(
    body(400, json!({"errorMessages": ["CONTENT_LIMIT_EXCEEDED"], "errors": {}})),
    ErrorCategory::UserFixable,
    "JIRA_CONTENT_TOO_LONG"
)]
#[tokio::test]
async fn a_refused_create_stops_the_run_with_the_right_category(
    #[case] action: Action,
    #[case] category: ErrorCategory,
    #[case] reason: &str,
) {
    let (bench, export) = always(action).await;
    let failure = export.failure.unwrap();
    assert_eq!(failure.category(), category, "{}", failure.user_message);
    assert_eq!(failure.reason, reason);
    assert_eq!(failure.failed_at_ticket_order, 2);
    assert!(!failure.user_message.is_empty() && !failure.recovery_actions.is_empty());
    assert!(failure.retry_available);
    assert_eq!(export.status, i32::from(ExportStatus::Failed));
    assert_eq!((export.tickets_completed, export.tickets_failed), (1, 1));
    assert_eq!(bench.creates(), 2, "a refusal is not tried again by itself");
    bench.assert_whole(1).await;
}

#[rstest]
#[case::server_error(Action::status(500), "JIRA_SERVER_ERROR")]
#[case::silence(Action::Hang, "JIRA_TIMEOUT")]
#[case::cut_off(Action::DropBefore, "JIRA_UNREACHABLE")]
#[case::throttled(Action::Throttle { retry_after: Some(1), reason: None }, "JIRA_RATE_LIMITED")]
#[tokio::test]
async fn an_outage_that_does_not_end_stops_the_run_for_now(
    #[case] action: Action,
    #[case] reason: &str,
) {
    let (bench, export) = always(action).await;
    let failure = export.failure.unwrap();
    assert_eq!(failure.category(), ErrorCategory::Temporary);
    assert_eq!(failure.reason, reason);
    bench.jira.clear_orders();
    let retried = bench.retry().await.unwrap();
    assert_eq!(
        (retried.resuming_from_order, retried.tickets_preserved),
        (2, 1)
    );
    let after = bench.events(0).await;
    assert_completed(&after);
    bench.assert_whole(3).await;
}

#[rstest]
#[case::it_fails(500, "JIRA_CREATE_UNCERTAIN")]
#[case::it_refuses(401, "JIRA_UNAUTHORIZED")]
#[tokio::test]
async fn when_nobody_can_tell_the_run_stops_and_says_where_to_look(
    #[case] status: u16,
    #[case] reason: &str,
) {
    let bench = Bench::new(Kind::Sqlite, TICKETS).await;
    bench
        .jira
        .order(Fault::on(Operation::CreateIssue, Action::DropAfter).nth(2));
    bench
        .jira
        .order(Fault::on(Operation::FetchIssues, Action::status(status)).always());
    let export = last(&bench.run().await);
    let failure = export.failure.unwrap();
    assert_eq!(failure.reason, reason);
    for told in ["The work on b", "between DEMO-2 and DEMO-"] {
        assert!(
            failure.user_message.contains(told),
            "{}",
            failure.user_message
        );
    }
    assert_eq!(bench.creates(), 2, "nothing is sent while it is not known");
    bench.jira.clear_orders();
    bench.retry().await.unwrap();
    assert_completed(&bench.events(0).await);
    assert_eq!(bench.creates(), 3, "the issue was found, not made again");
    bench.assert_whole(3).await;
}

#[tokio::test]
async fn an_issue_is_found_by_its_mark_over_gaps_and_other_peoples_issues() {
    let mut options = Options::default();
    options.numbering.largest_gap = 20;
    options.numbering.seed = 7;
    options.search_lag = 1000;
    let bench = Bench::with(
        Kind::Sqlite,
        options,
        std::time::Duration::ZERO,
        chain(TICKETS),
    )
    .await;
    for nth in 1..=3 {
        bench
            .jira
            .order(Fault::on(Operation::CreateIssue, Action::Foreign { count: 4 }).nth(nth));
        bench
            .jira
            .order(Fault::on(Operation::CreateIssue, Action::HideKeys { reads: 2 }).nth(nth));
        bench
            .jira
            .order(Fault::on(Operation::CreateIssue, Action::DropAfter).nth(nth));
    }
    assert_completed(&bench.run().await);
    assert_eq!(bench.creates(), 3);
    bench.assert_whole(3).await;
}

#[tokio::test]
async fn a_refused_link_is_a_manual_fix_and_no_stop() {
    let bench = Bench::new(Kind::Sqlite, TICKETS).await;
    bench
        .jira
        .order(Fault::on(Operation::CreateLink, Action::status(400)).nth(2));
    let events = bench.run().await;
    assert_completed(&events);
    let results = bench.results().await;
    assert_eq!(results.manual_fixes.len(), 1);
    assert_eq!(
        results.manual_fixes[0].r#type(),
        docket::proto::v1::ManualFixType::LinkFailed
    );
    assert!(results.manual_fixes[0].wanted.contains("blocks"));
    assert_eq!(last(&events).dependencies_created, 2);
    assert_eq!(bench.jira.links().len(), 2);
}
