//! Looking at a file while it passes by: its size, its digest, and the few bytes that tell what it is.

use sha2::{Digest as _, Sha256};

use super::{Sha256Text, archive};

/// How many of the first bytes are kept: what the magic numbers of every known format need, Office's archives included.
const HEAD: usize = 16 * 1024;

/// A ZIP archive's last record and the longest comment that may follow it (APPNOTE.TXT 4.3.16).
const ZIP_END: usize = 22;
const ZIP_COMMENT: usize = u16::MAX as usize;
/// What stands before the last record of an archive with numbers of 64 bits (4.3.15).
const ZIP64_LOCATOR: usize = 20;

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
    /// What it holds, where it ends as an archive whose directory lies in what is kept.
    pub(super) names: Option<Vec<String>>,
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
        if bytes.len() >= most {
            self.tail.clear();
        }
        self.tail
            .extend_from_slice(&bytes[bytes.len().saturating_sub(most)..]);
        let surplus = self.tail.len().saturating_sub(most);
        self.tail.drain(..surplus);
    }

    /// What was seen, once the file is whole.
    pub fn finish(self) -> Facts {
        Facts {
            size: self.size,
            sha256: Sha256Text::of(&self.hasher.finalize()),
            head: self.head,
            has_nul: self.has_nul,
            ends_as_zip: ends_as_zip(self.size, &self.tail),
            names: archive::names(&self.tail),
        }
    }
}

/// Whether a program that opens ZIP archives would open a file with this end: such programs read from the end, whatever stands at the
/// beginning, and mind neither what follows the last record nor a comment that is longer or shorter than it says.
fn ends_as_zip(size: u64, tail: &[u8]) -> bool {
    let begin = size - tail.len() as u64;
    let last = tail.len().saturating_sub(ZIP_END - 1);
    (0..last).any(|at| {
        let record = &tail[at..at + ZIP_END];
        if !record.starts_with(b"PK\x05\x06") {
            return false;
        }
        // Beside it stands where the record of a large archive is, whose numbers count instead.
        if tail[at.saturating_sub(ZIP64_LOCATOR)..at].starts_with(b"PK\x06\x07") {
            return true;
        }
        let number = |at: usize| {
            let bytes = [record[at], record[at + 1], record[at + 2], record[at + 3]];
            u64::from(u32::from_le_bytes(bytes))
        };
        let (directory, offset, here) = (number(12), number(16), begin + at as u64);
        // Some take the directory where the record says, others right before the record: junk may stand in front of the archive.
        let places = [Some(offset), here.checked_sub(directory)];
        let is_directory = |place: u64| match place.checked_sub(begin) {
            // Too far away to be looked at.
            None => true,
            Some(within) => usize::try_from(within)
                .ok()
                .and_then(|within| tail.get(within..at))
                .is_some_and(|bytes| bytes.starts_with(b"PK\x01\x02")),
        };
        directory == 0 || directory <= here && places.into_iter().flatten().any(is_directory)
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
        let empty = [b"PK\x05\x06".as_slice(), &[0; 18]].concat();
        let junk = vec![1; 100_000];
        assert!(facts(&[&junk, &empty]).ends_as_zip);
        assert!(facts(&[&junk, &empty, b"x"]).ends_as_zip, "a byte too many");
        let mut short = [junk.as_slice(), &empty].concat();
        let comment = short.len() - 2;
        short[comment] = 9;
        assert!(facts(&[&short]).ends_as_zip, "a comment that is missing");
        let far = vec![1; ZIP_COMMENT + 1];
        assert!(
            !facts(&[&empty, &far]).ends_as_zip,
            "further than any comment"
        );
        assert!(!facts(&[b"PK\x05\x06"]).ends_as_zip);
        assert!(!facts(&[&junk, b"PK\x05\x06", &[1; 18]]).ends_as_zip);
    }

    #[test]
    fn a_directory_is_looked_for_where_programs_do() {
        let directory = [b"PK\x01\x02".as_slice(), &[0; 42]].concat();
        let record = |size: u32, offset: u32| {
            let numbers = [size.to_le_bytes(), offset.to_le_bytes()].concat();
            [
                b"PK\x05\x06\0\0\0\0\x01\0\x01\0".as_slice(),
                &numbers,
                &[0; 2],
            ]
            .concat()
        };
        let junk = [1; 50];
        // As it says; right before the record; and nowhere.
        for (size, offset, is_zip) in [
            (46, 0, true),
            (46, 50, true),
            (40, 50, true),
            (40, 0, false),
        ] {
            let file = [junk.as_slice(), &directory, &record(size, offset), b"\n"].concat();
            assert_eq!(facts(&[&file]).ends_as_zip, is_zip, "{size} {offset}");
        }
        let far = vec![1; 200_000];
        let file = facts(&[&far, &record(150_000, 10)]);
        assert!(file.ends_as_zip, "too far away to be looked at");
        let locator = [b"PK\x06\x07".as_slice(), &[0; 16]].concat();
        let large = facts(&[&junk, &locator, &record(u32::MAX, u32::MAX)]);
        assert!(large.ends_as_zip);
    }
}
