//! Reading a certificate and its key.

use std::{
    fs::File,
    io::{self, Read},
    net::Ipv4Addr,
    path::Path,
    sync::Arc,
    time::Duration,
};

use rustls::{
    CertificateError, Error, InconsistentKeys, RootCertStore, ServerConfig,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::ring::sign::any_supported_type,
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject},
    sign::{CertifiedKey, SigningKey, SingleCertAndKey},
};
use zeroize::{Zeroize, Zeroizing};

use super::{Certificate, provider};
use crate::domain::timestamp::Timestamp;

/// The most that is read of a file, in bytes.
const MAX_FILE: u64 = 256 * 1024;

/// One of the two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairFile {
    /// The certificate chain.
    Certificate,
    /// Its private key.
    Key,
}

/// A file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Which one.
    pub file: PairFile,
    /// What was expected of it, and what is there instead.
    pub why: String,
}

/// What connections are encrypted with: TLS 1.2 and 1.3, HTTP/1.1.
pub(super) fn read(
    certificate: &Path,
    key: &Path,
    now: Timestamp,
) -> Result<Arc<ServerConfig>, Vec<Refused>> {
    let of_certificate = |why| vec![Refused { file: PairFile::Certificate, why }];
    let of_key = |why| vec![Refused { file: PairFile::Key, why }];
    let (chain, signer) = match (read_chain(certificate), read_key(key)) {
        (Ok(chain), Ok(signer)) => (chain, signer),
        (Ok(_), Err(why)) => return Err(of_key(why)),
        (Err(why), Ok(_)) => return Err(of_certificate(why)),
        (Err(chain), Err(key)) => return Err([of_certificate(chain), of_key(key)].concat()),
    };
    let pair = CertifiedKey::new(chain, signer);
    match pair.keys_match() {
        Ok(()) => {}
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            let certificate = certificate.display();
            return Err(of_key(format!(
                "expected the private key of the first certificate in {certificate}, and this is another's"
            )));
        }
        Err(error) => {
            return Err(of_certificate(format!("expected an X.509 certificate of version 3: {error}")));
        }
    }
    if let Some(why) = out_of_date(&pair, now) {
        tracing::warn!(file = %certificate.display(), "browsers refuse the certificate: {why}");
    }
    let versions = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let versions = versions.map_err(|error| of_certificate(error.to_string()))?;
    let resolver = Arc::new(SingleCertAndKey::from(pair));
    let mut config = versions.with_no_client_auth().with_cert_resolver(resolver);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// What the first certificate in the PEM file at `path` says of itself.
///
/// # Errors
///
/// What was expected of the file, and what is there instead.
pub fn read_certificate(path: &Path) -> Result<Certificate, String> {
    let der = read_chain(path)?.swap_remove(0);
    Certificate::read(&der).ok_or_else(|| "expected an X.509 certificate of version 3".to_owned())
}

/// The certificates in the file at `path`, at least one.
pub(super) fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = read_file(path)?;
    match CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>() {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        Ok(_) => Err("expected a certificate chain in PEM, the service's own first, and there is no \
                      certificate in it"
            .to_owned()),
        Err(_) => Err("expected a certificate chain in PEM, and its PEM is broken".to_owned()),
    }
}

/// The private key in the file at `path`. What is wrong with it is not told in the words of a parser, which might
/// quote it.
fn read_key(path: &Path) -> Result<Arc<dyn SigningKey>, String> {
    let pem = read_file(path)?;
    let mut key = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| {
        "expected a private key in PEM (PKCS#8, PKCS#1 or SEC1) without a passphrase, and there is none in it"
    })?;
    let signer = any_supported_type(&key);
    key.zeroize();
    signer.map_err(|_| {
        "expected a key that is RSA of 2048 to 8192 bits, ECDSA P-256 or P-384, or Ed25519".into()
    })
}

/// The bytes of the file at `path`, which may be a key.
pub(super) fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(path)
        .and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes))
        .and_then(
            |length| if length as u64 > MAX_FILE { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(()) },
        )
        .map_err(|error| format!("expected a file that this service can read: {error}"))?;
    Ok(bytes)
}

/// Why clients refuse the certificate at `now`, if it is for its dates. They are the first that a verifier looks at,
/// so it does not matter what it would say of the rest.
fn out_of_date(pair: &CertifiedKey, now: Timestamp) -> Option<String> {
    let certificate = pair.end_entity_cert().ok()?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone().into_owned()).ok()?;
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build().ok()?;
    let name = Ipv4Addr::LOCALHOST.into();
    let at = UnixTime::since_unix_epoch(Duration::from_secs(now.unix()));
    let said = |time: UnixTime| Timestamp::from_unix(time.as_secs());
    match verifier.verify_server_cert(certificate, &[], &name, &[], at).err()? {
        Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. }) => {
            Some(format!("it expired at {}", said(not_after)))
        }
        Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. }) => {
            Some(format!("it is valid from {}", said(not_before)))
        }
        _ => None,
    }
}
