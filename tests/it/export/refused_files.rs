//! Files that Jira refused, sent again by ApplyFixes: each once; and what the tickets tell of their issues.

use std::time::Duration;

use docket::{
    domain::actor::Role,
    proto::v1::{self, fix_result::Outcome},
    sandbox::{Action, Fault, Operation, Options},
};
use rstest::rstest;
use tonic_types::StatusExt as _;

use super::{
    bench::{Bench, assert_completed, chain},
    files::{FILES, TICKETS, bench, in_jira, wanted},
};
use crate::support::database::Kind;

/// The session's tickets, each as GetTicket has it too.
pub(super) async fn tickets(bench: &Bench) -> Vec<v1::Ticket> {
    let request = v1::ListSessionTicketsRequest {
        session_id: bench.session.clone(),
        ..Default::default()
    };
    let listed = bench.exports().list_session_tickets(request).await.unwrap();
    let tickets = listed.into_inner().tickets;
    let mut client = bench.server.tickets(Role::SeniorEngineer);
    for ticket in &tickets {
        let request = v1::GetTicketRequest {
            id: Some(ticket.id.clone()),
            ..Default::default()
        };
        let got = client.get_ticket(request).await.unwrap().into_inner();
        assert_eq!(got.ticket.as_ref(), Some(ticket));
    }
    tickets
}

fn response(ticket: &v1::Ticket) -> &v1::IntegrationResponse {
    let result = ticket.integration_result.as_ref().expect("a result");
    result.response.as_ref().expect("a response")
}

/// How many files of the ticket there are, are on the issue, and are not.
pub(super) fn totals(ticket: &v1::Ticket) -> (i32, i32, i32) {
    let all = response(ticket).attachment_summary.unwrap();
    (all.total_files, all.successful_uploads, all.failed_uploads)
}

pub(super) async fn apply(bench: &Bench) -> Vec<Option<v1::TicketError>> {
    let request = v1::ApplyFixesRequest {
        session_id: bench.session.clone(),
        ..Default::default()
    };
    let applied = bench.exports().apply_fixes(request).await.unwrap();
    let fixes = applied.into_inner().fixes.into_iter();
    let error = |fix: v1::FixResult| match fix.outcome.unwrap() {
        Outcome::Applied(_) => None,
        Outcome::Error(error) => Some(error),
    };
    fixes.map(error).collect()
}

pub(super) fn sent(bench: &Bench) -> usize {
    bench.jira.requests_of(Operation::AddAttachments).len()
}

/// An export that has left out the second file.
async fn exported(kind: Kind) -> Bench {
    let bench = bench(kind, &FILES).await;
    let refused = Fault::on(Operation::AddAttachments, Action::status(413));
    bench.jira.order(refused.nth(2));
    assert_completed(&bench.run().await);
    assert_eq!(in_jira(&bench).len(), 3);
    bench
}

#[rstest]
#[tokio::test]
async fn a_refused_file_is_sent_once_and_the_ticket_tells_of_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = exported(kind).await;
    let before = tickets(&bench).await;
    assert_eq!(
        before.iter().map(totals).collect::<Vec<_>>(),
        [(1, 1, 0), (2, 1, 1), (1, 1, 0)]
    );
    let result = before[1].integration_result.as_ref().unwrap();
    let export = before[1].export.as_ref().unwrap();
    assert!(result.success && result.integration_id == bench.integration);
    assert_eq!(result.external_ticket_id, export.jira_key);
    assert_eq!(result.external_ticket_url, export.jira_url);
    assert_eq!(result.dispatch_time, export.export_time);
    let told = response(&before[1]);
    let issue = bench.jira.issue(&told.key).unwrap();
    assert_eq!(told.id, issue.id.to_string());
    assert_eq!(
        told.self_,
        format!("{}/rest/api/3/issue/{}", bench.jira.url(), issue.id)
    );
    assert_eq!(
        (
            told.project_key.as_str(),
            told.issue_type.as_str(),
            told.summary.as_str()
        ),
        ("DEMO", "Task", "The work on b")
    );
    let files: Vec<bool> = told.attachments.iter().map(|file| file.success).collect();
    assert_eq!(files, [false, true]);
    assert!(
        told.attachments[0]
            .error_message
            .as_ref()
            .unwrap()
            .contains("413")
    );

    assert_eq!(apply(&bench).await, [None]);
    assert_eq!(in_jira(&bench), wanted(&FILES));
    assert_eq!(sent(&bench), FILES.len() + 1);
    let after = tickets(&bench).await;
    assert_eq!(totals(&after[1]), (2, 2, 0));
    assert_ne!(after[1].etag, before[1].etag);
    assert_eq!(after[0], before[0]);
    let results = bench.results().await;
    assert_eq!(results.export.unwrap().manual_fixes_needed, 0);
    assert!(results.manual_fixes[0].applied);
    let request = v1::ListTicketHistoryRequest {
        ticket_id: after[1].id.clone(),
        ..Default::default()
    };
    let mut client = bench.server.tickets(Role::SeniorEngineer);
    let history = client
        .list_ticket_history(request)
        .await
        .unwrap()
        .into_inner();
    let exported = v1::HistoryEventType::Exported;
    let told = history
        .entries
        .iter()
        .filter(|it| it.event_type() == exported);
    let fields: Vec<Option<&str>> = told.map(|it| it.field.as_deref()).collect();
    assert_eq!(fields, [None, Some("integration_result")]);

    assert_eq!(apply(&bench).await, [], "nothing is left");
    assert_eq!(sent(&bench), FILES.len() + 1);
    let reverted = bench.revert(false).await.unwrap();
    assert_eq!((reverted.deleted.len(), reverted.kept), (3, vec![]));
    for ticket in tickets(&bench).await {
        assert_eq!(ticket.integration_result, None, "the issue is gone");
    }
}

#[rstest]
#[case::answer_lost(Action::DropAfter, 1)]
#[case::gateway_gave_up(Action::StatusAfter { status: 504 }, 1)]
#[case::done_late(Action::WorkAfterClientLeft { delay_ms: 0, after_calls: 2 }, 1)]
#[case::done_after_the_call(Action::WorkAfterClientLeft { delay_ms: 0, after_calls: 8 }, 1)]
#[case::never_done(Action::DropBefore, 2)]
#[tokio::test]
async fn a_refused_file_whose_answer_is_lost_is_not_doubled(
    #[case] action: Action,
    #[case] sends: usize,
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = exported(kind).await;
    bench
        .jira
        .order(Fault::on(Operation::AddAttachments, action));
    let mut answers = vec![apply(&bench).await];
    if answers[0] != [None] {
        let error = answers[0][0].clone().unwrap();
        assert_eq!(error.code, tonic::Code::Unavailable as i32, "{error:?}");
        answers.push(apply(&bench).await);
    }
    assert_eq!(answers.last().unwrap(), &[None], "{answers:?}");
    assert_eq!(in_jira(&bench), wanted(&FILES), "each file once");
    assert_eq!(sent(&bench), FILES.len() + sends);
    assert_eq!(totals(&tickets(&bench).await[1]), (2, 2, 0));
}

#[tokio::test]
async fn a_file_that_jira_still_refuses_stays_a_fix() {
    let bench = exported(Kind::Sqlite).await;
    let refused = Fault::on(Operation::AddAttachments, Action::status(413));
    bench.jira.order(refused);
    let errors = apply(&bench).await;
    let error = errors[0].clone().unwrap();
    assert_eq!(error.reason, "JIRA_FIELD_REJECTED");
    assert_eq!(totals(&tickets(&bench).await[1]), (2, 1, 1));
    bench
        .jira
        .change_site(|site| site.attachments_enabled = false);
    let before = sent(&bench);
    assert!(apply(&bench).await[0].is_some());
    assert_eq!(sent(&bench), before, "the site takes no files");
    bench
        .jira
        .change_site(|site| site.attachments_enabled = true);
    assert_eq!(apply(&bench).await, [None]);
    assert_eq!(in_jira(&bench), wanted(&FILES));
}

/// The first one is in the middle of sending, and its answer takes a while.
#[rstest]
#[tokio::test]
async fn of_two_calls_at_once_one_sends(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let bench = exported(kind).await;
    let before = sent(&bench);
    let slow = Fault::on(Operation::AddAttachments, Action::Delay { ms: 600 });
    bench.jira.order(slow);
    let second = async {
        bench.until(|| sent(&bench) == before + 1).await;
        let request = v1::ApplyFixesRequest {
            session_id: bench.session.clone(),
            ..Default::default()
        };
        bench.exports().apply_fixes(request).await.unwrap_err()
    };
    let (first, refused) = tokio::join!(apply(&bench), second);
    assert_eq!(refused.code(), tonic::Code::Aborted);
    let info = refused.get_details_error_info().unwrap();
    assert_eq!(info.reason, "EXPORT_RUNNING");
    assert!(info.metadata.contains_key("task_id"), "{info:?}");
    assert_eq!(first, [None]);
    assert_eq!(sent(&bench), before + 1);
    assert_eq!(in_jira(&bench), wanted(&FILES));
    assert_eq!(apply(&bench).await, [], "whoever comes later is let in");
}

/// A caller that goes away does not keep others out.
#[tokio::test]
async fn a_call_that_is_given_up_lets_the_next_one_in() {
    let bench = exported(Kind::Sqlite).await;
    let before = sent(&bench);
    let never = Fault::on(Operation::AddAttachments, Action::Hang);
    bench.jira.order(never);
    tokio::select! {
        applied = apply(&bench) => panic!("it ended: {applied:?}"),
        () = bench.until(|| sent(&bench) == before + 1) => (),
    }
    let mut applied = None;
    for _ in 0..1000 {
        let request = v1::ApplyFixesRequest {
            session_id: bench.session.clone(),
            ..Default::default()
        };
        applied = bench.exports().apply_fixes(request).await.ok();
        if applied.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let fixes = applied.expect("it is let in").into_inner().fixes;
    assert!(matches!(fixes[0].outcome, Some(Outcome::Applied(true))));
    assert_eq!(in_jira(&bench), wanted(&FILES));
}

#[tokio::test]
async fn pictures_and_whole_texts_are_sent_again_too() {
    let picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=";
    let mut tickets = chain(&TICKETS[..2]);
    tickets[0].description =
        format!("<p>See <img src=\"data:image/png;base64,{picture}\" alt=\"the jam\"> here.</p>");
    tickets[1].description = format!("<p>{}</p>", "All of it matters. ".repeat(2_500));
    let options = Options::default();
    let bench = Bench::with(Kind::Sqlite, options, Duration::ZERO, tickets).await;
    let refused = Fault::on(Operation::AddAttachments, Action::status(403));
    bench.jira.order(refused.times(2));
    assert_completed(&bench.run().await);
    assert!(in_jira(&bench).is_empty());
    let first = bench.jira.issues().into_iter().next().unwrap();
    let text = first.fields["description"].to_string();
    assert!(text.contains("See [image-1.png: the jam] here."), "{text}");
    let answers = apply(&bench).await;
    let errors = answers.iter().flatten().count();
    assert_eq!(
        (answers.len(), errors),
        (3, 1),
        "the text is still too long"
    );
    let names: Vec<String> = in_jira(&bench).into_iter().map(|file| file.1).collect();
    assert_eq!(names, ["image-1.png", "description.html"]);
}
