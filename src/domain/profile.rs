//! What a user says about themselves.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// What a user says about themselves. Each part may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// What to call them.
    pub display_name: Option<DisplayName>,
    /// Where to write to them. Nobody has checked that it is theirs.
    pub email: Option<Email>,
    /// A picture of them.
    pub avatar_url: Option<AvatarUrl>,
    /// What the platform's pages keep with a user.
    pub metadata: Metadata,
}

/// A part of a profile breaks its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Of a [`DisplayName`].
    #[error("expected 1 to 64 characters, none of them invisible, and no space at either end")]
    DisplayName,
    /// Of an [`Email`].
    #[error("expected a mail address of at most 254 characters, such as ada@example.org")]
    Email,
    /// Of an [`AvatarUrl`].
    #[error("expected an https:// address of at most 2048 printable ASCII characters")]
    AvatarUrl,
    /// Of a [`Metadata`].
    #[error("expected a JSON object of at most 4096 bytes")]
    Metadata,
}

macro_rules! checked_text {
    ($name:ident, $check:ident) => {
        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// What was checked when it was written down, perhaps by another version's rule: a rule that became stricter
            /// must not make a user unreadable.
            #[must_use]
            pub(crate) const fn from_store(text: String) -> Self {
                Self(text)
            }
        }

        impl FromStr for $name {
            type Err = ProfileError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                if $check(text) { Ok(Self(text.to_owned())) } else { Err(ProfileError::$name) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    };
}

/// A name for people: 1 to 64 characters, nothing invisible or that turns the direction of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayName(String);
checked_text!(DisplayName, is_display_name);

/// A mail address: one `@`, a dot in the domain, at most 254 bytes ([RFC 5321 §4.5.3.1]).
///
/// [RFC 5321 §4.5.3.1]: https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);
checked_text!(Email, is_email);

/// Where a picture is: an `https` URL of at most 2048 bytes of printable ASCII.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvatarUrl(String);
checked_text!(AvatarUrl, is_avatar_url);

fn is_display_name(text: &str) -> bool {
    (1..=64).contains(&text.chars().count())
        && text.trim() == text
        && !text.chars().any(is_invisible)
        && !text.chars().all(is_variation)
}

/// Whether a character says how to draw the one before it, such as an emoji, and shows nothing alone.
fn is_variation(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}')
}

/// Whether a character shows nothing, or changes how others are shown: names must look like what they are.
fn is_invisible(c: char) -> bool {
    c.is_control()
        // The fillers of Hangul and the empty cell of Braille are letters and signs by name alone.
        || matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{2800}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let printable = |part: &str| part.chars().all(|c| !c.is_whitespace() && !is_invisible(c) && c != '@');
    let label = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    text.len() <= 254
        && (1..=64).contains(&local.len())
        && printable(local)
        && domain.contains('.')
        && domain.split('.').all(label)
        && domain.chars().all(|c| c.is_alphanumeric() || c == '.' || c == '-')
}

fn is_avatar_url(text: &str) -> bool {
    let host =
        text.strip_prefix("https://").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    text.len() <= 2048
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'`'))
        && host.is_some_and(|host| !host.is_empty() && !host.contains('@'))
}

/// A JSON object of at most 4096 bytes that the platform's pages keep with a user. This service reads nothing from it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Metadata(serde_json::Map<String, serde_json::Value>);

impl Metadata {
    /// What was checked when it was written down, perhaps by another version's rule.
    #[must_use]
    pub(crate) const fn from_store(object: serde_json::Map<String, serde_json::Value>) -> Self {
        Self(object)
    }
}

impl From<Metadata> for serde_json::Map<String, serde_json::Value> {
    fn from(metadata: Metadata) -> Self {
        metadata.0
    }
}

impl TryFrom<serde_json::Map<String, serde_json::Value>> for Metadata {
    type Error = ProfileError;

    fn try_from(object: serde_json::Map<String, serde_json::Value>) -> Result<Self, Self::Error> {
        let length = serde_json::to_vec(&object).map_or(usize::MAX, |bytes| bytes.len());
        if length <= 4096 { Ok(Self(object)) } else { Err(ProfileError::Metadata) }
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_json::Map::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mail_addresses_and_pictures_follow_their_rules() {
        let long = "x".repeat(65);
        for good in ["Ada", "Ada Lovelace", "李小龍", "O'Neil-Smith", "🚀"] {
            assert!(good.parse::<DisplayName>().is_ok(), "{good}");
        }
        for bad in [
            "",
            " Ada",
            "Ada ",
            "A\nda",
            "A\u{202e}da",
            "\u{200b}",
            "\u{3164}",
            "\u{2800}",
            "\u{fe0f}",
            &long,
        ] {
            assert_eq!(bad.parse::<DisplayName>(), Err(ProfileError::DisplayName), "{bad:?}");
        }
        for good in ["ada@example.org", "a+b@mail.example.co.uk", "jörg@müller.de"] {
            assert!(good.parse::<Email>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "ada@localhost",
            "a@b@c.org",
            "a b@c.org",
            "a@-c.org",
            "a@c..org",
        ] {
            assert_eq!(bad.parse::<Email>(), Err(ProfileError::Email), "{bad}");
        }
        for good in ["https://example.org/a.png", "https://example.org?x=1"] {
            assert!(good.parse::<AvatarUrl>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "http://example.org/a.png",
            "javascript:alert(1)",
            "https://",
            "https:///a",
            "https://u@h/",
            "https://h/<",
        ] {
            assert_eq!(bad.parse::<AvatarUrl>(), Err(ProfileError::AvatarUrl), "{bad}");
        }
    }

    #[test]
    fn metadata_is_a_small_object() {
        assert!(serde_json::from_str::<Metadata>(r#"{"a":{"b":[1]}}"#).is_ok());
        assert!(serde_json::from_str::<Metadata>("[]").is_err());
        let large = format!(r#"{{"a":"{}"}}"#, "x".repeat(4096));
        assert!(serde_json::from_str::<Metadata>(&large).is_err());
    }

    #[test]
    fn metadata_that_was_taken_once_is_taken_again_as_it_was_written() {
        // A reader that is off by the last digit makes of 4.0033135e-67 a number that is nine characters longer.
        let numbers = vec!["4.0033135e-67"; 291].join(",");
        let metadata: Metadata = serde_json::from_str(&format!(r#"{{"a":[{numbers}]}}"#)).unwrap();
        let stored = serde_json::to_string(&metadata).unwrap();
        assert_eq!(serde_json::from_str::<Metadata>(&stored).unwrap(), metadata);
    }
}
