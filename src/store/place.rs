//! Places in lists of users.

use std::{fmt, str::FromStr};

use crate::domain::{id::UserId, wallet::Address};

/// A place in a list: after the user who stands there, also when that user is there no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In a list by age.
    User(UserId),
    /// In a list by address.
    Address(Address),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// The text is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a user's identifier or a TRON address")]
pub struct PlaceError;

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = text.parse().map(Self::User);
        id.or_else(|_| text.parse().map(Self::Address)).map_err(|_| PlaceError)
    }
}
