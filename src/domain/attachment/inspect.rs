//! Looking at a file while it passes by: its size, its digest, and the few bytes that tell what it is.

use sha2::{Digest as _, Sha256};

use super::Sha256Text;

/// How many of the first bytes are kept: what the magic numbers of every known format need, Office's archives included.
const HEAD: usize = 16 * 1024;

/// A ZIP archive's last record and the longest comment that may follow it (APPNOTE.TXT 4.3.16).
const ZIP_END: usize = 22;
const ZIP_COMMENT: usize = u16::MAX as usize;

/// Looks at the bytes of one file in their order, and keeps about 80 KiB of them.
#[derive(Debug, Default)]
pub struct Inspector {
    hasher: Sha256,
    size: u64,
    head: Vec<u8>,
    tail: Vec<u8>,
    has_nul: bool,
}

/// What was seen of a whole file.
#[derive(Debug)]
pub struct Facts {
    /// Its size in bytes.
    pub size: u64,
    /// Its digest.
    pub sha256: Sha256Text,
    pub(super) head: Vec<u8>,
    pub(super) has_nul: bool,
    pub(super) ends_as_zip: bool,
}

impl Inspector {
    /// The next bytes.
    pub fn look_at(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        self.has_nul = self.has_nul || bytes.contains(&0);
        let room = HEAD.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..room]);
        let most = ZIP_END + ZIP_COMMENT;
        self.tail
            .extend_from_slice(&bytes[bytes.len().saturating_sub(most)..]);
        let surplus = self.tail.len().saturating_sub(most);
        self.tail.drain(..surplus);
    }

    /// How many bytes have passed.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// What was seen, once the file is whole.
    pub fn finish(self) -> Facts {
        Facts {
            size: self.size,
            sha256: Sha256Text::of(&self.hasher.finalize()),
            head: self.head,
            has_nul: self.has_nul,
            ends_as_zip: ends_as_zip(&self.tail),
        }
    }
}

/// Whether a program that opens ZIP archives would open this: such programs read from the end, whatever stands at the beginning.
fn ends_as_zip(tail: &[u8]) -> bool {
    let last = tail.len().saturating_sub(ZIP_END - 1);
    (0..last).any(|at| {
        let end = &tail[at..];
        let comment = usize::from(u16::from_le_bytes([end[20], end[21]]));
        end.starts_with(b"PK\x05\x06") && end.len() == ZIP_END + comment
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(pieces: &[&[u8]]) -> Facts {
        let mut inspector = Inspector::default();
        for piece in pieces {
            inspector.look_at(piece);
        }
        inspector.finish()
    }

    #[test]
    fn pieces_do_not_matter() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8 + 1).collect();
        let whole = facts(&[&bytes]);
        let pieces: Vec<&[u8]> = bytes.chunks(777).collect();
        let pieced = facts(&pieces);
        assert_eq!(whole.sha256, pieced.sha256);
        assert_eq!((whole.size, pieced.size), (200_000, 200_000));
        assert_eq!(whole.head, pieced.head);
        assert!(!whole.has_nul && !pieced.has_nul);
        assert_eq!(
            facts(&[b"abc"]).sha256.as_str(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn an_archive_is_known_by_its_end() {
        let mut archive = vec![1; 100_000];
        archive.extend(b"PK\x05\x06");
        archive.extend([0; 18]);
        assert!(facts(&[&archive]).ends_as_zip);
        archive.push(b'x');
        assert!(!facts(&[&archive]).ends_as_zip, "a byte too many");
        let comment = archive.len() - 3;
        archive[comment] = 1;
        assert!(facts(&[&archive]).ends_as_zip, "which is a comment");
        assert!(!facts(&[b"PK\x05\x06"]).ends_as_zip);
    }
}
