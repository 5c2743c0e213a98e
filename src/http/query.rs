//! Reads the query of a target into a handler's type, by the rules of a body.

use serde::{
    Deserializer,
    de::{
        DeserializeOwned, IntoDeserializer, Visitor,
        value::{Error, MapDeserializer},
    },
    forward_to_deserialize_any,
};

use super::{body, problem::Problem};

/// Read `query`, which is the target's after the question mark.
///
/// # Errors
///
/// [`Code::FieldInvalid`](super::Code::FieldInvalid), naming the parameter.
pub(super) fn parse<Q: DeserializeOwned>(query: &str) -> Result<Q, Problem> {
    let mut pairs = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let badly_encoded = || body::field(name, "UTF-8 in percent-encoding");
        let name = decode(name).ok_or_else(badly_encoded)?;
        pairs.push((name, Text(decode(value).ok_or_else(badly_encoded)?)));
    }
    serde_path_to_error::deserialize(MapDeserializer::new(pairs.into_iter()))
        .map_err(|error| body::refused(&error.path().to_string(), &error.inner().to_string()))
}

/// The text that `encoded` stands for ([application/x-www-form-urlencoded]).
///
/// [application/x-www-form-urlencoded]: https://url.spec.whatwg.org/#application/x-www-form-urlencoded
fn decode(encoded: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut bytes = encoded.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                data_encoding::HEXLOWER_PERMISSIVE.decode(&digits).ok()?.pop()?
            }
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

/// A parameter's value: a text that may stand for a number or for a truth value, if one is asked for.
struct Text(String);

impl IntoDeserializer<'_, Error> for Text {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Numbers as JSON writes them: `+1` and `01` are none.
macro_rules! numbers {
    ($($read:ident $visit:ident $number:ty,)+) => {$(
        fn $read<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.0.parse::<$number>() {
                Ok(number) if number.to_string() == self.0 => visitor.$visit(number),
                _ => visitor.visit_string(self.0),
            }
        }
    )+};
}

impl<'de> Deserializer<'de> for Text {
    type Error = Error;

    numbers! {
        deserialize_u8 visit_u64 u64,
        deserialize_u16 visit_u64 u64,
        deserialize_u32 visit_u64 u64,
        deserialize_u64 visit_u64 u64,
        deserialize_i8 visit_i64 i64,
        deserialize_i16 visit_i64 i64,
        deserialize_i32 visit_i64 i64,
        deserialize_i64 visit_i64 i64,
        deserialize_bool visit_bool bool,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::{domain::role::Role, http::Code};

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct List {
        limit: Option<u8>,
        #[serde(default)]
        locked: bool,
        role: Option<Role>,
        order: Option<Order>,
        q: String,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Order {
        Up,
        Down,
    }

    #[test]
    fn each_parameter_is_read_as_its_type() {
        let query = "limit=50&locked=true&role=ADMIN&order=down&q=a+b%26%c3%b6%2B";
        let expected = List {
            limit: Some(50),
            locked: true,
            role: Some(Role::Admin),
            order: Some(Order::Down),
            q: "a b&ö+".into(),
        };
        assert_eq!(parse::<List>(query).unwrap(), expected);
        let least = List { limit: None, locked: false, role: None, order: None, q: String::new() };
        assert_eq!(parse::<List>("&q&").unwrap(), least);
    }

    #[test]
    #[rustfmt::skip]
    fn a_refusal_names_the_parameter() {
        let cases = [
            // query            names        expected
            ("",                "'q'",       "a value"),
            ("limit=1",         "'q'",       "a value"),
            ("q=a&q=b",         "'q'",       "it only once"),
            ("q=a&limit=",      "'limit'",   "u8"),
            ("q=a&limit=256",   "'limit'",   "u8"),
            ("q=a&limit=-1",    "'limit'",   "u8"),
            ("q=a&limit=%2B1",  "'limit'",   "u8"),
            ("q=a&limit=01",    "'limit'",   "u8"),
            ("q=a&limit=1.0",   "'limit'",   "u8"),
            ("q=a&limit=null",  "'limit'",   "u8"),
            ("q=a&locked=1",    "'locked'",  "a boolean"),
            ("q=a&role=root",   "'role'",    "USER, NODE_OPERATOR, ADMIN or SUPER_ADMIN"),
            ("q=a&order=UP",    "'order'",   "`up` or `down`"),
            ("q=a&other=1",     "'other'",   "one of `limit`"),
            ("q=%zz",           "'q'",       "UTF-8 in percent-encoding"),
            ("q=%f",            "'q'",       "UTF-8 in percent-encoding"),
            ("q=%ff",           "'q'",       "UTF-8 in percent-encoding"),
        ];
        for (query, names, expected) in cases {
            let problem = parse::<List>(query).unwrap_err();
            assert_eq!(problem.code(), Code::FieldInvalid, "{query}");
            let text = format!("{problem:?}");
            assert!(text.contains(&format!("{names} is refused: expected {expected}")), "{query}: {text}");
        }
    }

    proptest! {
        #[test]
        fn no_query_panics(query in "[a-z%+=&0-9_]{0,40}|.{0,40}") {
            let _ = parse::<List>(&query);
        }
    }
}
