//! `docket keys`: the keys that integrations' credentials are sealed with.

use clap::Subcommand;

use super::{CommandError, counting::counted, offline, show};
use crate::{
    app::{rotation, rotation::Rotated, vault::Vault},
    config::CredentialsKeys,
};

/// Reading and writing go one after the other.
const CONNECTIONS: u32 = 2;

/// What to do where the key is a setting.
const NO_FORMER: &str = "nothing is changed: CREDENTIALS_KEY is set, so that docket makes no key itself, and CREDENTIALS_OLD_KEYS \
     names no former one; give every server a new key in CREDENTIALS_OLD_KEYS, then make it CREDENTIALS_KEY and the former one an old \
     key, then rotate with these settings";

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
    let (place, db) = offline::open(CONNECTIONS).await?;
    let rotated = async {
        let (made, vault) = newest(place.credentials_keys()?, only_seal)?;
        let rotated = rotation::rotate(&db, &vault).await?;
        Ok::<_, CommandError>(told(made, &vault, &rotated))
    };
    let rotated = rotated.await;
    db.close().await;
    Ok(show(&rotated?)?)
}

/// What opens and seals, with whether a new key was made for it.
fn newest(mut keys: CredentialsKeys, only_seal: bool) -> Result<(bool, Vault), CommandError> {
    let made = match only_seal {
        true => false,
        false => keys.make_new()?,
    };
    // What seals is a setting, and nothing could open what another key has sealed.
    if !only_seal && !made && keys.older.is_empty() {
        return Err(NO_FORMER.into());
    }
    Ok((made, Vault::new(keys)?))
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
