//! HTTPS on the service's own port.

use std::{fs, io, sync::Arc, time::Duration};

use lucid_auth::{
    domain::timestamp::Timestamp,
    http::{
        Limits, Tls,
        tls::{PairFile, Refused},
    },
};
use rustls::{
    ClientConfig,
    version::{TLS12, TLS13},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    certificate::{Pair, pem},
    rows::BIG,
    support::{Client, PATIENCE, Reply, SOON, START, TestServer, json, request},
    wallet::Wallet,
};

async fn try_connect(server: &TestServer, config: ClientConfig) -> io::Result<Client<TlsStream<TcpStream>>> {
    try_connect_as("localhost", server, config).await
}

/// Connect to what is called `name`.
pub async fn try_connect_as(
    name: &'static str,
    server: &TestServer,
    config: ClientConfig,
) -> io::Result<Client<TlsStream<TcpStream>>> {
    let stream = server.connect().await.stream;
    let name = name.try_into().unwrap();
    let handshake = TlsConnector::from(Arc::new(config)).connect(name, stream);
    timeout(PATIENCE, handshake).await.unwrap().map(Client::new)
}

pub async fn connect(server: &TestServer, config: ClientConfig) -> Client<TlsStream<TcpStream>> {
    try_connect(server, config).await.unwrap()
}

/// Sign in over this connection.
pub async fn sign_in(client: &mut Client<TlsStream<TcpStream>>, wallet: &Wallet) {
    let asked = json!({"tron_address": wallet.address}).to_string();
    client.send(json("/auth/challenge", &asked)).await;
    let challenge = client.reply().await.expect(200);
    let message = challenge["message"].as_str().unwrap();
    let signature = wallet.sign(challenge["scheme"].as_str().unwrap().parse().unwrap(), message);
    let answer = json!({"tron_address": wallet.address, "message": message, "signature": signature});
    client.send(json("/auth/login", &answer.to_string())).await;
    assert!(client.reply().await.expect(200)["access_token"].is_string());
}

async fn ask(server: &TestServer, pair: &Pair, bytes: impl AsRef<[u8]>) -> Reply {
    let mut client = connect(server, pair.trusted()).await;
    client.send(bytes).await;
    client.reply().await
}

async fn others_are_answered(server: &TestServer, pair: &Pair) {
    assert_eq!(ask(server, pair, request("GET", "/health/live", "", "")).await.status, 200);
}

#[tokio::test]
async fn a_person_signs_in_over_tls_1_2_and_1_3() {
    let pair = Pair::new();
    let server = TestServer::with_tls(pair.tls(), Limits::default()).await;
    let wallet = Wallet::new(1);
    for version in [&TLS12, &TLS13] {
        let mut client = connect(&server, pair.trusted_over(version)).await;
        assert_eq!(client.stream.get_ref().1.protocol_version(), Some(version.version));
        sign_in(&mut client, &wallet).await;
        client.send(request("GET", "/.well-known/jwks.json", "", "")).await;
        assert_eq!(client.reply().await.expect(200)["keys"].as_array().unwrap().len(), 1);
        client.send(request("GET", "/test/origin", "", "")).await;
        let origin = client.reply().await;
        assert_eq!(origin.text(), "https://localhost");
        assert_eq!(origin.header("strict-transport-security"), None);
    }
}

#[tokio::test]
async fn only_http_1_1_is_agreed_on() {
    let pair = Pair::new();
    let server = TestServer::with_tls(pair.tls(), Limits::default()).await;
    let offer = |protocols: &[&str]| {
        let mut config = pair.trusted();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        try_connect(&server, config)
    };
    let agreed = offer(&["h2", "http/1.1"]).await.unwrap();
    assert_eq!(agreed.stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let refused = offer(&["h2"]).await.err().unwrap().to_string();
    assert!(refused.contains("NoApplicationProtocol"), "{refused}");
}

#[tokio::test]
async fn a_hello_of_tls_1_1_is_refused_with_an_alert() {
    let pair = Pair::new();
    let server = TestServer::with_tls(pair.tls(), Limits::default()).await;
    // RFC 5246 §7.4.1.2, after the version: random, no session, ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, no compression,
    // and the extensions supported_groups (secp256r1) and signature_algorithms (ecdsa_secp256r1_sha256).
    let extensions = [0, 10, 0, 4, 0, 2, 0, 23, 0, 13, 0, 4, 0, 2, 4, 3];
    let rest = [&[7; 32][..], &[0, 0, 2, 0xc0, 0x2b, 1, 0, 0, 16], &extensions].concat();
    let length = u8::try_from(rest.len() + 2).unwrap();
    let cases = [
        // minor version, what comes back begins with
        (3, &[22, 3, 3][..]),              // TLS 1.2: a handshake
        (2, &[21, 3, 3, 0, 2, 2, 70][..]), // TLS 1.1: a fatal alert, protocol_version (RFC 5246 §7.2)
        (1, &[21, 3, 3, 0, 2, 2, 70][..]), // TLS 1.0
    ];
    for (minor, expected) in cases {
        let mut client = server.connect().await;
        client.send([&[22, 3, 1, 0, length + 4, 1, 0, 0, length, 3, minor][..], &rest].concat()).await;
        let mut said = vec![0; expected.len()];
        timeout(PATIENCE, client.stream.read_exact(&mut said)).await.unwrap().unwrap();
        assert_eq!(said, expected, "3.{minor}");
    }
}

#[tokio::test]
async fn a_reload_changes_the_certificate_and_open_connections_go_on() {
    let mut pair = Pair::new();
    let (tls, now) = (pair.tls(), Timestamp::from_unix(START));
    let server = TestServer::with_tls(tls.clone(), Limits::default()).await;
    let shown = |client: &Client<TlsStream<TcpStream>>| {
        client.stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
    };
    let old = pair.trusted();
    let mut open = connect(&server, old.clone()).await;
    let first = shown(&open);
    assert_eq!(first, pair.der);

    pair.replace(|_| {});
    fs::write(&pair.key, pem("PRIVATE KEY", b"")).unwrap();
    assert_eq!(tls.reload(now).unwrap_err()[0].file, PairFile::Key);
    assert_eq!(shown(&connect(&server, old.clone()).await), first, "a bad pair changes nothing");

    pair.replace(|_| {});
    tls.reload(now).unwrap();
    assert_eq!(shown(&connect(&server, pair.trusted()).await), pair.der);
    assert!(try_connect(&server, old).await.is_err(), "not even by resuming a session");
    open.send(request("GET", "/health/live", "", "")).await;
    assert_eq!(open.reply().await.status, 200);
}

#[tokio::test]
async fn a_client_that_does_not_finish_its_handshake_is_cut_off() {
    let pair = Pair::new();
    let limits = Limits { handshake_time: SOON, connections: 2, ..Limits::default() };
    let server = TestServer::with_tls(pair.tls(), limits).await;
    let (mut silent, mut slow) = (server.connect().await, server.connect().await);
    slow.send([22, 3, 1, 0, 200, 1]).await;
    // There is room for two, so this one is answered once one of the others was cut off.
    others_are_answered(&server, &pair).await;
    assert!(silent.closed().await.is_empty());
    assert_eq!(slow.cut_off().await, 0);
}

#[tokio::test]
async fn others_are_answered_during_a_handshake() {
    let pair = Pair::new();
    let server = TestServer::with_tls(pair.tls(), Limits::default()).await;
    let (silent, mut slow) = (server.connect().await, server.connect().await);
    slow.send([22, 3, 1, 0, 200, 1]).await;
    others_are_answered(&server, &pair).await;
    drop(silent);
    others_are_answered(&server, &pair).await;
}

#[tokio::test]
async fn who_has_not_finished_a_handshake_does_not_hold_up_a_stop() {
    let pair = Pair::new();
    let limits = Limits { handshake_time: Duration::from_secs(60), ..Limits::default() };
    let time = limits.shutdown_time;
    let mut server = TestServer::with_tls(pair.tls(), limits).await;
    let mut silent = server.connect().await;
    let mut idle = connect(&server, pair.trusted()).await;
    idle.send(request("GET", "/health/live", "", "")).await;
    assert_eq!(idle.reply().await.status, 200);
    let began = Instant::now();
    server.stop();
    assert!(idle.closed().await.is_empty(), "an idle connection is closed, with a close_notify");
    drop(idle);
    server.stopped().await;
    assert!(began.elapsed() < time / 2);
    assert_eq!(silent.cut_off().await, 0);
}

#[tokio::test]
async fn plain_http_is_told_to_speak_https() {
    let pair = Pair::new();
    let server = TestServer::with_tls(pair.tls(), Limits::default()).await;
    let asked = json("/auth/challenge", &json!({"tron_address": Wallet::new(1).address}).to_string());
    for bytes in [asked, request("GET", "/health/live", "", ""), "hello\r\n\r\n".to_owned()] {
        let mut client = server.connect().await;
        client.send(&bytes).await;
        let reply = client.reply().await;
        assert_eq!(reply.problem(), (400, 1033));
        assert_eq!(reply.header("connection").as_deref(), Some("close"));
        assert_eq!(reply.text().contains("https://"), bytes != "hello\r\n\r\n", "{}", reply.text());
        client.stream.shutdown().await.unwrap();
        assert!(client.closed().await.is_empty());
    }
    let mut client = server.connect().await;
    client.send([0; 64]).await;
    client.cut_off().await;
    others_are_answered(&server, &pair).await;
}

#[tokio::test]
async fn a_client_that_has_said_all_still_gets_its_answer() {
    let pair = Pair::new();
    let server = TestServer::with_tls(pair.tls(), Limits::default()).await;
    let mut client = connect(&server, pair.trusted()).await;
    client.send(request("GET", "/health/live", "", "")).await;
    client.stream.shutdown().await.unwrap();
    assert_eq!(client.reply().await.status, 200);
    assert!(client.closed().await.is_empty());
}

#[tokio::test]
async fn a_long_answer_arrives_whole_and_who_never_reads_one_is_cut_off() {
    let pair = Pair::new();
    let limits = Limits { connections: 1, write_time: SOON, ..Limits::default() };
    let server = TestServer::with_tls(pair.tls(), limits).await;
    let big = request("GET", "/test/big", "", "");
    assert_eq!(ask(&server, &pair, &big).await.body.len(), BIG);
    let mut deaf = connect(&server, pair.trusted()).await;
    deaf.send(&big).await;
    // There is room for one, so this one is answered once the other was cut off.
    others_are_answered(&server, &pair).await;
    assert!(deaf.cut_off().await < BIG);
}

#[tokio::test]
async fn an_answer_that_waits_only_to_be_sent_is_not_waited_for_for_ever() {
    let pair = Pair::new();
    let limits = Limits {
        connections: 1,
        write_time: SOON,
        header_time: Duration::from_secs(60),
        ..Limits::default()
    };
    let server = TestServer::with_tls(pair.tls(), limits).await;
    let mut deaf = connect(&server, pair.trusted()).await;
    // Short answers, until the system takes no more of them: then they wait where TLS keeps them.
    let many = request("GET", "/", "Accept: text/html\r\n", "").repeat(100);
    while timeout(SOON, deaf.stream.write_all(many.as_bytes())).await.is_ok_and(|sent| sent.is_ok()) {}
    others_are_answered(&server, &pair).await;
}

#[test]
fn a_pair_that_cannot_be_used_is_refused_with_the_file_and_the_reason() {
    use PairFile::{Certificate, Key};
    let (good, other) = (Pair::new(), Pair::new());
    let written = |name: &str, bytes: &[u8]| {
        let path = good.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let (empty, absent) = (written("empty", b""), good.folder.path().join("absent"));
    let broken = written("broken", b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n");
    let nonsense = written("nonsense", pem("CERTIFICATE", b"secret").as_bytes());
    let no_key = written("no-key", pem("PRIVATE KEY", b"secret").as_bytes());
    let sealed = written("sealed", pem("ENCRYPTED PRIVATE KEY", b"secret").as_bytes());
    let huge = written("huge", &b"\n".repeat(256 * 1024 + 1));
    let cases = [
        (&absent, &good.key, vec![(Certificate, "No such file")]),
        (&empty, &good.key, vec![(Certificate, "there is no certificate in it")]),
        (&good.key, &good.key, vec![(Certificate, "there is no certificate in it")]),
        (&broken, &good.key, vec![(Certificate, "its PEM is broken")]),
        (&nonsense, &good.key, vec![(Certificate, "expected an X.509 certificate")]),
        (&huge, &good.key, vec![(Certificate, "too large")]),
        (&good.certificate, &absent, vec![(Key, "No such file")]),
        (&good.certificate, &good.certificate, vec![(Key, "there is none in it")]),
        (&good.certificate, &sealed, vec![(Key, "without a passphrase")]),
        (&good.certificate, &no_key, vec![(Key, "expected a key that is RSA")]),
        (&good.certificate, &other.key, vec![(Key, "this is another's")]),
        (&absent, &empty, vec![(Certificate, "No such file"), (Key, "there is none in it")]),
    ];
    for (certificate, key, expected) in cases {
        let refused =
            Tls::from_files(certificate.clone(), key.clone(), Timestamp::from_unix(START)).unwrap_err();
        assert_eq!(refused.len(), expected.len(), "{refused:?}");
        for (Refused { file, why }, (expected, text)) in refused.iter().zip(expected) {
            assert!(*file == expected && why.contains(text) && !why.contains("secret"), "{refused:?}");
        }
    }
}
