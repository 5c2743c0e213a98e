//! The addresses that begin alike.

use std::str::FromStr;

use super::Address;

/// The addresses whose text begins with the same characters: a range of their bytes.
///
/// The digits of base58 stand in the order of their characters, and every address has as many of them, so addresses sort
/// by their text as they do by their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    first: [u8; 20],
    last: [u8; 20],
}

/// No address begins like that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the beginning of a TRON address: T and base58 characters, 34 at most")]
pub struct AddressRangeError;

impl AddressRange {
    /// The lowest bytes in it.
    #[must_use]
    pub const fn first(&self) -> &[u8; 20] {
        &self.first
    }

    /// The highest bytes in it.
    #[must_use]
    pub const fn last(&self) -> &[u8; 20] {
        &self.last
    }

    /// Whether `address` is in it.
    #[must_use]
    pub fn contains(&self, address: &Address) -> bool {
        (self.first..=self.last).contains(address.as_bytes())
    }
}

impl FromStr for AddressRange {
    type Err = AddressRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !text.starts_with('T') || text.len() > Address::CHARS || !text.is_ascii() {
            return Err(AddressRangeError);
        }
        let end = |fill: char| {
            let filled: String = text.chars().chain(std::iter::repeat(fill)).take(Address::CHARS).collect();
            let mut bytes = [0; 26];
            let length = bs58::decode(filled).onto(&mut bytes).map_err(|_| AddressRangeError)?;
            // 34 digits of base58 can stand for more than any address; those lie above all of them, or below.
            let mut end = [0; 20];
            match (length, bytes[0]) {
                (25, 0x41) => end.copy_from_slice(&bytes[1..21]),
                (25, prefix) if prefix < 0x41 => {}
                _ => end = [0xff; 20],
            }
            Ok(end)
        };
        Ok(Self { first: end('1')?, last: end('z')? })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_just_the_addresses_that_begin_so(one: [u8; 20], other: [u8; 20], length in 1..=34_usize) {
            let (one, other) = (Address::from_bytes(one), Address::from_bytes(other));
            let text = one.to_string();
            let range: AddressRange = text[..length].parse().unwrap();
            prop_assert!(range.contains(&one));
            if range.contains(&other) && length < 28 {
                prop_assert!(other.to_string().starts_with(&text[..length]), "{other} is in {}", &text[..length]);
            }
            if other.to_string().starts_with(&text[..length]) {
                prop_assert!(range.contains(&other));
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = text.parse::<AddressRange>();
        }
    }

    #[test]
    fn what_no_address_begins_with_is_refused() {
        for bad in ["", "t", "0", "T0", "TO", "41", "Tа", &"T".repeat(35)] {
            assert_eq!(bad.parse::<AddressRange>(), Err(AddressRangeError), "{bad}");
        }
    }
}
