//! Whether a request that a cookie proves was made by a page of this service itself.
//!
//! Browsers send cookies along whoever asks, so a cookie proves who the browser's user is, not that they want what is
//! asked. `SameSite` keeps other sites out; these checks also keep out neighbours under the same domain, whom browsers
//! count as the same site, and origins that [`cors`](super::cors) lets call with a token.

use hyper::{
    HeaderMap,
    header::{HeaderName, ORIGIN},
};

use super::{code::Code, problem::Problem};
use crate::domain::origin::Origin;

/// What the browser says of the page that asks ([Fetch Metadata]); it says so only over HTTPS and to `localhost`.
///
/// [Fetch Metadata]: https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Check that a page of `own` made this request: every word of the browser on where it comes from says so, and there is
/// one.
///
/// # Errors
///
/// [`Code::NotSameOrigin`].
pub fn require(headers: &HeaderMap, own: &Origin) -> Result<(), Problem> {
    let all = |name: HeaderName, expected: &str| {
        headers.get_all(name).iter().all(|value| value.as_bytes() == expected.as_bytes())
    };
    let told = headers.contains_key(SEC_FETCH_SITE) || headers.contains_key(ORIGIN);
    if told && all(SEC_FETCH_SITE, "same-origin") && all(ORIGIN, &own.to_string()) {
        return Ok(());
    }
    Err(Problem::new(Code::NotSameOrigin)
        .message(format!(
            "With cookies, only pages of {own} may ask this. If browsers reach this service under another address, \
             its operator sets PUBLIC_URL, or TRUSTED_PROXIES if a proxy stands before it."
        ))
        .detail("origin", own.to_string()))
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    #[rustfmt::skip]
    fn only_a_page_of_our_own_is_let_in() {
        let cases: [(&str, &[&str], &[&str], bool); 17] = [
            // case                                   Sec-Fetch-Site                     Origin                                   expected
            ("our page",                              &["same-origin"],                  &["https://auth.example.org"],           true),
            ("our page, over plain HTTP",             &[],                               &["https://auth.example.org"],           true),
            ("our page, without an Origin",           &["same-origin"],                  &[],                                     true),
            ("no browser",                            &[],                               &[],                                     false),
            ("a page of another site",                &["cross-site"],                   &["https://evil.example"],               false),
            ("a neighbour under the same domain",     &["same-site"],                    &["https://app.example.org"],            false),
            ("an older browser on another site",      &[],                               &["https://evil.example"],               false),
            ("our host without TLS",                  &[],                               &["http://auth.example.org"],            false),
            ("our host at another port",              &[],                               &["https://auth.example.org:8443"],      false),
            ("a longer name",                         &[],                               &["https://auth.example.org.evil"],      false),
            ("a page without an origin",              &[],                               &["null"],                               false),
            ("the person, by hand",                   &["none"],                         &[],                                     false),
            ("Origin against Sec-Fetch-Site",         &["same-origin"],                  &["https://evil.example"],               false),
            ("Sec-Fetch-Site against Origin",         &["cross-site"],                   &["https://auth.example.org"],           false),
            ("two that differ",                       &["same-origin", "cross-site"],    &[],                                     false),
            ("two origins",                           &[],                               &["https://auth.example.org", "null"],   false),
            ("in capitals",                           &["Same-Origin"],                  &[],                                     false),
        ];
        let own = "https://auth.example.org".parse().unwrap();
        for (case, sites, origins, expected) in cases {
            let mut headers = HeaderMap::new();
            for (name, values) in [(SEC_FETCH_SITE, sites), (ORIGIN, origins)] {
                for value in values {
                    headers.append(&name, HeaderValue::from_static(value));
                }
            }
            let outcome = require(&headers, &own).map_err(|problem| problem.code());
            assert_eq!(outcome, if expected { Ok(()) } else { Err(Code::NotSameOrigin) }, "{case}");
        }
    }
}
