//! What readers of files pass over in silence: a CSV file that ends too early, and a JSON object that has a key twice.

use std::{
    fmt,
    io::{self, Read},
};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::{Map, Value};

/// A CSV file that passes by, and whether it stands within quotation marks.
pub(super) struct Quotes<R> {
    file: R,
    read: u64,
    place: Place,
}

/// Where in a cell, as the reader sees it: a cell is quoted where it begins with a quotation mark, and a doubled one does not end it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Begin,
    Plain,
    Quoted,
    /// Behind a mark that either ends the cell or is the first of two.
    Mark,
}

impl<R> Quotes<R> {
    pub(super) fn new(file: R) -> Self {
        Self {
            file,
            read: 0,
            place: Place::Begin,
        }
    }

    /// Whether what has been read ends within quotation marks.
    pub(super) fn open(&self) -> bool {
        self.place == Place::Quoted
    }

    fn pass(&mut self, byte: u8) {
        let in_mark = self.read < 3 && b"\xef\xbb\xbf".contains(&byte);
        self.read += 1;
        self.place = match (self.place, byte) {
            (Place::Begin, _) if in_mark => Place::Begin,
            (Place::Begin | Place::Mark, b'"') | (Place::Quoted, 0..b'"' | b'#'..) => Place::Quoted,
            (Place::Quoted, b'"') => Place::Mark,
            (_, b',' | b'\r' | b'\n') => Place::Begin,
            _ => Place::Plain,
        };
    }
}

impl<R: Read> Read for Quotes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        buffer[..count].iter().for_each(|byte| self.pass(*byte));
        Ok(count)
    }
}

/// A JSON object that has each of its keys once.
pub(super) struct Once(pub(super) Map<String, Value>);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Keys)
    }
}

struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = Once;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Once, A::Error> {
        let mut values = Map::new();
        while let Some((key, value)) = entries.next_entry::<String, Value>()? {
            if values.contains_key(&key) {
                return Err(A::Error::custom(format_args!("{key:?} comes twice")));
            }
            values.insert(key, value);
        }
        Ok(Once(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_cut_off_within_quotes_is_known() {
        for (text, open) in [
            ("a,b\n1,2\n", false),
            ("a,\"b\nc\",d", false),
            ("a,\"b\nc", true),
            ("a,\"b \"\"c", true),
            ("a,\"b\"\"", true),
            ("a,\"b\"", false),
            ("a,5\" disk\n", false),
            ("a,\"b\" c \"\n", false),
            ("\u{feff}\"a", true),
            ("\"", true),
            ("", false),
        ] {
            let mut quotes = Quotes::new(text.as_bytes());
            let read = io::copy(&mut quotes, &mut io::sink());
            assert_eq!(read.ok(), Some(text.len() as u64));
            assert_eq!(quotes.open(), open, "{text:?}");
        }
    }
}
