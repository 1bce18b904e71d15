//! What integrations' credentials are sealed with: the key in use, and older ones that still open what they have sealed.

use std::sync::{Arc, PoisonError, RwLock};

use zeroize::Zeroizing;

use super::seal::Sealer;
use crate::{config::CredentialsKeys, error::Result};

/// Seals with the newest key and opens with any. Where docket keeps its keys in files it looks there again before it seals, and when it
/// meets a key that it does not know: so keys change while servers run.
pub struct Vault {
    keys: CredentialsKeys,
    ring: RwLock<Arc<Ring>>,
}

/// The sealers of one state of the keys, the newest first.
struct Ring(Vec<Sealer>);

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

/// Sealed credentials, and which key opens them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Nonce and ciphertext.
    pub bytes: Vec<u8>,
    /// The key's name.
    pub key_id: String,
}

impl Vault {
    /// With these keys.
    pub fn new(keys: CredentialsKeys) -> Result<Self> {
        let ring = RwLock::new(Arc::new(Ring::of(&keys)?));
        Ok(Self { keys, ring })
    }

    /// Seals with the newest key. The purpose ties what is sealed to its place.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Result<Sealed> {
        self.look_again();
        let ring = self.ring();
        let newest = ring.0.first();
        let newest = newest.ok_or_else(|| crate::error::Error::internal("there is no key"))?;
        Ok(Sealed {
            bytes: newest.seal(purpose, plain)?,
            key_id: newest.key_id().to_owned(),
        })
    }

    /// The plain bytes, or `None` for anything that the key of this name did not seal for this purpose.
    pub fn open(&self, key_id: &str, purpose: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        if !self.knows(key_id) {
            return None;
        }
        let ring = self.ring();
        let sealer = ring.0.iter().find(|sealer| sealer.key_id() == key_id)?;
        sealer.open(purpose, sealed)
    }

    /// Whether there is a key of this name.
    pub fn knows(&self, key_id: &str) -> bool {
        let known = |ring: &Ring| ring.0.iter().any(|sealer| sealer.key_id() == key_id);
        if known(&self.ring()) {
            return true;
        }
        self.look_again();
        known(&self.ring())
    }

    /// The name of the newest key.
    pub fn newest(&self) -> String {
        self.look_again();
        let ring = self.ring();
        let newest = ring.0.first().map(Sealer::key_id);
        newest.unwrap_or_default().to_owned()
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the files, where keys are kept in files. What cannot be read changes nothing.
    fn look_again(&self) {
        let ring = match self.keys.read_again() {
            Ok(None) => return,
            Ok(Some(keys)) => Ring::of(&keys),
            Err(error) => {
                tracing::warn!(%error, "the keys of credentials cannot be read again");
                return;
            }
        };
        if let Ok(ring) = ring {
            *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        }
    }
}

impl Ring {
    fn of(keys: &CredentialsKeys) -> Result<Self> {
        let all = std::iter::once(&keys.newest).chain(&keys.older);
        all.map(Sealer::new).collect::<Result<_>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::CredentialsKey;

    fn key(byte: u8) -> CredentialsKey {
        CredentialsKey::new(vec![byte; 32]).unwrap()
    }

    fn vault(newest: u8, older: &[u8]) -> Vault {
        let older = older.iter().map(|byte| key(*byte)).collect();
        Vault::new(CredentialsKeys::given(key(newest), older)).unwrap()
    }

    #[test]
    fn what_an_older_key_sealed_opens_in_its_own_place_alone() {
        let sealed = vault(1, &[]).seal("credentials/a", b"secret").unwrap();
        let open = |vault: &Vault, place: &str| vault.open(&sealed.key_id, place, &sealed.bytes);
        let later = vault(2, &[1]);
        assert_eq!(open(&later, "credentials/a").unwrap().as_slice(), b"secret");
        assert!(open(&later, "credentials/b").is_none());
        assert!(open(&vault(2, &[]), "credentials/a").is_none());
        assert!(later.knows(&sealed.key_id) && later.newest() != sealed.key_id);
        assert!(!format!("{later:?}").contains("secret"));
    }
}
