//! The cookies of the pages and of the apps behind reverse proxies ([RFC 6265bis]): how they are named, read, set and cleared.
//!
//! | cookie | over HTTPS | over plain HTTP | sent along |
//! |---|---|---|---|
//! | session | `__Host-lucid_session` | `lucid_session` | by links from elsewhere too |
//! | refresh | `__Host-lucid_refresh` | `lucid_refresh` | by this host's own pages only |
//! | state | `__Host-lucid_state` | `lucid_state` | by links from elsewhere too |
//!
//! No script can read them. Browsers take a name with `__Host-` only over HTTPS, from the host itself, for all its
//! paths: neither a neighbour under the same domain nor whoever answers in its place over plain HTTP can toss in one of
//! their own. So over HTTPS the plain names are never looked at.
//!
//! [RFC 6265bis]: https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis

use std::time::Duration;

use hyper::{
    HeaderMap,
    header::{COOKIE, HeaderValue},
};
use zeroize::Zeroizing;

use super::problem::Problem;

/// One of the cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {
    /// A [`SessionCookie`](crate::domain::session_cookie::SessionCookie).
    Session,
    /// A [`RefreshToken`](crate::domain::refresh_token::RefreshToken).
    Refresh,
    /// A [`State`](crate::domain::handover::State), on an app's host.
    State,
}

impl Cookie {
    /// Its name, as browsers reach this service.
    #[must_use]
    pub const fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Session, true) => "__Host-lucid_session",
            (Self::Session, false) => "lucid_session",
            (Self::Refresh, true) => "__Host-lucid_refresh",
            (Self::Refresh, false) => "lucid_refresh",
            (Self::State, true) => "__Host-lucid_state",
            (Self::State, false) => "lucid_state",
        }
    }

    /// Its value in `headers`; `None` too if it is there more than once: a neighbour may have tossed in the other, and
    /// nothing says which is ours.
    #[must_use]
    pub fn find(self, headers: &HeaderMap, https: bool) -> Option<&str> {
        let mut values = self.values(headers, https);
        let first = values.next();
        first.filter(|_| values.next().is_none())
    }

    /// Whether `headers` have it, of whatever value and however often.
    #[must_use]
    pub fn is_sent(self, headers: &HeaderMap, https: bool) -> bool {
        self.values(headers, https).next().is_some()
    }

    /// Its values in all lines of `Cookie`. What is not UTF-8 is empty, and is another program's.
    fn values(self, headers: &HeaderMap, https: bool) -> impl Iterator<Item = &str> {
        let lines = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
        let pairs = lines.flat_map(|line| line.split(|byte| *byte == b';'));
        let texts = pairs.map(|pair| str::from_utf8(pair).unwrap_or_default());
        // Browsers send names exactly as they were set, so capitals make another cookie.
        let named = texts
            .filter_map(|text| text.split_once('='))
            .filter(move |(name, _)| trim(name) == self.name(https));
        named.map(|(_, value)| trim(value))
    }

    /// The `Set-Cookie` that gives it this value for so long.
    ///
    /// # Errors
    ///
    /// [`Problem`] if no header can hold the value.
    pub fn set(self, https: bool, value: &str, lasts: Duration) -> Result<HeaderValue, Problem> {
        let same_site = match self {
            Self::Session | Self::State => "Lax",
            Self::Refresh => "Strict",
        };
        let secure = if https { "; Secure" } else { "" };
        let name = self.name(https);
        let lasts = lasts.as_secs();
        let line = Zeroizing::new(format!(
            "{name}={value}; Path=/; Max-Age={lasts}; HttpOnly; SameSite={same_site}{secure}"
        ));
        let mut header = HeaderValue::from_str(&line).map_err(Problem::internal)?;
        // So that no debug output shows it.
        header.set_sensitive(true);
        Ok(header)
    }

    /// The `Set-Cookie` that removes it.
    ///
    /// # Errors
    ///
    /// As [`Self::set`].
    pub fn clear(self, https: bool) -> Result<HeaderValue, Problem> {
        self.set(https, "", Duration::ZERO)
    }
}

/// Without the spaces and tabs around it ([RFC 6265bis §5.6](https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-5.6)).
fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A case: the lines of `Cookie`, whether over HTTPS, the value that is found, and whether one is sent.
    type Case = (&'static str, &'static [&'static str], bool, Option<&'static str>, bool);

    fn headers(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (COOKIE, HeaderValue::from_bytes(line.as_bytes()).unwrap())).collect()
    }

    #[test]
    #[rustfmt::skip]
    fn a_cookie_is_read_by_its_one_name_and_only_if_it_is_there_once() {
        let cases: [Case; 18] = [
            // case                       lines                                                  https  expected    is sent
            ("alone",                     &["lucid_session=abc"],                                false, Some("abc"), true),
            ("among others",              &["a=1; lucid_session=abc; lucid_refresh=x"],          false, Some("abc"), true),
            ("without spaces",            &["a=1;lucid_session=abc;b"],                          false, Some("abc"), true),
            ("with more spaces",          &["a=1; \t lucid_session = abc \t; b=2"],              false, Some("abc"), true),
            ("with an equals sign",       &["lucid_session=a=b="],                               false, Some("a=b="), true),
            ("empty",                     &["lucid_session="],                                   false, Some(""),    true),
            ("in quotes, which stay",     &["lucid_session=\"abc\""],                            false, Some("\"abc\""), true),
            ("over two lines",            &["a=1", "lucid_session=abc"],                         false, Some("abc"), true),
            ("over HTTPS",                &["__Host-lucid_session=abc"],                         true,  Some("abc"), true),
            ("tossed over HTTPS",         &["lucid_session=evil"],                               true,  None,        false),
            ("tossed beside ours",        &["lucid_session=evil; __Host-lucid_session=abc"],     true,  Some("abc"), true),
            ("of HTTPS over HTTP",        &["__Host-lucid_session=abc"],                         false, None,        false),
            ("twice",                     &["lucid_session=abc; lucid_session=abc"],             false, None,        true),
            ("twice, over two lines",     &["lucid_session=abc", "lucid_session=other"],         false, None,        true),
            ("in capitals",               &["LUCID_SESSION=abc"],                                false, None,        false),
            ("without a value",           &["lucid_session"],                                    false, None,        false),
            ("beside what is not ASCII",  &["a=\u{e9}; lucid_session=abc"],                       false, Some("abc"), true),
            ("in the value of another",   &["a=lucid_session=abc"],                              false, None,        false),
        ];
        for (case, lines, https, expected, sent) in cases {
            let headers = headers(lines);
            assert_eq!(Cookie::Session.find(&headers, https), expected, "{case}");
            assert_eq!(Cookie::Session.is_sent(&headers, https), sent, "{case}");
        }
        let latin = HeaderMap::from_iter([(COOKIE, HeaderValue::from_bytes(b"a=\xe9; lucid_session=abc").unwrap())]);
        assert_eq!(Cookie::Session.find(&latin, false), Some("abc"));
        assert_eq!(Cookie::Session.find(&HeaderMap::new(), false), None);
    }

    #[test]
    fn a_cookie_is_set_with_all_that_keeps_it_in() {
        let week = Duration::from_secs(604_800);
        let text = |header: Result<HeaderValue, Problem>| header.unwrap().to_str().unwrap().to_owned();
        let cases = [
            (
                Cookie::Session.set(true, "x", week),
                "__Host-lucid_session=x; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure",
            ),
            (
                Cookie::Refresh.set(true, "x", week),
                "__Host-lucid_refresh=x; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict; Secure",
            ),
            (
                Cookie::Session.set(false, "x", week),
                "lucid_session=x; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax",
            ),
            (Cookie::Refresh.clear(false), "lucid_refresh=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"),
        ];
        for (header, expected) in cases {
            assert_eq!(text(header), expected);
        }
        assert_eq!(format!("{:?}", Cookie::Session.set(true, "x", week).unwrap()), "Sensitive");
        assert!(Cookie::Session.set(true, "a\r\nb", week).is_err());
    }

    proptest! {
        #[test]
        fn no_line_panics(line in "[a-z_=; \t\"]{0,60}|(lucid_session=?;? ?){0,4}") {
            let headers = headers(&[&line]);
            let found = Cookie::Session.find(&headers, false);
            prop_assert!(found.is_none() || Cookie::Session.is_sent(&headers, false));
        }
    }
}
