//! Free-form JSON: `google.protobuf.Struct` and `serde_json`.

use prost_types::{ListValue, Struct, Value as Wire, value::Kind};
use serde_json::{Map, Number, Value};

use crate::{domain::ticket::CustomFields, error::Broken};

/// The whole numbers below this, 2^63, are an `i64`, from `-2^63` on.
const SIGNED: f64 = 9_223_372_036_854_775_808.0;
/// The whole numbers below this, 2^64, are a `u64`.
const UNSIGNED: f64 = 18_446_744_073_709_551_616.0;

/// The object that a request holds. Refused is what JSON cannot say, a number that is none and a value without a kind, and what is
/// nested deeper than any field allows: nothing here recurses further than that.
pub(crate) fn object(fields: Struct) -> Result<Map<String, Value>, Broken> {
    read_object(fields, CustomFields::MAX_DEPTH)
}

fn read_object(fields: Struct, levels: usize) -> Result<Map<String, Value>, Broken> {
    let levels = levels.checked_sub(1).ok_or_else(CustomFields::too_deep)?;
    let fields = fields.fields.into_iter().map(|(key, value)| {
        let read = read(value, levels).map_err(|broken| within(&format!(".{key}"), broken))?;
        Ok((key, read))
    });
    fields.collect()
}

fn read(value: Wire, levels: usize) -> Result<Value, Broken> {
    match value.kind {
        None => Err(Broken::new("must have a kind")),
        Some(Kind::NullValue(_)) => Ok(Value::Null),
        Some(Kind::BoolValue(flag)) => Ok(Value::Bool(flag)),
        Some(Kind::StringValue(text)) => Ok(Value::String(text)),
        Some(Kind::NumberValue(number)) => {
            let number = whole(number).or_else(|| Number::from_f64(number));
            number
                .map(Value::Number)
                .ok_or_else(|| Broken::new("must be a finite number"))
        }
        Some(Kind::StructValue(fields)) => read_object(fields, levels).map(Value::Object),
        Some(Kind::ListValue(list)) => {
            let levels = levels.checked_sub(1).ok_or_else(CustomFields::too_deep)?;
            let items = list.values.into_iter().enumerate().map(|(index, item)| {
                read(item, levels).map_err(|broken| within(&format!("[{index}]"), broken))
            });
            items.collect::<Result<_, _>>().map(Value::Array)
        }
    }
}

/// The number as one without a fraction, where it is exactly that: as a database gives it back, so that it is equal then.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a whole number within the type's range is one of its values"
)]
fn whole(number: f64) -> Option<Number> {
    if number.fract() != 0.0 {
        None
    } else if (-SIGNED..SIGNED).contains(&number) {
        Some(Number::from(number as i64))
    } else if (SIGNED..UNSIGNED).contains(&number) {
        Some(Number::from(number as u64))
    } else {
        None
    }
}

fn within(path: &str, broken: Broken) -> Broken {
    Broken::at(format!("{path}{}", broken.path), broken.rule)
}

/// The object on the wire.
pub(crate) fn structure(fields: Map<String, Value>) -> Struct {
    let fields = fields.into_iter();
    Struct {
        fields: fields.map(|(key, value)| (key, write(value))).collect(),
    }
}

fn write(value: Value) -> Wire {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(flag) => Kind::BoolValue(flag),
        Value::Number(number) => number
            .as_f64()
            .map_or(Kind::NullValue(0), Kind::NumberValue),
        Value::String(text) => Kind::StringValue(text),
        Value::Array(items) => Kind::ListValue(ListValue {
            values: items.into_iter().map(write).collect(),
        }),
        Value::Object(fields) => Kind::StructValue(structure(fields)),
    };
    Wire { kind: Some(kind) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde_json::json;

    use super::*;

    fn of(value: Value) -> Struct {
        structure(value.as_object().unwrap().clone())
    }

    fn one(kind: Option<Kind>) -> Struct {
        let fields = [("a".to_owned(), Wire { kind })];
        Struct {
            fields: fields.into_iter().collect(),
        }
    }

    #[test]
    fn an_object_survives_the_way_there_and_back_with_whole_numbers_whole() {
        let value = json!({"n": 42, "f": 1.5, "s": "x", "l": [1, null, {"t": true}], "o": {}, "m": -9007199254740992_i64});
        let back = Value::Object(object(of(value.clone())).unwrap());
        assert_eq!(back, value);
        assert_eq!(back["n"].to_string(), "42");
        assert_eq!(
            object(one(Some(Kind::NumberValue(-0.0)))).unwrap()["a"].to_string(),
            "0"
        );
        for (number, text) in [
            (1e17, "100000000000000000"),
            (-SIGNED, "-9223372036854775808"),
            (1e19, "10000000000000000000"),
        ] {
            let kept = object(one(Some(Kind::NumberValue(number)))).unwrap();
            assert_eq!(kept["a"].to_string(), text);
            assert_eq!(structure(kept), one(Some(Kind::NumberValue(number))));
        }
        for number in [UNSIGNED, -1e19, 1e300] {
            assert!(object(one(Some(Kind::NumberValue(number)))).unwrap()["a"].is_f64());
        }
    }

    #[test]
    fn what_json_cannot_say_is_refused_with_its_path() {
        for kind in [
            None,
            Some(Kind::NumberValue(f64::NAN)),
            Some(Kind::NumberValue(f64::INFINITY)),
        ] {
            assert_eq!(object(one(kind)).unwrap_err().path, ".a");
        }
        let list = ListValue {
            values: vec![Wire { kind: None }],
        };
        assert_eq!(
            object(one(Some(Kind::ListValue(list)))).unwrap_err().path,
            ".a[0]"
        );
    }

    #[test]
    fn what_nests_too_deep_is_refused_and_nothing_overflows() {
        let nested = |levels: usize| {
            (1..levels).fold(Struct::default(), |inner, _| {
                one(Some(Kind::StructValue(inner)))
            })
        };
        assert!(object(nested(8)).is_ok());
        assert!(object(nested(9)).is_err());
        // As deep as prost decodes anything.
        assert!(object(nested(100)).is_err());
    }
}
