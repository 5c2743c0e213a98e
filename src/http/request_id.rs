//! The name of a request in its response, its problem and its log line.

use std::fmt;

use hyper::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};

use crate::random::Random;

/// The header that carries a [`RequestId`], both ways.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The name of a request: the client's if it sent a sane one, else made here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The name in `headers` if it is 1 to 64 of `A-Za-z0-9._-`, else 96 random bits.
    #[must_use]
    pub fn of(headers: &HeaderMap, random: &Random) -> Self {
        let sane = |name: &&HeaderValue| {
            (1..=64).contains(&name.len())
                && name.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
        };
        headers.get(X_REQUEST_ID).filter(sane).map_or_else(|| Self::make(random), |name| Self(name.clone()))
    }

    /// A name from 96 random bits.
    #[must_use]
    pub fn make(random: &Random) -> Self {
        // A request is answered even if the system gives no random bytes: the name only has to be told apart.
        let made = random.name::<12>().ok().map(|bytes| data_encoding::BASE64URL_NOPAD.encode(&bytes));
        let made = made.and_then(|text| HeaderValue::try_from(text).ok());
        Self(made.unwrap_or(HeaderValue::from_static("unnamed")))
    }

    /// As a header's value.
    #[must_use]
    pub fn to_value(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It is ASCII, as it was taken or made here.
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sane_name_is_kept_and_any_other_is_replaced() {
        let random = Random::new(|bytes| {
            bytes.fill(0xff);
            Ok(())
        });
        let long = "x".repeat(65);
        let made = "_".repeat(16);
        let cases =
            [("a.B-9_", "a.B-9_"), (&long[1..], &long[1..]), (&long, &made), ("a b", &made), ("", &made)];
        for (given, expected) in cases {
            let headers = HeaderMap::from_iter([(X_REQUEST_ID, HeaderValue::from_str(given).unwrap())]);
            assert_eq!(RequestId::of(&headers, &random).to_string(), expected, "{given}");
        }
        assert_eq!(RequestId::of(&HeaderMap::new(), &random).to_string(), made);
    }
}
