//! `docket migrate`: down is asked for, status tells, on both databases.

use std::path::Path;

use rstest::rstest;

use super::{Said, docket};
use crate::support::database::{Kind, TestDatabase};

fn migrate(folder: &Path, url: &str, args: &[&str]) -> Said {
    let mut command = docket(folder, &["migrate"]);
    Said::by(command.args(args).env("DATABASE_URL", url))
}

/// The steps of a status, with whether each is applied, and the last line.
fn status(said: &Said) -> (Vec<bool>, &str) {
    let mut lines: Vec<&str> = said.succeeded().lines().collect();
    let sum = lines.pop().unwrap();
    let applied = |line: &&str| match line.split_whitespace().last() {
        Some("applied") => true,
        Some("pending") => false,
        other => panic!("{other:?} in {said:?}"),
    };
    (lines.iter().map(applied).collect(), sum)
}

#[rstest]
#[tokio::test]
async fn the_schema_goes_up_and_down_as_told(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let database = TestDatabase::empty(kind).await;
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| migrate(folder.path(), &database.url, args);

    let before = run(&["status"]);
    let (steps, _) = status(&before);
    let all = steps.len();
    assert!(
        all > 2 && steps.iter().all(|applied| !applied),
        "{before:?}"
    );

    let up = run(&["up", "--steps", "2"]);
    assert_eq!(up.succeeded().lines().count(), 3, "{up:?}");
    let (steps, sum) = (run(&["status"]), format!("2 of {all} steps applied"));
    assert_eq!(status(&steps).1, sum);
    assert!(
        status(&steps).0.starts_with(&[true, true, false]),
        "{steps:?}"
    );

    run(&["up"]).succeeded();
    let complete = run(&["status"]);
    assert!(status(&complete).0.iter().all(|applied| *applied));
    assert!(run(&["up"]).succeeded().starts_with("nothing to do; "));

    run(&["down", "--steps", "1"]).succeeded();
    let down = run(&["status"]);
    let pending = status(&down).0.iter().filter(|applied| !**applied).count();
    assert_eq!(pending, 1, "{down:?}");

    run(&["down", "--all"]).succeeded();
    let empty = run(&["status"]);
    assert!(status(&empty).0.iter().all(|applied| !applied), "{empty:?}");
}

#[test]
fn down_without_saying_how_far_is_refused_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    Said::by(&mut docket(folder.path(), &["migrate", "up"])).succeeded();
    for args in [
        &["migrate", "down"][..],
        &["migrate", "down", "--all", "--steps", "1"],
        &["migrate", "down", "--steps", "0"],
    ] {
        let said = Said::by(&mut docket(folder.path(), args));
        assert_eq!(said.code, Some(2), "{said:?}");
    }
    let said = Said::by(&mut docket(folder.path(), &["migrate", "status"]));
    assert!(status(&said).0.iter().all(|applied| *applied), "{said:?}");
}
