//! Cookies: which of them is found, and what their values are taken for.

use std::time::Duration;

use hyper::{
    HeaderMap,
    header::{COOKIE, HeaderValue},
};
use lucid_auth::{
    domain::{handover::State, refresh_token::RefreshToken, session_cookie::SessionCookie},
    http::cookies::Cookie,
};

/// Pairs that are none of ours.
const OTHERS: [&str; 6] =
    ["x=y", "Lucid_session=a", "lucid_sessio=a", "lucid_sessionx=a", "; ;=;", "__Host-=x"];

/// The first byte says over what the cookies came, which is looked for, and which one more is sent; the rest are the lines of
/// `Cookie`.
pub fn run(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let https = first & 1 == 1;
    let mut headers = HeaderMap::new();
    for line in rest.split(|byte| *byte == b'\n') {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(COOKIE, value);
        }
    }
    let cookie = [Cookie::Session, Cookie::Refresh, Cookie::State][usize::from(first >> 1) % 3];
    judge(cookie, https, &headers, OTHERS[usize::from(first >> 3) % OTHERS.len()]);
    let Ok(text) = str::from_utf8(rest) else { return };
    if let Ok(token) = text.parse::<RefreshToken>() {
        assert_eq!(*token.to_text(), text);
    }
    if let Ok(value) = text.parse::<SessionCookie>() {
        assert_eq!(*value.to_text(), text);
    }
    if let Ok(value) = text.parse::<State>() {
        assert_eq!(*value.to_text(), text);
    }
}

fn judge(cookie: Cookie, https: bool, headers: &HeaderMap, other: &str) {
    let name = cookie.name(https);
    let found = cookie.find(headers, https);
    assert!(found.is_none() || cookie.is_sent(headers, https));
    if let Some(value) = found {
        assert!(!value.contains(';') && value.trim_matches([' ', '\t']) == value, "{value:?}");
        // It is what a browser would send alone.
        let alone = line(&format!("{name}={value}"));
        assert_eq!(cookie.find(&alone, https), Some(value));
        // A value that can be set is found as it was set.
        if let Ok(set) = cookie.set(https, value, Duration::from_secs(60)) {
            let set = set.to_str().unwrap_or_default().split(';').next().unwrap_or_default().to_owned();
            assert!(set.is_empty() || cookie.find(&line(&set), https) == Some(value));
        }
    }
    // One more of another name changes nothing; one more of its own name, and none counts.
    assert_eq!(cookie.find(&with(headers, other), https), found, "{other}");
    let twice = with(headers, &format!("{name}=tossed"));
    let expected = if cookie.is_sent(headers, https) { None } else { Some("tossed") };
    assert_eq!(cookie.find(&twice, https), expected);
    // Over HTTPS, what any neighbour can set is not looked at.
    if https {
        let plain = with(headers, &format!("{}=tossed", cookie.name(false)));
        assert_eq!(cookie.find(&plain, https), found);
    }
}

fn line(text: &str) -> HeaderMap {
    with(&HeaderMap::new(), text)
}

fn with(headers: &HeaderMap, text: &str) -> HeaderMap {
    let mut headers = headers.clone();
    if let Ok(value) = HeaderValue::from_bytes(text.as_bytes()) {
        headers.append(COOKIE, value);
    }
    headers
}

pub fn seeds() -> Vec<Vec<u8>> {
    let lines = [
        "\0lucid_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; lucid_refresh=b; lucid_state=c",
        "\x01__Host-lucid_session=a; __Host-lucid_refresh=b; __Host-lucid_state=c",
        "\x01lucid_session=a; __Host-lucid_session=a\n__Host-lucid_session=b",
        "\0lucid_session = \" a\t\" ;;; lucid_session",
        "\0x=1; lucid_refresh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ];
    let mut seeds = Vec::new();
    for line in lines {
        for cookie in 0..3 {
            let mut seed = line.as_bytes().to_vec();
            seed[0] |= cookie << 1;
            seeds.push(seed);
        }
    }
    seeds.push(b"\0lucid_session=\xff\xfe; lucid_session=a".to_vec());
    seeds
}
