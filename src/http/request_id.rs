//! The name of a request in its response, its problem and its log line.

use std::fmt;

use hyper::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};

use crate::random::Random;

/// The header that carries a [`RequestId`], both ways.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How many bytes of chance a name is made of.
const CHANCE: usize = 12;
/// How long it then is, in base64url.
const MADE: usize = CHANCE * 4 / 3;

/// What a request is called when the system gives no random bytes.
const UNNAMED: HeaderValue = HeaderValue::from_static("unnamed");

/// The name of a request: the client's if it sent a sane one, else made here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Name);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    /// Of the characters that [`RequestId::of`] allows.
    Sent(HeaderValue),
    /// Of base64url.
    Made([u8; MADE]),
}

impl RequestId {
    /// The name in `headers` if it is 1 to 64 of `A-Za-z0-9._-`, else 96 random bits.
    #[must_use]
    pub fn of(headers: &HeaderMap, random: &Random) -> Self {
        let sane = |name: &&HeaderValue| {
            (1..=64).contains(&name.len())
                && name.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
        };
        let sent = headers.get(X_REQUEST_ID).filter(sane).cloned();
        sent.map_or_else(|| Self::make(random), |name| Self(Name::Sent(name)))
    }

    /// A name from 96 random bits.
    #[must_use]
    pub fn make(random: &Random) -> Self {
        // A request is answered even if the system gives no random bytes: the name only has to be told apart.
        let Ok(chance) = random.name::<CHANCE>() else {
            return Self(Name::Sent(UNNAMED));
        };
        let mut name = [0; MADE];
        data_encoding::BASE64URL_NOPAD.encode_mut(&chance, &mut name);
        Self(Name::Made(name))
    }

    /// As a header's value.
    #[must_use]
    pub fn to_value(&self) -> HeaderValue {
        match &self.0 {
            Name::Sent(value) => value.clone(),
            // Base64url may stand in a header, so the other is never taken.
            Name::Made(name) => HeaderValue::from_bytes(name).unwrap_or(UNNAMED),
        }
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Both are ASCII, as they were taken or made here.
        match &self.0 {
            Name::Sent(value) => value.to_str().unwrap_or_default(),
            Name::Made(name) => str::from_utf8(name).unwrap_or_default(),
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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
