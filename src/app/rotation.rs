//! Sealing all credentials with the newest key, while servers run.

use std::sync::Arc;

use super::{integrations::purpose, vault::Vault};
use crate::{
    db::{Db, integration},
    error::{Error, Result},
};

/// What became of the credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    /// How many are sealed anew.
    pub sealed: u64,
    /// The names of integrations whose credentials no key opens.
    pub unopened: Vec<String>,
}

/// Seals with the newest key what another one has sealed. An integration that is changed meanwhile is looked at again, until there is
/// none left; a key that somebody else makes meanwhile is the newest one then.
pub async fn rotate(db: &Db, vault: &Vault) -> Result<Rotated> {
    let mut rotated = Rotated::default();
    loop {
        let newest = vault.newest();
        let rows = integration::sealed_otherwise(db.read(), &newest).await?;
        let mut left = 0;
        rotated.unopened.clear();
        for row in rows {
            let key = row.credentials_key_id.as_deref().unwrap_or_default();
            let sealed = row.credentials.as_deref().unwrap_or_default();
            let place = purpose(row.id);
            let Some(plain) = vault.open(key, &place, sealed) else {
                rotated.unopened.push(row.name);
                continue;
            };
            left += 1;
            let anew = vault.seal(&place, &plain)?;
            let change = Arc::new((row, anew));
            let written = db.write(move |tx| {
                let change = Arc::clone(&change);
                Box::pin(async move {
                    let (row, anew) = &*change;
                    integration::seal_anew(tx, row, &anew.bytes, &anew.key_id).await
                })
            });
            match written.await {
                Ok(()) => rotated.sealed += 1,
                // It was changed meanwhile: the next round sees how.
                Err(Error::Fenced) => (),
                Err(error) => return Err(error),
            }
        }
        if left == 0 {
            return Ok(rotated);
        }
    }
}
