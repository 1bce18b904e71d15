//! The two secrets that docket makes for itself when none are given, and the files that they are kept in.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret as _, SecretSlice};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

/// The bytes in a generated secret.
pub(super) const SECRET_LEN: usize = 32;

/// The secret that signs and verifies bearer tokens.
#[derive(Clone, Debug)]
pub struct SigningSecret(SecretSlice<u8>);

/// The key that seals the integrations' credentials, with a name by which sealed values tell which key they need.
#[derive(Clone, Debug)]
pub struct CredentialsKey {
    id: String,
    key: SecretSlice<u8>,
}

impl SigningSecret {
    /// The fewest bytes: what HS256 asks for (RFC 7518, section 3.2).
    pub const MIN: usize = 32;

    /// The secret, unless it is too short.
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() >= Self::MIN).then(|| Self(bytes.into()))
    }

    /// The bytes. Never to be shown.
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

impl CredentialsKey {
    /// The key, unless it is not 32 bytes.
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        if bytes.len() != SECRET_LEN {
            return None;
        }
        // The id is stored beside sealed values, so it is a digest that tells nothing of the key.
        let digest = Sha256::new()
            .chain_update(b"docket credentials key id\0")
            .chain_update(&bytes)
            .finalize();
        let id = digest.iter().take(8).map(|b| format!("{b:02x}")).collect();
        Some(Self {
            id,
            key: bytes.into(),
        })
    }

    /// Names the key without revealing it: 16 hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The 32 bytes. Never to be shown.
    pub fn expose(&self) -> &[u8] {
        self.key.expose_secret()
    }
}

/// Makes the folder, for its owner alone, and sees to it that files can be made in it.
pub(super) fn prepare_folder(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let probe = dir.join(format!(".probe-{}", Uuid::new_v4()));
    create_private(&probe)?;
    fs::remove_file(probe)
}

/// The secret kept in the file, which is made with fresh random bytes when it does not exist yet.
pub(super) fn load_or_create(path: &Path) -> io::Result<Vec<u8>> {
    match load(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path),
        loaded => loaded,
    }
}

/// The file's text, unless others may read it too.
pub(super) fn read_private(path: &Path) -> io::Result<Zeroizing<String>> {
    let text = Zeroizing::new(fs::read_to_string(path)?);
    if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        return Err(io::Error::other(
            "others may read it: make it private with chmod 600",
        ));
    }
    Ok(text)
}

fn load(path: &Path) -> io::Result<Vec<u8>> {
    let text = read_private(path)?;
    match STANDARD.decode(text.trim()) {
        Ok(bytes) if bytes.len() == SECRET_LEN => Ok(bytes),
        _ => Err(io::Error::other("does not hold 32 bytes in base64")),
    }
}

/// The file appears under its name only once it is whole (`link` is atomic and never replaces), so that of two processes starting
/// at once both end up with the same secret.
fn create(path: &Path) -> io::Result<Vec<u8>> {
    let bytes = Zeroizing::new(rand::random::<[u8; SECRET_LEN]>());
    let draft = path.with_extension(format!("draft-{}", Uuid::new_v4()));
    let written = create_private(&draft).and_then(|mut file| {
        file.write_all(STANDARD.encode(*bytes).as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::hard_link(&draft, path)
    });
    let _ = fs::remove_file(&draft);
    match written {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => load(path),
    }
}

pub(super) fn create_private(path: &Path) -> io::Result<fs::File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}
