//! Whole requests, over a connection to the real server: what comes back is well-formed, and no failure of ours.

use std::{cell::RefCell, net::SocketAddr, sync::Arc, time::Duration};

use lucid_auth::{
    clock::Clock,
    domain::last::Last,
    http::{About, App, Branding, Quotas, Server, Settings, client::TrustedProxies, routes::routes},
    random::Random,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::world::{NOW, World, origin};

/// A server is made anew after so many inputs, as each may leave something in it.
const INPUTS: u32 = 5000;

struct Running {
    world: World,
    address: SocketAddr,
    left: u32,
}

thread_local!(static RUNNING: RefCell<Option<Running>> = const { RefCell::new(None) });

impl Running {
    fn new() -> Self {
        let world = World::new();
        let app = App {
            service: world.service.clone(),
            clock: Clock::new(|| NOW),
            random: Random::system(),
            settings: Settings {
                public_url: Some(origin()),
                redirect_origins: vec!["https://app.example.org".parse().unwrap()],
                trusted_proxies: TrustedProxies::new(vec!["127.0.0.0/8".parse().unwrap()]),
                ..Settings::default()
            },
            quotas: Quotas::new(None),
            health: Last::default(),
            about: About {
                service_name: "fuzz".to_owned(),
                tron_network: "nile",
                hardware_wallets: Vec::new(),
                registration_open: true,
            },
            branding: Arc::new(Branding::read("/nowhere".into()).0),
        };
        let server = Server::new(Arc::new(app), routes()).unwrap();
        let address = world.runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(async move { server.serve(listener, std::future::pending()).await });
            address
        });
        Self { world, address, left: INPUTS }
    }
}

/// The bytes of a connection. `$T` stands for an access token, `$S` for the session cookie and `$R` for the refresh token
/// of an admin.
pub fn run(data: &[u8]) {
    RUNNING.with_borrow_mut(|slot| {
        let running = slot.get_or_insert_with(Running::new);
        let World { runtime, admin, .. } = &running.world;
        let tokens =
            [("$T", admin.access_token.to_string()), ("$R", admin.refresh_token.to_text().to_string())];
        let mut bytes = data.to_vec();
        for (mark, token) in &tokens {
            bytes = replaced(&bytes, mark.as_bytes(), token.as_bytes());
        }
        let exchange = async { timeout(Duration::from_secs(10), converse(running.address, &bytes)).await };
        let reply = runtime.block_on(exchange);
        judge(&reply.expect("no answer within ten seconds"));
        running.left -= 1;
        // An input may well have ended the session, or erased its user.
        if running.left == 0 || (running.left % 64 == 0 && !alive(&running.world)) {
            *slot = None;
        }
    });
}

fn alive(world: &World) -> bool {
    world.runtime.block_on(world.service.authenticate(&world.admin.access_token)).is_ok()
}

async fn converse(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // Its end may close first.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply).await;
    reply
}

/// Everything that came back: replies one after another, each as long as it says.
fn judge(mut rest: &[u8]) {
    while !rest.is_empty() {
        let shown = String::from_utf8_lossy(&rest[..rest.len().min(2000)]);
        let end = rest
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap_or_else(|| panic!("no head: {shown}"));
        let head = str::from_utf8(&rest[..end]).unwrap_or_else(|_| panic!("a head of other bytes: {shown}"));
        rest = &rest[end + 4..];
        let mut lines = head.split("\r\n");
        let status =
            lines.next().and_then(|line| line.strip_prefix("HTTP/1.")?.get(2..5)?.parse::<u16>().ok());
        let status = status.unwrap_or_else(|| panic!("no status: {shown}"));
        if status == 100 {
            continue;
        }
        assert!(status < 500 || status == 503, "a failure of ours: {shown}");
        let fields: Vec<_> =
            lines.map(|line| line.split_once(": ").unwrap_or_else(|| panic!("{line:?}"))).collect();
        let find = |name: &str| {
            fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
        };
        for name in ["x-request-id", "x-content-type-options", "date"] {
            assert!(find(name).is_some(), "no {name}: {shown}");
        }
        assert!(!head.contains("http://evil") && !head.contains("https://evil"), "led elsewhere: {shown}");
        let length = find("content-length").map_or(0, |text| text.parse::<usize>().unwrap());
        // A reply to HEAD has a length and no body; it is the last thing that came, or another reply follows at once.
        if rest.is_empty() || rest.starts_with(b"HTTP/1.") {
            continue;
        }
        assert!(rest.len() >= length, "cut short: {shown}");
        rest = &rest[length..];
    }
}

fn replaced(bytes: &[u8], mark: &[u8], with: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(mark.len()).position(|part| part == mark) {
        replaced.extend_from_slice(&rest[..at]);
        replaced.extend_from_slice(with);
        rest = &rest[at + mark.len()..];
    }
    replaced.extend_from_slice(rest);
    replaced
}

pub fn seeds() -> Vec<Vec<u8>> {
    const ADDRESS: &str = "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH";
    const ID: &str = "0199b9a2-6c00-7abc-8def-0123456789ab";
    let head = "Host: auth.example.org\r\nUser-Agent: fuzz\r\nAccept: */*\r\n";
    let mut seeds = Vec::new();
    for route in routes() {
        let path = route.path.split('/').map(|part| if part.starts_with('{') { ID } else { part });
        let path = path.collect::<Vec<_>>().join("/");
        let token = "Authorization: Bearer $T\r\nContent-Type: application/json\r\n";
        let body = format!(r#"{{"tron_address":"{ADDRESS}","message":"m","signature":"s"}}"#);
        let body = if route.method == hyper::Method::GET { "" } else { &*body };
        let (method, length) = (&route.method, body.len());
        seeds
            .push(format!("{method} {path} HTTP/1.1\r\n{head}{token}Content-Length: {length}\r\n\r\n{body}"));
    }
    for (method, path, lines, body) in [
        ("GET", "/health?x=y", "", ""),
        (
            "POST",
            "/auth/challenge",
            "Content-Type: application/json\r\nContent-Length: 56\r\n",
            r#"{"tron_address": "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH"}  "#,
        ),
        (
            "POST",
            "/auth/refresh",
            "Content-Type: application/json\r\nContent-Length: 106\r\n",
            r#"{"refresh_token": "$R"}"#,
        ),
        (
            "POST",
            "/auth/refresh",
            "Cookie: __Host-lucid_refresh=$R\r\nOrigin: https://auth.example.org\r\nX-Forwarded-Proto: https\r\n",
            "",
        ),
        (
            "GET",
            "/auth/forward?role=ADMIN",
            "X-Original-URL: https://app.example.org/x\r\nAccept: text/html\r\n",
            "",
        ),
        (
            "GET",
            "/auth/forward",
            "X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Uri: //evil.example\r\nAccept: text/html\r\n",
            "",
        ),
        (
            "OPTIONS",
            "/auth/login",
            "Origin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\n",
            "",
        ),
        ("HEAD", "/", "Range: bytes=0-1\r\nIf-None-Match: *\r\nAccept-Encoding: br;q=0.5, gzip\r\n", ""),
        (
            "GET",
            "http://auth.example.org/api/v1/users/me",
            "Authorization: Bearer $T\r\nExpect: 100-continue\r\n",
            "",
        ),
        (
            "POST",
            "/auth/verify",
            "Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n",
            "5\r\n{\"x\":\r\n2\r\n1}\r\n0\r\n\r\n",
        ),
        ("GET", "/x/../%2e%2e/etc/passwd", "X-Request-Id: a\r\n", ""),
    ] {
        seeds.push(format!("{method} {path} HTTP/1.1\r\n{head}{lines}\r\n{body}"));
    }
    seeds.push(format!("GET /health HTTP/1.1\r\n{head}\r\nGET / HTTP/1.0\r\n\r\n"));
    seeds.into_iter().map(String::into_bytes).collect()
}
