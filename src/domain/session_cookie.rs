//! The session cookie: for whom the browser that sends it speaks, at one host.

use std::{fmt, str::FromStr};

use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{
    id::SessionId,
    mac::{Kind, MacKey},
    origin::Origin,
};

/// How long its text is.
const TEXT: usize = 43;

/// Says that the browser which sends it, at one host, speaks for a session: the session's identifier, and a tag that
/// says that this service made it for that host.
///
/// It is bound to the host because a reverse proxy passes the cookies of a request on to the app behind it: what one
/// app sees says nothing at the host of another, or at ours. It says nothing of whether the session lives.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SessionCookie([u8; 32]);

impl SessionCookie {
    /// The cookie of `session` at the host of `at`; its scheme does not matter.
    #[must_use]
    pub fn new(key: &MacKey, session: SessionId, at: &Origin) -> Self {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(session.as_bytes());
        bytes[16..].copy_from_slice(&tag(key, session, at));
        Self(bytes)
    }

    /// The session that it speaks for at the host of `at`, if this service made it for that host.
    #[must_use]
    pub fn session(&self, key: &MacKey, at: &Origin) -> Option<SessionId> {
        let mut session = [0; 16];
        session.copy_from_slice(&self.0[..16]);
        let session = SessionId::from_bytes(session);
        let genuine: bool = tag(key, session, at).ct_eq(&self.0[16..]).into();
        genuine.then_some(session)
    }

    /// What the browser is given.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64URL_NOPAD.encode(&self.0))
    }
}

fn tag(key: &MacKey, session: SessionId, at: &Origin) -> [u8; 16] {
    key.tag(Kind::SessionCookie, session.as_bytes(), at.authority().as_bytes())
}

impl fmt::Debug for SessionCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionCookie([redacted])")
    }
}

/// The text is not the text of a session cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the session cookie as it was set")]
pub struct SessionCookieError;

impl FromStr for SessionCookie {
    type Err = SessionCookieError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != TEXT {
            return Err(SessionCookieError);
        }
        let bytes = Zeroizing::new(BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| SessionCookieError)?);
        bytes.as_slice().try_into().map(Self).map_err(|_| SessionCookieError)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::refresh_token::RefreshToken;

    fn at(origin: &str) -> Origin {
        origin.parse().unwrap()
    }

    #[test]
    #[rustfmt::skip]
    fn it_speaks_for_its_session_only_at_its_host_and_under_our_key() {
        let (key, session) = (MacKey::from_bytes([1; 32]), SessionId::new(1, [2; 10]));
        let cookie = SessionCookie::new(&key, session, &at("https://app.example.org"));
        let cases = [
            // case                origin                           key   expected
            ("its host",           "https://app.example.org",       1,    Some(session)),
            ("in capitals",        "https://APP.example.org:443",   1,    Some(session)),
            ("without TLS",        "http://app.example.org",        1,    Some(session)),
            ("another host",       "https://auth.example.org",      1,    None),
            ("a longer host",      "https://app.example.orga",      1,    None),
            ("another port",       "https://app.example.org:8443",  1,    None),
            ("a stranger's key",   "https://app.example.org",       9,    None),
        ];
        for (case, origin, byte, expected) in cases {
            assert_eq!(cookie.session(&MacKey::from_bytes([byte; 32]), &at(origin)), expected, "{case}");
        }
        for index in 0..32 {
            let mut bytes = cookie.0;
            bytes[index] ^= 1;
            assert_eq!(SessionCookie(bytes).session(&key, &at("https://app.example.org")), None, "byte {index}");
        }
    }

    #[test]
    fn nothing_of_a_refresh_token_is_a_cookie() {
        let (key, session) = (MacKey::from_bytes([1; 32]), SessionId::new(1, [2; 10]));
        let origin = at("https://a.example.org");
        let token = RefreshToken::new(&key, session, [3; 32]);
        assert!(token.to_text().parse::<SessionCookie>().is_err());
        let bytes = BASE64URL_NOPAD.decode(token.to_text().as_bytes()).unwrap();
        let mut cookie = [0; 32];
        cookie[..16].copy_from_slice(&bytes[..16]);
        cookie[16..].copy_from_slice(&bytes[48..]);
        assert_eq!(SessionCookie(cookie).session(&key, &origin), None);
    }

    #[test]
    fn other_texts_are_no_cookies_and_none_prints_itself() {
        let session = SessionId::new(1, [2; 10]);
        let cookie = SessionCookie::new(&MacKey::from_bytes([1; 32]), session, &at("https://a.example.org"));
        let text = cookie.to_text();
        assert_eq!(text.len(), TEXT);
        let huge = "A".repeat(100_000);
        for bad in ["", "x", &text[1..], &format!("{}A", *text), &format!("{}=", &text[..42]), &huge] {
            assert_eq!(bad.parse::<SessionCookie>().err(), Some(SessionCookieError));
        }
        assert_eq!(format!("{cookie:?}"), "SessionCookie([redacted])");
    }

    proptest! {
        #[test]
        fn a_cookie_reads_back(bytes: [u8; 32]) {
            let read: SessionCookie = SessionCookie(bytes).to_text().parse().unwrap();
            prop_assert_eq!(read.0, bytes);
        }

        #[test]
        fn no_text_panics_and_none_is_read_twice(text in "[A-Za-z0-9_=+/-]{0,50}|\\PC{0,50}") {
            if let Ok(cookie) = text.parse::<SessionCookie>() {
                prop_assert_eq!(&*cookie.to_text(), &text);
            }
        }
    }
}
