//! What an export leaves as it is of the issues that a revert has kept, and what it does not forget about them.

use std::time::Duration;

use docket::{
    proto::v1::{ManualFixType, NewSessionTicket},
    sandbox::{Options, Person, SPRINT, Touch},
};
use rstest::rstest;
use serde_json::json;

use super::{
    bench::{Bench, assert_completed, chain},
    files::add,
    kept::reverted,
    revert::TICKETS,
    second::{SENT_AGAIN, exported, two},
};
use crate::support::database::Kind;

#[rstest]
#[tokio::test]
async fn a_second_issue_that_was_kept_takes_the_place_of_the_first(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (bench, _) = exported(kind, SENT_AGAIN).await;
    let (own, second) = two(&bench).await;
    bench.comment(&second);
    let reverted = bench.revert(false).await.unwrap();
    assert!(reverted.deleted.contains(&own));
    assert_eq!(reverted.kept[0].jira_key, second);
    let left = bench.results().await.orphaned_keys;
    assert_eq!(left, std::slice::from_ref(&second), "it is there yet");
    assert_eq!(bench.planned().await, [None, Some(second.clone()), None]);

    bench.export_making(2).await;
    bench.assert_whole(3).await;
    assert_eq!(bench.keys().await[1], second);
    let results = bench.results().await;
    assert!(results.orphaned_keys.is_empty());
    assert_eq!(results.manual_fixes, []);
    assert_eq!(bench.jira.links().len(), 3);
}

#[rstest]
#[tokio::test]
async fn a_second_issue_that_was_kept_beside_the_first_is_told_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (bench, _) = exported(kind, SENT_AGAIN).await;
    let (own, second) = two(&bench).await;
    bench.comment(&own);
    bench.comment(&second);
    assert_eq!(bench.revert(false).await.unwrap().kept.len(), 2);
    assert_completed(&bench.run().await);
    assert_eq!(bench.keys().await[1], own);
    let results = bench.results().await;
    assert_eq!(results.orphaned_keys, std::slice::from_ref(&second));
    assert_eq!(results.manual_fixes.len(), 1);
    let fix = &results.manual_fixes[0];
    assert_eq!((fix.field.as_str(), &fix.jira_key), ("issue", &second));
    assert_eq!(bench.issues_by_ticket().values().sum::<usize>(), 4);

    bench.jira.touch(&second, Person::Other, &Touch::Delete);
    bench.apply().await;
    let results = bench.results().await;
    assert!(results.orphaned_keys.is_empty());
    assert_eq!(results.export.unwrap().manual_fixes_needed, 0);
    bench.assert_whole(3).await;
}

#[rstest]
#[tokio::test]
async fn an_issue_whose_project_was_renamed_is_taken_over(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(false, true)] redirected: bool,
) {
    let (bench, key) = reverted(kind).await;
    assert!(bench.jira.rename_project("DEMO", "NEW"));
    if redirected {
        bench.redirect("NEW").await;
    }
    assert_eq!(bench.planned().await, [None, Some(key), None]);
    bench.export_making(2).await;
    let counts = bench.issues_by_ticket();
    assert_eq!(counts.into_values().collect::<Vec<_>>(), [1, 1, 1]);
}

#[rstest]
#[case::left_behind(false)]
#[case::moved_there(true)]
#[tokio::test]
async fn an_issue_is_taken_over_into_another_project_if_it_was_moved_there(
    #[case] moved: bool,
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (bench, key) = reverted(kind).await;
    bench.redirect_to_another().await;
    if moved {
        bench.move_along(&key);
    }
    let kept = Some(key.clone()).filter(|_| moved);
    assert_eq!(bench.planned().await, [None, kept, None]);
    bench.export_making(if moved { 2 } else { 3 }).await;
    assert_eq!(bench.keys().await[1] == key, moved);
    let before = bench.jira.issue(&key).unwrap();
    assert_eq!(before.comments.len(), 1);
}

#[rstest]
#[tokio::test]
async fn an_issue_that_lost_the_mark_is_taken_over_and_nothing_is_written_to_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (bench, key) = reverted(kind).await;
    bench.unmark(&key);
    let before = bench.jira.issue(&key);
    assert_eq!(bench.planned().await, [None, Some(key.clone()), None]);
    bench.export_making(2).await;
    assert_eq!(bench.keys().await[1], key);
    assert_eq!(bench.jira.issue(&key), before);
    // Its links are a person's to set.
    let results = bench.results().await;
    assert_eq!(results.manual_fixes.len(), 2, "{:?}", results.manual_fixes);
    for fix in &results.manual_fixes {
        assert_eq!(fix.r#type(), ManualFixType::LinkFailed);
        assert!(fix.reason.contains("mark"), "{fix:?}");
    }
    let reverted = bench.revert(false).await.unwrap();
    assert_eq!(reverted.kept[0].jira_key, key);
}

/// Tickets with a sprint and with somebody whom Jira does not know.
pub(super) fn tickets() -> Vec<NewSessionTicket> {
    let mut tickets = chain(TICKETS);
    for ticket in &mut tickets {
        ticket.sprint = Some("DEMO Sprint 2".to_owned());
        ticket.jira_assignee = Some("nobody@example.com".to_owned());
    }
    tickets
}

#[rstest]
#[tokio::test]
async fn what_was_done_to_an_issue_that_was_kept_stays_and_what_was_not_is_told_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::with(kind, Options::default(), Duration::ZERO, tickets()).await;
    add(
        &bench,
        &[
            (0, "a.log", b"a"),
            (1, "b.log", b"b"),
            (1, "large.log", b"ten bytes."),
        ],
    )
    .await;
    bench.jira.change_site(|site| site.upload_limit = 8);
    assert_completed(&bench.run().await);
    let keys = bench.keys().await;
    bench.comment(&keys[0]);
    bench.comment(&keys[1]);
    // People go on with the two of them.
    let other = Touch::Edit {
        field: SPRINT.to_owned(),
        value: json!([{ "id": 13, "name": "DEMO Sprint 3", "originBoardId": 1 }]),
    };
    bench.jira.touch(&keys[1], Person::Other, &other);
    let mut files = bench.jira.attachments().into_iter();
    let file = files.find(|file| file.filename == "b.log").unwrap();
    bench.take_away(&format!("attachment/{}", file.id)).await;
    let mut links = bench.jira.links().into_iter();
    let link = links.find(|it| it.inward == keys[0] && it.outward == keys[1]);
    bench
        .take_away(&format!("issueLink/{}", link.unwrap().id))
        .await;
    let before = bench.jira.issue(&keys[1]).unwrap();
    assert_eq!(bench.revert(false).await.unwrap().kept.len(), 2);

    add(&bench, &[(1, "later.log", b"later")]).await;
    assert_completed(&bench.run().await);
    let third = bench.keys().await.remove(2);
    let after = bench.jira.issue(&keys[1]).unwrap();
    assert_eq!(after.fields[SPRINT], before.fields[SPRINT]);
    let attached = bench.jira.attachments().into_iter();
    let names: Vec<_> = attached.map(|file| (file.issue, file.filename)).collect();
    let names: Vec<_> = names
        .iter()
        .map(|(k, n)| (k.as_str(), n.as_str()))
        .collect();
    assert_eq!(names, [(&*keys[0], "a.log"), (&*keys[1], "later.log")]);
    let links = bench.jira.links().into_iter();
    let mut links: Vec<_> = links.map(|link| (link.inward, link.outward)).collect();
    links.sort();
    let [first, second] = [0, 1].map(|n| (keys[n].clone(), third.clone()));
    assert_eq!(links, [first, second], "none is set again");

    let results = bench.results().await;
    let told: Vec<_> = results
        .manual_fixes
        .iter()
        .map(|fix| (fix.jira_key.as_str(), fix.field.as_str()))
        .collect();
    assert_eq!(told.len(), 4, "{told:?}");
    for fix in [
        (&*keys[0], "assignee"),
        (&*keys[1], "assignee"),
        (&*keys[1], "large.log"),
        (&*third, "assignee"),
    ] {
        assert!(told.contains(&fix), "{fix:?} in {told:?}");
    }
    let export = results.export.unwrap();
    assert_eq!(export.manual_fixes_needed, 4);
    assert_eq!(export.dependencies_created, 2, "as many as there are");
    bench.jira.change_site(|site| site.upload_limit = 1 << 20);
    bench.apply().await;
    assert_eq!(bench.results().await.export.unwrap().manual_fixes_needed, 3);
    let names = bench.jira.attachments().into_iter();
    assert!(
        names
            .map(|file| file.filename)
            .any(|name| name == "large.log")
    );
}
