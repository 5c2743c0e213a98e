//! Certificates made for a test, and clients that trust them.

use std::{fs, path::PathBuf, sync::Arc};

use data_encoding::BASE64;
use lucid_auth::{domain::timestamp::Timestamp, http::Tls};
use rcgen::{CertificateParams, KeyPair};
use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion, crypto::ring::default_provider,
    pki_types::CertificateDer, version::TLS13,
};
use tempfile::TempDir;

use crate::support::START;

/// A certificate for `localhost`, signed by itself, and its key, in two files.
pub struct Pair {
    pub folder: TempDir,
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub der: CertificateDer<'static>,
}

impl Pair {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// One whose certificate is made as `change` says.
    pub fn with(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let folder = TempDir::new().unwrap();
        let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        let mut pair = Self { folder, certificate, key, der: CertificateDer::from(Vec::new()) };
        pair.replace(change);
        pair
    }

    /// Write another certificate and key to the same files.
    pub fn replace(&mut self, change: impl FnOnce(&mut CertificateParams)) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        change(&mut params);
        self.der = params.self_signed(&key).unwrap().der().clone();
        fs::write(&self.certificate, pem("CERTIFICATE", &self.der)).unwrap();
        fs::write(&self.key, pem("PRIVATE KEY", key.serialized_der())).unwrap();
    }

    /// What a server is given.
    pub fn tls(&self) -> Arc<Tls> {
        let tls = Tls::from_files(self.certificate.clone(), self.key.clone(), Timestamp::from_unix(START));
        Arc::new(tls.unwrap())
    }

    /// A client that trusts this certificate as browsers do, and speaks TLS 1.3.
    pub fn trusted(&self) -> ClientConfig {
        self.trusted_over(&TLS13)
    }

    /// The same for a version of TLS.
    pub fn trusted_over(&self, version: &'static SupportedProtocolVersion) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth()
    }
}

/// RFC 7468.
pub fn pem(label: &str, der: &[u8]) -> String {
    let lines: Vec<_> = BASE64
        .encode(der)
        .into_bytes()
        .chunks(64)
        .map(|line| String::from_utf8(line.to_vec()).unwrap())
        .collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
