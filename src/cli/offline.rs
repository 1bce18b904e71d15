//! What commands share that work on a database which is there already, with its server or without. They make nothing where there is none.

use std::path::Path;

use secrecy::ExposeSecret as _;

use super::CommandError;
use crate::{
    config::{LogSettings, Place},
    db::Db,
    telemetry,
};

/// Opens the database of this machine's settings, with what is known of it. One that is not there, or that no docket has set up, is told.
pub(super) async fn open(connections: u32) -> Result<(Place, Db), CommandError> {
    let (place, db) = connect(connections).await?;
    let set_up = db.is_set_up().await;
    if matches!(set_up, Ok(true)) {
        return Ok((place, db));
    }
    db.close().await;
    set_up?;
    let text =
        "DATABASE_URL: the database has no tables of docket's; `docket migrate up` makes them";
    Err(text.into())
}

/// As [`open`], for a database that may be empty. The log keeps to what went wrong: commands tell the rest themselves.
pub(super) async fn connect(connections: u32) -> Result<(Place, Db), CommandError> {
    let place = Place::from_env()?;
    telemetry::init(&LogSettings {
        filter: "warn".to_owned(),
        ..place.log.clone()
    });
    let url = place.database_url.expose_secret();
    if let Some(path) = Db::missing_file(url)? {
        return Err(absent(&path).into());
    }
    let db = Db::connect(url, connections).await?;
    Ok((place, db))
}

fn absent(path: &Path) -> String {
    format!(
        "there is no database at {}; call this in the server's folder, or with its DATA_DIR or DATABASE_URL",
        path.display()
    )
}
