//! Answers that are lost, for each kind of request that changes something: it is done once, whatever others do in the project.

use std::time::Duration;

use docket::{
    proto::v1::NewSessionTicket,
    sandbox::{Action, Fault, Numbering, Operation, Options, SPRINT},
};
use rstest::rstest;

use super::bench::{Bench, assert_completed, chain};
use crate::support::database::Kind;

const TICKETS: &[(&str, &[&str])] = &[("a", &[]), ("b", &["a"]), ("c", &["a", "b"]), ("d", &[])];

/// The sprint that every ticket belongs to.
const IN: &str = "DEMO Sprint 2";

/// A project with wide gaps between its keys, in which somebody else makes issues before each of docket's.
async fn busy() -> Bench {
    let options = Options {
        numbering: Numbering {
            largest_gap: 20,
            seed: 11,
            ..Numbering::default()
        },
        search_lag: 1000,
        ..Options::default()
    };
    let tickets: Vec<NewSessionTicket> = chain(TICKETS)
        .into_iter()
        .map(|ticket| NewSessionTicket {
            sprint: Some(IN.to_owned()),
            ..ticket
        })
        .collect();
    let bench = Bench::with(Kind::Sqlite, options, Duration::ZERO, tickets).await;
    let others = Fault::on(Operation::CreateIssue, Action::Foreign { count: 3 });
    bench.jira.order(others.always());
    bench
}

#[rstest]
#[tokio::test]
async fn a_request_whose_answer_is_lost_is_not_repeated_or_does_no_harm(
    #[values(
        Operation::CreateIssue,
        Operation::MoveToSprint,
        Operation::CreateLink,
        Operation::DeleteIssue
    )]
    operation: Operation,
    #[values(
        Action::DropAfter,
        Action::StatusAfter { status: 502 },
        Action::WorkAfterClientLeft { delay_ms: 0, after_calls: 0 },
        Action::WorkAfterClientLeft { delay_ms: 0, after_calls: 2 },
        Action::StatusBefore { status: 504, retry_after: None, after_calls: 8 },
        Action::Malformed,
    )]
    action: Action,
    #[values(1, 2)] nth: u32,
) {
    let bench = busy().await;
    bench
        .jira
        .order(Fault::on(operation, action.clone()).nth(nth).times(2));
    assert_completed(&bench.run().await);
    bench.assert_whole(4).await;
    assert_eq!(bench.creates(), 4, "no create is sent twice");
    assert_eq!(bench.jira.links().len(), 3);
    let late = matches!(
        action,
        Action::WorkAfterClientLeft { .. } | Action::StatusBefore { .. }
    );
    if !late {
        let links = bench.jira.requests_of(Operation::CreateLink).len();
        assert_eq!(links, 3, "a link that is there is not sent again");
    }
    assert!(bench.results().await.manual_fixes.is_empty());
    let own = bench.jira.issues().into_iter().filter(|i| !i.foreign);
    for issue in own {
        assert_eq!(issue.fields[SPRINT][0]["name"], IN, "{}", issue.key);
    }
    let others = bench.jira.issues().iter().filter(|i| i.foreign).count();
    assert_eq!(others, 3 * 4, "others were at work too");

    let reverted = bench.revert(false).await.unwrap();
    assert_eq!((reverted.deleted.len(), reverted.kept), (4, vec![]));
    assert_eq!(bench.jira.issues().len(), others);
    assert!(bench.jira.links().is_empty());
}
