//! A ticket's values and their rules.

use std::collections::HashSet;

use sea_orm::{DeriveValueType, FromJsonQueryResult};
use serde::{Deserialize, Serialize};

use super::text_enum;
use crate::error::{Broken, each};

text_enum! {
    /// Where a ticket stands in its workflow.
    TicketStatus {
        /// Just filed.
        New,
        /// Accepted.
        Open,
        /// Being worked on.
        InProgress,
        /// Waiting for the reporter; the SLA clock stands still.
        PendingInfo,
        /// Handed up.
        Escalated,
        /// Being checked.
        Review,
        /// Solved.
        Resolved,
        /// Done with.
        Closed,
        /// Not solved after all.
        Reopened,
    }
}

text_enum! {
    /// How urgent a ticket is.
    TicketPriority {
        /// Critical, urgent.
        P1,
        /// High.
        P2,
        /// Medium.
        P3,
        /// Low.
        P4,
    }
}

text_enum! {
    /// What kind of concern a ticket is.
    TicketCategory {
        /// Something that worked is broken.
        Incident,
        /// Somebody needs something.
        ServiceRequest,
        /// Something is to be changed.
        ChangeRequest,
        /// The cause behind incidents.
        Problem,
        /// A technical question.
        Technical,
        /// Money.
        Billing,
        /// Anything else.
        General,
        /// A wish for the product.
        FeatureRequest,
        /// A defect of the product.
        BugReport,
    }
}

text_enum! {
    /// Where the concern shows.
    Environment {
        /// The real thing.
        Production,
        /// The rehearsal.
        Staging,
        /// Where tests run.
        Test,
        /// A developer's place.
        Development,
    }
}

text_enum! {
    /// Who may read a comment.
    CommentVisibility {
        /// Everybody who sees the ticket.
        Public,
        /// Everybody who sees the ticket and is not an END_USER.
        Internal,
    }
}

text_enum! {
    /// What a scan for malware said of a file.
    ScanStatus {
        /// Not scanned yet.
        Pending,
        /// Nothing found.
        Clean,
        /// Never served.
        Infected,
        /// No scanner is configured.
        Skipped,
    }
}

/// One line of text that names a thing: 1 to 255 code points, no line breaks or control characters, not only blanks.
#[derive(Clone, Debug, PartialEq, Eq, DeriveValueType, Serialize, Deserialize)]
pub struct Title(pub String);

impl Title {
    /// The longest title, in code points.
    pub const MAX: usize = 255;

    /// Parses a title; blanks around it are cut off.
    pub fn new(text: &str) -> Result<Self, Broken> {
        named_text(text.trim(), Self::MAX).map(Self)
    }
}

/// The largest description, in bytes of UTF-8.
pub const DESCRIPTION_MAX_BYTES: usize = 64 * 1024;

/// A description within its limit. NUL is refused: PostgreSQL cannot keep it.
pub fn description(html: &str) -> Result<&str, Broken> {
    if html.len() > DESCRIPTION_MAX_BYTES {
        return Err(Broken::new("must have at most 65536 bytes of UTF-8"));
    }
    if html.contains('\0') {
        return Err(Broken::new("must not contain NUL"));
    }
    Ok(html)
}

/// A comment's body within its limit: 1 to 65,536 bytes. Whether it shows anything is known once it is sanitised.
pub fn comment_body(html: &str) -> Result<String, Broken> {
    if html.is_empty() {
        return Err(Broken::new("must not be empty"));
    }
    description(html).map(str::to_owned)
}

/// A short text such as a service, a team or an issue type: at most `max` code points, one line.
pub fn short_text(text: &str, max: usize) -> Result<String, Broken> {
    if text.chars().count() > max {
        return Err(Broken::new(format!("must have at most {max} characters")));
    }
    if text.chars().any(breaks_the_line) {
        return Err(Broken::new("must be one line without control characters"));
    }
    Ok(text.to_owned())
}

/// Control characters, and Unicode's own line and paragraph separators.
fn breaks_the_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Characters that show nothing by themselves: without a width, fillers, tags, and what turns the direction of what follows
/// (`annexe\u{202e}gpj.exe` shows as `annexeexe.jpg`). Unicode's Default_Ignorable_Code_Point without variation selectors, which show.
pub(crate) fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Whether a reader sees anything of the text.
pub fn shows(text: &str) -> bool {
    !text.chars().all(|c| c.is_whitespace() || is_unseen(c))
}

/// A short text that names something: 1 to `max` code points, one line, not only blanks.
pub fn named_text(text: &str, max: usize) -> Result<String, Broken> {
    if !shows(text) {
        return Err(Broken::new(format!(
            "must have 1 to {max} characters and not only blanks"
        )));
    }
    short_text(text, max)
}

/// Why a ticket is moved on: 1 to 2,000 characters of plain text.
pub fn reason(text: &str) -> Result<String, Broken> {
    plain_text(text, 2_000)
}

/// How a ticket was solved: 1 to 10,000 characters of plain text.
pub fn resolution_notes(text: &str) -> Result<String, Broken> {
    plain_text(text, 10_000)
}

/// Plain text of 1 to `max` code points, of several lines if need be.
fn plain_text(text: &str, max: usize) -> Result<String, Broken> {
    if !shows(text) || text.chars().count() > max {
        return Err(Broken::new(format!(
            "must have 1 to {max} characters and not only blanks"
        )));
    }
    let refused = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.chars().any(refused) {
        return Err(Broken::new("must not contain control characters"));
    }
    Ok(text.to_owned())
}

/// The team in charge: 1 to 128 characters in one line.
pub fn team(text: &str) -> Result<String, Broken> {
    named_text(text, 128)
}

/// The service concerned: at most 255 characters in one line.
pub fn affected_service(text: &str) -> Result<String, Broken> {
    short_text(text, 255)
}

/// Where a conversation was held: at most 64 characters in one line.
pub fn channel(text: &str) -> Result<String, Broken> {
    short_text(text, 64)
}

/// What a conversation was about: at most 255 characters in one line.
pub fn subject(text: &str) -> Result<String, Broken> {
    short_text(text, 255)
}

/// A list of short texts, each once, in the order given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Words(pub Vec<String>);

impl Words {
    /// The most entries.
    pub const MAX: usize = 50;
    /// The longest tag, in code points.
    pub const TAG_MAX: usize = 64;
    /// The longest label, in code points: Jira's own limit.
    pub const LABEL_MAX: usize = 255;

    /// Tags: at most 50, each 1 to 64 characters, none twice.
    pub fn tags(words: &[String]) -> Result<Self, Vec<Broken>> {
        Self::parse(words, tag)
    }

    /// Jira labels: at most 50, each 1 to 255 characters without blanks, which Jira refuses, none twice.
    pub fn labels(words: &[String]) -> Result<Self, Vec<Broken>> {
        Self::parse(words, |word| {
            if word.chars().any(char::is_whitespace) {
                return Err(Broken::new("must not contain blanks"));
            }
            named_text(word, Self::LABEL_MAX)
        })
    }

    fn parse(
        words: &[String],
        word: impl Fn(&str) -> Result<String, Broken>,
    ) -> Result<Self, Vec<Broken>> {
        if words.len() > Self::MAX {
            return Err(Broken::new("must have at most 50 entries").into());
        }
        let mut seen = HashSet::with_capacity(words.len());
        let kept = each(words, |text| {
            let text = word(text)?;
            if seen.insert(text.clone()) {
                return Ok(text);
            }
            Err(Broken::new("is there twice"))
        });
        kept.map(Self)
    }
}

/// One tag: 1 to 64 characters in one line.
pub fn tag(text: &str) -> Result<String, Broken> {
    named_text(text, Words::TAG_MAX)
}

/// Values that an organisation keeps beside the contract's own: a JSON object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct CustomFields(pub serde_json::Map<String, serde_json::Value>);

impl CustomFields {
    /// The largest object, in bytes of JSON.
    pub const MAX_BYTES: usize = 16 * 1024;
    /// The deepest nesting.
    pub const MAX_DEPTH: usize = 8;

    /// The rule that an object nested too deep breaks.
    pub fn too_deep() -> Broken {
        Broken::new("must nest at most 8 levels deep")
    }

    /// Checks size and depth.
    pub fn new(fields: serde_json::Map<String, serde_json::Value>) -> Result<Self, Broken> {
        let value = serde_json::Value::Object(fields);
        if depth(&value) > Self::MAX_DEPTH {
            return Err(Self::too_deep());
        }
        if value.to_string().len() > Self::MAX_BYTES {
            return Err(Broken::new("must have at most 16384 bytes as JSON"));
        }
        let nul = has_nul(&value);
        match value {
            serde_json::Value::Object(fields) if !nul => Ok(Self(fields)),
            _ => Err(Broken::new("must not contain NUL")),
        }
    }
}

/// PostgreSQL cannot keep it, not even within JSON.
fn has_nul(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::String(text) => text.contains('\0'),
        serde_json::Value::Array(items) => items.iter().any(has_nul),
        serde_json::Value::Object(fields) => fields
            .iter()
            .any(|(key, value)| key.contains('\0') || has_nul(value)),
        _ => false,
    }
}

fn depth(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        serde_json::Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// The text form of a ticket's number, `TKT-000042`.
pub fn number_text(number: i64) -> String {
    format!("TKT-{number:06}")
}

/// The number behind `TKT-000042`.
pub fn parse_number(text: &str) -> Result<i64, Broken> {
    let rule = || Broken::new("must have the form TKT-000042");
    let digits = text.strip_prefix("TKT-").ok_or_else(rule)?;
    if digits.len() < 6 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(rule());
    }
    digits.parse().map_err(|_| rule())
}
