//! Where browsers see this service.

use std::{fmt, net::IpAddr, str::FromStr};

/// The origin of a page: scheme, host, and port unless it is the scheme's own ([RFC 6454 §4]).
///
/// It holds no user name, path, query or fragment, and its host is in lower case.
///
/// [RFC 6454 §4]: https://www.rfc-editor.org/rfc/rfc6454#section-4
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    https: bool,
    authority: String,
}

/// The longest host with its port that fits the message to sign, in bytes.
pub const MAX_AUTHORITY: usize = 66;

/// The text is not an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// It is not a scheme and a host.
    #[error(
        "expected an origin such as https://auth.example.org or http://pi.local:8089, with nothing after it"
    )]
    Form,
    /// The host is too long to be shown by every wallet.
    #[error(
        "expected a host of at most {MAX_AUTHORITY} bytes with its port: a longer one does not fit the message that a Ledger can sign"
    )]
    TooLong,
}

impl Origin {
    /// The origin that a request names by its `Host` header.
    ///
    /// # Errors
    ///
    /// [`OriginError`] if `authority` is not `host` or `host:port`.
    pub fn from_authority(https: bool, authority: &str) -> Result<Self, OriginError> {
        let (host, port) = host_and_port(authority).ok_or(OriginError::Form)?;
        let own = if https { 443 } else { 80 };
        // Without its port, if that is the scheme's own.
        let length = if port.is_none_or(|port| port == own) { host.len() } else { authority.len() };
        let authority = authority.get(..length).unwrap_or(authority).to_ascii_lowercase();
        if authority.len() > MAX_AUTHORITY {
            Err(OriginError::TooLong)
        } else {
            Ok(Self { https, authority })
        }
    }

    /// Whether a request may name this as its `Host`: `host` or `host:port`, however long. Every request is asked this.
    #[must_use]
    pub fn is_authority(text: &str) -> bool {
        host_and_port(text).is_some()
    }

    /// Whether browsers reach it over TLS.
    #[must_use]
    pub const fn is_https(&self) -> bool {
        self.https
    }

    /// Host, and port unless it is the scheme's own: what the message to sign begins with.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The host alone; an IPv6 address in its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        match self.authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => host,
            _ => &self.authority,
        }
    }

    /// Whether only a home network or this machine has this host: an address of such a network, `localhost`, a name
    /// without a dot, or a name under a domain that is kept for private use.
    ///
    /// A page elsewhere cannot have such a host, so a request that carries one was not steered here by another
    /// site's DNS, and a text to sign that names one was not asked for by a page on the Internet.
    #[must_use]
    pub fn is_private(&self) -> bool {
        const DOMAINS: [&str; 7] =
            ["local", "localhost", "lan", "home", "internal", "home.arpa", "localdomain"];
        let host = self.host();
        let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        if let Ok(address) = inner.parse::<IpAddr>() {
            return is_of_a_private_network(address.to_canonical());
        }
        !host.contains('.')
            || DOMAINS.iter().any(|domain| host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')))
    }
}

/// Whether no host on the Internet has this address: this machine's own, and those of RFC 1918, 3927, 4193, 4291 §2.5.6 and
/// 6598, as VPNs give the last.
fn is_of_a_private_network(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let shared = address.octets()[0] == 100 && address.octets()[1] & 0xc0 == 64;
            address.is_private() || address.is_loopback() || address.is_link_local() || shared
        }
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

/// The parts of `host` or `host:port`.
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let number = |text: &str| {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
        text.parse().ok().filter(|_| plain)
    };
    let port = port.map(|text| number(text).ok_or(())).transpose().ok()?;
    is_host(host).then_some((host, port))
}

/// Whether `text` is a DNS name, an IPv4 address, or an IPv6 address in brackets, as it stands in a URL.
fn is_host(text: &str) -> bool {
    if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return inner.parse::<std::net::Ipv6Addr>().is_ok();
    }
    // A name whose last part is a number is an address to browsers, which read 0x7f as one too.
    let is_number = |last: &str| match last.strip_prefix("0x").or_else(|| last.strip_prefix("0X")) {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => last.bytes().all(|byte| byte.is_ascii_digit()),
    };
    // Each label has 1 to 63 letters, digits, hyphens and underscores, and a hyphen at neither end. One pass: each request
    // names a host.
    let (mut label, mut before, mut last) = (0, b'.', 0);
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'.' if label == 0 || before == b'-' => return false,
            b'.' => (label, last) = (0, place + 1),
            b'-' if label == 0 => return false,
            b'-' | b'_' => label += 1,
            _ if byte.is_ascii_alphanumeric() => label += 1,
            _ => return false,
        }
        if label > 63 {
            return false;
        }
        before = byte;
    }
    if label == 0 || before == b'-' {
        return false;
    }
    // A number begins with a digit.
    let last = text.get(last..).filter(|last| last.starts_with(|first: char| first.is_ascii_digit()));
    !last.is_some_and(is_number) || text.parse::<std::net::Ipv4Addr>().is_ok()
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.https { "https" } else { "http" }, self.authority)
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scheme, authority) = text.split_once("://").ok_or(OriginError::Form)?;
        let https = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(OriginError::Form),
        };
        Self::from_authority(https, authority.strip_suffix('/').unwrap_or(authority))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    #[rustfmt::skip]
    fn one_origin_has_one_text() {
        let cases = [
            // given                          expected
            ("http://localhost:8089",         Ok("http://localhost:8089")),
            ("HTTPS://Auth.Example.ORG:443/", Ok("https://auth.example.org")),
            ("http://[::1]:8089",             Ok("http://[::1]:8089")),
            ("http://[::1]",                  Ok("http://[::1]")),
            ("http://192.168.1.5:80",         Ok("http://192.168.1.5")),
            ("https://a:b@example.org",       Err(OriginError::Form)),
            ("https://example.org/path",      Err(OriginError::Form)),
            ("https://example.org?x",         Err(OriginError::Form)),
            ("https://exam ple.org",          Err(OriginError::Form)),
            ("https://example..org",          Err(OriginError::Form)),
            ("https://1.2.3.400",             Err(OriginError::Form)),
            ("https://0x7f000001",            Err(OriginError::Form)),
            ("https://example.0X1",           Err(OriginError::Form)),
            ("https://example.0x",            Err(OriginError::Form)),
            ("https://example.0xyz",          Ok("https://example.0xyz")),
            ("https://example.org:0",         Err(OriginError::Form)),
            ("https://example.org:080",       Err(OriginError::Form)),
            ("https://example.org:70000",     Err(OriginError::Form)),
            ("ftp://example.org",             Err(OriginError::Form)),
            ("example.org",                   Err(OriginError::Form)),
            ("https://",                      Err(OriginError::Form)),
        ];
        for (given, expected) in cases {
            let origin = given.parse::<Origin>().map(|origin| origin.to_string());
            assert_eq!(origin.as_deref().map_err(|error| *error), expected, "{given}");
        }
        let long = format!("https://{}.example.org", "a".repeat(60));
        assert_eq!(long.parse::<Origin>(), Err(OriginError::TooLong));
    }

    #[test]
    fn private_hosts_are_told_from_public_ones() {
        for private in [
            "localhost:8089",
            "pi",
            "pi.local",
            "a.home.arpa",
            "10.0.0.7:8089",
            "172.31.0.1",
            "192.168.1.5",
            "127.0.0.1:8089",
            "169.254.0.1",
            "100.64.0.1",
            "100.127.0.1",
            "[::1]",
            "[fe80::1]:8089",
            "[fd00::1]",
            "[::ffff:10.0.0.7]",
        ] {
            assert!(Origin::from_authority(false, private).unwrap().is_private(), "{private}");
        }
        for public in [
            "example.org",
            "pi.local.example.org",
            "notlocal.com",
            "xlocal.org",
            "mylan.net:8089",
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "[2001:db8::1]:8089",
            "[::ffff:8.8.8.8]",
        ] {
            assert!(!Origin::from_authority(false, public).unwrap().is_private(), "{public}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_a_host_if_each_of_its_labels_is_sound(text in "[a0Zx_.-]{0,9}|(a{62,64}|b)(\\.c{62,64})?") {
            let sound = |label: &str| {
                (1..=63).contains(&label.len())
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.chars().all(|one| one.is_ascii_alphanumeric() || one == '-' || one == '_')
            };
            let last = text.rsplit('.').next().unwrap().to_ascii_lowercase();
            let digits = |text: &str| text.chars().all(|one| one.is_ascii_digit());
            let hex = |text: &str| text.chars().all(|one| one.is_ascii_hexdigit());
            let is_number = digits(&last) || last.strip_prefix("0x").is_some_and(hex);
            let expected =
                text.split('.').all(sound) && (!is_number || text.parse::<std::net::Ipv4Addr>().is_ok());
            prop_assert_eq!(is_host(&text), expected);
        }
    }
}
