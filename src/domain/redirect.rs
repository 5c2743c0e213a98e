//! Where a browser may be sent. Whatever redirects does it to a [`Location`], and this file is the only maker of those.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, de::Error as _};
use zeroize::Zeroizing;

use super::{
    handover::{Code, StateHash},
    origin::Origin,
};

/// The longest address or path to go back to, in bytes.
pub const MAX_ADDRESS: usize = 2048;

/// The path at which the host of an app receives a [`Code`]; its proxy passes it on to this service.
pub const CALLBACK: &str = "/.lucid-auth/callback";

/// Why a text is not an address or a path to go back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an absolute http or https address without a user name, of at most {MAX_ADDRESS} printable ASCII characters"
)]
pub struct AddressError;

/// The origin is neither our own nor one of `ALLOWED_REDIRECT_ORIGINS`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not among ALLOWED_REDIRECT_ORIGINS")]
pub struct NotAllowed(pub Origin);

/// A path on some host, with its query and fragment: one slash, and no character that any browser takes for another.
///
/// Browsers take `\` for a slash, drop tabs and newlines, and take `//host` for a host; none of these is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(String);

impl Default for Path {
    /// The root.
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl FromStr for Path {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain =
            text.len() <= MAX_ADDRESS && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        if plain && text.starts_with('/') && !text.starts_with("//") {
            Ok(Self(text.to_owned()))
        } else {
            Err(AddressError)
        }
    }
}

/// An absolute address on any host, as somebody asked to be sent there. It says nothing of whether that is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    origin: Origin,
    path: Path,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > MAX_ADDRESS {
            return Err(AddressError);
        }
        let (scheme, rest) = text.split_once("://").ok_or(AddressError)?;
        let https = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err(AddressError),
        };
        // A host ends where its path begins. Whatever else could end it is no part of a host either.
        let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        Ok(Self {
            origin: Origin::from_authority(https, authority).map_err(|_| AddressError)?,
            path: path.parse()?,
        })
    }
}

/// The origins that a browser may be sent to, exactly: our own, and `ALLOWED_REDIRECT_ORIGINS`.
#[derive(Debug, Clone, Copy)]
pub struct Sites<'a> {
    /// Where browsers see this service.
    pub own: &'a Origin,
    /// Where they see the apps that it signs in to.
    pub others: &'a [Origin],
}

impl Sites<'_> {
    /// Let a browser go to `address`, or not.
    ///
    /// # Errors
    ///
    /// [`NotAllowed`] unless its origin is one of these.
    pub fn admit(self, address: Address) -> Result<ReturnTo, NotAllowed> {
        let Address { origin, path } = address;
        if self.all().any(|known| *known == origin) {
            Ok(ReturnTo { origin, path })
        } else {
            Err(NotAllowed(origin))
        }
    }

    /// The `path` at the one of these that has the host and port of `named`, which a request names. Also if only the
    /// other scheme of that host is known here: what is configured decides whether it has TLS, as a request may have
    /// lost its own on the way.
    ///
    /// # Errors
    ///
    /// [`NotAllowed`] if none has.
    pub fn hosted(self, named: &Origin, path: Path) -> Result<ReturnTo, NotAllowed> {
        let same_host = |known: &&Origin| known.authority() == named.authority();
        let found = self.all().find(|known| *known == named).or_else(|| self.all().find(same_host));
        found.map(|origin| ReturnTo { origin: origin.clone(), path }).ok_or_else(|| NotAllowed(named.clone()))
    }

    fn all(&self) -> impl Iterator<Item = &Origin> {
        [self.own].into_iter().chain(self.others)
    }
}

/// An address that a browser may be sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnTo {
    origin: Origin,
    path: Path,
}

impl ReturnTo {
    /// The origin that it is at.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }
}

impl fmt::Display for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path.0)
    }
}

/// An absolute address that a browser is sent to. It may carry a [`Code`], so it is not shown.
pub struct Location(Zeroizing<String>);

impl Location {
    /// Go back.
    #[must_use]
    pub fn back(to: &ReturnTo) -> Self {
        Self(Zeroizing::new(to.to_string()))
    }

    /// Sign in at `own`, then go back. `state` is of the browser that asks.
    #[must_use]
    pub fn sign_in(own: &Origin, to: &ReturnTo, state: &StateHash) -> Self {
        Self(Zeroizing::new(format!("{own}/?return_to={}&state={state}", encode(&to.to_string()))))
    }

    /// Tell the person, at `own`, that they are not signed in where they would go back to.
    #[must_use]
    pub fn failed(own: &Origin, to: &ReturnTo) -> Self {
        Self(Zeroizing::new(format!("{own}/?return_to={}&handover=failed", encode(&to.to_string()))))
    }

    /// Bring `code` to the host of `to`, then go back.
    #[must_use]
    pub fn callback(to: &ReturnTo, code: &Code) -> Self {
        let ReturnTo { origin, path } = to;
        Self(Zeroizing::new(format!("{origin}{CALLBACK}?code={}&to={}", *code.to_text(), encode(&path.0))))
    }

    /// The text, for the browser that it is meant for.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Location([redacted])")
    }
}

/// `text` as a value in a query ([RFC 3986 §2.1](https://www.rfc-editor.org/rfc/rfc3986#section-2.1)).
fn encode(text: &str) -> String {
    const DIGITS: [u8; 16] = *b"0123456789ABCDEF";
    let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            _ => encoded.extend(['%', digit(byte >> 4), digit(byte & 15)]),
        }
    }
    encoded
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(|_| D::Error::custom("expected a path that begins with one slash"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn origin(text: &str) -> Origin {
        text.parse().unwrap()
    }

    /// Where `text` leads, among our own origin and two apps.
    fn admitted(text: &str) -> Option<String> {
        let own = origin("https://auth.example.org");
        let others = [origin("https://app.example.org"), origin("http://pi.local:8080")];
        let sites = Sites { own: &own, others: &others };
        sites.admit(text.parse().ok()?).ok().map(|to| Location::back(&to).as_str().to_owned())
    }

    #[test]
    fn our_own_and_the_listed_origins_are_gone_back_to() {
        let cases = [
            ("https://auth.example.org/", "https://auth.example.org/"),
            ("https://app.example.org", "https://app.example.org/"),
            ("https://APP.example.org:443/a", "https://app.example.org/a"),
            (
                "https://app.example.org/a/b?c=d&e=https://evil.example/#f",
                "https://app.example.org/a/b?c=d&e=https://evil.example/#f",
            ),
            ("https://app.example.org/%0d%0aX:y", "https://app.example.org/%0d%0aX:y"),
            ("https://app.example.org/@evil.example", "https://app.example.org/@evil.example"),
            ("http://pi.local:8080/x", "http://pi.local:8080/x"),
        ];
        for (given, expected) in cases {
            assert_eq!(admitted(given).as_deref(), Some(expected), "{given}");
        }
    }

    #[test]
    fn no_trick_leads_elsewhere() {
        let tricks = [
            // another host
            "https://evil.example/",
            "https://app.example.org.evil.example/",
            "https://evil.example/app.example.org",
            "https://evilapp.example.org/",
            "https://x.app.example.org/",
            "https://example.org/",
            "https://app.example.org:8443/",
            "http://app.example.org/",
            "https://pi.local:8080/",
            "http://pi.local/",
            "https://app.example.org./",
            // a user name
            "https://app.example.org@evil.example/",
            "https://app.example.org:443@evil.example/",
            "https://user:pass@app.example.org/",
            "https://app.example.org%40evil.example/",
            "https://app.example.org%2f@evil.example/",
            // a host that ends early
            "https://evil.example#app.example.org/",
            "https://evil.example?app.example.org/",
            "https://evil.example#@app.example.org/",
            "https://app.example.org?x",
            "https://app.example.org#x",
            "https://app.example.org;evil.example/",
            // backslashes, and slashes that are none or too many
            "https://evil.example\\@app.example.org/",
            "https://app.example.org\\.evil.example/",
            "https:\\\\evil.example/",
            "https:/\\evil.example/",
            "https://\\evil.example/",
            "https:///evil.example/",
            "https:////evil.example",
            "https:evil.example",
            "https:/evil.example",
            "https://app.example.org//evil.example",
            "https://app.example.org/\\evil.example",
            // without a host of their own
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "\\\\evil.example",
            "/path",
            "path",
            "?x",
            "#x",
            "",
            // other schemes
            "javascript:alert(1)",
            "javascript://app.example.org/%0aalert(1)",
            "data:text/html,x",
            "ftp://app.example.org/",
            "HTTPS://app.example.org/",
            "view-source:https://app.example.org/",
            "blob:https://app.example.org/",
            // what browsers drop or take for something else
            " https://app.example.org/",
            "https://app.example.org/ ",
            "\thttps://app.example.org/",
            "java\tscript:alert(1)",
            "https://evil.example\t/",
            "https://app.example.org\n.evil.example/",
            "https://app.example.org/\r\nSet-Cookie: a=b",
            "https://app.example.org/\0",
            "https://app.example.org/\u{7f}",
            "https://app.example.org/a b",
            "https://evil.example\u{ff0f}.app.example.org/",
            "https://app.example.org\u{3002}evil.example/",
            "https://app\u{2024}example.org/",
            "https://app.example.org/\u{e9}",
            // other writings of an address
            "http://0x7f000001/",
            "http://2130706433/",
            "http://127.1/",
            "http://[::1]/",
            "https://",
            "https:///",
            "https://:443/",
            "https://*.example.org/",
            "null",
        ];
        for trick in tricks {
            assert_eq!(admitted(trick), None, "{trick:?}");
        }
        let long = format!("https://app.example.org/{}", "a".repeat(MAX_ADDRESS));
        assert_eq!(admitted(&long), None);
    }

    #[test]
    fn a_host_has_the_scheme_that_is_configured() {
        let own = origin("https://auth.example.org");
        let others =
            [origin("https://app.example.org"), origin("http://both.lan"), origin("https://both.lan")];
        let sites = Sites { own: &own, others: &others };
        let cases = [
            // named                              expected
            ("http://app.example.org", Some("https://app.example.org/p")),
            ("https://app.example.org", Some("https://app.example.org/p")),
            ("http://both.lan", Some("http://both.lan/p")),
            ("https://both.lan", Some("https://both.lan/p")),
            ("http://auth.example.org", Some("https://auth.example.org/p")),
            ("http://app.example.org:81", None),
            ("http://evil.example", None),
        ];
        for (named, expected) in cases {
            let to = sites.hosted(&origin(named), "/p".parse().unwrap());
            assert_eq!(to.map(|to| to.to_string()).ok().as_deref(), expected, "{named}");
        }
    }

    #[test]
    fn what_is_sent_along_cannot_leave_its_place() {
        let own = origin("https://auth.example.org");
        let to = ReturnTo {
            origin: origin("https://app.example.org"),
            path: "/a?b=c&state=x#d'\"<%".parse().unwrap(),
        };
        let encoded = "%2Fa%3Fb%3Dc%26state%3Dx%23d%27%22%3C%25";
        let state = super::super::handover::State::from_bytes([7; 32]).hash();
        let sign_in = Location::sign_in(&own, &to, &state);
        let back = format!("https%3A%2F%2Fapp.example.org{encoded}");
        assert_eq!(sign_in.as_str(), format!("https://auth.example.org/?return_to={back}&state={state}"));
        let failed = Location::failed(&own, &to);
        assert_eq!(failed.as_str(), format!("https://auth.example.org/?return_to={back}&handover=failed"));
        let code = Code::from_bytes([0; 32]);
        let callback = Location::callback(&to, &code);
        let zeros = "A".repeat(43);
        assert_eq!(
            callback.as_str(),
            format!("https://app.example.org/.lucid-auth/callback?code={zeros}&to={encoded}")
        );
        assert_eq!(format!("{callback:?}"), "Location([redacted])");
    }

    proptest! {
        /// Pieces that tricks are made of, in any order: whatever is admitted begins with an origin that is, and a slash.
        #[test]
        fn whatever_is_admitted_stays_on_an_admitted_origin(
            pieces in proptest::collection::vec(proptest::sample::select(vec![
                "https:", "http:", "//", "/", "\\", "@", ":", "?", "#", ".", "app.example.org", "evil.example",
                "auth.example.org", "pi.local", ":8080", "%2f", "%40", "\t", "\n", " ", "a", "\u{ff0f}", "javascript:",
            ]), 0..9),
        ) {
            if let Some(location) = admitted(&pieces.concat()) {
                let origins = ["https://auth.example.org/", "https://app.example.org/", "http://pi.local:8080/"];
                let rest = origins.iter().find_map(|origin| location.strip_prefix(origin));
                prop_assert!(rest.is_some_and(|rest| !rest.starts_with('/')), "{location}");
                prop_assert!(location.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\'), "{location:?}");
                prop_assert_eq!(admitted(&location), Some(location.clone()), "read again, it is the same");
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,60}|https?://[ -~]{0,60}") {
            let _ = text.parse::<Address>();
            let _ = text.parse::<Path>();
        }
    }
}
