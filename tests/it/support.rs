//! A server on a free port, and a client that sends exactly the bytes it is told.

use std::{
    io,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use lucid_auth::{
    clock::Clock,
    domain::{
        attempts::Policy,
        audit::{Event, Filter, Order, Query},
        last::Last,
        role::Role,
        timestamp::Timestamp,
        wallet::{DeviceType, Scheme, WalletType},
    },
    http::{About, App, Branding, Limits, Quotas, Server, Settings, Tls, routes::routes, tls::Certificate},
    random::Random,
    service::{BackupPlan, NewUser, Rules, Service},
    store::{OpenError, Store, audit},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};

use crate::{rows::rows, table, wallet::Wallet};

/// No test waits longer than this for anything.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A time that a test makes a limit, so as not to wait.
pub const SOON: Duration = Duration::from_millis(150);

/// When tests begin.
pub const START: u64 = 1_793_000_000;

/// A clock that stands still until it is told to go.
#[derive(Clone)]
pub struct TestClock(Arc<AtomicU64>);

impl TestClock {
    pub fn new() -> Self {
        Self(Arc::new(AtomicU64::new(START)))
    }

    pub fn clock(&self) -> Clock {
        let now = Arc::clone(&self.0);
        Clock::new(move || Timestamp::from_unix(now.load(SeqCst)))
    }

    pub fn set(&self, unix: u64) {
        self.0.store(unix, SeqCst);
    }

    pub fn pass(&self, seconds: u64) {
        self.0.fetch_add(seconds, SeqCst);
    }
}

pub fn rules() -> Rules {
    Rules {
        backup: BackupPlan { dir: "/nonexistent".into(), schedule: None },
        super_admins: Vec::new(),
        registration_open: true,
        access_token_lifetime: Duration::from_secs(900),
        refresh_token_lifetime: Duration::from_secs(7 * 86_400),
        session_idle: None,
        sessions_per_user: 5,
        issuer: None,
        audience: None,
        key_rotation: Duration::from_secs(30 * 86_400),
        // Nothing locks unless a test says so.
        attempts: Policy { in_a_row: u32::MAX, cooldown: Duration::from_secs(900) },
        hardware_wallets: vec![DeviceType::Ledger, DeviceType::Trezor, DeviceType::Keepkey],
        master_key: None,
    }
}

/// The audit log of a database that is not in use, oldest entry first.
pub fn audit_log(path: &Path) -> Vec<Event> {
    let store = Store::open(path, [7; 32]).unwrap();
    let all = Query { filter: Filter::default(), order: Order::OldestFirst, beyond: None, limit: 10_000 };
    let page = store.read(|tx| audit::page(tx, &all)).unwrap();
    page.entries.into_iter().map(|entry| entry.event).collect()
}

pub struct TestServer {
    pub address: SocketAddr,
    pub server: Arc<Server>,
    pub service: Service,
    pub clock: TestClock,
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

    pub async fn with_rules(rules: Rules) -> Self {
        Self::build(Store::in_memory([7; 32]).unwrap(), Settings::default(), rules, TestClock::new()).await
    }

    /// Start over the database at `path`, once the server before has let go of it: a connection that it cut off may
    /// hold on for a moment after it has stopped.
    pub async fn over(path: &Path, rules: Rules, clock: TestClock) -> Self {
        let free = async {
            loop {
                match Store::open(path, [7; 32]) {
                    Err(OpenError::InUse { .. }) => tokio::task::yield_now().await,
                    opened => return opened.unwrap(),
                }
            }
        };
        let store = timeout(PATIENCE, free).await.unwrap();
        Self::build(store, Settings::default(), rules, clock).await
    }

    pub async fn with(settings: Settings) -> Self {
        Self::build(Store::in_memory([7; 32]).unwrap(), settings, rules(), TestClock::new()).await
    }

    /// Start one that speaks HTTPS.
    pub async fn with_tls(tls: Arc<Tls>, limits: Limits) -> Self {
        let settings = Settings { limits, ..Settings::default() };
        let store = Store::in_memory([7; 32]).unwrap();
        Self::build_with(Some(tls), store, settings, rules(), TestClock::new(), Quotas::new(None)).await
    }

    /// Start one that has a certificate authority of its own.
    pub async fn with_ca(tls: Arc<Tls>, ca: Certificate) -> Self {
        let settings = Settings { ca: Some(Arc::new(ca)), ..Settings::default() };
        let store = Store::in_memory([7; 32]).unwrap();
        Self::build_with(Some(tls), store, settings, rules(), TestClock::new(), Quotas::new(None)).await
    }

    async fn build(store: Store, settings: Settings, rules: Rules, clock: TestClock) -> Self {
        Self::assemble(store, settings, rules, clock, Quotas::new(None)).await
    }

    /// The same, over any parts; the others do not count calls.
    pub async fn assemble(
        store: Store,
        settings: Settings,
        rules: Rules,
        clock: TestClock,
        quotas: Quotas,
    ) -> Self {
        Self::build_with(None, store, settings, rules, clock, quotas).await
    }

    /// Start one whose pages show this.
    pub async fn with_branding(branding: Arc<Branding>) -> Self {
        let (store, settings) = (Store::in_memory([7; 32]).unwrap(), Settings::default());
        Self::build_branded(branding, None, store, settings, rules(), TestClock::new(), Quotas::new(None))
            .await
    }

    async fn build_with(
        tls: Option<Arc<Tls>>,
        store: Store,
        settings: Settings,
        rules: Rules,
        clock: TestClock,
        quotas: Quotas,
    ) -> Self {
        let branding = Arc::new(Branding::read("/nowhere".into()).0);
        Self::build_branded(branding, tls, store, settings, rules, clock, quotas).await
    }

    /// Start a server with the real table and the rows of [`rows`].
    async fn build_branded(
        branding: Arc<Branding>,
        tls: Option<Arc<Tls>>,
        store: Store,
        settings: Settings,
        rules: Rules,
        clock: TestClock,
        quotas: Quotas,
    ) -> Self {
        let about = About {
            service_name: "lucid-auth-test".into(),
            tron_network: "nile",
            hardware_wallets: rules.hardware_wallets.clone(),
            registration_open: true,
        };
        let service = Service::start(store, clock.clock(), Random::system(), rules).await.unwrap();
        let random = Random::system();
        let app = App {
            service: service.clone(),
            clock: clock.clock(),
            random,
            settings,
            quotas,
            about,
            branding,
            health: Last::default(),
        };
        let table = routes().into_iter().chain(rows()).collect();
        let mut server = Server::new(Arc::new(app), table).unwrap();
        if let Some(tls) = tls {
            server = server.with_tls(tls);
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let server = Arc::new(server);
        let serving = server.clone();
        let done = tokio::spawn(async move {
            serving
                .serve(listener, async {
                    let _ = stopped.await;
                })
                .await;
        });
        Self { address, server, service, clock, stop: Some(stop), done }
    }

    /// A signed challenge of `wallet`: the body of a sign-in.
    pub async fn signed(&self, wallet: &Wallet, how: WalletType) -> Value {
        let asked = json!({"tron_address": wallet.address, "wallet_type": how});
        let challenge = self.post("/auth/challenge", &asked).await.expect(200);
        let message = challenge["message"].as_str().unwrap();
        let scheme: Scheme = challenge["scheme"].as_str().unwrap().parse().unwrap();
        json!({"tron_address": wallet.address, "message": message, "signature": wallet.sign(scheme, message)})
    }

    /// What binds `device` as a Ledger to the account of `owner`.
    pub async fn connection(&self, owner: &Wallet, device: &Wallet) -> Value {
        let mut body = self.signed(device, WalletType::Ledger).await;
        body["type"] = "ledger".into();
        body["proof"] = self.signed(owner, WalletType::Tron).await;
        body
    }

    /// What a sign-in of `wallet` gives.
    pub async fn sign_in(&self, wallet: &Wallet) -> Value {
        let body = self.signed(wallet, WalletType::Tron).await;
        self.post("/auth/login", &body).await.expect(200)
    }

    /// A bearer's header line, of a user with this role.
    pub async fn bearer(&self, role: Role) -> String {
        bearer(&self.sign_in_as(&Wallet::new(1_000_000 + role as u64), role).await)
    }

    /// What a sign-in of `wallet` gives, whose account has this role if it is made here.
    pub async fn sign_in_as(&self, wallet: &Wallet, role: Role) -> Value {
        let new = NewUser { address: wallet.address, role, display_name: None };
        // The second time, the account is there.
        drop(self.service.add_user(new).await);
        self.sign_in(wallet).await
    }

    /// The reply to a `POST` of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.ask(json(path, &body.to_string())).await
    }

    /// The reply to a call with a body and a token.
    pub async fn call(&self, method: &str, path: &str, tokens: &Value, body: &Value) -> Reply {
        let lines = format!("Content-Type: application/json\r\n{}", bearer(tokens));
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.ask(request(method, path, &lines, &body)).await
    }

    /// The reply to the login page of `own`, in a browser that has the session of `tokens` in its cookie, when it asks where to
    /// send it.
    pub async fn hand_over(&self, own: &str, tokens: &Value, body: &Value) -> Reply {
        let session = tokens["session_id"].as_str().unwrap().parse().unwrap();
        let cookie = self.service.session_cookie(session, &own.parse().unwrap());
        let lines = format!(
            "Content-Type: application/json\r\nOrigin: {own}\r\nCookie: __Host-lucid_session={}\r\n{}",
            *cookie.to_text(),
            bearer(tokens)
        );
        self.ask(request("POST", "/auth/handover", &lines, &body.to_string())).await
    }

    pub async fn connect(&self) -> Client {
        self.connect_from("127.0.0.1").await
    }

    /// Connect from another address of this machine.
    pub async fn connect_from(&self, address: &str) -> Client {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(address.parse().unwrap(), 0)).unwrap();
        Client::new(socket.connect(self.address).await.unwrap())
    }

    /// The reply to `bytes` on a connection of their own.
    pub async fn ask(&self, bytes: impl AsRef<[u8]>) -> Reply {
        let mut client = self.connect().await;
        client.send(&bytes).await;
        let reply = client.reply().await;
        // Its port is free at once: of so many, each waiting for a minute, there would soon be none left.
        client.stream.set_zero_linger().unwrap();
        table::check(bytes.as_ref(), &reply);
        reply
    }

    /// The reply to a `GET`, with more header lines.
    pub async fn get(&self, path: &str, lines: &str) -> Reply {
        self.ask(request("GET", path, lines, "")).await
    }

    /// The same, for callers that cannot lend.
    pub async fn call_owned(&self, method: &str, path: &str, tokens: Value, body: Value) -> Reply {
        self.call(method, path, &tokens, &body).await
    }

    /// The same, for many callers at once.
    pub async fn call_owned_path(&self, method: &str, path: String, tokens: Value, body: Value) -> Reply {
        self.call(method, &path, &tokens, &body).await
    }

    /// Stop, and let go of the database.
    pub async fn close(mut self) {
        self.stop();
        self.stopped().await;
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

/// The header line that carries an access token.
pub fn bearer(tokens: &Value) -> String {
    format!("Authorization: Bearer {}\r\n", tokens["access_token"].as_str().unwrap())
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

pub struct Client<S = TcpStream> {
    pub stream: S,
    read: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, read: Vec::new() }
    }

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

    /// The body of a reply that has this status.
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()
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
            assert!(json["error"]["timestamp"].as_str().unwrap().parse::<Timestamp>().is_ok());
            assert!(json["error"]["details"].is_object());
            assert!(!json["error"]["message"].as_str().unwrap().is_empty());
            let (code, kind) = (json["error"]["code"].as_str().unwrap(), json["type"].as_str().unwrap());
            assert_eq!(kind, format!("/problems/{code}"));
        }
    }
}
