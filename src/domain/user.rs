//! A person's values and their rules.

use super::{actor::Role, ids::UserId, ticket};
use crate::error::Broken;

/// The longest display name, in code points.
pub const NAME_MAX: usize = 255;
/// The longest address, in code points.
pub const EMAIL_MAX: usize = 320;

/// A person as the auth service tells of them, every rule already checked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "each field is the contract's field of the same name, documented there"
)]
pub struct Person {
    pub id: UserId,
    pub display_name: String,
    pub email: Option<String>,
    pub role: Role,
    pub team: Option<String>,
    pub active: bool,
}

/// The name to show: 1 to 255 characters in one line.
pub fn display_name(text: &str) -> Result<String, Broken> {
    ticket::named_text(text, NAME_MAX)
}

/// An address: one `@` with something on both sides, no blanks, at most 320 characters.
pub fn email(text: &str) -> Result<String, Broken> {
    let form = || {
        Broken::new(format!(
            "must have the form local@domain and at most {EMAIL_MAX} characters"
        ))
    };
    let (local, domain) = text.rsplit_once('@').ok_or_else(form)?;
    let silent = |c: char| c.is_whitespace() || c.is_control();
    let fits = text.chars().count() <= EMAIL_MAX && !text.contains(silent);
    match fits && !local.is_empty() && !domain.is_empty() {
        true => Ok(text.to_owned()),
        false => Err(form()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_two_sides_and_no_blanks() {
        for fine in ["ada@example.com", "\"a@b\"@example.com", "ü@ö"] {
            assert_eq!(email(fine).as_deref(), Ok(fine));
        }
        let long = format!("{}@example.com", "x".repeat(309));
        for broken in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a da@example.com",
            "a\n@b",
            &long,
        ] {
            assert!(email(broken).is_err(), "{broken:?}");
        }
        assert!(email(&long[1..]).is_ok());
    }
}
