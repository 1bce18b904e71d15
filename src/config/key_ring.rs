//! The keys that integrations' credentials are sealed with: one in use, older ones that only open.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::keys::{self, CredentialsKey, SECRET_LEN};

/// The file of the key in use.
pub(super) const NEWEST: &str = "credentials-key";
/// The file of older keys, one a line.
const OLDER: &str = "credentials-keys-old";
/// The file that whoever changes the keys holds a lock on meanwhile.
const LOCK: &str = "credentials-keys.lock";

/// The keys, and where docket keeps them, where it made them itself.
#[derive(Clone, Debug)]
pub struct CredentialsKeys {
    /// What seals.
    pub newest: CredentialsKey,
    /// What opens beside it.
    pub older: Vec<CredentialsKey>,
    /// The folder of the keys' files; none where the key in use is a setting.
    folder: Option<PathBuf>,
}

impl CredentialsKeys {
    /// Keys that are settings.
    pub fn given(newest: CredentialsKey, older: Vec<CredentialsKey>) -> Self {
        Self {
            newest,
            older,
            folder: None,
        }
    }

    /// Whether the folder has the file of a key in use.
    pub(super) fn are_in(folder: &Path) -> bool {
        folder.join(NEWEST).exists()
    }

    /// Keys of files in the folder, with older ones that are settings. The first one is made where there is none.
    pub(super) fn kept(folder: &Path, older: Vec<CredentialsKey>) -> io::Result<Self> {
        let newest = keys::load_or_create(&folder.join(NEWEST))?;
        let newest = CredentialsKey::new(newest).ok_or_else(|| io::Error::other("is no key"))?;
        let mut kept = Self {
            newest,
            older,
            folder: Some(folder.to_owned()),
        };
        for key in read_older(folder)? {
            kept.add_older(key);
        }
        Ok(kept)
    }

    /// The keys as they are now; none where they cannot change while the process runs.
    pub fn read_again(&self) -> io::Result<Option<Self>> {
        let Some(folder) = &self.folder else {
            return Ok(None);
        };
        Self::kept(folder, self.older.clone()).map(Some)
    }

    /// Makes a new key, where docket keeps its keys itself: the one in use so far becomes an older one first, so that at no moment a key is
    /// missing that has sealed something. Of two processes that do it at once the second one waits, and sees the first one's key. Whether it
    /// did.
    pub fn make_new(&mut self) -> io::Result<bool> {
        let Some(folder) = self.folder.clone() else {
            return Ok(false);
        };
        // Let go of when it is dropped, or when the process ends.
        let _alone = lock(&folder.join(LOCK))?;
        *self = Self::kept(&folder, self.older.clone())?;
        let mut older = read_older(&folder)?;
        if older.iter().all(|key| key.id() != self.newest.id()) {
            older.push(self.newest.clone());
        }
        let lines = older
            .iter()
            .map(|key| Zeroizing::new(STANDARD.encode(key.expose())));
        let lines: Vec<_> = lines.collect();
        let text = Zeroizing::new(lines.iter().fold(String::new(), |mut text, line| {
            text.push_str(line);
            text.push('\n');
            text
        }));
        replace(&folder.join(OLDER), text.as_bytes())?;
        let bytes = Zeroizing::new(rand::random::<[u8; SECRET_LEN]>());
        let line = Zeroizing::new(format!("{}\n", STANDARD.encode(*bytes)));
        replace(&folder.join(NEWEST), line.as_bytes())?;
        *self = Self::kept(&folder, self.older.clone())?;
        Ok(true)
    }

    fn add_older(&mut self, key: CredentialsKey) {
        let known = |id: &str| id == self.newest.id() || self.older.iter().any(|k| k.id() == id);
        if !known(key.id()) {
            self.older.push(key);
        }
    }
}

fn read_older(folder: &Path) -> io::Result<Vec<CredentialsKey>> {
    let path = folder.join(OLDER);
    let text = match keys::read_private(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read?,
    };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let keys = lines.map(|line| {
        let bytes = STANDARD.decode(line).ok();
        let key = bytes.and_then(CredentialsKey::new);
        key.ok_or_else(|| {
            io::Error::other(format!("{OLDER} does not hold 32 bytes in base64 a line"))
        })
    });
    keys.collect()
}

/// Waits until nobody else changes the keys.
fn lock(path: &Path) -> io::Result<fs::File> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    file.lock()?;
    Ok(file)
}

/// Puts the content in the file's place: whoever reads sees the old or the new one, whole.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let draft = path.with_extension(format!("draft-{}", Uuid::new_v4()));
    let written = keys::create_private(&draft).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&draft, path)
    });
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_takes_the_place_of_the_one_that_goes_on_opening() {
        let folder = tempfile::tempdir().unwrap();
        let first = CredentialsKeys::kept(folder.path(), Vec::new()).unwrap();
        let mut rotated = first.clone();
        assert!(rotated.make_new().unwrap() && rotated.make_new().unwrap());
        let again = first.read_again().unwrap().unwrap();
        assert_eq!(again.newest.id(), rotated.newest.id());
        assert_eq!(again.older.len(), 2);
        assert_eq!(again.older[0].id(), first.newest.id());
        let key = CredentialsKey::new(vec![1; 32]).unwrap();
        let mut given = CredentialsKeys::given(key, Vec::new());
        assert!(!given.make_new().unwrap() && given.read_again().unwrap().is_none());
    }

    #[test]
    fn no_key_is_lost_however_many_make_new_ones_at_once() {
        const AT_ONCE: usize = 8;
        let folder = tempfile::tempdir().unwrap();
        let first = CredentialsKeys::kept(folder.path(), Vec::new()).unwrap();
        let made: Vec<String> = std::thread::scope(|scope| {
            let make = || {
                let mut keys = first.clone();
                assert!(keys.make_new().unwrap());
                keys.newest.id().to_owned()
            };
            let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(make)).collect();
            let made = threads.into_iter().map(|thread| thread.join().unwrap());
            made.collect()
        });
        let again = first.read_again().unwrap().unwrap();
        assert_eq!(
            again.older.len(),
            AT_ONCE,
            "one for each, and the first one"
        );
        for id in made.iter().map(String::as_str).chain([first.newest.id()]) {
            let older = again.older.iter().any(|key| key.id() == id);
            assert!(older || again.newest.id() == id, "{id} is lost");
        }
    }
}
