//! A cap on the attributes of one tag.
//!
//! html5ever compares each attribute's name with all before it. No editor writes hundreds of attributes on one
//! tag, so the text of those beyond [`MOST`] is cut out before it is parsed.

use std::borrow::Cow;

/// The attributes a tag keeps.
const MOST: usize = 128;

/// `html` with the attributes beyond the cap cut out; borrowed if, as nearly always, there are none.
pub(super) fn limit(html: &str) -> Cow<'_, str> {
    let bytes = html.as_bytes();
    let mut kept = String::new();
    let mut copied = 0;
    let mut at = 0;
    // What looks like a tag in a script or comment may run on to the end of the text. Each such scan is paid for.
    let mut budget = bytes.len().saturating_mul(4);
    while let Some(tag) = next_tag(bytes, at) {
        let scan = Scan::of(bytes, tag);
        budget = budget.saturating_sub(scan.end - tag);
        if let Some(cut) = scan.cut {
            kept.push_str(&html[copied..cut]);
            copied = scan.end;
        }
        at = if scan.closed { scan.end } else { tag };
        if budget == 0 {
            break;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(html);
    }
    kept.push_str(&html[copied..]);
    Cow::Owned(kept)
}

/// The position after the next `<` that a letter follows.
fn next_tag(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += bytes.get(at..)?.iter().position(|b| *b == b'<')? + 1;
        if bytes.get(at)?.is_ascii_alphabetic() {
            return Some(at);
        }
    }
}

/// One tag, read as the standard's tokenizer reads it.
struct Scan {
    /// Where the first attribute beyond the cap begins.
    cut: Option<usize>,
    /// The position of the closing `>`, or of the end of the text.
    end: usize,
    closed: bool,
}

impl Scan {
    fn of(bytes: &[u8], start: usize) -> Self {
        let mut scan = Self {
            cut: None,
            end: start,
            closed: false,
        };
        let is_end = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'/' | b'>');
        scan.skip(bytes, |b| !is_end(b));
        let mut count = 0;
        loop {
            scan.skip(bytes, |b| b.is_ascii_whitespace() || *b == b'/');
            match bytes.get(scan.end) {
                None => return scan,
                Some(b'>') => {
                    scan.closed = true;
                    return scan;
                }
                Some(_) => {}
            }
            if count == MOST {
                scan.cut = Some(scan.end);
            }
            count += 1;
            scan.attribute(bytes);
        }
    }

    fn attribute(&mut self, bytes: &[u8]) {
        // A leading `=` is part of the name.
        self.end += 1;
        self.skip(bytes, |b| {
            !b.is_ascii_whitespace() && !matches!(b, b'/' | b'>' | b'=')
        });
        let name_end = self.end;
        self.skip(bytes, u8::is_ascii_whitespace);
        if bytes.get(self.end) != Some(&b'=') {
            self.end = name_end;
            return;
        }
        self.end += 1;
        self.skip(bytes, u8::is_ascii_whitespace);
        match bytes.get(self.end) {
            Some(quote @ (b'"' | b'\'')) => {
                self.end += 1;
                self.skip(bytes, |b| b != quote);
                self.end = (self.end + 1).min(bytes.len());
            }
            Some(_) => self.skip(bytes, |b| !b.is_ascii_whitespace() && *b != b'>'),
            None => {}
        }
    }

    fn skip(&mut self, bytes: &[u8], wanted: impl Fn(&u8) -> bool) {
        let rest = bytes.get(self.end..).unwrap_or(&[]);
        self.end += rest.iter().position(|b| !wanted(b)).unwrap_or(rest.len());
    }
}
