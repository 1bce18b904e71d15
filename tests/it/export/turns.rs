//! One ticket at a time without a wait in between: the next one is made ready while Jira works, and goes as it is when its turn comes.

use std::time::Duration;

use docket::{
    domain::actor::Role,
    sandbox::{Action, Fault, Operation, Options},
};
use rstest::rstest;

use super::{
    bench::{Bench, assert_completed, chain, kinds, last},
    files::in_jira,
};
use crate::{
    attachments::{header, upload},
    support::database::Kind,
};

const TICKETS: &[(&str, &[&str])] = &[("a", &[]), ("b", &["a"]), ("c", &["b"]), ("d", &[])];

#[rstest]
#[case::the_one_that_is_sent(1, "The work on b")]
#[case::the_one_that_waits(2, "The work on c")]
#[tokio::test]
async fn a_ticket_that_is_given_a_file_while_an_issue_is_made_goes_with_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] place: usize,
    #[case] title: &str,
) {
    let bench = Bench::new(kind, TICKETS).await;
    let ticket = bench.tickets().await[place].id.clone();
    bench
        .during_the_second_create(async || {
            let mut tickets = bench.server.tickets(Role::Admin);
            let late = header(&ticket, "late.txt");
            upload(&mut tickets, late, b"gate 4, too").await.unwrap();
        })
        .await;
    let events = bench.events(0).await;
    assert_completed(&events);
    let (title, name) = (title.to_owned(), "late.txt".to_owned());
    assert_eq!(in_jira(&bench), [(title, name, b"gate 4, too".to_vec())]);
    assert_eq!(bench.creates(), 4);
    let looks = bench.jira.requests_of(Operation::FetchIssues);
    assert!(looks.is_empty(), "nothing was in doubt");
}

#[rstest]
#[tokio::test]
async fn an_integration_that_is_switched_off_while_a_ticket_waits_lets_it_through_no_more(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, TICKETS).await;
    bench
        .during_the_second_create(async || bench.switch(false).await)
        .await;
    let export = last(&bench.events(0).await);
    assert_eq!(export.failure.unwrap().reason, "INTEGRATION_DISABLED");
    assert_eq!((bench.creates(), export.tickets_completed), (2, 2));
}

#[rstest]
#[tokio::test]
async fn a_ticket_that_cannot_be_sent_does_not_stop_the_one_before_it_that_waits(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut tickets = chain(TICKETS);
    tickets[1].issue_type = "Saga".to_owned();
    let bench = Bench::with(kind, Options::default(), Duration::ZERO, tickets).await;
    let throttle = Action::Throttle {
        retry_after: Some(7),
        reason: None,
    };
    bench
        .jira
        .order(Fault::on(Operation::CreateIssue, throttle));
    bench.clock.hold();
    bench.start().await.unwrap();
    bench.events_until("throttled", 0).await;
    bench.clock.release();
    let events = bench.events(0).await;
    let told = ["started", "throttled", "ticket_exported", "failed"];
    assert_eq!(kinds(&events), told);
    let export = last(&events);
    assert_eq!((export.tickets_completed, export.tickets_failed), (1, 1));
    let failure = export.failure.unwrap();
    assert_eq!(failure.reason, "JIRA_ISSUE_TYPE_NOT_FOUND");
    assert_eq!(failure.failed_at_ticket_order, 2);
    assert_eq!(bench.creates(), 2);
    bench.assert_whole(1).await;
}
