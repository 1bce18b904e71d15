//! A cap on the attributes of one tag.
//!
//! html5ever compares each attribute's name with all before it. No editor writes hundreds of attributes on one
//! tag, so the text of those beyond [`MOST`] is never given to it. What only looks like a tag, in a script or a comment,
//! is text: nothing of that may be left out, or what ends it would go missing with all that follows.

/// The attributes a tag keeps.
const MOST: usize = 128;

/// Elements whose content may be text without markup, as the tree around them decides.
const RAW: [&str; 10] = [
    "iframe",
    "noembed",
    "noframes",
    "noscript",
    "plaintext",
    "script",
    "style",
    "textarea",
    "title",
    "xmp",
];

/// Who reads the text, and how far its state differs from that of plain markup.
pub(super) trait Reader {
    /// Takes the next part of the text.
    fn read(&self, text: &str);
    /// Whether what comes is text up to the end tag of the element just begun.
    fn in_raw_text(&self) -> bool;
    /// Whether what comes lies in a drawing or formula.
    fn in_foreign(&self) -> bool;
}

/// Gives all of `html` to the reader but the attributes beyond the cap.
pub(super) fn feed(html: &str, reader: &impl Reader) {
    let mut feeder = Feeder {
        html,
        reader,
        fed: 0,
    };
    let bytes = html.as_bytes();
    let mut at = 0;
    while let Some(open) = find(bytes, at, b"<") {
        at = match bytes[open + 1..] {
            [b'/', letter, ..] if letter.is_ascii_alphabetic() => feeder.tag(open + 2).end,
            [b'!', ..] => feeder.declaration(open),
            [b'/' | b'?', ..] => after(bytes, open, b">"),
            [letter, ..] if letter.is_ascii_alphabetic() => feeder.element(open + 1),
            _ => open + 1,
        };
    }
    feeder.feed_to(html.len());
}

struct Feeder<'a, R> {
    html: &'a str,
    reader: &'a R,
    /// How much of the text has been given or left out.
    fed: usize,
}

impl<R: Reader> Feeder<'_, R> {
    fn feed_to(&mut self, end: usize) {
        if self.fed < end {
            self.reader.read(&self.html[self.fed..end]);
            self.fed = end;
        }
    }

    /// Passes a tag whose name begins at `start`.
    fn tag(&mut self, start: usize) -> Scan {
        let scan = Scan::of(self.html.as_bytes(), start);
        if let Some(cut) = scan.cut {
            self.feed_to(cut);
            self.fed = scan.end;
        }
        scan
    }

    /// Passes a start tag, and the text that may belong to it alone. Gives back where markup goes on.
    fn element(&mut self, start: usize) -> usize {
        let bytes = self.html.as_bytes();
        let scan = self.tag(start);
        let name = &bytes[start..scan.name_end];
        let is_raw = RAW
            .iter()
            .any(|raw| name.eq_ignore_ascii_case(raw.as_bytes()));
        if !scan.closed || !is_raw {
            return scan.end;
        }
        self.feed_to(scan.end + 1);
        if !self.reader.in_raw_text() {
            scan.end + 1
        } else if name.eq_ignore_ascii_case(b"plaintext") {
            bytes.len()
        } else if name.eq_ignore_ascii_case(b"script") {
            script_end(bytes, scan.end + 1)
        } else {
            raw_end(bytes, scan.end + 1, name)
        }
    }

    /// Passes a comment or what else begins with `<!`.
    fn declaration(&mut self, open: usize) -> usize {
        let bytes = self.html.as_bytes();
        let rest = &bytes[open..];
        if let Some(comment) = rest.strip_prefix(b"<!--") {
            return match comment {
                [b'>', ..] => open + 5,
                [b'-', b'>', ..] => open + 6,
                _ => comment_end(bytes, open + 4),
            };
        }
        if rest.starts_with(b"<![CDATA[") {
            self.feed_to(open);
            if self.reader.in_foreign() {
                return after(bytes, open, b"]]>");
            }
        }
        after(bytes, open, b">")
    }
}

/// The position after a comment.
fn comment_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(dashes) = find(bytes, at, b"--") {
        match bytes[dashes + 2..] {
            [b'>', ..] => return dashes + 3,
            [b'!', b'>', ..] => return dashes + 4,
            _ => at = dashes + 1,
        }
    }
    bytes.len()
}

/// Where the end tag of an element begins that holds text alone.
fn raw_end(bytes: &[u8], from: usize, name: &[u8]) -> usize {
    let mut at = from;
    while let Some(close) = find(bytes, at, b"</") {
        if is_tag(&bytes[close + 2..], name) {
            return close;
        }
        at = close + 2;
    }
    bytes.len()
}

/// Where a script's end tag begins. Within `<!--`, a `<script` has an end tag of its own, as the standard has it.
fn script_end(bytes: &[u8], from: usize) -> usize {
    let (mut in_comment, mut in_inner) = (false, false);
    let mut at = from;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        if in_comment && rest.starts_with(b"-->") {
            (in_comment, in_inner) = (false, false);
        } else if let Some(tag) = rest.strip_prefix(b"</")
            && is_tag(tag, b"script")
        {
            if !in_inner {
                return at;
            }
            in_inner = false;
        } else if !in_comment && rest.starts_with(b"<!--") {
            in_comment = true;
            // Its dashes may be those of its end, too.
            at += 1;
        } else if in_comment && rest[0] == b'<' && is_tag(&rest[1..], b"script") {
            in_inner = true;
        }
        at += 1;
    }
    bytes.len()
}

/// Whether a tag of this name begins.
fn is_tag(bytes: &[u8], name: &[u8]) -> bool {
    let ends = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'/' | b'>');
    bytes
        .get(..name.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(name))
        && bytes.get(name.len()).is_some_and(ends)
}

fn find(bytes: &[u8], from: usize, wanted: &[u8]) -> Option<usize> {
    let mut at = from;
    loop {
        at += bytes.get(at..)?.iter().position(|b| *b == wanted[0])?;
        if bytes[at..].starts_with(wanted) {
            return Some(at);
        }
        at += 1;
    }
}

/// The position after the next `end`, or the end of the text.
fn after(bytes: &[u8], from: usize, end: &[u8]) -> usize {
    find(bytes, from, end).map_or(bytes.len(), |at| at + end.len())
}

/// One tag, read as the standard's tokenizer reads it.
struct Scan {
    name_end: usize,
    /// Where the first attribute beyond the cap begins.
    cut: Option<usize>,
    /// The position of the closing `>`, or of the end of the text.
    end: usize,
    closed: bool,
}

impl Scan {
    fn of(bytes: &[u8], start: usize) -> Self {
        let mut scan = Self {
            name_end: start,
            cut: None,
            end: start,
            closed: false,
        };
        let is_end = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'/' | b'>');
        scan.skip(bytes, |b| !is_end(b));
        scan.name_end = scan.end;
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
