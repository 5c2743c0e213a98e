//! Names of requests: a client's own goes into logs and headers only if it is a sane one.

use std::sync::LazyLock;

use hyper::{HeaderMap, header::HeaderValue};
use lucid_auth::{
    http::request_id::{RequestId, X_REQUEST_ID},
    random::Random,
};

static RANDOM: LazyLock<Random> = LazyLock::new(|| {
    Random::new(|bytes| {
        bytes.fill(0xa5);
        Ok(())
    })
});

pub fn run(data: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    let mut headers = HeaderMap::new();
    headers.insert(X_REQUEST_ID, value);
    let id = RequestId::of(&headers, &RANDOM);
    let shown = id.to_string();
    let sane = (1..=64).contains(&data.len())
        && data
            .iter()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-'));
    let expected =
        if sane { String::from_utf8_lossy(data).into_owned() } else { RequestId::make(&RANDOM).to_string() };
    assert_eq!(shown, expected);
    assert_eq!(id.to_value().as_bytes(), shown.as_bytes());
}

pub fn seeds() -> Vec<Vec<u8>> {
    [&b"req-1.a_B"[..], b"a b", b"", &[b'a'; 64], &[b'a'; 65], b"\xff", b"\x1b[2J"]
        .map(<[u8]>::to_vec)
        .to_vec()
}
