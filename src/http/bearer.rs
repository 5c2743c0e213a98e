//! The access token that comes in a request's head.

use std::fmt;

use hyper::{
    HeaderMap,
    header::{AUTHORIZATION, HeaderValue},
};

use super::{code::Code, problem::Problem};

/// The token in `Authorization: Bearer …` ([RFC 6750 §2.1]). It is the header itself, not a second copy of what is secret.
///
/// [RFC 6750 §2.1]: https://www.rfc-editor.org/rfc/rfc6750#section-2.1
#[derive(Clone)]
pub struct Bearer(HeaderValue);

impl Bearer {
    /// The one in `headers`, if there is one.
    ///
    /// # Errors
    ///
    /// [`Code::RequestMalformed`] if there is more than one `Authorization`.
    pub(super) fn of(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let first = values.next();
        if values.next().is_some() {
            return Err(Problem::new(Code::RequestMalformed).message("Authorization was sent twice."));
        }
        Ok(first.filter(|value| read(value).is_some()).cloned().map(Self))
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &str {
        read(&self.0).unwrap_or_default()
    }
}

fn read(value: &HeaderValue) -> Option<&str> {
    // The tokens of this scheme are ASCII.
    let text = Some(value.as_bytes()).filter(|bytes| bytes.is_ascii())?;
    let (scheme, token) = str::from_utf8(text).ok()?.split_once(' ')?;
    let token = token.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_read_in_any_case_and_one_token_alone_is_taken() {
        let cases: [(&[&str], Option<&str>); 10] = [
            (&[], None),
            (&["Bearer abc"], Some("abc")),
            (&["bEARER   abc  "], Some("abc")),
            (&["Bearer a b"], Some("a b")),
            (&["Bearer"], None),
            (&["Bearer  "], None),
            (&["Basic abc"], None),
            (&[" Bearer abc"], None),
            (&["Bearer\tabc"], None),
            (&["Bearer ü"], None),
        ];
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
            }
            Bearer::of(&headers)
        };
        for (values, expected) in cases {
            let bearer = of(values).unwrap();
            assert_eq!(bearer.as_ref().map(Bearer::token), expected, "{values:?}");
            assert!(!format!("{bearer:?}").contains("abc"));
        }
        assert_eq!(of(&["Bearer a", "Bearer a"]).unwrap_err().code(), Code::RequestMalformed);
    }
}
