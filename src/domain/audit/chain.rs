//! The chain of entries: how each follows the one before, and where one does not.
//!
//! It shows a fault of the disk, and a change by whoever does not write anew all that follows. It has no key: whoever
//! can write the database can write the whole chain anew, its end too, and nothing in the file tells. Only a [`Mark`]
//! that was noted elsewhere does: it stands for all up to its entry.

use std::{fmt, str::FromStr};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest, Sha256};

use crate::domain::timestamp::Timestamp;

/// The link of an entry to the one before: SHA-256 over the link before, the entry's number, and its text.
///
/// Whoever changes or removes an entry has to change every link after it.
#[must_use]
pub fn link(before: &[u8; 32], number: u64, text: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(before).chain_update(number.to_be_bytes()).chain_update(text).finalize().into()
}

/// A place in the chain: an entry's number and its link. It stands for that entry and all before it.
///
/// It is written `NUMBER:HASH`, the hash as 64 lower-case hex digits, in JSON too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The entry's number, from 1.
    pub number: u64,
    /// Its link.
    pub link: [u8; 32],
}

impl Mark {
    /// Before the first entry.
    pub const START: Self = Self { number: 0, link: [0; 32] };

    /// The place of an entry of this text after this one.
    #[must_use]
    pub fn followed_by(&self, text: &[u8]) -> Self {
        let number = self.number.saturating_add(1);
        Self { number, link: link(&self.link, number, text) }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.number, HEXLOWER.encode(&self.link))
    }
}

/// The text is no [`Mark`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected NUMBER:HASH, as `lucid-auth audit verify` prints it")]
pub struct MarkError;

impl FromStr for Mark {
    type Err = MarkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, link) = text.split_once(':').ok_or(MarkError)?;
        let link = HEXLOWER.decode(link.as_bytes()).map_err(|_| MarkError)?;
        let mark = Self {
            number: number.parse().map_err(|_| MarkError)?,
            link: link.try_into().map_err(|_| MarkError)?,
        };
        // The number's parser also takes a sign and zeroes before it.
        if mark.to_string() == text { Ok(mark) } else { Err(MarkError) }
    }
}

impl Serialize for Mark {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mark {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// What retention removed from the beginning of the log. The chain that is left begins after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pruned {
    /// The last entry that was removed.
    pub up_to: Mark,
    /// How many were removed since the log began.
    pub count: u64,
    /// When the last one was.
    pub at: Timestamp,
}

/// Where a log does not hold, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("entry {number} {flaw}")]
pub struct Break {
    /// The number of the first entry that does not hold.
    pub number: u64,
    /// What is wrong with it.
    pub flaw: Flaw,
}

/// What is wrong with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flaw {
    /// It is not there.
    Missing,
    /// It does not follow the one before.
    Changed,
    /// It is there, but was never written, or was pruned.
    Extra,
    /// It follows the one before, but says nothing that this version understands.
    Unreadable,
    /// A list of a user's entries lacks it.
    Unlisted,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "was removed",
            Self::Changed => "was changed, or the one before it was",
            Self::Extra => "was put there afterwards",
            Self::Unreadable => "cannot be read",
            Self::Unlisted => "is missing from the list of its user",
        })
    }
}

/// How far a check of the chain has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The last entry that was found to hold; go on after it.
    pub at: Mark,
    /// How many entries were found to hold in this step.
    pub checked: u64,
    /// The last entry that was written.
    pub head: Mark,
    /// What retention removed.
    pub pruned: Option<Pruned>,
    /// The first entry that does not hold, if one was met: the check ends there.
    pub broken: Option<Break>,
    /// Whether there is nothing left to check.
    pub done: bool,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_mark_reads_back_and_only_as_it_was_written(number: u64, link: [u8; 32], cut in 0_usize..64) {
            let mark = Mark { number, link };
            let text = mark.to_string();
            prop_assert_eq!(text.parse(), Ok(mark));
            let others = [format!("0{text}"), format!("+{text}"), format!("{text}0"), text[..cut].to_owned()];
            for other in others {
                prop_assert_eq!(other.parse::<Mark>(), Err(MarkError), "{}", other);
            }
        }

        #[test]
        fn no_text_makes_the_parser_panic(text: String) {
            let _ = text.parse::<Mark>();
        }
    }
}
