//! The values of tickets in files: each is held to the rules that the server will hold it to, and every fault is told.

use std::{
    fmt::{self, Display},
    str::FromStr,
};

use prost_types::Struct;
use serde_json::{Map, Value};
use strum::IntoEnumIterator;

use crate::{
    api::convert::json,
    domain::ticket::{
        self as rules, CustomFields, Environment, TicketCategory, TicketPriority, TicketStatus,
        Title, Words, short_text,
    },
    error::Broken,
    proto::v1,
};

/// Everything that is wrong with a file, a line each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Faults(pub(super) Vec<String>);

impl Faults {
    pub(super) fn add(&mut self, fault: impl Into<String>) {
        self.0.push(fault.into());
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Faults {}

/// A ticket's values, from which each is taken once.
pub(super) struct Values<'a> {
    values: Map<String, Value>,
    place: &'a str,
    faults: &'a mut Faults,
}

impl<'a> Values<'a> {
    /// The values of the ticket that stands at `place`.
    pub(super) fn new(values: Map<String, Value>, place: &'a str, faults: &'a mut Faults) -> Self {
        Self {
            values,
            place,
            faults,
        }
    }

    pub(super) fn priority(&mut self) -> i32 {
        self.choice::<TicketPriority>("priority", |name| {
            v1::TicketPriority::from_str_name(&format!("TICKET_PRIORITY_{name}")).map(i32::from)
        })
    }

    pub(super) fn category(&mut self) -> i32 {
        self.choice::<TicketCategory>("category", |name| {
            v1::TicketCategory::from_str_name(&format!("TICKET_CATEGORY_{name}")).map(i32::from)
        })
    }

    pub(super) fn environment(&mut self) -> i32 {
        self.choice::<Environment>("environment", |name| {
            v1::Environment::from_str_name(&format!("ENVIRONMENT_{name}")).map(i32::from)
        })
    }

    pub(super) fn status(&mut self) -> Option<TicketStatus> {
        self.one_of("status")
    }

    pub(super) fn fault(&mut self, key: &str, problem: impl Display) {
        self.faults.add(format!("{}: {key}: {problem}", self.place));
    }

    fn broken(&mut self, key: &str, broken: &Broken) {
        self.fault(&format!("{key}{}", broken.path), &broken.rule);
    }

    pub(super) fn take(&mut self, key: &str) -> Option<Value> {
        self.values.remove(key).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => Some(text),
            _ => {
                self.fault(key, "must be a text");
                None
            }
        }
    }

    pub(super) fn texts(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.take(key) else {
            return Vec::new();
        };
        serde_json::from_value(value).unwrap_or_else(|_| {
            self.fault(key, "must be a list of texts");
            Vec::new()
        })
    }

    pub(super) fn name(&mut self, key: &str, max: usize) -> Option<String> {
        let text = self.text(key)?;
        match short_text(&text, max) {
            Ok(text) if text.trim().is_empty() => None,
            Ok(text) => Some(text),
            Err(broken) => {
                self.broken(key, &broken);
                None
            }
        }
    }

    pub(super) fn required(&mut self, key: &str, max: usize) -> String {
        self.expect(key);
        self.name(key, max).unwrap_or_default()
    }

    /// Notes where the value is missing, or nothing but blanks.
    fn expect(&mut self, key: &str) {
        let given = match self.values.get(key) {
            Some(Value::String(text)) => !text.trim().is_empty(),
            value => value.is_some_and(|value| !value.is_null()),
        };
        if !given {
            self.values.remove(key);
            self.fault(key, "is missing");
        }
    }

    pub(super) fn title(&mut self) -> String {
        self.expect("title");
        let Some(text) = self.text("title") else {
            return String::new();
        };
        if let Err(broken) = Title::new(text.trim()) {
            self.broken("title", &broken);
        }
        text.trim().to_owned()
    }

    pub(super) fn description(&mut self) -> String {
        let text = self.text("description").unwrap_or_default();
        if let Err(broken) = rules::description(&text) {
            self.broken("description", &broken);
        }
        text
    }

    pub(super) fn words(
        &mut self,
        key: &str,
        rule: fn(&[String]) -> Result<Words, Vec<Broken>>,
    ) -> Vec<String> {
        let words = self.texts(key);
        match rule(&words) {
            Ok(Words(words)) => words,
            Err(faults) => {
                faults.iter().for_each(|broken| self.broken(key, broken));
                Vec::new()
            }
        }
    }

    /// The number that stands for a value on the wire; 0, which lets the server choose, where there is none.
    fn choice<T>(&mut self, key: &str, wire: fn(&str) -> Option<i32>) -> i32
    where
        T: FromStr + Display + IntoEnumIterator,
    {
        let value = self.one_of::<T>(key);
        let number = value.and_then(|value| wire(&value.to_string()));
        number.unwrap_or_default()
    }

    fn one_of<T>(&mut self, key: &str) -> Option<T>
    where
        T: FromStr + Display + IntoEnumIterator,
    {
        let text = self.text(key)?;
        let read = one_of::<T>(&text);
        read.map_err(|problem| self.fault(key, problem)).ok()
    }

    pub(super) fn custom_fields(&mut self) -> Option<Struct> {
        let key = "custom_fields";
        let Value::Object(fields) = self.take(key)? else {
            self.fault(key, "must be an object");
            return None;
        };
        match CustomFields::new(fields) {
            Ok(CustomFields(fields)) => Some(json::structure(fields)),
            Err(broken) => {
                self.broken(key, &broken);
                None
            }
        }
    }

    /// A text that its type reads; `None` where there is none.
    pub(super) fn parsed<T: FromStr<Err = Broken>>(&mut self, key: &str) -> Option<T> {
        self.checked(key, |text| text.parse())
    }

    /// A text that passes its rule; `None` where there is none.
    pub(super) fn checked<T>(
        &mut self,
        key: &str,
        rule: impl FnOnce(&str) -> Result<T, Broken>,
    ) -> Option<T> {
        let text = self.text(key)?;
        match rule(&text) {
            Ok(value) => Some(value),
            Err(broken) => {
                self.broken(key, &broken);
                None
            }
        }
    }

    pub(super) fn flag(&mut self, key: &str) -> bool {
        match self.take(key) {
            None => false,
            Some(Value::Bool(flag)) => flag,
            Some(_) => {
                self.fault(key, "must be true or false");
                false
            }
        }
    }

    /// Notes what is there besides the keys of a ticket.
    pub(super) fn refuse_the_rest(&mut self, keys: &[&str]) {
        for key in std::mem::take(&mut self.values).keys() {
            if !keys.contains(&key.as_str()) {
                self.fault(key, format!("is no key of a ticket: {}", keys.join(", ")));
            }
        }
    }
}

/// The value that a text stands for, or what it must be one of.
pub(super) fn one_of<T: FromStr + fmt::Display + strum::IntoEnumIterator>(
    text: &str,
) -> Result<T, String> {
    text.parse().map_err(|_| {
        let all: Vec<String> = T::iter().map(|value| value.to_string()).collect();
        format!("must be one of {}, not {text:?}", all.join(", "))
    })
}
