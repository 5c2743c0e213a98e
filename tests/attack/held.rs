//! Connections that are held open and do nothing, or next to nothing, on the real binary: others are answered all the same,
//! and memory stays where it is.

use std::{
    fs,
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::{figures, is_long, process::Service};

/// Nothing here is about how often one may call.
pub const UNLIMITED: [(&str, &str); 2] = [("RATE_LIMIT_ENABLED", "false"), ("LOG_LEVEL", "INFO")];

/// How long somebody else may wait for an answer meanwhile. An idle connection is kept for 20 seconds: whoever had to wait for
/// that would wait longer than this.
const MOST: Duration = Duration::from_secs(8);

/// How many connections the service holds at the same time.
const HELD: usize = 768;

/// What the process holds of memory, in KiB.
pub fn resident(service: &Service) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", service.process.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn descriptors(service: &Service) -> usize {
    fs::read_dir(format!("/proc/{}/fd", service.process.id())).unwrap().count()
}

/// Connect from one of many addresses of this machine: the loopback network has 16 million.
async fn connect(service: &Service, from: usize) -> TcpStream {
    let [.., high, low] = from.to_be_bytes();
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 1, high, low], 0))).unwrap();
    socket.connect(SocketAddr::from(([127, 0, 0, 1], service.port))).await.unwrap()
}

/// How long somebody at an address of their own waits for an answer.
async fn asked(service: &Service) -> Duration {
    asked_for(service, "/health/live").await
}

async fn asked_for(service: &Service, path: &str) -> Duration {
    let began = Instant::now();
    let answer = async {
        let mut stream = connect(service, 60_000).await;
        let ask = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(ask.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        answer
    };
    let answer = timeout(MOST, answer).await.unwrap_or_else(|_| panic!("others wait longer than {MOST:?}"));
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
    began.elapsed()
}

/// Let this process have as many descriptors as it may, and return how many connections to hold: 2,500, and 10,000 with
/// `LUCID_LONG=1`.
fn room() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    let most = maximum.map_or(usize::MAX, |most| usize::try_from(most).unwrap());
    let wanted = if is_long() { 10_000 } else { 2_500 };
    assert!(
        most > wanted + 256,
        "the hard limit on descriptors, {most}, is too low to hold {wanted} connections"
    );
    wanted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_idle_connections_keep_nobody_out() {
    let count = room();
    assert!(
        count > 2 * HELD,
        "the hard limit on descriptors leaves room for {count} connections: too few to show anything"
    );
    let folder = tempfile::tempdir().unwrap();
    let service = Service::with(&folder.path().join("data"), &UNLIMITED);
    let (mut held, mut slowest, mut full) = (Vec::new(), asked(&service).await, 0);
    for number in 0..count {
        // 200 of one address, which may have 256.
        let mut stream = connect(&service, number / 200).await;
        if number % 2 == 0 {
            stream.write_all(b"GET / HTTP/1.1\r\nX: ").await.unwrap();
        }
        held.push(stream);
        if number % 250 == 0 {
            slowest = slowest.max(asked(&service).await);
        }
        if number == 2 * HELD {
            full = resident(&service);
        }
    }
    slowest = slowest.max(asked(&service).await);
    let (memory, open) = (resident(&service), descriptors(&service));
    eprintln!(
        "{count} idle: others wait {slowest:?} at most; {full} KiB with all places taken, {memory} KiB at the end; {open} descriptors"
    );
    assert!(memory < full + 8 * 1024, "memory grew from {full} to {memory} KiB");
    assert!(open < 1_000, "{open} descriptors");
    drop(held);
    asked(&service).await;
    drop(service);
    figures::record("HTTP: idle connections, from 50 addresses", count.try_into().unwrap(), 0);
}

/// What a client sends before it falls silent, or almost.
const KINDS: [(&str, &str); 7] = [
    ("nothing", ""),
    ("half a request line", "GET /heal"),
    ("half a header", "GET /health/live HTTP/1.1\r\nHost: localhost\r\nX: y"),
    ("no end of the head", "GET /health/live HTTP/1.1\r\nHost: localhost\r\n"),
    (
        "half a body",
        "POST /auth/challenge HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
    ),
    (
        "half a chunk",
        "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{",
    ),
    ("a request, kept alive", "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"),
];

/// Every kind of slowness, from addresses that together hold all places; each sends one byte more now and then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_slow_client_keeps_others_out() {
    let mut cases = 0;
    room();
    for (kind, begin) in KINDS {
        let folder = tempfile::tempdir().unwrap();
        let service = Service::with(&folder.path().join("data"), &UNLIMITED);
        let mut held = Vec::new();
        for number in 0..HELD {
            let mut stream = connect(&service, number / 250).await;
            stream.write_all(begin.as_bytes()).await.unwrap();
            held.push(stream);
        }
        for _ in 0..3 {
            for stream in &mut held {
                // Some were closed by now.
                drop(stream.write_all(b"z").await);
            }
            let waited = asked(&service).await;
            eprintln!("{kind}: another waits {waited:?}");
        }
        cases += HELD as u64;
        drop(service);
    }
    figures::record("HTTP: slow clients of seven kinds, holding every place", cases, 0);
}

/// Clients that ask for what is long, again and again, and read nothing, or a little at a time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_deaf_client_keeps_others_out() {
    room();
    let folder = tempfile::tempdir().unwrap();
    let service = Service::with(&folder.path().join("data"), &UNLIMITED);
    // The document is made when it is first asked for, which takes long without optimisation.
    asked_for(&service, "/openapi.json").await;
    let before = resident(&service);
    let mut held = Vec::new();
    for number in 0..HELD {
        let [.., low] = (number / 250).to_be_bytes();
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        socket.bind(SocketAddr::from(([127, 1, 0, low], 0))).unwrap();
        let mut stream = socket.connect(SocketAddr::from(([127, 0, 0, 1], service.port))).await.unwrap();
        let ask =
            "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: identity\r\n\r\n".repeat(60);
        drop(stream.write_all(ask.as_bytes()).await);
        held.push(stream);
    }
    let mut some = [0; 64];
    for _ in 0..3 {
        for stream in held.iter_mut().step_by(8) {
            drop(timeout(Duration::from_millis(1), stream.read(&mut some)).await);
        }
        let waited = asked(&service).await;
        eprintln!("deaf: another waits {waited:?}");
    }
    let memory = resident(&service);
    eprintln!("deaf: {before} KiB before, {memory} KiB with {HELD} that do not read");
    // The document has 360 KB. Nobody holds a copy of it, but two slices and the requests that wait.
    assert!(memory < before + 768 * 64, "{memory} KiB");
    drop(service);
    figures::record("HTTP: clients that ask and do not read", held.len() as u64, 0);
}
