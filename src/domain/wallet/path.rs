//! Where in a wallet a key lies.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The first number that is hardened ([BIP-32]).
///
/// [BIP-32]: https://github.com/bitcoin/bips/blob/master/bip-0032.mediawiki
const HARDENED: u32 = 1 << 31;
/// The most steps of a path; BIP-44 has five.
const STEPS: usize = 10;

/// Where in a wallet a key lies, as the client says: the path from the master key, such as `m/44'/195'/0'/0/0`
/// ([BIP-44]; TRON's coin type is 195, [SLIP-44]). Nothing depends on it but where a page asks the device to look.
///
/// [BIP-44]: https://github.com/bitcoin/bips/blob/master/bip-0044.mediawiki
/// [SLIP-44]: https://github.com/satoshilabs/slips/blob/master/slip-0044.md
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DerivationPath(Vec<u32>);

/// The text is no path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a path of 1 to 10 steps such as m/44'/195'/0'/0/0")]
pub struct DerivationPathError;

impl FromStr for DerivationPath {
    type Err = DerivationPathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let steps = text.strip_prefix("m/").ok_or(DerivationPathError)?;
        let steps: Result<Vec<_>, _> = steps.split('/').map(step).collect();
        let path = Self(steps?);
        // One path has one name: `+1` and `01` are read as numbers, too.
        if path.0.len() <= STEPS && path.to_string() == text { Ok(path) } else { Err(DerivationPathError) }
    }
}

fn step(text: &str) -> Result<u32, DerivationPathError> {
    let (digits, hardened) = text.strip_suffix('\'').map_or((text, 0), |digits| (digits, HARDENED));
    let number: u32 = digits.parse().map_err(|_| DerivationPathError)?;
    if number < HARDENED { Ok(number | hardened) } else { Err(DerivationPathError) }
}

impl fmt::Display for DerivationPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("m")?;
        for step in &self.0 {
            let mark = if step & HARDENED == 0 { "" } else { "'" };
            write!(f, "/{}{mark}", step & !HARDENED)?;
        }
        Ok(())
    }
}

impl Serialize for DerivationPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DerivationPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    #[rustfmt::skip]
    fn a_path_is_what_bip_32_calls_one_in_one_spelling() {
        let cases = [
            ("m/44'/195'/0'/0/0",         true),
            ("m/44'/60'/0'/0/2147483647", true),
            ("m/0",                       true),
            ("m/1/2/3/4/5/6/7/8/9/10",    true),
            ("m/1/2/3/4/5/6/7/8/9/10/11", false),
            ("m/2147483648",              false),
            ("m",                         false),
            ("m/",                        false),
            ("44'/195'",                  false),
            ("m/44h/195h",                false),
            ("m/01",                      false),
            ("m/+1",                      false),
            ("m/-1",                      false),
            ("m/1''",                     false),
            ("m/1/",                      false),
            ("",                          false),
        ];
        for (text, good) in cases {
            assert_eq!(text.parse::<DerivationPath>().is_ok(), good, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_read_is_written_back(text in ".{0,24}|m(/[0-9]{1,11}'?){0,12}") {
            if let Ok(path) = text.parse::<DerivationPath>() {
                prop_assert_eq!(path.to_string(), text);
            }
        }
    }
}
