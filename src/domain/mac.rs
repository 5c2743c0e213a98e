//! The key that marks what this service hands out, so that it knows its own again without asking the database.

use std::fmt;

use sha3::{Digest, Sha3_256};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// What marks tokens and cookies as ours. 32 random bytes, made with the database.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MacKey([u8; 32]);

/// What is marked: nothing of one kind passes for another.
///
/// Each label is part of what is hashed, and none is the beginning of another.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    RefreshToken,
    SessionCookie,
}

impl Kind {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::RefreshToken => b"lucid-auth refresh token",
            Self::SessionCookie => b"lucid-auth session cookie",
        }
    }
}

impl MacKey {
    /// The key that these random bytes make.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the database.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The tag of `body`, whose length is the same for all of a kind, with the `context` in which it counts. Compare it
    /// in constant time.
    pub(super) fn tag(&self, kind: Kind, body: &[u8], context: &[u8]) -> [u8; 16] {
        // A sponge keeps no state that a suffix could extend, so key before text is a sound MAC.
        let digest = Sha3_256::new()
            .chain_update(kind.label())
            .chain_update(self.0)
            .chain_update(body)
            .chain_update(context)
            .finalize();
        let mut tag = [0; 16];
        tag.copy_from_slice(&digest[..16]);
        tag
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_depends_on_the_key_the_kind_and_every_byte() {
        let key = MacKey::from_bytes([1; 32]);
        let tag = key.tag(Kind::RefreshToken, &[2; 4], b"host");
        let others = [
            MacKey::from_bytes([9; 32]).tag(Kind::RefreshToken, &[2; 4], b"host"),
            key.tag(Kind::SessionCookie, &[2; 4], b"host"),
            key.tag(Kind::RefreshToken, &[3; 4], b"host"),
            key.tag(Kind::RefreshToken, &[2; 4], b"hosT"),
            key.tag(Kind::RefreshToken, &[2; 4], b""),
        ];
        assert!(!others.contains(&tag));
        assert_eq!(format!("{key:?}"), "MacKey([redacted])");
    }

    #[test]
    fn no_label_begins_another() {
        let (token, cookie) = (Kind::RefreshToken.label(), Kind::SessionCookie.label());
        assert!(!token.starts_with(cookie) && !cookie.starts_with(token));
    }
}
