//! Opening a database, and what is said when that fails.

use std::os::unix::fs::PermissionsExt as _;

use docket::{
    db::{Db, user as users},
    error::{Error, Reason},
};
use rstest::rstest;
use sea_orm::EntityTrait as _;

use super::rows::{put, user, write};
use crate::support::database::{Kind, TestDatabase};

#[rstest]
#[case("mysql://docket:hunter2@localhost/docket")]
#[case("postgres://docket:hunter2@localhost:port/docket")]
#[case("sqlite::memory:")]
#[case("sqlite://docket.db?mode=hunter2")]
#[case("hunter2")]
#[case("")]
#[tokio::test]
async fn refuses_an_unusable_address_without_repeating_it(#[case] url: &str) {
    let error = Db::connect(url, 1).await.expect_err("refuses it");
    assert_eq!(error.reason(), Reason::InvalidFields);
    assert!(error.to_string().contains("DATABASE_URL"), "{error}");
    assert!(
        !format!("{error} {error:?}").contains("hunter2"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_file_is_made_for_its_owner_alone() {
    let database = TestDatabase::new(Kind::Sqlite).await;
    let path = database.url.strip_prefix("sqlite://").expect("a file");
    for suffix in ["", "-wal", "-shm"] {
        let file = std::fs::metadata(format!("{path}{suffix}")).expect("is there");
        assert_eq!(file.permissions().mode() & 0o777, 0o600, "{suffix}");
    }
    // What somebody has given other rights keeps them.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o640)).expect("is set");
    let again = Db::connect(&database.url, 1).await.expect("connects");
    again.close().await;
    let file = std::fs::metadata(path).expect("is there");
    assert_eq!(file.permissions().mode() & 0o777, 0o640);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    // Nobody listens on a port that a listener has just given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port();
    let url = format!("postgres://docket:hunter2@127.0.0.1:{port}/docket");
    let error = Db::connect(&url, 1).await.expect_err("nobody answers");
    assert!(
        matches!(
            &error,
            Error::Unavailable {
                reason: Reason::Unavailable,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(
        !format!("{error} {error:?}").contains("hunter2"),
        "{error:?}"
    );
}

#[rstest]
#[tokio::test]
async fn tells_no_address_in_its_debug_form(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let database = TestDatabase::empty(kind).await;
    let shown = format!("{:?}", database.db);
    let address = database.url.split("://").nth(1).expect("an address");
    let secret = address
        .split(['@', '?'])
        .next()
        .expect("user and password, or a path");
    assert!(!shown.contains(secret), "{shown}");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_unavailable() {
    let error = Db::connect("sqlite:///nowhere/at/all/docket.db", 1)
        .await
        .expect_err("no folder");
    assert!(
        matches!(
            &error,
            Error::Unavailable {
                reason: Reason::Unavailable,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn sqlite_takes_no_write_past_the_writer() {
    let database = TestDatabase::new(Kind::Sqlite).await;
    let refused = put(database.db.read(), user("ada"))
        .await
        .expect_err("reads only");
    assert!(refused.to_string().contains("readonly"), "{refused}");
}

#[rstest]
#[tokio::test]
async fn a_closed_database_takes_nothing_and_has_lost_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let database = TestDatabase::new(kind).await;
    let clone = database.db.clone();
    write(&database.db, user("ada"))
        .await
        .expect("takes a user");
    database.db.close().await;
    let refused = write(&clone, user("bob")).await.expect_err("it is closed");
    assert!(matches!(refused, Error::Unavailable { .. }), "{refused:?}");
    let again = database.open_again().await;
    let ids: Vec<_> = users::Entity::find()
        .all(again.read())
        .await
        .expect("reads");
    assert_eq!(ids.len(), 1);
}
