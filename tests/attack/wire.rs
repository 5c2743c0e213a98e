//! Requests that two programs may read in two ways, by raw sockets to the real binary. `tests/proxies/wire.test.mjs` sends the
//! same ones through nginx and Caddy.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpStream},
    time::Duration,
};

use serde::Deserialize;

use crate::{figures, held::UNLIMITED, process::Service};

#[derive(Deserialize)]
struct Requests {
    smuggled: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    bytes: String,
    answers: Vec<u16>,
    #[serde(default)]
    pipelined: bool,
}

/// What is sent: a byte a character, with what is bracketed written out.
fn written_out(text: &str, smuggled: &str) -> Vec<u8> {
    let mut whole = String::new();
    for (at, piece) in text.split(['⟦', '⟧']).enumerate() {
        match (at % 2, piece, piece.rsplit_once('×')) {
            (0, ..) => whole.push_str(piece),
            (_, "S", _) => whole.push_str(smuggled),
            (_, _, Some((part, times))) => whole.push_str(&part.repeat(times.parse().unwrap())),
            _ => panic!("{piece}"),
        }
    }
    whole.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect()
}

/// All that comes back, until the service closes the connection.
fn exchange(port: u16, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // It may have refused, and closed, before all was sent.
    drop(stream.write_all(bytes));
    drop(stream.shutdown(Shutdown::Write));
    let mut answers = Vec::new();
    stream.read_to_end(&mut answers).unwrap_or_else(|error| panic!("it does not close: {error}"));
    answers
}

/// The status of each answer, and whether it is to the request that was hidden.
fn read(answers: &[u8]) -> Vec<(u16, bool)> {
    let mut all = Vec::new();
    let mut rest = answers;
    while !rest.is_empty() {
        let end = rest.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
        let head = std::str::from_utf8(&rest[..end]).unwrap();
        let status: u16 = head.strip_prefix("HTTP/1.1 ").or_else(|| head.strip_prefix("HTTP/1.0 ")).unwrap()
            [..3]
            .parse()
            .unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length = length.map_or(0, |digits| digits.parse::<usize>().unwrap());
        all.push((status, head.contains("x-request-id: smuggled\r\n")));
        rest = &rest[end + length..];
    }
    all
}

#[test]
fn no_request_hides_in_another() {
    let requests: Requests = serde_json::from_str(include_str!("requests.json")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let service = Service::with(&folder.path().join("data"), &UNLIMITED);
    for Case { name, bytes, answers, pipelined } in &requests.cases {
        let got = read(&exchange(service.port, &written_out(bytes, &requests.smuggled)));
        let statuses: Vec<u16> = got.iter().map(|(status, _)| *status).collect();
        assert_eq!((&statuses, got.iter().any(|(_, hidden)| *hidden)), (answers, *pipelined), "{name}");
        assert!(statuses.iter().all(|status| *status < 500), "{name}");
    }
    let alone = read(&exchange(service.port, requests.smuggled.as_bytes()));
    assert_eq!(alone, [(200, true)], "what is hidden is a request that would be answered");
    service.stop();
    figures::record("HTTP: smuggling, heads, paths, methods, hosts", requests.cases.len() as u64, 0);
}

/// A path in another writing is another path, of which there is none: nobody gets by a proxy's rule for `/admin` with it.
#[test]
fn every_path_has_one_writing() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::with(&folder.path().join("data"), &UNLIMITED);
    let mut cases = 0;
    for path in [
        "/admin",
        "/users/me",
        "/auth/forward",
        "/web/login/login.js",
        "/.well-known/jwks.json",
        "/health/live",
    ] {
        let (dir, name) = path.rsplit_once('/').unwrap();
        let first = &name[..1];
        let hex = format!("%{:02x}", first.as_bytes()[0]);
        for other in [
            format!("{path}/"),
            format!("{path}//"),
            format!("/{path}"),
            format!("{dir}//{name}"),
            format!("{dir}/./{name}"),
            format!("{dir}/x/../{name}"),
            format!("{dir}/%2e/{name}"),
            format!("{dir}/x/%2e%2e/{name}"),
            format!("{dir}/{hex}{}", &name[1..]),
            format!("{dir}%2f{name}"),
            format!("{dir}%5c{name}"),
            format!("{dir}\\{name}"),
            format!("{path};"),
            format!("{path};a=b"),
            format!("{path}%00"),
            format!("{path}%20"),
            format!("{path}%0a"),
            format!("{path}%23"),
            format!("{path}%3f"),
            format!("{path}."),
            format!("{path}~"),
            path.to_uppercase(),
        ] {
            let ask = format!("GET {other} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            let answers = read(&exchange(service.port, ask.as_bytes()));
            // Below /users, a name that is none is asked for in vain, by whoever is signed in.
            assert!([400, 401, 404].contains(&answers[0].0) && answers.len() == 1, "{other}: {answers:?}");
            assert!(answers[0].0 != 401 || path == "/users/me", "{other}");
            cases += 1;
        }
    }
    service.stop();
    figures::record("HTTP: other writings of a path", cases, 0);
}
