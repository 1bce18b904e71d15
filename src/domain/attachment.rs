//! Attachments: what a file may be called, how large it may be, and of which kind.

mod archive;
mod inspect;
mod kind;

use unicode_normalization::UnicodeNormalization as _;

pub use inspect::{Facts, Inspector};
pub use kind::{Unfit, media_type};

use super::ticket::is_unseen;
use crate::error::Broken;

/// What an installation lets people attach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The largest file, in bytes.
    pub max_bytes: u64,
    /// Extensions in lower case, without the dot.
    pub allowed_extensions: Vec<String>,
}

impl Rules {
    /// Whether the name alone lets the file in: an allowed extension, and no program's extension before it, which some servers
    /// run by (`invoice.php.pdf`).
    pub fn check_name(&self, name: &Filename) -> Result<(), Unfit> {
        let extension = name.extension();
        if !self.allowed_extensions.contains(&extension) {
            let what = if extension.is_empty() {
                "a file without an extension".to_owned()
            } else {
                format!("a file whose name ends in .{extension}")
            };
            return Err(Unfit::new("", format!("{what} may not be attached")));
        }
        match name.inner_extensions().find(|inner| kind::runs(inner)) {
            Some(inner) => Err(Unfit::new(
                "",
                format!("a file with .{inner} inside its name may not be attached"),
            )),
            None => Ok(()),
        }
    }

    /// The safe media type of a file that has come in whole, or why it may not stay: the content has to be what the name says.
    pub fn check_content(
        &self,
        name: &Filename,
        claimed: &str,
        facts: &Facts,
    ) -> Result<String, Unfit> {
        self.check_name(name)?;
        kind::judge(&name.extension(), claimed, facts)
    }
}

/// A file's name: 1 to 255 code points in NFC, of one path segment, without control characters and without characters that change
/// the direction of text or show nothing. It is shown and sent along, and never becomes a path here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filename(String);

impl Filename {
    /// The longest name, in code points.
    pub const MAX: usize = 255;

    /// Refuses what is a path or would not print; takes out what would only mislead, and blanks and dots at the end, which Windows
    /// drops by itself.
    pub fn new(text: &str) -> Result<Self, Broken> {
        if text.chars().count() > Self::MAX {
            return Err(Broken::new("must have at most 255 characters"));
        }
        if text.contains(['/', '\\']) {
            return Err(Broken::new("must be a name alone, without path separators"));
        }
        if text.chars().any(|c| c.is_control() || breaks_a_line(c)) {
            return Err(Broken::new("must not contain control characters"));
        }
        let plain: String = text.nfc().filter(|c| !is_unseen(*c)).collect();
        let name = plain
            .trim_start()
            .trim_end_matches(|c: char| c == '.' || c.is_whitespace());
        // Composing can lengthen a text too.
        match name.chars().count() {
            1..=Self::MAX => Ok(Self(name.to_owned())),
            0 => Err(Broken::new("must have a character that shows")),
            _ => Err(Broken::new("must have at most 255 characters")),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the last dot, in lower case; empty without one, or when nothing stands before it.
    pub fn extension(&self) -> String {
        match self.0.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => extension.trim().to_lowercase(),
            _ => String::new(),
        }
    }

    /// What stands between dots before the extension, in lower case.
    fn inner_extensions(&self) -> impl Iterator<Item = String> {
        let parts: Vec<&str> = self.0.split('.').collect();
        let last = parts.len().saturating_sub(1);
        let inner = parts.into_iter().enumerate();
        inner
            .filter(move |(index, _)| *index > 0 && *index < last)
            .map(|(_, part)| part.trim().to_lowercase())
    }
}

/// Unicode's own line and paragraph separators.
fn breaks_a_line(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// The SHA-256 of a content: 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sha256Text(String);

impl Sha256Text {
    /// Parses 64 hexadecimal digits in either case.
    pub fn new(text: &str) -> Result<Self, Broken> {
        if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err(Broken::new("must be 64 hexadecimal digits"))
    }

    /// The digest of some bytes.
    pub(crate) fn of(digest: &[u8]) -> Self {
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A size that is announced: at least one byte. The installation's limit is looked at elsewhere.
pub fn size(bytes: i64) -> Result<u64, Broken> {
    match u64::try_from(bytes) {
        Ok(size) if size > 0 => Ok(size),
        _ => Err(Broken::new("must be at least 1")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn rules() -> Rules {
        Rules {
            max_bytes: 10,
            allowed_extensions: ["pdf", "txt", "gz"].map(str::to_owned).to_vec(),
        }
    }

    #[test]
    fn a_name_is_one_segment_that_prints() {
        for bad in [
            "",
            " ",
            "...",
            "a/b.txt",
            "../a.txt",
            "/etc/passwd",
            "C:\\a.txt",
            "a\0.txt",
            "a\n.txt",
            "a\u{85}.txt",
            "a\u{2028}b",
            "\u{202e}",
            "\u{ad}\u{34f}\u{115f}\u{1160}\u{3164}\u{ffa0}\u{e0001}\u{e01ef}",
            &"a".repeat(256),
        ] {
            assert!(Filename::new(bad).is_err(), "{bad:?}");
        }
        for (given, kept) in [
            ("a.txt", "a.txt"),
            (" a b.txt . ", "a b.txt"),
            ("u\u{308}.txt", "ü.txt"),
            ("ann\u{202e}txt.exe", "anntxt.exe"),
            ("a\u{ad}\u{3164}.txt", "a.txt"),
            ("\u{2764}\u{fe0f}.txt", "\u{2764}\u{fe0f}.txt"),
            (&"ü".repeat(255), &"ü".repeat(255)),
        ] {
            assert_eq!(Filename::new(given).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn the_last_extension_counts_and_no_program_hides_before_it() {
        let fits = |name: &str| rules().check_name(&Filename::new(name).unwrap()).is_ok();
        for good in [
            "a.pdf",
            "A.PDF",
            "release.v1.2.pdf",
            "a.tar.gz",
            "example.com.txt",
        ] {
            assert!(fits(good), "{good}");
        }
        for bad in [
            "a",
            ".pdf",
            "a.exe",
            "a.pdf.exe",
            "a.pdf.",
            "a.php.pdf",
            "a.exe.pdf",
            "a.PHP5.txt",
            "a\u{202e}fdp.exe",
        ] {
            // A dot at the end is dropped with what Windows would drop.
            assert_eq!(fits(bad), bad == "a.pdf.", "{bad}");
        }
    }

    #[test]
    fn a_digest_is_64_digits() {
        let upper = "AB".repeat(32);
        assert_eq!(Sha256Text::new(&upper).unwrap().as_str(), "ab".repeat(32));
        for bad in ["", "ab", &"g".repeat(64), &"a".repeat(65)] {
            assert!(Sha256Text::new(bad).is_err());
        }
    }
}
