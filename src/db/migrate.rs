//! Bringing the schema up and down, on a connection of its own.

use migration::{MigrationStatus, Migrator, MigratorTrait as _};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr};

use super::Db;
use crate::error::Result;

/// A step of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name, as the database remembers it.
    pub name: String,
    /// Whether it has been taken.
    pub applied: bool,
}

impl Db {
    /// Takes the next `steps` steps, or all that are left.
    pub async fn migrate_up(&self, steps: Option<u32>) -> Result<()> {
        let connection = self.open_alone().await?;
        let outcome = Migrator::up(&connection, steps).await;
        finish(connection, outcome).await
    }

    /// Takes back the last `steps` steps, or all, **with everything that they keep**.
    pub async fn migrate_down(&self, steps: Option<u32>) -> Result<()> {
        let connection = self.open_alone().await?;
        let outcome = Migrator::down(&connection, steps).await;
        finish(connection, outcome).await
    }

    /// All steps in their order.
    pub async fn migration_status(&self) -> Result<Vec<Step>> {
        let connection = self.open_alone().await?;
        let steps = Migrator::get_migration_with_status(&connection).await;
        let steps = finish(connection, steps).await?;
        Ok(steps
            .into_iter()
            .map(|step| Step {
                name: step.name().to_owned(),
                applied: step.status() == MigrationStatus::Applied,
            })
            .collect())
    }

    /// One connection that nobody else migrates at the same time. PostgreSQL forgets the lock when
    /// the connection closes; replicas that start together take the steps one after the other.
    async fn open_alone(&self) -> Result<DatabaseConnection> {
        let connection = self.target.open(1).await?;
        if self.backend() == DbBackend::Postgres {
            let lock =
                "SELECT pg_advisory_lock(hashtext('docket.migrate'), hashtext(current_schema()))";
            connection.execute_unprepared(lock).await?;
        }
        if self.backend() == DbBackend::Sqlite {
            // A table that is made anew would otherwise take along what points at it. Steps that do so check the whole.
            connection
                .execute_unprepared("PRAGMA foreign_keys = OFF")
                .await?;
            // A power cut may undo steps, whole ones, and the next start takes them again: no reason to sync after each.
            connection
                .execute_unprepared("PRAGMA synchronous = NORMAL")
                .await?;
        }
        Ok(connection)
    }
}

async fn finish<T>(connection: DatabaseConnection, outcome: Result<T, DbErr>) -> Result<T> {
    connection.close().await?;
    Ok(outcome?)
}
