//! The request that a reverse proxy asks about, as it tells of it.
//!
//! | proxy | the address | the method |
//! |---|---|---|
//! | nginx, by the configuration in `packaging/` | `X-Original-URL` | `X-Original-Method` |
//! | Caddy, Traefik | `X-Forwarded-Proto`, `X-Forwarded-Host`, `X-Forwarded-Uri` | `X-Forwarded-Method` |
//!
//! A browser may send any of these itself, and a proxy may let through those that it does not set. That gains nobody
//! anything: the address decides at which host a cookie counts and where the browser goes back to, and only configured
//! origins are looked at. One thing must not be: that an app which was shown the cookie of its own host brings it to
//! another's under a false address. So when the two ways name different hosts, neither counts.

use hyper::{
    HeaderMap, Method,
    header::{HeaderName, HeaderValue},
};

use super::request::Head;
use crate::domain::{origin::Origin, redirect::Path};

const X_ORIGINAL_URL: HeaderName = HeaderName::from_static("x-original-url");
const X_ORIGINAL_METHOD: HeaderName = HeaderName::from_static("x-original-method");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_URI: HeaderName = HeaderName::from_static("x-forwarded-uri");
const X_FORWARDED_METHOD: HeaderName = HeaderName::from_static("x-forwarded-method");

/// What a proxy tells of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Original {
    /// Where the browser asked, and for what: the root if that is no path to go back to. Nothing if the proxy does not
    /// say, or not clearly.
    pub(super) address: Option<(Origin, Path)>,
    /// Whether a person looks at the answer: a browser that opens a page.
    pub(super) opens_page: bool,
    /// Whether the proxy takes no answer but 2xx, 401 and 403, as nginx.
    pub(super) takes_no_redirect: bool,
}

impl Original {
    /// The request that `head` asks about.
    pub(super) fn of(head: &Head) -> Self {
        let headers = &head.headers;
        let method = [X_FORWARDED_METHOD, X_ORIGINAL_METHOD].iter().find_map(|name| headers.get(name));
        let method = method.map_or(head.method.as_str().as_bytes(), HeaderValue::as_bytes);
        let reads = [Method::GET, Method::HEAD].iter().any(|known| known.as_str().as_bytes() == method);
        Self {
            address: address(headers, head.client.https),
            opens_page: reads && head.accepts("text/html"),
            takes_no_redirect: headers.contains_key(X_ORIGINAL_URL),
        }
    }
}

/// The address that `headers` name; without a scheme of its own, it has TLS if `https`.
fn address(headers: &HeaderMap, https: bool) -> Option<(Origin, Path)> {
    let forwarded = if headers.contains_key(X_FORWARDED_HOST) {
        let https = if headers.contains_key(X_FORWARDED_PROTO) {
            is_https(only(headers, &X_FORWARDED_PROTO)?)
        } else {
            https
        };
        let path = only(headers, &X_FORWARDED_URI).and_then(|text| text.parse().ok());
        Some((
            Origin::from_authority(https, only(headers, &X_FORWARDED_HOST)?).ok()?,
            path.unwrap_or_default(),
        ))
    } else {
        None
    };
    if !headers.contains_key(X_ORIGINAL_URL) {
        return forwarded;
    }
    let (scheme, rest) = only(headers, &X_ORIGINAL_URL)?.split_once("://")?;
    let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let origin = Origin::from_authority(is_https(scheme), authority).ok()?;
    let agree = forwarded.is_none_or(|(other, _)| other.authority() == origin.authority());
    agree.then(|| (origin, path.parse().unwrap_or_default()))
}

fn is_https(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("https")
}

/// The text of a header that is there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    first.to_str().ok().filter(|_| values.next().is_none())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const URL: &str = "x-original-url";
    const PROTO: &str = "x-forwarded-proto";
    const HOST: &str = "x-forwarded-host";
    const URI: &str = "x-forwarded-uri";

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    #[test]
    #[rustfmt::skip]
    fn an_address_is_read_as_each_proxy_tells_it_and_not_when_it_is_unclear() {
        type Case<'a> = (&'a str, &'a [(&'static str, &'a str)], Option<(&'a str, &'a str)>);
        let cases: &[Case] = &[
            // case                        headers                                                                        expected
            ("nobody says",                &[],                                                                           None),
            ("nginx",                      &[(URL, "https://a.org/x?y=z")],                                               Some(("https://a.org", "/x?y=z"))),
            ("nginx, without a path",      &[(URL, "http://a.org")],                                                      Some(("http://a.org", "/"))),
            ("Caddy",                      &[(PROTO, "https"), (HOST, "A.org"), (URI, "/x")],                             Some(("https://a.org", "/x"))),
            ("Traefik, with a port",       &[(PROTO, "http"), (HOST, "a.org:81"), (URI, "/")],                            Some(("http://a.org:81", "/"))),
            ("without a scheme",           &[(HOST, "a.org"), (URI, "/")],                                                Some(("http://a.org", "/"))),
            ("without a path",             &[(PROTO, "https"), (HOST, "a.org")],                                          Some(("https://a.org", "/"))),
            ("both, agreeing",             &[(URL, "https://a.org/x"), (PROTO, "http"), (HOST, "a.org"), (URI, "/y")],    Some(("https://a.org", "/x"))),
            ("both, another host",         &[(URL, "https://a.org/x"), (PROTO, "https"), (HOST, "b.org"), (URI, "/x")],   None),
            ("both, another port",         &[(URL, "https://a.org/x"), (PROTO, "https"), (HOST, "a.org:81")],             None),
            ("both, one malformed",        &[(URL, "https://a.org/x"), (HOST, "b org")],                                  None),
            ("twice",                      &[(URL, "https://a.org/x"), (URL, "https://a.org/x")],                         None),
            ("a host twice",               &[(PROTO, "https"), (HOST, "a.org"), (HOST, "a.org")],                         None),
            ("a list of hosts",            &[(PROTO, "https"), (HOST, "a.org, b.org")],                                   None),
            ("a scheme twice",             &[(PROTO, "https"), (PROTO, "https"), (HOST, "a.org")],                        None),
            ("no URL",                     &[(URL, "/x")],                                                                None),
            ("a user name",                &[(URL, "https://a.org@b.org/")],                                              None),
            ("a path that is no path",     &[(URL, "https://a.org//b.org")],                                              Some(("https://a.org", "/"))),
            ("a path with a backslash",    &[(PROTO, "https"), (HOST, "a.org"), (URI, "/\\b.org")],                       Some(("https://a.org", "/"))),
        ];
        for (case, lines, expected) in cases {
            let expected = expected.map(|(origin, path)| (origin.parse().unwrap(), path.parse().unwrap()));
            assert_eq!(address(&headers(lines), false), expected, "{case}");
        }
    }

    proptest! {
        #[test]
        fn no_header_panics(url in "(https?://)?[ -~]{0,40}", host in "[ -~]{0,20}", uri in "[ -~]{0,20}") {
            let _ = address(&headers(&[(URL, &url), (HOST, &host), (URI, &uri)]), true);
        }
    }
}
