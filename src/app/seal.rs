//! Sealing: what leaves docket's hands (page tokens) or lies in its database (credentials) can neither be read nor forged.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Generate, Payload},
};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::{
    config::CredentialsKey,
    error::{Error, Result},
};

/// The length of a sealed text's nonce, in bytes.
const NONCE: usize = 24;

/// Seals and opens with XChaCha20-Poly1305. A purpose (the associated data) ties each sealed text to its place: what was sealed for
/// one row or list does not open for another.
#[derive(Clone)]
pub struct Sealer {
    key_id: String,
    cipher: XChaCha20Poly1305,
    fingerprint_key: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer")
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

impl Sealer {
    /// A sealer with this key.
    pub fn new(key: &CredentialsKey) -> Result<Self> {
        let cipher = XChaCha20Poly1305::new_from_slice(key.expose());
        Ok(Self {
            key_id: key.id().to_owned(),
            cipher: cipher.map_err(|_| Error::internal("a sealing key has 32 bytes"))?,
            fingerprint_key: Zeroizing::new(
                Sha256::new()
                    .chain_update(b"docket fingerprint key\0")
                    .chain_update(key.expose())
                    .finalize()
                    .into(),
            ),
        })
    }

    /// Names the key in use, for rows that outlive it.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// A digest that tells two secrets apart, and nothing of them to whoever does not have the key.
    pub fn fingerprint(&self, secret: &[u8]) -> [u8; 32] {
        let digest = Sha256::new().chain_update(*self.fingerprint_key);
        digest.chain_update(secret).finalize().into()
    }

    /// Nonce and ciphertext.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let nonce = XNonce::try_generate().map_err(|_| Error::internal("no randomness"))?;
        let payload = Payload {
            msg: plain,
            aad: purpose.as_bytes(),
        };
        let sealed = self
            .cipher
            .encrypt(&nonce, payload)
            .map_err(|_| Error::internal("sealing failed"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// The plain bytes, or `None` for anything that this key did not seal for this purpose.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, body) = sealed.split_at_checked(NONCE)?;
        let nonce = XNonce::try_from(nonce).ok()?;
        let payload = Payload {
            msg: body,
            aad: purpose.as_bytes(),
        };
        self.cipher
            .decrypt(&nonce, payload)
            .ok()
            .map(Zeroizing::new)
    }

    /// As [`Sealer::seal`], as text that is safe in URLs.
    pub fn seal_text(&self, purpose: &str, plain: &[u8]) -> Result<String> {
        Ok(URL_SAFE_NO_PAD.encode(self.seal(purpose, plain)?))
    }

    /// As [`Sealer::open`], of text.
    pub fn open_text(&self, purpose: &str, sealed: &str) -> Option<Zeroizing<Vec<u8>>> {
        self.open(purpose, &URL_SAFE_NO_PAD.decode(sealed).ok()?)
    }
}
