//! Which encoding of a file a client takes ([RFC 9110 §12.5.3]).
//!
//! [RFC 9110 §12.5.3]: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3

use hyper::{HeaderMap, header::ACCEPT_ENCODING};

/// How a file's bytes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Brotli,
    Gzip,
    Identity,
}

impl Encoding {
    /// The smallest first.
    const ALL: [Self; 3] = [Self::Brotli, Self::Gzip, Self::Identity];

    /// The name in `Content-Encoding`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }

    /// What the build adds to the name of a file that is encoded so.
    pub(super) const fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
            Self::Identity => "",
        }
    }

    /// The encodings that the client takes, the one that it likes most first and then the smallest. As it is comes
    /// last, even if the client refuses that: better than no answer.
    pub(super) fn preferred(headers: &HeaderMap) -> Vec<Self> {
        let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        let named: Vec<_> = values.flat_map(|text| text.split(',')).filter_map(weighted).collect();
        let weight = |encoding: Self| {
            let of = |name: &str| named.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            of(encoding.name()).or_else(|| of("*")).map_or(0, |(_, weight)| *weight)
        };
        let mut taken: Vec<_> = Self::ALL
            .into_iter()
            .filter(|encoding| *encoding != Self::Identity && weight(*encoding) > 0)
            .collect();
        let plain = named.iter().find(|(name, _)| name.eq_ignore_ascii_case("identity"));
        if let Some((_, plain)) = plain {
            taken.retain(|encoding| weight(*encoding) >= *plain);
        }
        taken.sort_by_key(|encoding| std::cmp::Reverse(weight(*encoding)));
        taken.push(Self::Identity);
        taken
    }
}

/// A name and its weight in thousandths, 1000 unless it says otherwise.
fn weighted(part: &str) -> Option<(&str, u16)> {
    let (name, parameter) = part.split_once(';').unwrap_or((part, ""));
    let weight = match parameter.trim().strip_prefix("q=") {
        None => 1000,
        Some(text) => thousandths(text)?,
    };
    Some((name.trim(), weight))
}

/// A weight: `0` to `1` with up to three digits after the point.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    if rest.len() > 3 || !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part: u16 = format!("{rest:0<3}").parse().ok()?;
    match (whole, part) {
        ("0", part) => Some(part),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use Encoding::{Brotli, Gzip, Identity};
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    #[rustfmt::skip]
    fn the_smallest_that_the_client_likes_most_comes_first() {
        let cases: &[(&str, &[Encoding])] = &[
            ("",                              &[Identity]),
            ("gzip, deflate, br, zstd",       &[Brotli, Gzip, Identity]),
            ("gzip, deflate",                 &[Gzip, Identity]),
            ("GZIP",                          &[Gzip, Identity]),
            ("br;q=0.5, gzip;q=0.8",          &[Gzip, Brotli, Identity]),
            ("br;q=0, gzip",                  &[Gzip, Identity]),
            ("*",                             &[Brotli, Gzip, Identity]),
            ("*;q=0.1, br;q=0",               &[Gzip, Identity]),
            ("br;q=0.2, identity;q=0.5",      &[Identity]),
            ("identity;q=0",                  &[Identity]),
            ("br;q=2, gzip;q=x, x",           &[Identity]),
            ("br; q=0.999, gzip ; q=1.000",   &[Gzip, Brotli, Identity]),
        ];
        for (given, expected) in cases {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(given))]);
            assert_eq!(Encoding::preferred(&headers), *expected, "{given}");
        }
    }
}
