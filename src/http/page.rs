//! Pages of lists: how many, and where to go on.

use std::{borrow::Cow, fmt, str::FromStr};

use data_encoding::BASE64URL_NOPAD;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// How many entries of a list to give at most: 1 to 200.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit(u8);

impl Limit {
    /// The number.
    pub(super) fn get(self) -> usize {
        self.0.into()
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u8::deserialize(deserializer).ok().filter(|number| (1..=200).contains(number));
        number.map(Self).ok_or_else(|| D::Error::custom("expected a number from 1 to 200"))
    }
}

impl JsonSchema for Limit {
    fn schema_name() -> Cow<'static, str> {
        "Limit".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": 1, "maximum": 200, "default": 50})
    }
}

/// Where to go on in a list: after this entry. Clients give back what they were given, and know nothing of what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor<T>(pub(super) T);

impl<T: fmt::Display> Serialize for Cursor<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64URL_NOPAD.encode(self.0.to_string().as_bytes()))
    }
}

impl<'de, T: FromStr + fmt::Display> Deserialize<'de> for Cursor<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = || {
            let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
            let text = String::from_utf8(bytes).ok()?;
            // One place has one text.
            text.parse().ok().filter(|place: &T| place.to_string() == text).map(Self)
        };
        read().ok_or_else(|| D::Error::custom("expected next_cursor as the page before gave it"))
    }
}

impl<T> JsonSchema for Cursor<T> {
    fn schema_name() -> Cow<'static, str> {
        "Cursor".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "cursor", "description": "Where to go on: next_cursor of the page before."})
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_reads_back_and_nothing_else_reads(number: u64, other in "[A-Za-z0-9_=+/-]{0,12}|.{0,12}") {
            let text = serde_json::to_value(Cursor(number)).unwrap();
            prop_assert_eq!(serde_json::from_value::<Cursor<u64>>(text).unwrap(), Cursor(number));
            let other = serde_json::Value::from(other);
            if let Ok(cursor) = serde_json::from_value::<Cursor<u64>>(other.clone()) {
                prop_assert_eq!(serde_json::to_value(cursor).unwrap(), other);
            }
        }
    }

    #[test]
    fn a_limit_is_one_to_two_hundred() {
        let read = |number: i64| serde_json::from_value::<Limit>(number.into()).ok().map(Limit::get);
        assert_eq!([-1, 0, 1, 200, 201, 256].map(read), [None, None, Some(1), Some(200), None, None]);
    }
}
