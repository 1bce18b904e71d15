//! `docket bench-data`: fills an empty database, and another one only when told to.

use std::path::Path;

use rstest::rstest;

use super::{Said, docket};
use crate::support::database::{Kind, TestDatabase};

fn bench_data(folder: &Path, url: &str, args: &[&str]) -> Said {
    let mut command = docket(folder, &["bench-data"]);
    Said::by(command.args(args).env("DATABASE_URL", url))
}

#[rstest]
#[tokio::test]
async fn an_empty_database_is_filled_and_a_full_one_when_told_to(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let database = TestDatabase::empty(kind).await;
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| bench_data(folder.path(), &database.url, args);
    let until = ["--until", "2026-03-01T12:00:00Z"];

    let filled = run(&[&["20"][..], &until].concat());
    assert!(filled.succeeded().starts_with("20 tickets, "), "{filled:?}");
    let refused = run(&["20", "--seed", "2"]);
    assert_eq!(
        refused.failed(),
        ["docket: the database has tickets already; --add puts these beside them"]
    );
    let twice = run(&[&["20", "--add"][..], &until].concat());
    assert_eq!(
        twice.failed(),
        ["docket: tickets of this seed are there already; --seed gives others"]
    );
    let added = run(&[&["20", "--add", "--seed", "2"][..], &until].concat());
    assert!(added.succeeded().starts_with("20 tickets, "), "{added:?}");
}
