//! Where the secrets of a run must not be found: each of them, in every writing, is looked for in all that the service writes
//! or says.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    os::unix::{fs::MetadataExt as _, process::ExitStatusExt as _},
    path::Path,
    process::{Child, Command, Stdio},
};

use data_encoding::{BASE32_NOPAD, BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use lucid_auth::{
    domain::{seal::MasterKey, wallet::Scheme},
    store::{Store, keys, meta},
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{
    carried, figures,
    http::Http,
    process::{Ended, Process, Service, command},
    wallet::Wallet,
};

const MASTER: [u8; 32] = *b"a master key, of 32 bytes, known";

/// Something that must not be found.
pub struct Secret {
    name: String,
    /// Each way to write it.
    needles: Vec<String>,
}

impl Secret {
    /// A text, and the bytes that it may stand for.
    pub fn text(name: &str, text: &str) -> Self {
        let hex = text.strip_prefix("0x").unwrap_or(text);
        let decoded = HEXLOWER.decode(hex.as_bytes()).or_else(|_| BASE64URL_NOPAD.decode(text.as_bytes()));
        let mut secret = Self::bytes(name, text.as_bytes());
        secret.needles.extend(decoded.iter().flat_map(|bytes| writings(bytes)));
        secret
    }

    pub fn bytes(name: &str, bytes: &[u8]) -> Self {
        Self { name: name.to_owned(), needles: writings(bytes) }
    }

    pub fn is_in(&self, hay: &str) -> bool {
        self.needles.iter().any(|needle| hay.contains(needle.as_str()))
    }
}

/// Every way to write these bytes that a log, a database or a dump might use.
fn writings(bytes: &[u8]) -> Vec<String> {
    let list = format!("{bytes:?}");
    let all = [
        bytes.to_vec(),
        HEXLOWER.encode(bytes).into_bytes(),
        HEXUPPER.encode(bytes).into_bytes(),
        BASE64.encode(bytes).into_bytes(),
        BASE64_NOPAD.encode(bytes).into_bytes(),
        BASE64URL_NOPAD.encode(bytes).into_bytes(),
        BASE32_NOPAD.encode(bytes).into_bytes(),
        list.trim_matches(['[', ']']).as_bytes().to_vec(),
        list.replace(' ', "").trim_matches(['[', ']']).as_bytes().to_vec(),
    ];
    all.iter().filter(|needle| needle.len() >= 12).map(|needle| characters(needle)).collect()
}

/// The same bytes, a character each: searching text is fast without optimisation, too.
pub fn characters(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// All of a reply, whatever it is.
pub fn raw(port: u16, request: &str) -> Vec<u8> {
    raw_at(port, "localhost", request)
}

/// The same at another host.
pub fn raw_at(port: u16, host: &str, request: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let closing = request.replacen("\r\n", &format!("\r\nHost: {host}\r\nConnection: close\r\n"), 1);
    stream.write_all(closing.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

pub fn post(port: u16, path: &str, lines: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    raw(
        port,
        &format!(
            "POST {path} HTTP/1.1\r\nContent-Type: application/json\r\n{lines}Content-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    )
}

/// Every file below `folder`, sockets left out.
pub fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let kind = fs::symlink_metadata(&path).unwrap().file_type();
        if kind.is_dir() {
            all.extend(files(&path));
        } else if kind.is_file() {
            all.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    all
}

/// What a run gave: its secrets, and all that was said beside them.
#[derive(Default)]
pub struct Run {
    pub secrets: Vec<Secret>,
    pub said: Vec<(String, Vec<u8>)>,
}

impl Run {
    /// Note the answer of the service's listener for metrics.
    pub fn ask_metrics(&mut self, service: &Service) {
        let line = service.process.logged(&["serving metrics"]);
        let port = line.split("127.0.0.1:").nth(1).unwrap().split('/').next().unwrap().parse().unwrap();
        self.said.push(("the metrics".into(), raw(port, "GET /metrics HTTP/1.1\r\n\r\n")));
    }

    /// Note what a process said.
    pub fn note(&mut self, what: &str, ended: Ended) {
        self.said.push((what.to_owned(), [ended.out, ended.err].concat().into_bytes()));
    }

    /// Have this looked for, and show it where it does not belong.
    pub fn conceal(&mut self, port: u16, name: &str, value: &str) {
        self.secrets.push(Secret::text(name, value));
        wrong_places(self, port, value);
    }

    /// Look for each secret in all that was said, and return how often that was.
    pub fn search(&self) -> u64 {
        let mut cases = 0;
        for (place, text) in &self.said {
            let hay = characters(text);
            for secret in &self.secrets {
                // What was asked for is the answer's own: no answer here hands out a secret.
                assert!(
                    !secret.is_in(&hay),
                    "{} is in {place}: {}",
                    secret.name,
                    String::from_utf8_lossy(&text[..text.len().min(2_000)])
                );
                cases += 1;
            }
        }
        cases
    }
}

/// Sign in and out in every way, and show each secret where it does not belong.
fn run(service: &Service, wallet: &Wallet) -> Run {
    let port = service.port;
    let mut http = Http::new(port);
    let mut run = Run::default();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    for round in 0..3 {
        let asked =
            http.post("/auth/challenge", &json!({"tron_address": wallet.address})).unwrap().expect(200);
        let signature = wallet.sign(Scheme::TronV2, asked["message"].as_str().unwrap());
        let answer =
            json!({"tron_address": wallet.address, "message": asked["message"], "signature": signature});
        let tokens = http.post("/auth/login", &answer).unwrap().expect(200);
        let refreshed = http
            .post("/auth/refresh", &json!({"refresh_token": tokens["refresh_token"]}))
            .unwrap()
            .expect(200);
        let told = [
            ("nonce", text(&asked["nonce"])),
            ("signature", signature.clone()),
            ("access token", text(&tokens["access_token"])),
            ("its signature", text(&tokens["access_token"]).rsplit('.').next().unwrap().to_owned()),
            ("refresh token", text(&tokens["refresh_token"])),
            ("refreshed access token", text(&refreshed["access_token"])),
            ("refreshed refresh token", text(&refreshed["refresh_token"])),
        ];
        for (name, value) in &told {
            run.conceal(port, &format!("{name}, round {round}"), value);
        }
        run.said.push(("a replay".into(), post(port, "/auth/login", "", &answer)));
        if round == 0 {
            run.said.push((
                "the audit log".into(),
                raw(
                    port,
                    &format!(
                        "GET /audit?limit=200 HTTP/1.1\r\nAuthorization: Bearer {}\r\n\r\n",
                        text(&refreshed["access_token"])
                    ),
                ),
            ));
            run.said.push((
                "the system".into(),
                raw(
                    port,
                    &format!(
                        "GET /system HTTP/1.1\r\nAuthorization: Bearer {}\r\n\r\n",
                        text(&refreshed["access_token"])
                    ),
                ),
            ));
            run.said.push((
                "an export".into(),
                raw(
                    port,
                    &format!(
                        "GET /users/me/export HTTP/1.1\r\nAuthorization: Bearer {}\r\n\r\n",
                        text(&refreshed["access_token"])
                    ),
                ),
            ));
            run.said.push((
                "the sessions".into(),
                raw(
                    port,
                    &format!(
                        "GET /sessions HTTP/1.1\r\nAuthorization: Bearer {}\r\n\r\n",
                        text(&refreshed["access_token"])
                    ),
                ),
            ));
        }
        http.call("POST", "/auth/logout", &refreshed["access_token"], &json!({"logout_all_sessions": true}))
            .unwrap()
            .expect(200);
    }
    for path in ["/openapi.json", "/meta/info", "/health", "/.well-known/jwks.json", "/", "/docs"] {
        run.said.push((
            path.into(),
            raw(port, &format!("GET {path} HTTP/1.1\r\nAccept-Encoding: identity\r\n\r\n")),
        ));
    }
    run
}

/// Show a secret wherever somebody might by mistake, and keep what is said to it.
fn wrong_places(run: &mut Run, port: u16, value: &str) {
    let asks = [
        ("in a path", format!("GET /users/{value} HTTP/1.1\r\n\r\n")),
        ("in a query", format!("GET /audit?token={value} HTTP/1.1\r\n\r\n")),
        ("as a method", format!("{value} / HTTP/1.1\r\n\r\n")),
        ("as a scheme", format!("GET /auth/status HTTP/1.1\r\nAuthorization: {value}\r\n\r\n")),
        ("as a bearer's", format!("GET /auth/forward HTTP/1.1\r\nAuthorization: Bearer {value}x\r\n\r\n")),
        (
            "as a cookie",
            format!("GET /auth/forward HTTP/1.1\r\nCookie: lucid_session={value}; {value}\r\n\r\n"),
        ),
        ("as an origin", format!("GET /auth/status HTTP/1.1\r\nOrigin: {value}\r\n\r\n")),
        (
            "as a client",
            format!(
                "GET /auth/status HTTP/1.1\r\nX-Forwarded-For: {value}\r\nForwarded: for={value}\r\n\r\n"
            ),
        ),
        ("as a version", format!("GET / {value}\r\n\r\n")),
    ];
    for (place, ask) in asks {
        run.said.push((place.into(), raw(port, &ask)));
    }
    for (place, body) in [
        ("as an address", json!({"tron_address": value})),
        ("as a wallet", json!({"tron_address": "T", "wallet_type": value})),
        ("as a text", json!(value)),
    ] {
        run.said.push((place.into(), post(port, "/auth/challenge", "", &body)));
    }
    run.said.push((
        "as a refresh token".into(),
        post(port, "/auth/refresh", "", &json!({"refresh_token": format!("{value}x")})),
    ));
    run.said.push((
        "as a type".into(),
        post(port, "/auth/refresh", &format!("Content-Encoding: {value}\r\n"), &json!({})),
    ));
}

#[test]
fn no_secret_is_written_said_or_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (data, backups) = (folder.path().join("data"), folder.path().join("backups"));
    let wallet = Wallet::new(1);
    let address = wallet.address.to_string();
    let master = BASE64.encode(&MASTER);
    let settings = [
        &[
            ("RATE_LIMIT_ENABLED", "false"),
            ("MAX_LOGIN_ATTEMPTS", "100"),
            ("LOG_LEVEL", "TRACE"),
            ("MASTER_KEY", master.as_str()),
            ("SUPER_ADMIN_ADDRESSES", address.as_str()),
            ("METRICS_ENABLED", "true"),
            ("METRICS_PORT", "0"),
            ("BACKUP_DIR", backups.to_str().unwrap()),
        ][..],
        &carried::SETTINGS,
    ]
    .concat();
    let service = Service::with(&data, &settings);
    let mut run = run(&service, &wallet);
    carried::carry(&mut run, service.port, &wallet, &Wallet::new(2));
    run.ask_metrics(&service);
    let copy = backups.join("copy.redb");
    for command in [
        &["backup", copy.to_str().unwrap()][..],
        &["key", "list"],
        &["user", "list"],
        &["audit", "list"],
        &["config"],
        &["doctor"],
    ] {
        run.note(&command.join(" "), Process::start(&data, command, &settings).end());
    }
    concealed(&service);
    run.note("the log", service.stop());
    assert!(
        run.said.iter().any(|(place, text)| place == "the log" && characters(text).contains("DEBUG")),
        "the log is not verbose"
    );

    let key = MasterKey::new(Zeroizing::new(MASTER));
    let store = Store::open(&data.join("auth.redb"), [7; 32]).unwrap();
    for signing in store.read(|tx| keys::all(tx, Some(&key))).unwrap() {
        run.secrets.push(Secret::bytes("signing key", &signing.signing.to_bytes()));
    }
    let mac = store.read(|tx| meta::mac_key(tx, Some(&key))).unwrap();
    run.secrets.push(Secret::bytes("key of cookies and refresh tokens", mac.as_bytes()));
    run.secrets.push(Secret::bytes("master key", &MASTER));
    drop(store);

    let stored = [files(&data), files(&backups)].concat();
    assert!(
        stored.iter().any(|(name, _)| name.ends_with("copy.redb"))
            && stored.iter().any(|(name, _)| name.ends_with("auth.redb"))
    );
    run.said.extend(stored);
    let cases = run.search();
    // What is looked for would be found.
    assert!(Secret::text("", &"ab".repeat(20)).is_in(&format!("x{}", BASE64.encode(&[0xab; 20]))));
    figures::record("secrets: in logs, answers, metrics, files, backups", cases, 0);
}

/// Check that no other process of the same user can read the memory or the environment.
fn concealed(service: &Service) {
    let id = service.process.id();
    let line = fs::read(format!("/proc/{id}/cmdline")).unwrap();
    assert!(!Secret::bytes("", &MASTER).is_in(&characters(&line)));
    for file in ["environ", "mem", "maps"] {
        // What cannot be dumped belongs to root, whoever it runs as.
        assert_eq!(fs::metadata(format!("/proc/{id}/{file}")).unwrap().uid(), 0, "{file}");
    }
}

/// Whether a process leaves a core behind when it is told to, where whoever runs it lets it.
fn dumps(mut command: Command, folder: &Path, ready: impl FnOnce(&mut Child)) -> bool {
    let mut child = command.current_dir(folder).stderr(Stdio::piped()).spawn().unwrap();
    ready(&mut child);
    assert!(Command::new("kill").args(["-ABRT", &child.id().to_string()]).status().unwrap().success());
    let ended = child.wait().unwrap();
    assert_eq!(ended.signal(), Some(6), "it ended in another way: {ended}");
    ended.core_dumped()
}

/// `tests/run` leaves this out, and says so, where a machine lets nobody leave a core behind: it could not fail there.
#[test]
fn no_core_is_dumped_even_where_others_would_be() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Core).maximum;
    setrlimit(Resource::Core, Rlimit { current: maximum, maximum }).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let other = dumps(
        {
            let mut sleep = Command::new("sleep");
            sleep.arg("60");
            sleep
        },
        folder.path(),
        |_| {},
    );
    let ours = dumps(command(&folder.path().join("data"), &[], &[]), folder.path(), |child| {
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("ready")));
    });
    assert!(
        other,
        "no program leaves a core behind here (limit {maximum:?}), so nothing is known of the service"
    );
    assert!(!ours, "the service left a core behind");
    figures::record("secrets: core dumps", 1, 0);
}
