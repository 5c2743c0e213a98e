//! Forwarded headers: nobody but a trusted proxy says where a request came from.

use std::net::IpAddr;

use hyper::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};
use lucid_auth::http::client::{Client, TrustedProxies};

const NAMES: [HeaderName; 3] = [
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("forwarded"),
    HeaderName::from_static("x-forwarded-proto"),
];
const PROXY: [u8; 4] = [10, 0, 0, 1];
/// Whom the proxy heard from: no proxy.
const VISITOR: &str = "198.51.100.7";

/// Lines, each with a first character that says which header it is.
pub fn run(data: &[u8]) {
    let mut sent = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n') {
        let Some((which, value)) = line.split_first() else { continue };
        if let Ok(value) = HeaderValue::from_bytes(value) {
            sent.append(&NAMES[usize::from(*which) % NAMES.len()], value);
        }
    }
    let trusted = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
    let (proxy, visitor): (IpAddr, IpAddr) = (PROXY.into(), VISITOR.parse().unwrap());
    // Whoever comes without a proxy is who they are, whatever they say.
    for https in [false, true] {
        let direct = Client { address: visitor, https };
        assert_eq!(trusted.client(direct, &sent), direct);
        let none = TrustedProxies::default();
        let direct = Client { address: proxy, https };
        assert_eq!(none.client(direct, &sent), direct);
    }
    let direct = Client { address: proxy, https: false };
    let reached = trusted.client(direct, &sent).address;
    assert_eq!(reached, reached.to_canonical());
    // A proxy passes on what a visitor sent and appends whom it heard from, to the last line or as one more. Then that
    // counts, or else the proxy itself.
    for (name, hop) in [(&NAMES[0], VISITOR.to_owned()), (&NAMES[1], format!("for={VISITOR}"))] {
        for joined in [false, true] {
            let reached = trusted.client(direct, &append(&sent, name, &hop, joined)).address;
            assert!(
                reached == visitor || reached == proxy,
                "{reached}, after {hop} was appended to {sent:?}"
            );
        }
    }
    for hop in
        [format!("for=\"{VISITOR}:4711\";proto=https"), format!("proto=https;by=\"_x\";for=\"{VISITOR}\"")]
    {
        for joined in [false, true] {
            let reached = trusted.client(direct, &append(&sent, &NAMES[1], &hop, joined)).address;
            assert!(
                reached == visitor || reached == proxy,
                "{reached}, after {hop} was appended to {sent:?}"
            );
        }
    }
}

/// `headers` with one more entry of `name`.
fn append(headers: &HeaderMap, name: &HeaderName, hop: &str, joined: bool) -> HeaderMap {
    let mut headers = headers.clone();
    let mut lines: Vec<_> = headers.get_all(name).iter().cloned().collect();
    match lines.pop() {
        Some(last) if joined => {
            let line = [last.as_bytes(), b", ", hop.as_bytes()].concat();
            lines.extend(HeaderValue::from_bytes(&line));
        }
        last => {
            lines.extend(last);
            lines.extend(HeaderValue::from_str(hop));
        }
    }
    headers.remove(name);
    for line in lines {
        headers.append(name, line);
    }
    headers
}

pub fn seeds() -> Vec<Vec<u8>> {
    let (listed, standard, proto) = ("\0", "\x01", "\x02");
    let texts = [
        format!("{listed}203.0.113.9, 10.0.0.2"),
        format!("{listed}[fd00::1]:80, ::ffff:10.0.0.3\n{listed}unknown"),
        format!("{standard}for=203.0.113.9;proto=https;by=10.0.0.1, for=\"[fd00::2]:4711\""),
        format!("{standard}for=6.6.6.6;x=\""),
        format!("{standard}for=6.6.6.6;x=\"\\"),
        format!("{standard}for=6.6.6.6, for=\"_hidden"),
        format!("{listed}10.0.0.2\n{standard}for=10.0.0.2\n{proto}https"),
        format!("{proto}http, https\n{standard}for=10.9.9.9"),
    ];
    texts.into_iter().map(String::into_bytes).collect()
}
