//! A ticket's files on their way to its issue: each once, whatever Jira does, and a manual fix where Jira does not take one.

use std::{fs, os::unix::fs::PermissionsExt as _, time::Duration};

use docket::{
    domain::actor::Role,
    proto::v1::{self, ExportEvent, ExportStatus, ManualFixType, export_event::Detail},
    sandbox::{Action, Fault, Operation, Options},
};
use rstest::rstest;
use sea_orm::EntityTrait as _;
use tokio::time::{Instant, sleep};

use super::bench::{Bench, assert_completed, chain, last};
use crate::{
    attachments::{header, upload},
    support::database::Kind,
};

pub(super) const TICKETS: &[(&str, &[&str])] = &[("a", &[]), ("b", &["a"]), ("c", &[])];

/// A file of a ticket: the ticket's place, the file's name and bytes.
pub(super) type File = (usize, &'static str, &'static [u8]);

pub(super) const FILES: [File; 4] = [
    (0, "boot.log", b"it begins"),
    (1, "Bericht für Zoë.txt", b"one"),
    // Of the same name and size as the one before, and another file all the same.
    (1, "Bericht für Zoë.txt", b"two"),
    (2, "a \"quoted\" name.txt", b"three"),
];

/// A session whose tickets have these files.
pub(super) async fn bench(kind: Kind, files: &[File]) -> Bench {
    let bench = Bench::new(kind, TICKETS).await;
    add(&bench, files).await;
    bench
}

pub(super) async fn add(bench: &Bench, files: &[File]) {
    let request = v1::ListSessionTicketsRequest {
        session_id: bench.session.clone(),
        ..Default::default()
    };
    let listed = bench.exports().list_session_tickets(request).await.unwrap();
    let tickets = listed.into_inner().tickets;
    let mut client = bench.server.tickets(Role::SeniorEngineer);
    for (place, name, bytes) in files {
        let header = header(&tickets[*place].id, name);
        upload(&mut client, header, bytes).await.unwrap();
    }
}

/// What the issues have: title, name and bytes of each file, sorted.
pub(super) fn in_jira(bench: &Bench) -> Vec<(String, String, Vec<u8>)> {
    let issues = bench.jira.issues();
    let title = |key: &str| {
        let issue = issues.iter().find(|issue| issue.key == key).unwrap();
        issue.fields["summary"].as_str().unwrap().to_owned()
    };
    let files = bench.jira.attachments().into_iter();
    let mut files: Vec<_> = files
        .map(|file| (title(&file.issue), file.filename, file.content.to_vec()))
        .collect();
    files.sort();
    files
}

pub(super) fn wanted(files: &[File]) -> Vec<(String, String, Vec<u8>)> {
    let title = |place: usize| format!("The work on {}", TICKETS[place].0);
    let mut files: Vec<_> = files
        .iter()
        .map(|(place, name, bytes)| (title(*place), (*name).to_owned(), bytes.to_vec()))
        .collect();
    files.sort();
    files
}

pub(super) fn uploaded(events: &[ExportEvent]) -> Vec<&v1::AttachmentUploaded> {
    let uploaded =
        |event: &'_ ExportEvent| matches!(event.detail, Some(Detail::AttachmentUploaded(_)));
    let events = events.iter().filter(|event| uploaded(event));
    events
        .filter_map(|event| match &event.detail {
            Some(Detail::AttachmentUploaded(file)) => Some(file),
            _ => None,
        })
        .collect()
}

#[rstest]
#[tokio::test]
async fn every_file_arrives_once_and_is_told_of_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = bench(kind, &FILES).await;
    let events = bench.run().await;
    assert_completed(&events);
    assert_eq!(in_jira(&bench), wanted(&FILES));
    let told = uploaded(&events);
    let names: Vec<&str> = told.iter().map(|file| file.filename.as_str()).collect();
    assert_eq!(names, FILES.map(|file| file.1));
    assert_eq!(told[1].size_bytes, 3);
    assert!(told.iter().all(|file| file.jira_key.starts_with("DEMO-")));
    assert_eq!(last(&events).manual_fixes_needed, 0);
    bench.assert_whole(3).await;
}

#[rstest]
#[case::answer_lost(Action::DropAfter)]
#[case::answer_malformed(Action::Malformed)]
#[case::answer_cut(Action::Truncated)]
#[case::gateway_gave_up(Action::StatusAfter { status: 504 })]
#[case::gateway_gave_up_first(Action::StatusBefore { status: 504, retry_after: None, after_calls: 5 })]
#[case::overloaded_first(Action::StatusBefore { status: 503, retry_after: Some(40), after_calls: 4 })]
#[case::done_when_nobody_waits(Action::WorkAfterClientLeft { delay_ms: 0, after_calls: 3 })]
#[tokio::test]
async fn a_file_whose_answer_is_lost_is_not_sent_again(
    #[case] action: Action,
    #[values(1, 2, 3)] nth: u32,
) {
    let bench = bench(Kind::Sqlite, &FILES).await;
    let fault = Fault::on(Operation::AddAttachments, action);
    bench.jira.order(fault.nth(nth));
    let events = bench.run().await;
    assert_completed(&events);
    assert_eq!(in_jira(&bench), wanted(&FILES));
    let sent = bench.jira.requests_of(Operation::AddAttachments).len();
    assert_eq!(sent, FILES.len(), "none is sent twice");
    assert_eq!(uploaded(&events).len(), FILES.len());
}

#[rstest]
#[case::never_arrived(Action::DropBefore)]
#[case::failed(Action::status(500))]
#[case::throttled(Action::Throttle { retry_after: Some(3), reason: None })]
#[tokio::test]
async fn a_file_that_did_not_arrive_is_sent_again(#[case] action: Action) {
    let bench = bench(Kind::Sqlite, &FILES).await;
    bench
        .jira
        .order(Fault::on(Operation::AddAttachments, action).nth(2));
    let events = bench.run().await;
    assert_completed(&events);
    assert_eq!(in_jira(&bench), wanted(&FILES));
    assert_eq!(uploaded(&events).len(), FILES.len());
    assert_eq!(last(&events).manual_fixes_needed, 0);
}

#[tokio::test]
async fn an_overloaded_site_is_given_the_time_that_it_asks_for_before_a_file_is_sent_again() {
    let bench = bench(Kind::Sqlite, &FILES).await;
    let busy = Action::Status {
        status: 503,
        body: None,
        headers: [("retry-after".to_owned(), "40".to_owned())].into(),
    };
    bench
        .jira
        .order(Fault::on(Operation::AddAttachments, busy).nth(2));
    let events = bench.run().await;
    assert_completed(&events);
    let asked = events.iter().find_map(|event| match &event.detail {
        Some(Detail::Throttled(throttled)) => throttled.retry_after,
        _ => None,
    });
    assert_eq!(asked.expect("it is told").seconds, 40);
    assert!(bench.clock.waits().iter().sum::<Duration>() >= Duration::from_secs(40));
    assert_eq!(in_jira(&bench), wanted(&FILES));
}

/// The one manual fix of a run that has left out one file.
async fn fix(bench: &Bench, events: &[ExportEvent]) -> v1::ManualFix {
    assert_completed(events);
    let results = bench.results().await;
    assert_eq!(results.manual_fixes.len(), 1, "{:?}", results.manual_fixes);
    let fix = results.manual_fixes.into_iter().next().unwrap();
    assert_eq!(fix.r#type(), ManualFixType::AttachmentFailed);
    assert!(fix.recommended_action.contains(&fix.jira_key), "{fix:?}");
    fix
}

#[rstest]
#[case::too_large(413)]
#[case::forbidden(403)]
#[case::gone(404)]
#[tokio::test]
async fn a_file_that_jira_refuses_is_a_manual_fix_and_not_a_stop(
    #[case] status: u16,
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = bench(kind, &FILES).await;
    bench
        .jira
        .order(Fault::on(Operation::AddAttachments, Action::status(status)).nth(2));
    let events = bench.run().await;
    let fix = fix(&bench, &events).await;
    assert_eq!(fix.field, "Bericht für Zoë.txt");
    assert!(fix.reason.contains(&status.to_string()), "{fix:?}");
    assert_eq!(uploaded(&events).len(), 3);
    assert_eq!(in_jira(&bench).len(), 3);
    assert_eq!(last(&events).manual_fixes_needed, 1);
}

#[tokio::test]
async fn what_the_site_does_not_take_is_not_sent() {
    let bench = bench(Kind::Sqlite, &FILES[..1]).await;
    bench.jira.change_site(|site| site.upload_limit = 8);
    let events = bench.run().await;
    let fix = fix(&bench, &events).await;
    assert!(fix.reason.contains("at most 8"), "{fix:?}");
    assert_eq!(bench.jira.requests_of(Operation::AddAttachments).len(), 0);
}

#[tokio::test]
async fn a_file_whose_bytes_are_lost_is_a_manual_fix() {
    let bench = bench(Kind::Sqlite, &FILES[..1]).await;
    std::fs::remove_dir_all(bench.server.uploads().join("sha256")).unwrap();
    let events = bench.run().await;
    let fix = fix(&bench, &events).await;
    assert!(fix.reason.contains("lost"), "{fix:?}");
}

#[tokio::test]
async fn a_token_that_is_revoked_stops_the_run_and_the_retry_goes_on() {
    let bench = bench(Kind::Sqlite, &FILES).await;
    bench
        .jira
        .order(Fault::on(Operation::AddAttachments, Action::status(401)).nth(3));
    let events = bench.run().await;
    assert_eq!(last(&events).status(), ExportStatus::Failed);
    let looks = || bench.jira.requests_of(Operation::GetIssue).len();
    let before = looks();
    bench.retry().await.unwrap();
    let events = bench.events(0).await;
    assert_completed(&events);
    assert_eq!(looks() - before, 2, "it was certainly not taken");
    assert_eq!(in_jira(&bench), wanted(&FILES));
    assert_eq!(uploaded(&events).len(), FILES.len(), "each is told of once");
    bench.assert_whole(3).await;
}

#[tokio::test]
async fn pictures_and_the_rest_of_a_long_description_become_files() {
    let picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=";
    let mut tickets = chain(&TICKETS[..2]);
    tickets[0].description = format!(
        "<p>See <img src=\"data:image/png;base64,{picture}\" alt=\"the jam\"> here.</p>\
         <p><a href=\"data:text/html,x\">not this</a></p>"
    );
    let words = "All of it matters. ".repeat(2_500);
    tickets[1].description = format!("<p>{words}</p><p>The very end.</p>");
    let options = Options::default();
    let bench = Bench::with(Kind::Sqlite, options, Duration::ZERO, tickets).await;
    let events = bench.run().await;
    assert_completed(&events);
    let files = in_jira(&bench);
    let names: Vec<&str> = files.iter().map(|file| file.1.as_str()).collect();
    assert_eq!(names, ["image-1.png", "description.html"]);
    assert!(files[0].2.starts_with(b"\x89PNG\r\n\x1a\n"));
    let page = String::from_utf8(files[1].2.clone()).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("The very end."));
    let fixes = bench.results().await.manual_fixes;
    assert_eq!(fixes.len(), 1);
    assert_eq!(fixes[0].r#type(), ManualFixType::DescriptionTruncated);
    assert!(fixes[0].recommended_action.contains("description.html"));
}

#[rstest]
#[tokio::test]
async fn a_file_that_a_scan_found_something_in_stays_here(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    // What this program scans has something in it where there is a "two".
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("scan");
    let script = "#!/bin/sh\nif grep -q two; then echo Test.Evil; exit 1; fi\n";
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let command = program.display().to_string();
    let bench = Bench::set(kind, &[("SCAN_COMMAND", &command)], TICKETS).await;
    add(&bench, &FILES).await;
    until_scanned(&bench).await;

    assert_completed(&bench.run().await);
    let good: Vec<File> = FILES.into_iter().filter(|file| file.2 != b"two").collect();
    assert_eq!(in_jira(&bench), wanted(&good));
    assert_eq!(
        bench.jira.requests_of(Operation::AddAttachments).len(),
        good.len()
    );
    let results = bench.results().await;
    let [fix] = &results.manual_fixes[..] else {
        panic!("one fix: {:#?}", results.manual_fixes);
    };
    assert_eq!(fix.r#type(), ManualFixType::AttachmentFailed);
    assert!(fix.reason.contains("infected"), "{fix:#?}");
}

/// Waits until every file has its verdict.
async fn until_scanned(bench: &Bench) {
    let give_up = Instant::now() + Duration::from_secs(20);
    let waiting = || docket::db::scan::Entity::find().all(bench.server.database().read());
    while !waiting().await.unwrap().is_empty() {
        assert!(Instant::now() < give_up, "some have no verdict");
        sleep(Duration::from_millis(5)).await;
    }
}
