//! The access token that comes in a request's head.

use std::{fmt, ops::Range};

use hyper::{
    HeaderMap,
    header::{AUTHORIZATION, HeaderValue},
};

use super::{code::Code, problem::Problem};

/// The token in `Authorization: Bearer …` ([RFC 6750 §2.1]). It is the header itself, not a second copy of what is secret.
///
/// [RFC 6750 §2.1]: https://www.rfc-editor.org/rfc/rfc6750#section-2.1
#[derive(Clone)]
pub struct Bearer {
    header: HeaderValue,
    /// Where in it the token is.
    place: Range<usize>,
}

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
        Ok(first.and_then(|header| Some(Self { place: place(header)?, header: header.clone() })))
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &str {
        let token = self.header.as_bytes().get(self.place.clone());
        // It is ASCII, as it was taken.
        token.and_then(|token| str::from_utf8(token).ok()).unwrap_or_default()
    }
}

/// Where the token is in the value of an `Authorization`, if there is one: ASCII, as those of this scheme are.
fn place(header: &HeaderValue) -> Option<Range<usize>> {
    /// The scheme in any case, and what parts it from the token.
    const SCHEME: &[u8] = b"bearer ";
    let (scheme, rest) = header.as_bytes().split_at_checked(SCHEME.len())?;
    let begin = SCHEME.len() + rest.iter().position(|byte| *byte != b' ')?;
    let end = SCHEME.len() + rest.iter().rposition(|byte| *byte != b' ')? + 1;
    (scheme.eq_ignore_ascii_case(SCHEME) && rest.is_ascii()).then_some(begin..end)
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
