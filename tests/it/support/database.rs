//! A database of its own for every test, of either kind.

use std::path::Path;

use docket::db::Db;
use sea_orm::{ConnectionTrait as _, Database, EntityTrait, IntoActiveModel, ModelTrait};
use tempfile::TempDir;
use uuid::Uuid;

/// The variable with the URL of the server that `tests/support/postgres` starts.
const SERVER: &str = "DOCKET_TEST_POSTGRES";

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// A database that nobody else uses: a file in a folder that goes with this value, or a schema on
/// the tests' server, which goes with the server.
pub(crate) struct TestDatabase {
    pub(crate) url: String,
    pub(crate) db: Db,
    folder: TempDir,
}

impl TestDatabase {
    /// With the whole schema and no rows.
    pub(crate) async fn new(kind: Kind) -> Self {
        let database = Self::empty(kind).await;
        database.db.migrate_up(None).await.expect("migrates up");
        database
    }

    /// Without a schema.
    pub(crate) async fn empty(kind: Kind) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = match kind {
            Kind::Sqlite => format!("sqlite://{}/docket.db", folder.path().display()),
            Kind::Postgres => postgres_schema().await,
        };
        let db = Db::connect(&url, 8).await.expect("connects");
        Self { url, db, folder }
    }

    /// Puts a row into it, as something would that no call does.
    pub(crate) async fn insert<M>(&self, row: M)
    where
        M: ModelTrait
            + IntoActiveModel<<M::Entity as EntityTrait>::ActiveModel>
            + Clone
            + Sync
            + 'static,
        <M::Entity as EntityTrait>::ActiveModel: Send,
    {
        let insert = self.db.write(move |tx| {
            let row = row.clone().into_active_model();
            Box::pin(async move {
                M::Entity::insert(row).exec_without_returning(tx).await?;
                Ok(())
            })
        });
        insert.await.expect("takes the row");
    }

    /// Where SQLite's files are; a folder that the test may use for more.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The same database, opened once more, as another process would.
    pub(crate) async fn open_again(&self) -> Db {
        Db::connect(&self.url, 4).await.expect("connects again")
    }

    /// What would be left after a power cut now: a copy of SQLite's files, opened.
    pub(crate) async fn after_power_cut(&self) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["docket.db", "docket.db-wal"] {
            std::fs::copy(self.folder.path().join(name), folder.path().join(name))
                .expect("copies a file of the database");
        }
        let url = format!("sqlite://{}/docket.db", folder.path().display());
        let db = Db::connect(&url, 4).await.expect("opens the copy");
        Self { url, db, folder }
    }
}

/// Makes a schema and returns the URL that leads into it.
async fn postgres_schema() -> String {
    let server = std::env::var(SERVER).unwrap_or_else(|_| {
        panic!("{SERVER} is not set: start a server with tests/support/postgres, or run tests/run")
    });
    let schema = format!("test_{}", Uuid::now_v7().simple());
    let connection = Database::connect(&server)
        .await
        .expect("the server answers");
    connection
        .execute_unprepared(&format!("CREATE SCHEMA {schema}"))
        .await
        .expect("makes a schema");
    connection.close().await.expect("closes");
    let mark = if server.contains('?') { '&' } else { '?' };
    format!("{server}{mark}options=-csearch_path%3D{schema}")
}
