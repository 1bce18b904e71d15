//! Search: what the words of a text are, and what a query asks for. The same on every database, which is only ever given folded words.
//!
//! A word is a run of letters and digits without case, accents and compatibility forms; in scripts that put no blanks between words each
//! character is one, so that a part of a run is found, too. A query is words that must all occur,
//! `"several words"` side by side, `-` before what must not occur, and `*` behind the beginning of a word. Everything else separates
//! words, so that every text is a query.

use std::collections::HashMap;

use unicode_normalization::{
    UnicodeNormalization as _,
    char::{canonical_combining_class, is_combining_mark},
};

/// The longest word that is told apart, in characters; PostgreSQL keeps none over 2 KiB.
const WORD: usize = 64;
/// How much of a text has words, in bytes.
const TEXT: usize = 512 * 1024;
/// How many words of a query count.
const QUERY_WORDS: usize = 64;
/// How many words of a ticket have a place, and how often one of them: what PostgreSQL can keep. Others are found alone, but not as a
/// part of several words side by side.
const PLACES: usize = 16_000;
const PLACES_OF_A_WORD: usize = 255;
/// How many bytes the different words of a ticket may take with what goes with each; PostgreSQL keeps no document over 1 MiB.
const DOCUMENT: usize = 900 * 1024;
const A_WORD: usize = 8;
/// Stands between texts of one part that do not belong together, such as two comments.
pub const BREAK: char = '\u{1e}';

/// What a query asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// What must occur.
    pub wanted: Vec<Term>,
    /// What must not occur.
    pub unwanted: Vec<Term>,
}

/// Words that stand side by side in one part of a ticket; mostly a single word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The words, folded; at least one.
    pub words: Vec<String>,
    /// Whether the last word is only the beginning of one.
    pub prefix: bool,
}

/// A word of a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The word, folded.
    pub word: String,
    /// Which one it is, from 1, with a gap wherever words do not stand side by side; `None` where it has no place.
    pub place: Option<usize>,
}

impl Query {
    /// Reads a query. Never fails: what has no meaning separates words.
    pub fn parse(text: &str) -> Self {
        let (mut query, mut room) = (Self::default(), QUERY_WORDS);
        let mut rest = text;
        while let Some(piece) = Piece::next(&mut rest) {
            let words: Vec<String> = words(piece.text).take(room).collect();
            if words.is_empty() {
                continue;
            }
            room -= words.len();
            let prefix = piece.prefix && ends_in_word(piece.text);
            let term = Term { words, prefix };
            match piece.unwanted {
                true => query.unwanted.push(term),
                false => query.wanted.push(term),
            }
        }
        query
    }

    /// Whether it asks for nothing at all, so that nothing is found.
    pub fn is_empty(&self) -> bool {
        self.wanted.is_empty() && self.unwanted.is_empty()
    }

    /// All that is wanted, side by side in the order asked for; `None` for a single term, which that tells nothing about.
    pub fn together(&self) -> Option<Term> {
        let last = self.wanted.last().filter(|_| self.wanted.len() > 1)?;
        Some(Term {
            words: self
                .wanted
                .iter()
                .flat_map(|term| term.words.clone())
                .collect(),
            prefix: last.prefix,
        })
    }
}

/// A part of a query: what stands between blanks, or between quotation marks.
struct Piece<'a> {
    text: &'a str,
    unwanted: bool,
    prefix: bool,
}

impl<'a> Piece<'a> {
    /// Takes the next piece off a query.
    fn next(rest: &mut &'a str) -> Option<Self> {
        let text = rest.trim_start();
        let (mut begin, mut unwanted) = (text, false);
        if let Some(behind) = text.strip_prefix('-') {
            // `--verbose` is the name of an option and not what is to be left out; `-@example` and `-.env` are left out.
            unwanted = behind.starts_with(|c: char| c != '-' && !c.is_whitespace());
            begin = behind;
        }
        let first = begin.chars().next().or(text.chars().next())?;
        let (piece, behind) = match is_quote(first) {
            true => {
                let inner = &begin[first.len_utf8()..];
                let end = inner.find(is_quote).unwrap_or(inner.len());
                let behind = inner[end..].strip_prefix(is_quote).unwrap_or_default();
                (&inner[..end], behind)
            }
            false => {
                let stops = |c: char| c.is_whitespace() || is_quote(c);
                begin.split_at(begin.find(stops).unwrap_or(begin.len()))
            }
        };
        *rest = behind;
        let prefix = piece.ends_with('*') || is_quote(first) && behind.starts_with('*');
        let text = piece.trim_end_matches('*');
        Some(Self {
            text,
            unwanted,
            prefix,
        })
    }
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\u{201c}' | '\u{201d}' | '\u{201e}')
}

/// Whether the text's last character belongs to a word, so that a `*` behind it continues one.
fn ends_in_word(text: &str) -> bool {
    let last = text.chars().next_back();
    last.is_some_and(|c| {
        fold(c.encode_utf8(&mut [0; 4]))
            .chars()
            .all(char::is_alphanumeric)
    })
}

/// The words of a text, folded, in their order.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    let folded = fold(&text[..text.floor_char_boundary(TEXT)]);
    let words: Vec<String> = folded
        .split(|c: char| !c.is_alphanumeric())
        .flat_map(parted)
        .map(|word| word.chars().take(WORD).collect())
        .collect();
    words.into_iter()
}

/// The words that a run of letters and digits has.
fn parted(run: &str) -> impl Iterator<Item = &str> {
    let mut rest = run;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = match is_a_word(first) {
            true => first.len_utf8(),
            false => rest.find(is_a_word).unwrap_or(rest.len()),
        };
        let (word, behind) = rest.split_at(end);
        rest = behind;
        Some(word)
    })
}

/// Whether a character belongs to a script that puts no blanks between words: where lines break between any two characters, or only
/// where a dictionary allows it (UAX #14, classes ID, CJ and SA).
fn is_a_word(c: char) -> bool {
    matches!(
        c,
        // Thai and Lao; Burmese; Khmer; Tai Le and New Tai Lue; Tai Tham.
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
            | '\u{1950}'..='\u{19df}' | '\u{1a20}'..='\u{1aaf}'
            // Han's own marks, Kana and Bopomofo.
            | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{312f}' | '\u{31a0}'..='\u{31ff}'
            // Han; more of Burmese; Tai Viet.
            | '\u{3400}'..='\u{9fff}' | '\u{a9e0}'..='\u{a9ff}' | '\u{aa60}'..='\u{aadf}'
            // Compatibility forms that are no other character's; Ahom; more Kana; more Han.
            | '\u{f900}'..='\u{faff}' | '\u{11700}'..='\u{1174f}' | '\u{1aff0}'..='\u{1b16f}'
            | '\u{20000}'..='\u{3ffff}'
    )
}

/// The words of a ticket's parts with their places: part by part, so that no two words of different parts stand side by side.
pub fn placed<const N: usize>(parts: [&str; N]) -> [Vec<Placed>; N] {
    let (mut last, mut room) = (0, DOCUMENT);
    let mut times = HashMap::<String, usize>::new();
    parts.map(|part| {
        let mut placed = Vec::new();
        for text in part[..part.floor_char_boundary(TEXT)].split(BREAK) {
            last += 1;
            for word in words(text) {
                last += 1;
                let times = times.entry(word.clone()).or_default();
                if *times == 0 && word.len() + A_WORD > room {
                    continue;
                }
                if *times == 0 {
                    room -= word.len() + A_WORD;
                }
                *times += 1;
                let has_place = last <= PLACES && *times <= PLACES_OF_A_WORD;
                placed.push(Placed {
                    word,
                    place: has_place.then_some(last),
                });
            }
        }
        placed
    })
}

/// The text without what makes no difference to a search.
fn fold(text: &str) -> String {
    // By way of upper case, which takes ß and ς to what STRASSE and ΟΔΟΣ have, and ẞ to ß before; it can take a letter apart once more.
    let small = text.nfkd().flat_map(char::to_lowercase);
    let upper = small.flat_map(char::to_uppercase);
    let lower = upper.flat_map(char::to_lowercase).nfkd();
    let kept = |c: &char| {
        let accent = canonical_combining_class(*c) != 0;
        let mark = is_combining_mark(*c) && !c.is_alphanumeric();
        !accent && !mark && !is_invisible(*c)
    };
    let mut folded = String::with_capacity(text.len());
    for c in lower.filter(kept) {
        match plain(c) {
            Some(letters) => folded.push_str(letters),
            None => folded.push(c),
        }
    }
    folded
}

/// What stands for a letter with a stroke, or for two letters in one, which Unicode takes for letters of their own: as they are sorted where no
/// language is known (the Default Unicode Collation Element Table).
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'ø' => "o",
        'ł' => "l",
        'đ' => "d",
        'ħ' => "h",
        'ŧ' => "t",
        'æ' => "ae",
        'œ' => "oe",
        _ => return None,
    })
}

/// What stands within words and does not show: soft hyphens, joiners, marks of byte order.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200c}' | '\u{200d}' | '\u{2060}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests;
