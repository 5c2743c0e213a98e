//! TRON addresses.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest, Sha256};

/// A TRON address: the last 20 bytes of the Keccak-256 of a public key, shown as base58check with 0x41 before them.
///
/// The same on every TRON network. `T`, then 33 characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address([u8; 20]);

/// The byte before the 20 bytes, which makes each address start with `T`.
const PREFIX: u8 = 0x41;

impl Address {
    /// How many characters an address has.
    pub const CHARS: usize = 34;

    /// The address that these 20 bytes stand for.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The 20 bytes, without the prefix.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }
}

/// The first four bytes of a double SHA-256.
fn checksum(payload: &[u8]) -> [u8; 4] {
    let digest = Sha256::digest(Sha256::digest(payload));
    [digest[0], digest[1], digest[2], digest[3]]
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 25];
        bytes[0] = PREFIX;
        bytes[1..21].copy_from_slice(&self.0);
        let sum = checksum(&bytes[..21]);
        bytes[21..].copy_from_slice(&sum);
        f.write_str(&bs58::encode(bytes).into_string())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a TRON address in base58check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a TRON address: T and 33 more base58 characters with a right checksum")]
pub struct AddressError;

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != Self::CHARS {
            return Err(AddressError);
        }
        let mut bytes = [0; 25];
        let length = bs58::decode(text).onto(&mut bytes).map_err(|_| AddressError)?;
        let (payload, sum) = bytes.split_at(21);
        if length != 25 || payload[0] != PREFIX || sum != checksum(payload) {
            return Err(AddressError);
        }
        payload[1..].try_into().map(Self).map_err(|_| AddressError)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
