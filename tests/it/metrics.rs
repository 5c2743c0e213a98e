//! Metrics, as Prometheus reads them over TCP.
#![expect(clippy::float_cmp, reason = "counts are whole numbers, which a float holds exactly")]

use std::{
    fs,
    net::{SocketAddr, TcpListener as Taken},
    time::Duration,
};

use lucid_auth::{
    domain::{attempts::Policy, audit::Actor, wallet::WalletType},
    http::{Limits, Quotas, Rates, Settings},
    service::{BackupPlan, Rules},
    store::Store,
};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};

use crate::{
    exposition::Exposition,
    process::{Process, Service},
    support::{Client, PATIENCE, Reply, SOON, TestClock, TestServer, request, rules},
    wallet::Wallet,
};

/// The listener for Prometheus of a [`TestServer`].
struct Metrics {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    done: JoinHandle<()>,
}

impl Metrics {
    async fn of(server: &TestServer) -> Self {
        let metrics = server.server.metrics();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let done = tokio::spawn(async move { metrics.serve(listener, async { drop(stopped.await) }).await });
        Self { address, stop, done }
    }

    async fn connect(&self) -> Client {
        Client::new(TcpStream::connect(self.address).await.unwrap())
    }

    async fn ask(&self, bytes: impl AsRef<[u8]>) -> Reply {
        let mut client = self.connect().await;
        client.send(bytes).await;
        client.reply().await
    }

    async fn scrape(&self) -> Exposition {
        let reply = self.ask(request("GET", "/metrics", "", "")).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let kind = reply.header("content-type").unwrap();
        assert_eq!(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8");
        assert_eq!(reply.header("cache-control").unwrap(), "no-store");
        Exposition::read(&reply.text())
    }
}

/// Every metric that there is: a scrape of a service that has done a little.
pub async fn full_scrape() -> Exposition {
    let folder = tempfile::tempdir().unwrap();
    let backup = BackupPlan { dir: folder.path().join("backups"), schedule: None };
    let rules = Rules { backup, ..rules() };
    let server = TestServer::over(&folder.path().join("auth.redb"), rules, TestClock::new()).await;
    server.sign_in(&Wallet::new(1)).await;
    server.service.back_up(Actor::Operator, false).await.unwrap();
    Metrics::of(&server).await.scrape().await
}

/// A server that counts calls and locks.
async fn strict() -> TestServer {
    let policy = Policy { in_a_row: 3, cooldown: Duration::from_secs(900) };
    let rates = Rates { public: 1_000, authenticated: 1_000, admin: 1_000 };
    let (store, rules) = (Store::in_memory([7; 32]).unwrap(), Rules { attempts: policy, ..rules() });
    TestServer::assemble(store, Settings::default(), rules, TestClock::new(), Quotas::new(Some(rates))).await
}

/// What a call changes of the series that tell of what happened: each with by how much.
fn changes(before: &Exposition, after: &Exposition) -> Vec<(String, f64)> {
    let told = |name: &str| {
        let happened = name.ends_with("_total") || name.ends_with("_count");
        let stands = ["lucid_auth_users", "lucid_auth_sessions"].contains(&name);
        name.starts_with("lucid_auth_") && (happened || stands)
    };
    let mut changes = Vec::new();
    for sample in after.samples().filter(|sample| told(&sample.name)) {
        let labels: Vec<_> =
            sample.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let change = sample.value - before.find(&sample.name, &labels).unwrap_or(0.0);
        if change != 0.0 {
            let values: Vec<_> = sample.labels.values().map(String::as_str).collect();
            let name = sample.name.strip_prefix("lucid_auth_").unwrap();
            changes.push((format!("{name} {}", values.join(" ")).trim_end().to_owned(), change));
        }
    }
    changes.sort_by(|a, b| a.0.cmp(&b.0));
    changes
}

/// The same, as text: `name values +change`, one a line.
async fn counted(metrics: &Metrics, before: &mut Exposition) -> Vec<String> {
    let after = metrics.scrape().await;
    let lines = changes(before, &after).into_iter().map(|(series, change)| format!("{series} {change:+}"));
    let lines = lines.collect();
    *before = after;
    lines
}

async fn refresh(server: &TestServer, token: &Value) -> Reply {
    server.post("/auth/refresh", &json!({"refresh_token": token})).await
}

#[tokio::test]
async fn each_call_moves_the_counts_that_tell_of_it_and_no_others() {
    let server = strict().await;
    let metrics = Metrics::of(&server).await;
    let mut seen = metrics.scrape().await;
    assert!(counted(&metrics, &mut seen).await.is_empty(), "asking counts nothing");

    let wallet = Wallet::new(1);
    let body = server.signed(&wallet, WalletType::Ledger).await;
    let challenge = [
        "challenges_total +1",
        "request_duration_seconds_count issueChallenge +1",
        "requests_total POST issueChallenge /auth/challenge 200 +1",
    ];
    assert_eq!(counted(&metrics, &mut seen).await, challenge);

    let tokens = server.post("/auth/login", &body).await.expect(200);
    let expected = [
        "commit_changes_count +1",
        "commit_duration_seconds_count +1",
        "request_duration_seconds_count signIn +1",
        "requests_total POST signIn /auth/login 200 +1",
        "sessions +1",
        "sign_ins_total ok ledger +1",
        "users +1",
    ];
    assert_eq!(counted(&metrics, &mut seen).await, expected);

    assert_eq!(server.post("/auth/login", &body).await.status, 401);
    let expected = [
        "request_duration_seconds_count signIn +1",
        "requests_total POST signIn /auth/login 401 +1",
        "sign_ins_total challenge ledger +1",
    ];
    assert_eq!(counted(&metrics, &mut seen).await, expected, "the challenge was used");

    let mut wrong = server.signed(&wallet, WalletType::Ethereum).await;
    assert_eq!(counted(&metrics, &mut seen).await, challenge);
    wrong["signature"] = json!("00".repeat(65));
    let failed = |outcome: &str, status: u16| {
        vec![
            "request_duration_seconds_count signIn +1".to_owned(),
            format!("requests_total POST signIn /auth/login {status} +1"),
            format!("sign_ins_total {outcome} +1"),
        ]
    };
    for _ in 0..2 {
        assert_eq!(server.post("/auth/login", &wrong).await.status, 401);
        assert_eq!(counted(&metrics, &mut seen).await, failed("signature ethereum", 401));
    }
    let stranger = json!({"tron_address": wallet.address, "message": "no challenge", "signature": "00"});
    assert_eq!(server.post("/auth/login", &stranger).await.status, 401);
    // The lock is written when the disk has time for it: here, before anything else is.
    refresh(&server, &tokens["refresh_token"]).await.expect(200);
    let all = counted(&metrics, &mut seen).await;
    for line in [
        "lockouts_total +1",
        "refreshes_total ok +1",
        "requests_total POST refresh /auth/refresh 200 +1",
        "sign_ins_total challenge unknown +1",
    ] {
        assert!(all.iter().any(|told| told == line), "{line}: {all:?}");
    }
    assert_eq!(server.post("/auth/login", &wrong).await.status, 423);
    assert_eq!(counted(&metrics, &mut seen).await, failed("throttled ethereum", 423));

    let other = Wallet::new(2);
    seen = metrics.scrape().await;
    let forged = format!("{}AAAA", &tokens["refresh_token"].as_str().unwrap()[..82]);
    for token in ["nonsense", &forged] {
        assert_eq!(refresh(&server, &json!(token)).await.status, 401);
        let told = counted(&metrics, &mut seen).await;
        assert!(told.contains(&"refreshes_total unknown +1".to_owned()), "{token}: {told:?}");
    }
    server.clock.pass(11);
    for outcome in ["reused", "ended"] {
        assert_eq!(refresh(&server, &tokens["refresh_token"]).await.status, 401);
        let told = counted(&metrics, &mut seen).await;
        assert_eq!(told.iter().filter(|line| line.starts_with("refreshes_total")).count(), 1, "{told:?}");
        assert!(told.contains(&format!("refreshes_total {outcome} +1")), "{told:?}");
        assert_eq!(told.contains(&"sessions -1".to_owned()), outcome == "reused", "{told:?}");
    }

    let cases = [
        ("", "missing", 401),
        ("Authorization: Bearer nonsense\r\n", "invalid", 401),
        (&crate::support::bearer(&tokens), "ended", 401),
    ];
    for (line, reason, status) in cases {
        assert_eq!(server.get("/auth/status", line).await.status, status, "{reason}");
        let expected = [
            format!("authentication_failures_total {reason} +1"),
            "request_duration_seconds_count getStatus +1".to_owned(),
            format!("requests_total GET getStatus /auth/status {status} +1"),
        ];
        assert_eq!(counted(&metrics, &mut seen).await, expected);
    }
    server.clock.pass(900);
    let late = server.sign_in(&other).await;
    counted(&metrics, &mut seen).await;
    server.clock.pass(900);
    assert_eq!(server.call("GET", "/auth/status", &late, &Value::Null).await.status, 401);
    let told = counted(&metrics, &mut seen).await;
    assert_eq!(told[0], "authentication_failures_total expired +1", "{told:?}");
}

#[tokio::test]
async fn callers_who_make_too_many_requests_are_counted() {
    let rates = Rates { public: 2, authenticated: 10, admin: 10 };
    let store = Store::in_memory([7; 32]).unwrap();
    let quotas = Quotas::new(Some(rates));
    let server = TestServer::assemble(store, Settings::default(), rules(), TestClock::new(), quotas).await;
    let metrics = Metrics::of(&server).await;
    let mut seen = metrics.scrape().await;
    let body = json!({"tron_address": Wallet::new(1).address});
    let statuses = [200, 200, 429, 429, 429];
    for status in statuses {
        assert_eq!(server.post("/auth/challenge", &body).await.status, status);
    }
    let expected = [
        "challenges_total +2",
        "rate_limited_requests_total +3",
        "request_duration_seconds_count issueChallenge +5",
        "requests_total POST issueChallenge /auth/challenge 200 +2",
        "requests_total POST issueChallenge /auth/challenge 429 +3",
    ];
    assert_eq!(counted(&metrics, &mut seen).await, expected);
}

#[tokio::test]
async fn a_thousand_unknown_paths_and_methods_make_no_new_series_and_leave_no_trace() {
    let server = TestServer::start().await;
    let metrics = Metrics::of(&server).await;
    let ask = async |client: &mut Client, number: usize| {
        let (unknown, known) = (format!("/secret-{number}?q={number}"), format!("/users/{number:08}"));
        for (method, path, status) in [
            ("GET", &unknown, 404),
            ("OPTIONS", &unknown, 404),
            (&format!("FOO{number}"), &unknown, 404),
            (&format!("FOO{number}"), &"/health".to_owned(), 405),
            ("OPTIONS", &"/health".to_owned(), 204),
            ("GET", &known, 401),
        ] {
            client.send(request(method, path, "", "")).await;
            assert_eq!(client.reply().await.status, status, "{method} {path}");
        }
    };
    let mut client = server.connect().await;
    ask(&mut client, 1_000).await;
    let before = metrics.scrape().await;
    for number in 0..1_000 {
        ask(&mut client, number).await;
    }
    let after = metrics.scrape().await;
    assert_eq!(after.samples().count(), before.samples().count());
    let count = |operation, status| {
        after.sum("lucid_auth_requests_total", &[("operation", operation), ("status", status)])
    };
    let counts = [
        count("unmatched", "404"),
        count("unmatched", "405"),
        count("options", "204"),
        count("getUser", "401"),
    ];
    assert_eq!(counts, [3_003.0, 1_001.0, 1_001.0, 1_001.0]);
    let reply = metrics.ask(request("GET", "/metrics", "", "")).await;
    for word in ["secret", "FOO", "00000999"] {
        assert!(!reply.text().contains(word), "{word}");
    }
}

#[tokio::test]
async fn nothing_of_a_user_is_told() {
    let server = TestServer::start().await;
    let wallet = Wallet::new(1);
    let tokens = server.sign_in(&wallet).await;
    let metrics = Metrics::of(&server).await;
    let text = metrics.ask(request("GET", "/metrics", "", "")).await.text();
    let me = server.call("GET", "/users/me", &tokens, &Value::Null).await.expect(200);
    let secrets = [
        wallet.address.to_string(),
        tokens["session_id"].as_str().unwrap().to_owned(),
        me["user_id"].as_str().unwrap().to_owned(),
        "127.0.0.1".to_owned(),
    ];
    for secret in secrets {
        assert!(!secret.is_empty() && !text.contains(&secret), "{secret}");
    }
}

#[tokio::test]
async fn what_is_refused_unread_and_what_fails_is_counted() {
    let server = TestServer::start().await;
    let metrics = Metrics::of(&server).await;
    let mut seen = metrics.scrape().await;
    assert_eq!(server.ask("GET / HTTP/1.1\r\nno colon\r\n\r\n").await.status, 400);
    assert_eq!(counted(&metrics, &mut seen).await, ["requests_total - unmatched - 400 +1"]);
    assert_eq!(metrics.ask("GET / HTTP/1.1\r\nno colon\r\n\r\n").await.status, 400);
    assert!(
        counted(&metrics, &mut seen).await.is_empty(),
        "the listener for Prometheus counts nothing of its own"
    );
    let failures = |scrape: &Exposition| {
        let of = |status| {
            [("operation", "signIn"), ("route", "/auth/login"), ("method", "POST"), ("status", status)]
        };
        ["500", "503"].map(|status| scrape.value("lucid_auth_requests_total", &of(status)))
    };
    assert_eq!(failures(&seen), [0.0, 0.0], "there before the first failure, so that an alert sees it");
}

#[tokio::test]
async fn open_connections_of_the_service_are_told() {
    let server = TestServer::start().await;
    let metrics = Metrics::of(&server).await;
    let open = async || metrics.scrape().await.value("lucid_auth_connections", &[]);
    assert_eq!(open().await, 0.0);
    let mut clients = [server.connect().await, server.connect().await, server.connect().await];
    for client in &mut clients {
        client.send(request("GET", "/health/live", "", "")).await;
        assert_eq!(client.reply().await.status, 200);
    }
    assert_eq!(open().await, 3.0);
    drop(clients);
    // The server sees them go in its own time.
    timeout(PATIENCE, async { while open().await > 0.0 {} }).await.unwrap();
}

#[tokio::test]
async fn what_is_read_when_asked_tells_how_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth.redb");
    let server = TestServer::over(&path, rules(), TestClock::new()).await;
    let metrics = Metrics::of(&server).await;
    for number in 0..3 {
        server.sign_in(&Wallet::new(number)).await;
    }
    server.sign_in(&Wallet::new(0)).await;
    let scrape = metrics.scrape().await;
    let value = |name: &str| scrape.value(name, &[]);
    assert_eq!((value("lucid_auth_users"), value("lucid_auth_sessions")), (3.0, 4.0));
    assert_eq!(value("lucid_auth_database_writable"), 1.0);
    let length = fs::metadata(&path).unwrap().len();
    assert_eq!(value("lucid_auth_database_bytes").to_string(), length.to_string());
    let version = [("service", "lucid-auth-test"), ("version", env!("CARGO_PKG_VERSION"))];
    assert_eq!(scrape.value("lucid_auth_build_info", &version), 1.0);
    // Above two megabytes and below what a test may ever need; other processes share the machine, not the numbers.
    assert!((2e6..4e9).contains(&value("process_resident_memory_bytes")));
    assert!(value("process_open_fds") >= 5.0 && value("process_open_fds") <= value("process_max_fds"));
    assert!(value("process_cpu_seconds_total") > 0.0);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    let age = now - value("process_start_time_seconds");
    assert!((-2.0..3_600.0).contains(&age), "it began {age} seconds ago");
}

#[tokio::test]
async fn the_two_listeners_serve_nothing_of_each_other() {
    let server = TestServer::start().await;
    assert_eq!(server.get("/metrics", "").await.problem(), (404, 1020));
    assert_eq!(server.get("/api/v1/metrics", "").await.problem(), (404, 1020));
    let metrics = Metrics::of(&server).await;
    let cases = [
        ("GET", "/metrics", "", 200),
        ("GET", "/metrics?name=x", "", 200),
        ("GET", "/", "", 404),
        ("GET", "/metrics/", "", 404),
        ("GET", "/api/v1/metrics", "", 404),
        ("GET", "/health", "", 404),
        ("POST", "/auth/challenge", "{}", 404),
        ("POST", "/metrics", "", 405),
        ("POST", "/metrics", "{}", 405),
        ("OPTIONS", "/metrics", "", 405),
        ("DELETE", "/metrics", "", 405),
        ("FOO", "/metrics", "", 405),
        ("GET", "/metrics", "{}", 413),
    ];
    for (method, path, body, status) in cases {
        let reply = metrics.ask(request(method, path, "", body)).await;
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text());
        assert_eq!(
            reply.header("allow").as_deref(),
            (status == 405).then_some("GET, HEAD"),
            "{method} {path}"
        );
        let closes = reply.header("connection").as_deref() == Some("close");
        assert_eq!(closes, !body.is_empty(), "{method} {path}: a body that is not read ends the connection");
    }
    let mut client = metrics.connect().await;
    for _ in 0..2 {
        client.send(request("HEAD", "/metrics", "", "")).await;
        let head = client.head().await;
        assert_eq!(head.status, 200);
        assert!(head.header("content-length").unwrap().parse::<usize>().unwrap() > 1_000);
    }
}

#[tokio::test]
async fn slow_and_many_clients_of_the_metrics_are_bounded() {
    let limits = Limits { header_time: SOON, ..Limits::default() };
    let server = TestServer::with_limits(limits).await;
    let metrics = Metrics::of(&server).await;
    let mut slow = metrics.connect().await;
    slow.send("GET /metrics HTTP/1.1\r\nHost: ").await;
    slow.cut_off().await;

    let server = TestServer::start().await;
    let metrics = Metrics::of(&server).await;
    let scrape = request("GET", "/metrics", "", "");
    let mut clients = Vec::new();
    for _ in 0..8 {
        let mut client = metrics.connect().await;
        client.send(&scrape).await;
        assert_eq!(client.reply().await.status, 200);
        clients.push(client);
    }
    let mut one_more = metrics.connect().await;
    one_more.send(&scrape).await;
    assert_eq!(one_more.reply().await.status, 200);
    assert_eq!(clients.remove(0).closed().await, b"", "it gave its place up, as the one that waited longest");
    clients[0].send(&scrape).await;
    assert_eq!(clients[0].reply().await.status, 200, "the others kept theirs");
    assert_eq!(server.get("/health/live", "").await.status, 200, "the service has room of its own");
}

#[tokio::test]
async fn it_stops_when_it_is_told_with_connections_open() {
    let server = TestServer::start().await;
    let metrics = Metrics::of(&server).await;
    let mut client = metrics.connect().await;
    client.send(request("GET", "/metrics", "", "")).await;
    assert_eq!(client.reply().await.status, 200);
    metrics.stop.send(()).unwrap();
    timeout(PATIENCE, metrics.done).await.unwrap().unwrap();
    assert_eq!(client.closed().await, b"");
    assert_eq!(server.get("/health/live", "").await.status, 200);
}

#[test]
fn the_service_says_where_its_metrics_are_and_ends_them_with_itself() {
    let folder = tempfile::tempdir().unwrap();
    let environment = [("METRICS_ENABLED", "true"), ("METRICS_PORT", "0"), ("LOG_FORMAT", "text")];
    let service = Service::of(Process::start(folder.path(), &[], &environment));
    let line = service.process.logged(&["serving metrics"]);
    let url = line.split("http://").nth(1).unwrap().split(['"', ' ']).next().unwrap().to_owned();
    let (address, path) = url.split_once('/').unwrap();
    assert_eq!(path, "metrics");
    let text = fetch(address);
    assert!(text.contains("lucid_auth_build_info{service=\"lucid-auth-service\",version="), "{text}");
    let ended = service.stop();
    assert!(ended.out.contains(&format!("Its metrics are at http://{url}.\n")), "{}", ended.out);
    assert!(std::net::TcpStream::connect(address).is_err());
}

/// What is at `/metrics` of this address.
fn fetch(address: &str) -> String {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn where_the_default_port_is_taken_the_service_goes_on_without_metrics_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    // If somebody else has it, it is taken too.
    let _taken = Taken::bind("127.0.0.1:9090");
    let service = Service::with(folder.path(), &[("METRICS_ENABLED", "true"), ("LOG_FORMAT", "text")]);
    service.process.logged(&["WARN", "127.0.0.1:9090", "METRICS_PORT", "Going on without metrics"]);
    let ended = service.stop();
    assert!(!ended.out.contains("metrics"), "{}", ended.out);
}

#[test]
fn a_port_that_was_asked_for_and_cannot_be_had_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let taken = Taken::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let cases = [
        // settings                                                             code  what it names
        (vec![("METRICS_PORT", port.as_str())], 1, "METRICS_PORT"),
        (vec![("METRICS_BIND", "192.0.2.1")], 1, "METRICS_BIND"),
        (vec![("METRICS_PORT", "x")], 78, "METRICS_PORT=\"x\""),
        (vec![("METRICS_BIND", "x")], 78, "METRICS_BIND=\"x\""),
        (vec![("METRICS_ENABLED", "x")], 78, "METRICS_ENABLED=\"x\""),
        (vec![("METRICS_PORT", "8099"), ("AUTH_SERVICE_PORT", "8099")], 78, "METRICS_PORT=\"8099\""),
    ];
    for (settings, code, named) in cases {
        let environment = [vec![("METRICS_ENABLED", "true")], settings].concat();
        let ended = Process::start(&data, &[], &environment).end();
        assert_eq!((ended.code, ended.out.as_str()), (Some(code), ""), "{named}: {}", ended.err);
        assert!(ended.err.contains(named), "{named}: {}", ended.err);
    }
    assert!(!data.exists(), "nothing was made");
}
