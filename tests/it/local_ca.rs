//! A certificate of the machine's own authority: from the first warning to a sign-in over a connection that is trusted.

use std::{sync::Arc, time::Duration};

use lucid_auth::{
    domain::timestamp::Timestamp,
    http::{
        Tls,
        tls::{Certificate, Host, LocalCa},
    },
    random::Random,
};
use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::ring::default_provider,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    time_provider::TimeProvider,
};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    support::{START, TestServer, request},
    tls::{connect, sign_in, try_connect_as},
    wallet::Wallet,
};

const DAY: u64 = 86_400;

/// A client's clock, which stands still.
#[derive(Debug)]
struct At(u64);

impl TimeProvider for At {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(self.0)))
    }
}

/// A browser in which somebody clicks every warning away.
#[derive(Debug)]
struct ClicksThrough;

impl ServerCertVerifier for ClicksThrough {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}

/// A client that trusts nobody but the authority in this PEM file, at this time.
fn trusting(pem: &[u8], unix: u64) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem).unwrap()).unwrap();
    ClientConfig::builder_with_details(Arc::new(default_provider()), Arc::new(At(unix)))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

fn clicking_through() -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(ClicksThrough))
        .with_no_client_auth()
}

fn pi(addresses: &[&str]) -> Host {
    Host::new("pi", addresses.iter().map(|address| address.parse().unwrap()), None)
}

async fn started(folder: &TempDir) -> (TestServer, LocalCa, Arc<Tls>) {
    let (host, now) = (pi(&["192.168.1.5"]), Timestamp::from_unix(START));
    let ca = LocalCa::open(folder.path().join("tls"), &host, now, Random::system()).unwrap();
    let tls = ca.tls(&host, now).unwrap();
    (TestServer::with_ca(tls.clone(), ca.certificate().clone()).await, ca, tls)
}

#[tokio::test]
async fn a_person_downloads_the_authority_past_the_warning_and_signs_in_with_nothing_else_trusted() {
    let folder = TempDir::new().unwrap();
    let (server, ca, _) = started(&folder).await;
    let mut client = connect(&server, clicking_through()).await;
    client.send(request("GET", "/tls", "Accept: text/html\r\n", "")).await;
    let page = client.reply().await;
    assert_eq!(
        (page.status, page.header("content-type").unwrap().as_str()),
        (200, "text/html; charset=utf-8")
    );
    assert_eq!(page.header("strict-transport-security"), None, "or nobody could click the next warning away");
    client.send(request("GET", "/tls/ca", "", "")).await;
    let told = client.reply().await.expect(200);
    client.send(request("GET", "/tls/ca.crt", "", "")).await;
    let file = client.reply().await;
    assert_eq!(
        (file.status, file.header("content-type").unwrap().as_str()),
        (200, "application/x-x509-ca-cert")
    );
    assert_eq!(file.header("strict-transport-security"), None);
    assert!(!file.text().contains("PRIVATE"), "{}", file.text());

    let downloaded = Certificate::read(&CertificateDer::from_pem_slice(&file.body).unwrap()).unwrap();
    assert_eq!(&downloaded, ca.certificate());
    let expected = json!({
        "name": "lucid-auth local CA (pi)",
        "sha256": downloaded.fingerprint(),
        "valid_until": downloaded.valid_until,
    });
    assert_eq!(told, expected);
    for name in ["localhost", "pi.local", "192.168.1.5", "::1"] {
        let mut client = try_connect_as(name, &server, trusting(&file.body, START)).await.unwrap();
        sign_in(&mut client, &Wallet::new(1)).await;
    }
    assert!(try_connect_as("example.org", &server, trusting(&file.body, START)).await.is_err());
}

#[tokio::test]
async fn a_certificate_is_renewed_while_the_service_runs_and_open_connections_go_on() {
    let folder = TempDir::new().unwrap();
    let (server, ca, tls) = started(&folder).await;
    let pem = ca.certificate().pem().into_bytes();
    let shown = async |name, unix| {
        let client = try_connect_as(name, &server, trusting(&pem, unix)).await?;
        std::io::Result::Ok(client.stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned())
    };
    let first = shown("pi.local", START).await.unwrap();
    let mut open = connect(&server, trusting(&pem, START)).await;
    let keep = |host, unix| ca.keep(&tls, &host, Timestamp::from_unix(unix)).unwrap();

    assert!(!keep(pi(&["192.168.1.5"]), START + DAY));
    assert_eq!(shown("pi.local", START).await.unwrap(), first);
    assert!(shown("10.0.0.7", START).await.is_err());
    assert!(keep(pi(&["192.168.1.5", "10.0.0.7"]), START + DAY), "it got another address");
    let second = shown("10.0.0.7", START + DAY).await.unwrap();
    assert_ne!(second, first);

    let late = START + 300 * DAY;
    assert!(keep(pi(&["192.168.1.5", "10.0.0.7"]), late), "it would end soon");
    let third = shown("pi.local", START + 600 * DAY).await.unwrap();
    assert_ne!(third, second);
    open.send(request("GET", "/health/live", "", "")).await;
    assert_eq!(open.reply().await.status, 200);
}

#[tokio::test]
async fn without_an_authority_of_its_own_a_service_has_nothing_to_be_trusted() {
    let server = TestServer::start().await;
    for path in ["/tls", "/tls/ca", "/tls/ca.crt"] {
        assert_eq!(server.get(path, "Accept: text/html\r\n").await.problem(), (404, 1020), "{path}");
    }
}
