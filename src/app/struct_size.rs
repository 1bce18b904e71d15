//! What JSON weighs as `google.protobuf.Struct`, in which an answer carries it, and how deep it nests there.

use serde_json::Value;

/// The most bytes around a value: two tags with a length of up to four bytes each.
const FRAME: usize = 10;
/// The most bytes around a member of an object, apart from its value: the entry's and the name's own.
const MEMBER: usize = 10;

/// At most so many bytes, and so many messages within each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct StructSize {
    pub(super) bytes: usize,
    pub(super) depth: usize,
}

/// The size of a value. Recurses as deep as the value nests, which its maker has to bound.
pub(super) fn size(value: &Value) -> StructSize {
    let (bytes, depth) = match value {
        Value::Null | Value::Bool(_) => (1, 0),
        Value::Number(_) => (8, 0),
        Value::String(text) => (text.len(), 0),
        // The list, and the values in it.
        Value::Array(items) => of(items.iter().map(|item| (0, size(item))), 1),
        // The object, its entries, and the values in them.
        Value::Object(members) => {
            let members = members.iter();
            of(
                members.map(|(name, value)| (MEMBER + name.len(), size(value))),
                2,
            )
        }
    };
    StructSize {
        bytes: bytes + FRAME,
        depth: depth + 1,
    }
}

fn of(parts: impl Iterator<Item = (usize, StructSize)>, own: usize) -> (usize, usize) {
    let (bytes, depth) = parts.fold((0, 0), |(bytes, depth), (around, part)| {
        (bytes + around + part.bytes, depth.max(part.depth))
    });
    (bytes, own + depth)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_empty_list_is_one_message_in_its_value_and_an_entry_is_one_more_in_an_object() {
        assert_eq!(
            size(&json!("ab")),
            StructSize {
                bytes: 12,
                depth: 1
            }
        );
        assert_eq!(size(&json!([])).depth, 2);
        assert_eq!(size(&json!([1])).depth, 3);
        assert_eq!(size(&json!({"a": [1]})).depth, 6);
    }
}
