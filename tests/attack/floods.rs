//! Anonymous calls by the hundred thousand: what they leave in memory is nothing that grows.
//!
//! 20,000 of each kind; 500,000 with `LUCID_LONG=1`.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    thread,
};

use lucid_auth::domain::wallet::Address;
use serde_json::json;

use crate::{
    figures,
    held::{UNLIMITED, resident},
    is_long,
    process::Service,
};

const CLIENTS: u64 = 4;
/// How many requests are sent before their answers are read.
const BATCH: u64 = 50;

fn count() -> u64 {
    if is_long() { 500_000 } else { 20_000 }
}

/// The address of this number; no two are of one.
fn address(number: u64) -> Address {
    let mut bytes = [7; 20];
    bytes[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    Address::from_bytes(bytes)
}

/// Send what `request` makes of each number, and have each answered with one of these statuses.
fn flood(
    service: &Service,
    numbers: std::ops::Range<u64>,
    statuses: &[&str],
    request: &(impl Fn(u64) -> String + Sync),
) {
    let share = (numbers.end - numbers.start) / CLIENTS;
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let first = numbers.start + client * share;
            scope.spawn(move || {
                let mut stream = TcpStream::connect(("127.0.0.1", service.port)).unwrap();
                let mut text = Vec::new();
                for begin in (first..first + share).step_by(usize::try_from(BATCH).unwrap()) {
                    let all: String = (begin..begin + BATCH).map(request).collect();
                    stream.write_all(all.as_bytes()).unwrap();
                    let mut answers = 0;
                    while answers < BATCH {
                        answers += next(&mut stream, &mut text, statuses);
                    }
                }
            });
        }
    });
}

/// Read on, take the whole answers off `text`, and count them.
fn next(stream: &mut TcpStream, text: &mut Vec<u8>, statuses: &[&str]) -> u64 {
    let mut chunk = [0; 16_384];
    let length = stream.read(&mut chunk).unwrap();
    assert!(length > 0, "closed: {}", String::from_utf8_lossy(text));
    text.extend_from_slice(&chunk[..length]);
    let mut count = 0;
    while let Some(end) = text.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&text[..end]).into_owned();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let whole = end + 4 + length.parse::<usize>().unwrap();
        if text.len() < whole {
            break;
        }
        assert!(statuses.contains(&&head[9..12]), "{head}");
        text.drain(..whole);
        count += 1;
    }
    count
}

fn post(path: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Check that memory does not grow from the first quarter of a flood to its end.
fn stays_flat(what: &str, data: &Path, statuses: &[&str], request: impl Fn(u64) -> String + Sync) {
    let service = Service::with(data, &[&UNLIMITED[..], &[("MAX_LOGIN_ATTEMPTS", "100")]].concat());
    let count = count();
    let start = resident(&service);
    flood(&service, 0..count / 4, statuses, &request);
    let first = resident(&service);
    flood(&service, count / 4..count, statuses, &request);
    let end = resident(&service);
    eprintln!("{what}: {start} KiB, {first} KiB after a quarter, {end} KiB after {count}");
    // Three quarters of the least flood at 64 bytes each would be a megabyte; of the long one, 24.
    assert!(end < first + 1_024 + count / 100, "{what}: from {first} to {end} KiB");
    let file = std::fs::metadata(data.join("auth.redb")).unwrap().len();
    service.stop();
    assert!(file < 4 << 20, "{what}: the file has {file} bytes");
    figures::record(what, count, 0);
}

#[test]
fn challenges_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    stays_flat(
        "flood: challenges, each for another address",
        &folder.path().join("data"),
        &["200"],
        |number| post("/auth/challenge", &json!({"tron_address": address(number)}).to_string()),
    );
}

#[test]
fn guesses_of_nonces_leave_nothing_that_grows() {
    let folder = tempfile::tempdir().unwrap();
    stays_flat(
        "flood: nonces and signatures guessed",
        &folder.path().join("data"),
        &["401", "429"],
        |number| {
            let address = address(number);
            let message = format!(
                "localhost wants you to sign in with your TRON account {address}. Not a transaction. Nonce: {number:022}. Issued: 2026-10-26T07:33:20Z"
            );
            post(
                "/auth/login",
                &json!({"tron_address": address, "message": message, "signature": "11".repeat(65)})
                    .to_string(),
            )
        },
    );
}

#[test]
fn guesses_of_tokens_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    stays_flat("flood: refresh and access tokens guessed", &folder.path().join("data"), &["401"], |number| {
        if number % 2 == 0 {
            post("/auth/refresh", &json!({"refresh_token": format!("{number:086}")}).to_string())
        } else {
            post("/auth/verify", &json!({"token": format!("eyJhbGciOiJub25lIn0.{number}.")}).to_string())
        }
    });
}
