//! Identifiers of users, sessions and hardware wallets.

use std::{cmp::Ordering, fmt, hash, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::timestamp::Timestamp;

/// The identifier of a user.
pub type UserId = Id<OfUser>;
/// The identifier of a session.
pub type SessionId = Id<OfSession>;
/// The identifier of a hardware wallet.
pub type WalletId = Id<OfWallet>;

/// Marks an [`Id`] as a user's.
#[derive(Debug)]
pub enum OfUser {}
/// Marks an [`Id`] as a session's.
#[derive(Debug)]
pub enum OfSession {}
/// Marks an [`Id`] as a hardware wallet's.
#[derive(Debug)]
pub enum OfWallet {}

/// An identifier: a UUID of version 7 ([RFC 9562 §5.7]), so that sorting by it sorts by age.
///
/// Outside it is an opaque string. `T` keeps one kind from being taken for another.
///
/// [RFC 9562 §5.7]: https://www.rfc-editor.org/rfc/rfc9562#section-5.7
pub struct Id<T>([u8; 16], PhantomData<fn() -> T>);

impl<T> Id<T> {
    /// The identifier of something made at `milliseconds` since the Unix epoch, told apart by `random`.
    #[must_use]
    pub fn new(milliseconds: u64, random: [u8; 10]) -> Self {
        Self(
            *uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).as_uuid().as_bytes(),
            PhantomData,
        )
    }

    /// The identifier that [`Self::as_bytes`] gave.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes, PhantomData)
    }

    /// The 16 bytes of the UUID, which sort as the identifiers do.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The lowest identifier of something made at or after `at`.
    #[must_use]
    pub fn first_at(at: Timestamp) -> Self {
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&(at.unix() * 1000).to_be_bytes()[2..]);
        Self(bytes, PhantomData)
    }
}

// Derives would ask the same of `T`, which is only a mark.
impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
impl<T> hash::Hash for Id<T> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        uuid::Uuid::from_bytes(self.0).as_hyphenated().fmt(f)
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an identifier: a UUID in lower case with hyphens")]
pub struct IdError;

impl<T> FromStr for Id<T> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = Self::from_bytes(*uuid::Uuid::try_parse(text).map_err(|_| IdError)?.as_bytes());
        // One thing has one name: the parser also takes braces, upper case and no hyphens.
        if id.to_string() == text { Ok(id) } else { Err(IdError) }
    }
}

impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, T> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_one_sorts_after_an_earlier_one() {
        let (early, late) = (UserId::new(1_000, [0xff; 10]), UserId::new(1_001, [0; 10]));
        assert!(early < late);
        assert!(UserId::first_at(Timestamp::from_unix(1)) < early);
        assert!(early.to_string() < late.to_string());
    }

    #[test]
    fn reads_back_what_it_writes_and_nothing_else() {
        let id = SessionId::new(1_793_000_000_123, *b"0123456789");
        let text = id.to_string();
        assert_eq!(text.parse(), Ok(id));
        for bad in ["", "x", &text.to_uppercase(), &text.replace('-', ""), &format!("{{{text}}}")] {
            assert_eq!(bad.parse::<SessionId>(), Err(IdError), "{bad}");
        }
    }
}
