//! Who a request comes from, when proxies stand between.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use hyper::{
    HeaderMap,
    header::{FORWARDED, HeaderName},
};
use ipnet::IpNet;

use super::forwarded;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// What proxies tell of a client in.
static FORWARDING: [HeaderName; 3] = [X_FORWARDED_FOR, X_FORWARDED_PROTO, FORWARDED];

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// The address nearest to the person that is vouched for.
    pub address: IpAddr,
    /// Whether the browser's connection is TLS: the one to us, or as a trusted proxy says.
    pub https: bool,
}

/// The networks of the proxies whose word about a client is taken. Clones share what was seen.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    ignored: Arc<Mutex<Option<IpAddr>>>,
}

impl TrustedProxies {
    /// The proxies in these networks.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self { networks, ignored: Arc::default() }
    }

    /// Whether `address` is one of them.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// Who sent `headers` over a connection from `peer`: going back from `peer`, the first that is no trusted proxy.
    /// If none says whether the browser's connection is TLS, it is taken to be as the one from `peer`.
    ///
    /// Each proxy appends whom it heard from, to `X-Forwarded-For` or to `Forwarded` ([RFC 7239]). What lies left of
    /// the first untrusted address is that client's own claim, and counts for nothing; so does all left of an entry
    /// that is no address. If both headers are there and disagree, one of them came through from the client, so
    /// neither counts.
    ///
    /// [RFC 7239]: https://www.rfc-editor.org/rfc/rfc7239
    #[must_use]
    pub fn client(&self, direct: Client, headers: &HeaderMap) -> Client {
        let peer = direct.address.to_canonical();
        let direct = Client { address: peer, ..direct };
        // One look at each header, as most requests to a service without a proxy have none of these.
        if !headers.keys().any(|name| FORWARDING.contains(name)) {
            return direct;
        }
        if !self.contains(peer) {
            if headers.contains_key(X_FORWARDED_FOR) || headers.contains_key(FORWARDED) {
                self.ignore(peer);
            }
            return direct;
        }
        let listed = self.walk(peer, list(headers, &X_FORWARDED_FOR).map(|text| (address(text), None)));
        let elements =
            lines(headers, &FORWARDED).flat_map(forwarded::elements).collect::<Vec<_>>().into_iter();
        let standard =
            self.walk(peer, elements.map(|hop| (hop.client.as_deref().and_then(address), hop.https)));
        let (address, https) = match (headers.contains_key(X_FORWARDED_FOR), headers.contains_key(FORWARDED))
        {
            (true, true) if listed.0 != standard.0 => return direct,
            (_, true) => standard,
            _ => listed,
        };
        // The nearest proxy's own word is the last one.
        let last = list(headers, &X_FORWARDED_PROTO).last();
        let https =
            https.unwrap_or_else(|| last.map_or(direct.https, |proto| proto.eq_ignore_ascii_case("https")));
        Client { address, https }
    }

    /// The last peer outside of these networks that named another as the client: a proxy that is not trusted yet, or
    /// somebody who pretends to be another.
    #[must_use]
    pub fn ignored(&self) -> Option<IpAddr> {
        *self.ignored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ignore(&self, peer: IpAddr) {
        let before = self.ignored.lock().unwrap_or_else(PoisonError::into_inner).replace(peer);
        // Once, so that nobody fills the log with it.
        if before.is_none() {
            tracing::warn!(%peer, "X-Forwarded-For or Forwarded from an address that is not in TRUSTED_PROXIES is ignored");
        }
    }

    /// Go back over `hops`, the nearest last, while they are trusted; also what the last one said of TLS.
    fn walk(
        &self,
        peer: IpAddr,
        hops: impl DoubleEndedIterator<Item = (Option<IpAddr>, Option<bool>)>,
    ) -> (IpAddr, Option<bool>) {
        let mut reached = (peer, None);
        for (address, https) in hops.rev() {
            match address {
                Some(address) if self.contains(reached.0) => reached = (address, https),
                _ => break,
            }
        }
        reached
    }
}

/// The entries of a header that is a plain list, over all its lines.
fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl DoubleEndedIterator<Item = &'a str> {
    lines(headers, name).flat_map(|line| line.split(',')).map(str::trim)
}

/// The lines of a header. One that is not ASCII is an empty one.
fn lines<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl DoubleEndedIterator<Item = &'a str> {
    headers.get_all(name).iter().map(|line| line.to_str().unwrap_or_default())
}

/// An address as proxies write it: alone, in brackets, or with a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip())).ok()?;
    Some(IpAddr::to_canonical(&address))
}

/// `address` as text. One of IPv4 is put together here: each request's log line has one, and to format it costs three times
/// as much.
pub(super) fn text(address: IpAddr) -> String {
    let IpAddr::V4(address) = address else { return address.to_string() };
    let mut text = String::with_capacity(15);
    for (place, part) in address.octets().into_iter().enumerate() {
        if place > 0 {
            text.push('.');
        }
        text.push_str(itoa::Buffer::new().format(part));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use hyper::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = lines.iter().map(|(name, value)| {
            (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        });
        let mut headers = HeaderMap::new();
        pairs.for_each(|(name, value)| {
            headers.append(name, value);
        });
        headers
    }

    fn proxies() -> TrustedProxies {
        TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()])
    }

    /// A connection from `peer` without TLS.
    fn plain(peer: &str) -> Client {
        Client { address: peer.parse().unwrap(), https: false }
    }

    const XFF: &str = "x-forwarded-for";
    const XFP: &str = "x-forwarded-proto";
    const FWD: &str = "forwarded";

    #[test]
    #[rustfmt::skip]
    fn the_rightmost_untrusted_address_is_the_client() {
        type Case<'a> = (&'a str, &'a str, &'a [(&'static str, &'a str)], &'a str, bool);
        let cases: &[Case] = &[
            // case                           peer           headers                                                client          https
            ("nobody else spoke",             "10.0.0.1",    &[],                                                   "10.0.0.1",      false),
            ("an untrusted peer's word",      "192.0.2.1",   &[(XFF, "203.0.113.9"), (XFP, "https")],               "192.0.2.1",     false),
            ("and in the other header",       "192.0.2.1",   &[(FWD, "for=203.0.113.9;proto=https")],               "192.0.2.1",     false),
            ("one proxy",                     "10.0.0.1",    &[(XFF, "203.0.113.9"), (XFP, "https")],               "203.0.113.9",   true),
            ("a claim of the client's own",   "10.0.0.1",    &[(XFF, "198.51.100.7, 203.0.113.9")],                 "203.0.113.9",   false),
            ("two proxies",                   "10.0.0.1",    &[(XFF, "203.0.113.9, 10.0.0.2")],                     "203.0.113.9",   false),
            ("two lines",                     "10.0.0.1",    &[(XFF, "203.0.113.9"), (XFF, "10.0.0.2")],            "203.0.113.9",   false),
            ("a claim to be a proxy",         "10.0.0.1",    &[(XFF, "198.51.100.7, 10.0.0.9, 203.0.113.9")],       "203.0.113.9",   false),
            ("only proxies",                  "10.0.0.1",    &[(XFF, "10.0.0.3, 10.0.0.2")],                        "10.0.0.3",      false),
            ("with a port",                   "10.0.0.1",    &[(XFF, "203.0.113.9:4711")],                          "203.0.113.9",   false),
            ("IPv6",                          "10.0.0.1",    &[(XFF, "2001:db8::7")],                               "2001:db8::7",   false),
            ("IPv6 in brackets with a port",  "fd00::1",     &[(XFF, "[2001:db8::7]:4711")],                        "2001:db8::7",   false),
            ("IPv4 in IPv6",                  "::ffff:10.0.0.1", &[(XFF, "::ffff:203.0.113.9")],                    "203.0.113.9",   false),
            ("stops at what is no address",   "10.0.0.1",    &[(XFF, "203.0.113.9, x, 10.0.0.2")],                  "10.0.0.2",      false),
            ("stops at an empty entry",       "10.0.0.1",    &[(XFF, "203.0.113.9, ")],                             "10.0.0.1",      false),
            ("the standard's header",         "10.0.0.1",    &[(FWD, "for=203.0.113.9;proto=https;by=10.0.0.1")],   "203.0.113.9",   true),
            ("quoted",                        "10.0.0.1",    &[(FWD, r#"For="[2001:db8::7]:4711"; Proto=HTTPS"#)],  "2001:db8::7",   true),
            ("the standard's chain",          "10.0.0.1",    &[(FWD, "for=9.9.9.9, for=203.0.113.9;proto=http, for=10.0.0.2;proto=https")], "203.0.113.9", false),
            ("hidden",                        "10.0.0.1",    &[(FWD, "for=203.0.113.9, for=_hidden")],              "10.0.0.1",      false),
            ("unknown",                       "10.0.0.1",    &[(FWD, "for=unknown")],                               "10.0.0.1",      false),
            ("a comma in quotes",             "10.0.0.1",    &[(FWD, r#"for="1.2.3.4, for=5.6.7.8""#)],             "10.0.0.1",      false),
            ("a quote that a client left open", "10.0.0.1",  &[(FWD, r#"for=6.6.6.6;x", for=203.0.113.9"#)],        "10.0.0.1",      false),
            ("and one before a quoted hop",   "10.0.0.1",    &[(FWD, r#"for=6.6.6.6;x", for="203.0.113.9:80""#)],   "10.0.0.1",      false),
            ("and one after a value",         "10.0.0.1",    &[(FWD, r#"for=6.6.6.6;x=y", proto=https;for=203.0.113.9"#)], "10.0.0.1", false),
            ("both agree",                    "10.0.0.1",    &[(XFF, "203.0.113.9"), (FWD, "for=203.0.113.9;proto=https")], "203.0.113.9", true),
            ("both disagree",                 "10.0.0.1",    &[(XFF, "203.0.113.9"), (FWD, "for=198.51.100.7"), (XFP, "https")], "10.0.0.1", false),
            ("the nearest proxy's word",      "10.0.0.1",    &[(XFF, "203.0.113.9"), (XFP, "https, http")],         "203.0.113.9",   false),
        ];
        for (case, peer, lines, client, https) in cases {
            let expected = Client { address: client.parse().unwrap(), https: *https };
            assert_eq!(proxies().client(plain(peer), &headers(lines)), expected, "{case}");
        }
    }

    #[test]
    fn whose_word_was_not_taken_is_remembered() {
        let proxies = proxies();
        let _ = proxies.client(plain("192.0.2.1"), &headers(&[(XFP, "https")]));
        let _ = proxies.client(plain("10.0.0.1"), &headers(&[(XFF, "203.0.113.9")]));
        assert_eq!(proxies.ignored(), None, "nobody named another, but a proxy that is trusted");
        for (name, value, peer) in [(XFF, "203.0.113.9", "192.0.2.1"), (FWD, "for=203.0.113.9", "192.0.2.2")]
        {
            let _ = proxies.clone().client(plain(peer), &headers(&[(name, value)]));
            assert_eq!(proxies.ignored(), Some(peer.parse().unwrap()));
        }
    }

    #[test]
    #[rustfmt::skip]
    fn a_tls_connection_to_us_counts_unless_a_proxy_says_how_the_browser_came() {
        type Case<'a> = (&'a str, &'a [(&'static str, &'a str)], bool);
        let cases: &[Case] = &[
            // peer         headers                                    https
            ("192.0.2.1",   &[],                                       true),
            ("192.0.2.1",   &[(XFP, "http")],                          true),
            ("10.0.0.1",    &[],                                       true),
            ("10.0.0.1",    &[(XFF, "203.0.113.9")],                   true),
            ("10.0.0.1",    &[(XFF, "203.0.113.9"), (XFP, "http")],    false),
            ("10.0.0.1",    &[(FWD, "for=203.0.113.9;proto=http")],    false),
        ];
        for (peer, lines, https) in cases {
            let direct = Client { https: true, ..plain(peer) };
            assert_eq!(proxies().client(direct, &headers(lines)).https, *https, "{peer} {lines:?}");
        }
    }

    proptest! {
        #[test]
        fn an_address_is_written_as_its_own_type_does(v4: Ipv4Addr, v6: Ipv6Addr) {
            for address in [IpAddr::V4(v4), IpAddr::V6(v6)] {
                prop_assert_eq!(text(address), address.to_string());
            }
        }

        #[test]
        fn no_header_panics_and_a_stranger_stays_who_he_is(listed in "[ -~]{0,60}", standard in "[forpt=\"\\\\,;:. 0-9a-f\\[\\]]{0,60}") {
            let headers = headers(&[(XFF, &listed), (FWD, &standard), (XFP, &listed)]);
            let stranger = plain("192.0.2.1");
            prop_assert_eq!(proxies().client(stranger, &headers), stranger);
            let _ = proxies().client(plain("10.0.0.1"), &headers);
        }
    }
}
