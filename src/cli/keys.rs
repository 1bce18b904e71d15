//! `docket keys`: the keys that integrations' credentials are sealed with.

use clap::Subcommand;
use secrecy::ExposeSecret as _;

use super::{CommandError, counting::counted, show};
use crate::{
    app::{rotation, rotation::Rotated, vault::Vault},
    config::{Config, LogSettings},
    db::Db,
    telemetry,
};

/// Reading and writing go one after the other.
const CONNECTIONS: u32 = 2;

/// What to do with the keys.
#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Make a new key where docket keeps its own, and seal all credentials with the newest one. Servers may run meanwhile.
    Rotate {
        /// Only seal with the newest key that there is; make none.
        #[arg(long)]
        only_seal: bool,
    },
}

/// Changes the keys, and tells what has become of the credentials.
pub(super) async fn run(command: KeysCommand) -> Result<(), CommandError> {
    let KeysCommand::Rotate { only_seal } = command;
    let config = Config::from_env()?;
    telemetry::init(&LogSettings {
        filter: "warn".to_owned(),
        ..config.log.clone()
    });
    let mut keys = config.credentials_keys.clone();
    let made = match only_seal {
        true => false,
        false => keys.make_new()?,
    };
    let vault = Vault::new(keys)?;
    let db = Db::connect(config.database_url.expose_secret(), CONNECTIONS).await?;
    let rotated = rotation::rotate(&db, &vault).await;
    db.close().await;
    Ok(show(&told(made, &vault, &rotated?))?)
}

fn told(made: bool, vault: &Vault, rotated: &Rotated) -> String {
    let Rotated { sealed, unopened } = rotated;
    let key = vault.newest();
    let kind = if made { "new key" } else { "key" };
    let sealed = counted(sealed, "integration's", "integrations'");
    let mut text = format!("{sealed} credentials sealed anew with the {kind} {key}\n");
    match unopened.is_empty() {
        true => text += "no credentials need an older key any more\n",
        false => {
            text += "no key opens the credentials of these integrations; enter them anew:\n";
            for name in unopened {
                text += &format!("  {name}\n");
            }
        }
    }
    text
}
