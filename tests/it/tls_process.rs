//! HTTPS as the binary does it: refusals at start, SIGHUP, and the health check.

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    process::{Child, Command, Output, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{certificate::Pair, support::PATIENCE};

/// The binary with these settings and no others.
fn command(subcommand: &str, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lucid-auth"));
    command.arg(subcommand).env_clear().env("AUTH_SERVICE_BIND", "127.0.0.1").env("DATA_DIR", "/nowhere");
    command.env("METRICS_ENABLED", "false");
    command.envs(settings.iter().copied());
    command
}

fn output(subcommand: &str, settings: &[(&str, &str)]) -> Output {
    command(subcommand, settings).output().unwrap()
}

/// The settings that name the files of `pair`.
fn files(pair: &Pair) -> [(&str, &str); 2] {
    [("TLS_CERT_FILE", pair.certificate.to_str().unwrap()), ("TLS_KEY_FILE", pair.key.to_str().unwrap())]
}

/// The service as a process of its own, which ends with the test.
struct Service {
    process: Child,
    log: Receiver<String>,
    /// What it told the person who started it.
    greeting: String,
    _data: TempDir,
}

impl Service {
    fn start(settings: &[(&str, &str)]) -> Self {
        let data = TempDir::new().unwrap();
        let own = settings.iter().find(|(name, _)| *name == "DATA_DIR").map(|(_, value)| *value);
        let mut process = command("serve", settings)
            .env("DATA_DIR", own.unwrap_or(data.path().to_str().unwrap()))
            .env("AUTH_SERVICE_PORT", "0")
            .env("LOG_FORMAT", "text")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = lines(process.stderr.take().unwrap());
        let greeting = lines(process.stdout.take().unwrap()).recv_timeout(PATIENCE).unwrap();
        Self { process, log, greeting, _data: data }
    }

    fn port(&self) -> &str {
        self.greeting.rsplit(':').next().unwrap()
    }

    /// Tell it to read its files again.
    fn hang_up(&self) {
        let id = self.process.id().to_string();
        assert!(Command::new("sh").args(["-c", r#"kill -HUP "$0""#, &id]).status().unwrap().success());
    }

    /// The next log line with `text` in it.
    fn logged(&self, text: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let line = self.log.recv_timeout(until - Instant::now());
            let line = line.unwrap_or_else(|_| panic!("nothing logged with {text:?}"));
            if line.contains(text) {
                return line;
            }
        }
    }

    /// The exit code of the health check and what it says, when these settings are in force.
    fn health(&self, settings: &[(&str, &str)]) -> (i32, String) {
        health(self.port(), settings)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn health(port: &str, settings: &[(&str, &str)]) -> (i32, String) {
    let output = output("healthcheck", &[&[("AUTH_SERVICE_PORT", port)], settings].concat());
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code().unwrap(), text)
}

/// The lines of `stream`, as they come.
fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        // Whoever listens may stop; the stream is read to its end all the same, so that its writer is never stuck.
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}

#[test]
fn a_wrong_pair_is_refused_at_start_as_settings_are() {
    let (good, other) = (Pair::new(), Pair::new());
    let (certificate, key) = (good.certificate.to_str().unwrap(), good.key.to_str().unwrap());
    let of_another = other.key.to_str().unwrap();
    let cases = [
        // certificate, key, what is said
        (certificate, of_another, format!("TLS_KEY_FILE={of_another:?}: expected the private key of the first certificate in {certificate}, and this is another's\n")),
        ("/absent", "/absent", "TLS_CERT_FILE=\"/absent\": expected a file that this service can read: No such file or directory (os error 2)\n\
                                TLS_KEY_FILE=\"/absent\": expected a file that this service can read: No such file or directory (os error 2)\n".to_owned()),
        (certificate, "", format!("TLS_CERT_FILE={certificate:?}: expected TLS_KEY_FILE beside it\n")),
        ("", key, format!("TLS_KEY_FILE={key:?}: expected TLS_CERT_FILE beside it\n")),
    ];
    for (certificate, key, expected) in cases {
        let output = output("serve", &[("TLS_CERT_FILE", certificate), ("TLS_KEY_FILE", key)]);
        assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
        assert_eq!(output.status.code(), Some(78));
    }
}

#[test]
fn the_health_check_asks_over_https_and_trusts_only_the_configured_certificate() {
    let (pair, other) = (Pair::new(), Pair::new());
    let service = Service::start(&files(&pair));
    assert!(service.greeting.contains(" is ready: https://localhost:"), "{}", service.greeting);
    let began = Instant::now();
    let (code, said) = service.health(&files(&pair));
    assert!(code == 0 && said.starts_with("healthy: https://127.0.0.1:"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(1));
    let (code, said) = service.health(&files(&other));
    assert!(code == 1 && said.contains("another than TLS_CERT_FILE holds"), "{said}");
    let (code, said) = service.health(&[]);
    assert!(code == 1 && said.starts_with("unhealthy: http://") && said.contains(" 400 "), "{said}");
    let (code, said) = service.health(&[("TLS_CERT_FILE", "/absent"), ("TLS_KEY_FILE", "/absent")]);
    assert!(code == 1 && said.starts_with("error: TLS_CERT_FILE=\"/absent\": expected a file"), "{said}");
}

#[test]
fn the_service_makes_its_own_certificate_once_and_the_health_check_trusts_that() {
    let data = TempDir::new().unwrap();
    let own = [("TLS_SELF_SIGNED", "true"), ("DATA_DIR", data.path().to_str().unwrap())];
    let (code, said) = health("1", &own);
    assert!(
        code == 1 && said.starts_with("error: TLS_SELF_SIGNED=") && said.contains("/tls/server.pem"),
        "{said}"
    );
    let file = |name: &str| std::fs::read(data.path().join("tls").join(name)).unwrap();
    let mut before = None;
    for _ in 0..2 {
        let service = Service::start(&own);
        assert!(service.greeting.contains(" is ready: https://localhost:"), "{}", service.greeting);
        let (code, said) = service.health(&own);
        assert!(code == 0 && said.starts_with("healthy: https://127.0.0.1:"), "{said}");
        service.hang_up();
        service.logged("SIGHUP: new connections get the certificate");
        let files = ["ca.crt", "ca.key", "server.pem"].map(file);
        assert_eq!(*before.get_or_insert_with(|| files.clone()), files, "a restart changes nothing");
    }

    std::fs::write(data.path().join("tls/server.pem"), "").unwrap();
    let service = Service::start(&own);
    assert_eq!(service.health(&own).0, 0);
    std::fs::write(data.path().join("tls/server.pem"), "").unwrap();
    service.hang_up();
    service.logged("SIGHUP: new connections get the certificate");
    assert_eq!(service.health(&own).0, 0, "it is made anew and served");
    drop(service);

    std::fs::write(data.path().join("tls/ca.key"), "").unwrap();
    let output = output("serve", &own);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.code() == Some(1) && said.contains("tls is damaged: ca.key: expected a private key"),
        "{said}"
    );
    assert!(file("ca.key").is_empty(), "it is left as it is");
}

#[test]
fn the_health_check_does_not_take_the_word_of_who_has_only_the_certificate() {
    // Shows the right certificate, and signs with another key.
    use std::sync::Arc;

    use rcgen::KeyPair;
    use rustls::{
        ServerConfig, ServerConnection, Stream,
        crypto::ring::{default_provider, sign::any_ecdsa_type},
        pki_types::PrivatePkcs8KeyDer,
        sign::{CertifiedKey, SingleCertAndKey},
        version::{TLS12, TLS13},
    };
    let pair = Pair::new();
    for version in [&TLS12, &TLS13] {
        let key = KeyPair::generate().unwrap().serialize_der();
        let signer = any_ecdsa_type(&PrivatePkcs8KeyDer::from(key).into()).unwrap();
        let resolver = SingleCertAndKey::from(CertifiedKey::new(vec![pair.der.clone()], signer));
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(resolver));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let impostor = thread::spawn(move || {
            let mut socket = listener.accept().unwrap().0;
            let mut session = ServerConnection::new(Arc::new(config)).unwrap();
            let mut byte = [0];
            Stream::new(&mut session, &mut socket).read(&mut byte).map_err(|error| error.to_string())
        });
        let (code, said) = health(&port, &files(&pair));
        assert!(code == 1 && said.contains("BadSignature"), "{said}");
        assert!(impostor.join().unwrap().is_err());
    }
}

#[test]
fn the_health_check_does_not_wait_for_a_service_that_hangs() {
    let pair = Pair::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    for settings in [&files(&pair)[..], &[]] {
        let began = Instant::now();
        let (code, said) = health(&port, settings);
        assert!(code == 1 && said.contains("timed out"), "{said}");
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
}

#[test]
fn sighup_loads_a_renewed_certificate_and_keeps_the_old_one_if_that_is_wrong() {
    let mut pair = Pair::new();
    let service = Service::start(&files(&pair));
    std::fs::write(&pair.key, "no key").unwrap();
    service.hang_up();
    let line = service.logged("the old certificate stays in use");
    assert!(line.contains("ERROR") && line.contains("TLS_KEY_FILE: expected a private key"), "{line}");
    assert_eq!(service.health(&files(&pair)).0, 0, "the old one is served");

    pair.replace(|_| {});
    assert_eq!(service.health(&files(&pair)).0, 1, "the new one is not served yet");
    service.hang_up();
    service.logged("SIGHUP: new connections get the certificate");
    assert_eq!(service.health(&files(&pair)).0, 0);
}

#[test]
fn sighup_without_tls_reads_the_branding_alone() {
    let service = Service::start(&[]);
    service.hang_up();
    service.logged("SIGHUP: the branding was read again");
    let (code, said) = service.health(&[]);
    assert!(code == 0 && said.starts_with("healthy: http://127.0.0.1:"), "{said}");
}

#[test]
fn a_certificate_out_of_date_is_served_with_a_warning() {
    let (past, future) = (rcgen::date_time_ymd(2001, 2, 3), rcgen::date_time_ymd(4001, 2, 3));
    let cases = [
        (Pair::with(|params| params.not_after = past), "it expired at 2001-02-03T00:00:00Z"),
        (Pair::with(|params| params.not_before = future), "it is valid from 4001-02-03T00:00:00Z"),
    ];
    for (pair, said) in cases {
        let service = Service::start(&files(&pair));
        let line = service.logged("browsers refuse the certificate");
        assert!(line.contains("WARN") && line.contains(said), "{line}");
        assert_eq!(service.health(&files(&pair)).0, 0);
    }
}
