//! Refresh tokens, and the rule for using one.

use std::{fmt, str::FromStr, time::Duration};

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{
    id::SessionId,
    mac::{Kind, MacKey},
    timestamp::Timestamp,
};

/// How long after its use a refresh token answers once more: a lost response, or two tabs.
pub const GRACE: Duration = Duration::from_secs(10);

/// A refresh token: 256 random bits, the session they belong to, and a tag that says that this service made them.
///
/// The client sees 86 base64url characters and knows nothing of what is inside. The session says where to look; the
/// tag tells a token of ours that was replaced (somebody copied it: the session ends) from one that never was
/// (nobody's session ends because a stranger knew its identifier). Only a hash is stored.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RefreshToken([u8; 64]);

impl RefreshToken {
    /// A token of `session`.
    #[must_use]
    pub fn new(key: &MacKey, session: SessionId, random: [u8; 32]) -> Self {
        let mut token = Self([0; 64]);
        token.0[..16].copy_from_slice(session.as_bytes());
        token.0[16..48].copy_from_slice(&random);
        let tag = token.tag(key);
        token.0[48..].copy_from_slice(&tag);
        token
    }

    /// The session that it belongs to, if this service made it.
    #[must_use]
    pub fn session(&self, key: &MacKey) -> Option<SessionId> {
        let genuine: bool = self.tag(key).ct_eq(&self.0[48..]).into();
        let mut session = [0; 16];
        session.copy_from_slice(&self.0[..16]);
        genuine.then_some(SessionId::from_bytes(session))
    }

    /// The tag that its first 48 bytes must have.
    fn tag(&self, key: &MacKey) -> [u8; 16] {
        key.tag(Kind::RefreshToken, &self.0[..48], &[])
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0).into())
    }

    /// What the client is given.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64URL_NOPAD.encode(&self.0))
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken([redacted])")
    }
}

/// The text is not the text of a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the refresh token as it was given")]
pub struct RefreshTokenError;

impl FromStr for RefreshToken {
    type Err = RefreshTokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = Zeroizing::new(BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| RefreshTokenError)?);
        bytes.as_slice().try_into().map(Self).map_err(|_| RefreshTokenError)
    }
}

/// SHA-256 of a [`RefreshToken`]: enough to know it again, not to make it.
#[derive(Clone, Copy, Eq)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash that [`Self::as_bytes`] gave.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash([redacted])")
    }
}

/// Which tokens a session takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The token of the last answer.
    pub current: TokenHash,
    /// The token of the answer before, if one token was answered twice. Which of the two answers the client kept is
    /// not known; using either retires both.
    pub sibling: Option<TokenHash>,
    /// The token that was used last.
    pub used: Option<Used>,
}

/// A refresh token that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Used {
    /// Which.
    pub token: TokenHash,
    /// When it was used first.
    pub at: Timestamp,
    /// Whether it was answered a second time.
    pub again: bool,
}

/// A token of this session was used after it had been replaced: somebody has a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the refresh token was used before")]
pub struct Reused;

impl Rotation {
    /// The state of a session whose first token hashes to `token`.
    #[must_use]
    pub const fn first(token: TokenHash) -> Self {
        Self { current: token, sibling: None, used: None }
    }

    /// The state after `token` was exchanged for `next` at `now`.
    ///
    /// # Errors
    ///
    /// [`Reused`] if `token` was replaced before, unless it is the last one used, that was less than [`GRACE`] ago,
    /// and it was not answered twice yet.
    pub fn rotate(&self, token: &TokenHash, next: TokenHash, now: Timestamp) -> Result<Self, Reused> {
        if *token == self.current || Some(*token) == self.sibling {
            let used = Used { token: *token, at: now, again: false };
            return Ok(Self { current: next, sibling: None, used: Some(used) });
        }
        match self.used {
            // A clock that was put back must not reopen the grace, so the use must not lie ahead.
            Some(used)
                if used.token == *token && !used.again && used.at <= now && now.since(used.at) < GRACE =>
            {
                Ok(Self {
                    current: next,
                    sibling: Some(self.current),
                    used: Some(Used { again: true, ..used }),
                })
            }
            _ => Err(Reused),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(byte: u8) -> TokenHash {
        TokenHash::from_bytes([byte; 32])
    }

    #[test]
    fn a_token_reads_back_and_names_its_session_only_under_our_key() {
        let key = MacKey::from_bytes([1; 32]);
        let session = SessionId::new(1, [2; 10]);
        let token = RefreshToken::new(&key, session, [3; 32]);
        let text = token.to_text();
        assert_eq!(text.len(), 86);
        let read: RefreshToken = text.parse().unwrap();
        assert_eq!(read.session(&key), Some(session));
        assert_eq!(read.hash(), token.hash());
        assert_eq!(read.session(&MacKey::from_bytes([9; 32])), None);
        for index in 0..64 {
            let mut bytes = read.0;
            bytes[index] ^= 1;
            assert_eq!(RefreshToken(bytes).session(&key), None, "byte {index}");
        }
    }

    #[test]
    fn other_texts_are_no_tokens_and_none_prints_itself() {
        let token = RefreshToken::new(&MacKey::from_bytes([1; 32]), SessionId::new(1, [2; 10]), [3; 32]);
        let text = token.to_text();
        for bad in
            ["", "x", &text[1..], &format!("{}A", *text), &format!("{}=", *text), &text.replace('A', "+")]
        {
            assert_eq!(bad.parse::<RefreshToken>().err(), Some(RefreshTokenError), "{bad}");
        }
        assert_eq!(format!("{token:?} {:?}", token.hash()), "RefreshToken([redacted]) TokenHash([redacted])");
    }

    #[test]
    fn a_token_is_answered_once_and_once_more_within_ten_seconds() {
        let at = Timestamp::from_unix;
        let first = Rotation::first(hash(1));
        let second = first.rotate(&hash(1), hash(2), at(100)).unwrap();
        let cases = [
            // case                                    token     at    expected
            ("the current one, any time later", hash(2), 9_999, Ok(())),
            ("the used one, at once", hash(1), 100, Ok(())),
            ("the used one, in the tenth second", hash(1), 109, Ok(())),
            ("the used one, after ten seconds", hash(1), 110, Err(Reused)),
            ("the used one, the clock put back", hash(1), 99, Err(Reused)),
            ("one that never was", hash(7), 100, Err(Reused)),
        ];
        for (case, token, now, expected) in cases {
            assert_eq!(second.rotate(&token, hash(9), at(now)).map(|_| ()), expected, "{case}");
        }
        let again = second.rotate(&hash(1), hash(3), at(105)).unwrap();
        assert_eq!(again.rotate(&hash(1), hash(4), at(106)), Err(Reused), "a third time");
        for kept in [hash(2), hash(3)] {
            let third = again.rotate(&kept, hash(5), at(106)).unwrap();
            let other = if kept == hash(2) { hash(3) } else { hash(2) };
            assert_eq!(third.rotate(&other, hash(6), at(107)), Err(Reused), "the other answer of the two");
        }
    }
}
