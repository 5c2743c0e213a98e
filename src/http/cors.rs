//! Which pages of other origins may call ([Fetch §3.3]).
//!
//! [Fetch §3.3]: https://fetch.spec.whatwg.org/#http-cors-protocol

use hyper::{
    HeaderMap,
    header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
        ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
        ACCESS_CONTROL_REQUEST_METHOD, HeaderValue, ORIGIN, VARY,
    },
};

use crate::domain::origin::Origin;

/// Which other origins may call, and whether with cookies.
#[derive(Debug, Clone, Default)]
pub struct Cors {
    /// These origins, exactly.
    pub origins: Vec<Origin>,
    /// Any origin. The configuration refuses it together with `allow_credentials`.
    pub allow_any: bool,
    /// Whether cookies may come along.
    pub allow_credentials: bool,
}

impl Cors {
    /// The headers that tell the browser whether the page that sent `request` may read the response; and before a call
    /// (a preflight), that the path takes `methods`. An unknown origin is told nothing.
    pub(super) fn permit(&self, request: &HeaderMap, methods: Option<&HeaderValue>) -> HeaderMap {
        let mut told = HeaderMap::new();
        if self.origins.is_empty() && !self.allow_any {
            return told;
        }
        if !self.allow_any {
            // Also without an Origin: a cache must not give one origin's answer to another.
            told.insert(VARY, HeaderValue::from_static("Origin"));
        }
        let Some(caller) = request.get(ORIGIN) else { return told };
        if self.allow_any {
            told.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        } else if self.origins.iter().any(|origin| caller.as_bytes() == origin.to_string().as_bytes()) {
            told.insert(ACCESS_CONTROL_ALLOW_ORIGIN, caller.clone());
            if self.allow_credentials {
                told.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            }
        } else {
            return told;
        }
        match methods {
            Some(methods) if request.contains_key(ACCESS_CONTROL_REQUEST_METHOD) => {
                told.insert(ACCESS_CONTROL_ALLOW_METHODS, methods.clone());
                told.insert(ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED);
                told.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
            }
            _ => {
                told.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
            }
        }
        told
    }
}

const ALLOWED: HeaderValue = HeaderValue::from_static("Authorization, Content-Type, X-Request-Id");
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "X-Request-Id, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn only_the_configured_origins_are_told_that_they_may() {
        let listed = |credentials| Cors {
            origins: vec!["https://app.example.org".parse().unwrap(), "http://localhost:3000".parse().unwrap()],
            allow_any: false,
            allow_credentials: credentials,
        };
        let any = Cors { allow_any: true, ..Cors::default() };
        let cases = [
            // case                 settings         Origin                                 allowed                          credentials  Vary
            ("listed",              listed(true),    Some("https://app.example.org"),       Some("https://app.example.org"), true,        true),
            ("without credentials", listed(false),   Some("http://localhost:3000"),         Some("http://localhost:3000"),   false,       true),
            ("another port",        listed(true),    Some("http://localhost:3001"),         None,                            false,       true),
            ("another scheme",      listed(true),    Some("http://app.example.org"),        None,                            false,       true),
            ("a longer name",       listed(true),    Some("https://app.example.org.evil"),  None,                            false,       true),
            ("a subdomain",         listed(true),    Some("https://x.app.example.org"),     None,                            false,       true),
            ("null",                listed(true),    Some("null"),                          None,                            false,       true),
            ("none",                listed(true),    None,                                  None,                            false,       true),
            ("any",                 any.clone(),     Some("https://evil.example"),          Some("*"),                       false,       false),
            ("off",                 Cors::default(), Some("https://app.example.org"),       None,                            false,       false),
        ];
        for (case, cors, origin, allowed, credentials, vary) in cases {
            let mut request = HeaderMap::new();
            if let Some(origin) = origin {
                request.insert(ORIGIN, HeaderValue::from_str(origin).unwrap());
            }
            let response = cors.permit(&request, None);
            let text = |name| response.get(name).map(|value| value.to_str().unwrap());
            assert_eq!(text(ACCESS_CONTROL_ALLOW_ORIGIN), allowed, "{case}");
            assert_eq!(text(ACCESS_CONTROL_ALLOW_CREDENTIALS), credentials.then_some("true"), "{case}");
            assert_eq!(text(VARY), vary.then_some("Origin"), "{case}");
            assert_eq!(response.contains_key(ACCESS_CONTROL_EXPOSE_HEADERS), allowed.is_some(), "{case}");
        }
    }
}
