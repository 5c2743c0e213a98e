//! TRON addresses.

use std::{fmt, str::FromStr};

use k256::ecdsa::VerifyingKey;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest, Sha256};
use sha3::Keccak256;

use super::ethereum;

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

    /// The 21 bytes, with the prefix: an address in a TRON transaction.
    #[must_use]
    pub fn prefixed(&self) -> [u8; 21] {
        let mut bytes = [PREFIX; 21];
        bytes[1..].copy_from_slice(&self.0);
        bytes
    }

    /// The address of the account that holds `key`: the last 20 bytes of the Keccak-256 of its two coordinates.
    pub(super) fn from_public_key(key: &VerifyingKey) -> Self {
        let point = key.to_sec1_point(false);
        // The first byte only says that both coordinates follow.
        let digest: [u8; 32] = Keccak256::digest(&point.as_bytes()[1..]).into();
        let mut bytes = [0; 20];
        bytes.copy_from_slice(&digest[12..]);
        Self(bytes)
    }

    /// The address of the same key on Ethereum, with the checksum of [EIP-55], such as `0x7E5F…5Bdf`.
    ///
    /// [EIP-55]: https://eips.ethereum.org/EIPS/eip-55
    #[must_use]
    pub fn ethereum(&self) -> String {
        ethereum::checksummed(&self.0)
    }
}

/// The first four bytes of a double SHA-256.
fn checksum(payload: &[u8]) -> [u8; 4] {
    let digest = Sha256::digest(Sha256::digest(payload));
    [digest[0], digest[1], digest[2], digest[3]]
}

/// The text of 25 bytes in base58, of which the first is [`PREFIX`], so that it has [`Address::CHARS`].
///
/// bs58 takes any number of bytes, digit by digit, in six thousand instructions more; a sign-in writes several addresses.
fn base58(bytes: [u8; 25]) -> [u8; Address::CHARS] {
    const DIGITS: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    /// 58 to the fifth: so many digits are split off at once.
    const FIVE: u64 = 58 * 58 * 58 * 58 * 58;
    let mut number = [0_u32; 7];
    for (part, four) in number.iter_mut().rev().zip(bytes.rchunks(4)) {
        *part = four.iter().fold(0, |part, byte| (part << 8) | u32::from(*byte));
    }
    let mut text = [0; Address::CHARS];
    for five in text.rchunks_mut(5) {
        let mut rest = 0;
        for part in &mut number {
            let dividend = (rest << 32) | u64::from(*part);
            // Less than 2^32, as what is in front is less than the divisor.
            *part = u32::try_from(dividend / FIVE).unwrap_or_default();
            rest = dividend % FIVE;
        }
        for character in five.iter_mut().rev() {
            *character = DIGITS[usize::try_from(rest % 58).unwrap_or_default()];
            rest /= 58;
        }
    }
    text
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 25];
        bytes[..21].copy_from_slice(&self.prefixed());
        let sum = checksum(&bytes[..21]);
        bytes[21..].copy_from_slice(&sum);
        f.write_str(str::from_utf8(&base58(bytes)).map_err(|_| fmt::Error)?)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH";

    #[test]
    #[rustfmt::skip]
    fn only_the_one_text_of_an_address_is_read() {
        let cases = [
            // case                                     text                                          expected
            ("as a wallet shows it",                    TEXT,                                         true),
            ("checksum: last character changed",        "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYd1",         false),
            ("checksum: two characters swapped",        "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWdYH",         false),
            ("prefix: a Bitcoin address",               "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",         false),
            ("length: a character less",                "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYd",          false),
            ("length: a character more",                "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdHH",        false),
            ("length: nothing",                         "",                                           false),
            ("length: the largest number",              "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",         false),
            ("look-alike: a Cyrillic T",                "ТUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH",         false),
            ("look-alike: a Cyrillic T, in 34 bytes",   "ТUEZSdKsoDHQMeZwihtdoBiN46zxhGWYd",          false),
            ("look-alike: zero for o",                  "TUEZSdKsoDHQMeZwihtd0BiN46zxhGWYdH",         false),
            ("whitespace: a newline after",             "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH\n",       false),
            ("whitespace: a space before",              " TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH",        false),
            ("whitespace: in place of a character",     "TUEZSdKsoDHQMeZ ihtdoBiN46zxhGWYdH",         false),
            ("case",                                    "tuezsdksodhqmezwihtdobin46zxhgwydh",         false),
            ("hex",                                     "41c8599111f29c1e1e061265b4af93ea1f274ad78a", false),
            ("hex of the Ethereum address",             "0xc8599111f29c1e1e061265b4af93ea1f274ad78a", false),
            ("a leading 1, which is a zero byte",       "1TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH",        false),
            ("a leading 1 in 34 characters",            "1TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYd",         false),
        ];
        for (case, text, expected) in cases {
            assert_eq!(text.parse::<Address>().is_ok(), expected, "{case}");
        }
        assert_eq!(TEXT.parse::<Address>().unwrap().to_string(), TEXT);
    }

    #[test]
    fn a_key_has_one_address_on_both_chains() {
        // The key 1, whose public key is the generator.
        let mut secret = [0; 32];
        secret[31] = 1;
        let key = k256::ecdsa::SigningKey::from_slice(&secret).unwrap();
        let address = Address::from_public_key(key.verifying_key());
        assert_eq!(address.to_string(), "TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC");
        assert_eq!(address.ethereum(), "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf");
    }

    proptest! {
        #[test]
        fn base58_is_what_the_library_makes_of_it(rest: [u8; 24]) {
            let mut bytes = [PREFIX; 25];
            bytes[1..].copy_from_slice(&rest);
            prop_assert_eq!(base58(bytes).to_vec(), bs58::encode(bytes).into_vec());
        }

        #[test]
        fn no_text_panics_and_what_is_read_is_written_back(text in ".{0,40}|[1-9A-HJ-NP-Za-km-z]{34}|T.{33}") {
            if let Ok(address) = text.parse::<Address>() {
                prop_assert_eq!(address.to_string(), text);
            }
        }

        #[test]
        fn what_is_written_is_read_back(bytes: [u8; 20]) {
            let address = Address::from_bytes(bytes);
            let text = address.to_string();
            prop_assert!(text.len() == Address::CHARS && text.starts_with('T'), "{}", text);
            prop_assert_eq!(text.parse(), Ok(address));
        }
    }
}
