//! A server on a free port, and a client that sends exactly the bytes it is told.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use lucid_auth::{
    clock::Clock,
    domain::{
        id::{SessionId, UserId},
        role::Role,
        timestamp::Timestamp,
        wallet::Address,
    },
    http::{App, Limits, Server, Settings, routes::routes},
    random::Random,
    service::{Principal, Service},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};

use crate::rows::rows;

/// No test waits longer than this for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// A time that a test makes a limit, so as not to wait.
pub const SOON: Duration = Duration::from_millis(150);

/// A token of a user, and one of an administrator.
pub const USER: &str = "user-token";
pub const ADMIN: &str = "admin-token";

pub struct TestServer {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    done: JoinHandle<()>,
}

impl TestServer {
    pub async fn start() -> Self {
        Self::with(Settings::default()).await
    }

    pub async fn with_limits(limits: Limits) -> Self {
        Self::with(Settings { limits, ..Settings::default() }).await
    }

    /// Start a server with the real table and the rows of [`rows`].
    pub async fn with(settings: Settings) -> Self {
        let clock = Clock::new(|| Timestamp::from_unix(1_793_000_000));
        let service =
            Service::new(vec![(USER.into(), principal(Role::User)), (ADMIN.into(), principal(Role::Admin))]);
        let app = Arc::new(App { service, clock, random: Random::system(), settings });
        let table = routes().into_iter().chain(rows()).collect();
        let server = Server::new(app, table).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let done = tokio::spawn(async move {
            server
                .serve(listener, async {
                    let _ = stopped.await;
                })
                .await;
        });
        Self { address, stop: Some(stop), done }
    }

    pub async fn connect(&self) -> Client {
        self.connect_from("127.0.0.1").await
    }

    /// Connect from another address of this machine.
    pub async fn connect_from(&self, address: &str) -> Client {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(address.parse().unwrap(), 0)).unwrap();
        Client { stream: socket.connect(self.address).await.unwrap(), read: Vec::new() }
    }

    /// The reply to `bytes` on a connection of their own.
    pub async fn ask(&self, bytes: impl AsRef<[u8]>) -> Reply {
        let mut client = self.connect().await;
        client.send(bytes).await;
        client.reply().await
    }

    /// The reply to a `GET`, with more header lines.
    pub async fn get(&self, path: &str, lines: &str) -> Reply {
        self.ask(request("GET", path, lines, "")).await
    }

    /// Ask it to stop.
    pub fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Wait until it has stopped.
    pub async fn stopped(&mut self) {
        timeout(PATIENCE, &mut self.done).await.unwrap().unwrap();
    }
}

/// The bytes of a request.
pub fn request(method: &str, path: &str, lines: &str, body: &str) -> String {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{lines}{length}\r\n{body}")
}

/// The bytes of a `POST` of JSON.
pub fn json(path: &str, body: &str) -> String {
    request("POST", path, "Content-Type: application/json\r\n", body)
}

pub struct Client {
    pub stream: TcpStream,
    read: Vec<u8>,
}

impl Client {
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        timeout(PATIENCE, self.stream.write_all(bytes.as_ref())).await.unwrap().unwrap();
    }

    /// The next reply, checked for what every reply has.
    pub async fn reply(&mut self) -> Reply {
        self.read_reply(true).await
    }

    /// The next reply, to a `HEAD`.
    pub async fn head(&mut self) -> Reply {
        self.read_reply(false).await
    }

    async fn read_reply(&mut self, with_body: bool) -> Reply {
        let end = loop {
            if let Some(end) = self.read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
            assert!(self.more().await.unwrap() > 0, "closed before a reply: {:?}", self.read);
        };
        let head = String::from_utf8(self.read.drain(..end).collect()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap()[9..12].parse().unwrap();
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut reply = Reply { status, headers, body: Vec::new() };
        let length = reply.header("content-length").map_or(0, |text| text.parse().unwrap());
        if with_body && ![100, 204, 304].contains(&status) {
            while self.read.len() < length {
                assert!(self.more().await.unwrap() > 0, "closed within a body");
            }
            reply.body = self.read.drain(..length).collect();
        }
        reply.check(with_body);
        reply
    }

    /// Wait until the server closes its side, without a reset, and return what it sent until then.
    pub async fn closed(&mut self) -> Vec<u8> {
        while self.more().await.unwrap() > 0 {}
        std::mem::take(&mut self.read)
    }

    /// Wait until the server closes or resets the connection, and return how many bytes it sent until then.
    pub async fn cut_off(&mut self) -> usize {
        let mut count = 0;
        loop {
            match self.more().await {
                Ok(0) | Err(_) => return count,
                Ok(more) => count += more,
            }
            self.read.clear();
        }
    }

    async fn more(&mut self) -> io::Result<usize> {
        timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await.unwrap()
    }
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    /// The header's lines, joined as one.
    pub fn header(&self, name: &str) -> Option<String> {
        let lines: Vec<_> =
            self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect();
        (!lines.is_empty()).then(|| lines.join(", "))
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The status, and the number of the problem's code.
    pub fn problem(&self) -> (u16, u16) {
        let json = self.json();
        let code = json["error"]["code"].as_str().unwrap_or_else(|| panic!("no problem: {json}"));
        (self.status, code.strip_prefix("LUCID_AUTH_").unwrap().parse().unwrap())
    }

    /// What every reply has, and every refusal.
    fn check(&self, with_body: bool) {
        if self.status == 100 {
            return;
        }
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin-allow-popups"),
        ] {
            assert_eq!(self.header(name).as_deref(), Some(value), "{self:?}");
        }
        assert!(self.header("content-security-policy").unwrap().starts_with("default-src 'none'; "));
        assert!(self.header("permissions-policy").unwrap().contains("hid=(self), usb=(self)"));
        assert!(self.header("date").is_some());
        let id = self.header("x-request-id").unwrap();
        if self.status >= 400 {
            assert_eq!(self.header("content-type").unwrap(), "application/problem+json");
            assert_eq!(self.header("cache-control").unwrap(), "no-store");
            assert_eq!(self.header("www-authenticate").is_some(), self.status == 401);
        }
        if self.status >= 400 && with_body {
            let json = self.json();
            assert_eq!(json["status"], self.status);
            assert_eq!(json["error"]["request_id"], id);
            assert_eq!(json["error"]["timestamp"], "2026-10-26T07:33:20Z");
            assert!(json["error"]["details"].is_object());
            assert!(!json["error"]["message"].as_str().unwrap().is_empty());
            let (code, kind) = (json["error"]["code"].as_str().unwrap(), json["type"].as_str().unwrap());
            assert_eq!(kind, format!("/problems/{code}"));
        }
    }
}

fn principal(role: Role) -> Principal {
    Principal {
        user_id: UserId::from_bytes([1; 16]),
        session_id: SessionId::from_bytes([2; 16]),
        tron_address: Address::from_bytes([3; 20]),
        role,
        expires_at: Timestamp::from_unix(1_793_000_900),
    }
}
