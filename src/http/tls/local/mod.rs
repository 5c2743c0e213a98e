//! A certificate authority of this machine's own: made once, for people to trust once, and the certificate that it signs.
//!
//! Its folder holds `ca.key` and `ca.crt`, which are never made anew by themselves, and `server.pem`, which is whenever it
//! has to be.

mod files;
mod host;
mod issue;

use std::{
    collections::BTreeSet,
    fs, io,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::{
    RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::ring::sign::any_ecdsa_type,
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject},
    sign::CertifiedKey,
};
use zeroize::{Zeroize as _, Zeroizing};

use super::{Certificate, Name, Tls, pair, provider, x509::pem};
use crate::{domain::timestamp::Timestamp, random::Random};

pub use host::Host;

/// The certificate of the authority, for people to trust.
const CA_CERTIFICATE: &str = "ca.crt";
/// Its private key.
const CA_KEY: &str = "ca.key";
/// What the service shows: a certificate and its private key, in one file, so that the two always go together.
const SERVER: &str = "server.pem";

/// Why there is no certificate of this machine's own.
#[derive(Debug, thiserror::Error)]
pub enum LocalCaError {
    /// The authority is there, and cannot be used. It is left as it is: people trust it.
    #[error(
        "the certificate authority in {folder} is damaged: {file}: {why}. Restore ca.crt and ca.key from a copy; or, to \
         have another made, which every device has to trust anew, remove {folder}", folder = folder.display()
    )]
    Damaged {
        /// Where it is.
        folder: PathBuf,
        /// Which file.
        file: &'static str,
        /// What was expected of it, and what is there instead.
        why: String,
    },
    /// A file cannot be written.
    #[error("cannot write {path}: {source}", path = path.display())]
    Write {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A certificate cannot be made, or what was made cannot be used.
    #[error("{0}")]
    Issue(String),
}

/// The authority of this machine.
#[derive(Debug)]
pub struct LocalCa {
    folder: PathBuf,
    certificate: Certificate,
    der: CertificateDer<'static>,
    random: Random,
}

/// Where the authority has its files.
#[must_use]
pub fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("tls")
}

/// The certificate that people trust, of the authority in `folder`.
///
/// # Errors
///
/// What was expected of the file, and what is there instead.
pub fn read_authority(folder: &Path) -> Result<Certificate, String> {
    pair::read_certificate(&folder.join(CA_CERTIFICATE))
}

/// The file of what the service shows, by the authority in `folder`.
#[must_use]
pub fn server_file(folder: &Path) -> PathBuf {
    folder.join(SERVER)
}

impl LocalCa {
    /// The authority in `folder`; if there is none, a new one, named after `host`. Blocks as long as the disk takes.
    ///
    /// # Errors
    ///
    /// [`LocalCaError`] if it is damaged or cannot be made.
    pub fn open(folder: PathBuf, host: &Host, now: Timestamp, random: Random) -> Result<Self, LocalCaError> {
        if is_empty(&folder) {
            if issue::is_before_all(now) {
                tracing::warn!(clock = %now, "the clock is wrong; certificates are made for 2025 and after all the same");
            }
            let (certificate, key) = issue::authority(&host.label, now, &random)?;
            let (certificate, key) = (pem("CERTIFICATE", &certificate), key_pem(&key));
            let content = [
                (CA_CERTIFICATE, files::PUBLIC, certificate.as_bytes()),
                (CA_KEY, files::PRIVATE, key.as_bytes()),
            ];
            match files::make(&folder, &content, &random) {
                Ok(()) => tracing::info!(folder = %folder.display(), "made a certificate authority"),
                // Another process was first.
                Err(_) if !is_empty(&folder) => {}
                Err(source) => return Err(LocalCaError::Write { path: folder, source }),
            }
        }
        let ca = Self::load(folder, random)?;
        if ca.certificate.valid_until < now.plus(issue::LIFE) {
            tracing::warn!(until = %ca.certificate.valid_until, folder = %ca.folder.display(),
                "the certificate authority ends: remove its folder and start again to have another, which every device has to trust anew");
        }
        Ok(ca)
    }

    fn load(folder: PathBuf, random: Random) -> Result<Self, LocalCaError> {
        let damaged = |why| LocalCaError::Damaged { folder: folder.clone(), file: CA_CERTIFICATE, why };
        let der = pair::read_chain(&folder.join(CA_CERTIFICATE)).map_err(damaged)?.swap_remove(0);
        let certificate = Certificate::read(&der)
            .ok_or_else(|| damaged("expected an X.509 certificate of version 3".to_owned()))?;
        let ca = Self { folder, certificate, der, random };
        ca.key()?;
        Ok(ca)
    }

    /// What it signs with. It is in memory only while it does.
    fn key(&self) -> Result<Zeroizing<KeyPair>, LocalCaError> {
        read_key(&self.folder.join(CA_KEY), &self.der).map_err(|why| self.damaged(CA_KEY, why))
    }

    /// Its certificate, for people to trust.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The file of what the service shows.
    #[must_use]
    pub fn server_file(&self) -> PathBuf {
        server_file(&self.folder)
    }

    /// What connections to `host` are encrypted with. Blocks as long as the disk takes.
    ///
    /// # Errors
    ///
    /// [`LocalCaError`] if it cannot be made.
    pub fn tls(&self, host: &Host, now: Timestamp) -> Result<Arc<Tls>, LocalCaError> {
        self.renew_if_due(host, now)?;
        let file = self.server_file();
        Tls::from_files(file.clone(), file, now).map(Arc::new).map_err(|refused| unusable(&refused))
    }

    /// Renew what is shown to new connections if it ends soon, lacks a name or an address of `host`, or is damaged, and say
    /// whether. Blocks as long as the disk takes.
    ///
    /// # Errors
    ///
    /// [`LocalCaError`] if it cannot be made; the old certificate stays in use.
    pub fn keep(&self, tls: &Tls, host: &Host, now: Timestamp) -> Result<bool, LocalCaError> {
        let renewed = self.renew_if_due(host, now)?;
        if renewed {
            tls.reload(now).map_err(|refused| unusable(&refused))?;
        }
        Ok(renewed)
    }

    fn renew_if_due(&self, host: &Host, now: Timestamp) -> Result<bool, LocalCaError> {
        let why = match self.find() {
            Ok(current) => match self.why_due(&current, &host.names, now) {
                None => return Ok(false),
                Some(why) => why.to_owned(),
            },
            Err(why) => why,
        };
        let signer = self.key()?;
        let (der, key) = issue::leaf(&self.certificate, &signer, host, now, &self.random)?;
        self.check(&der).map_err(|why| self.damaged(CA_CERTIFICATE, why))?;
        let text = Zeroizing::new(pem("CERTIFICATE", &der) + &key_pem(&key));
        let content = (SERVER, files::PRIVATE, text.as_bytes());
        files::replace(&self.folder, content, &self.random)
            .map_err(|source| LocalCaError::Write { path: self.server_file(), source })?;
        let names: Vec<_> = host.names.iter().map(ToString::to_string).collect();
        tracing::info!(names = names.join(" "), why, "made a certificate");
        Ok(true)
    }

    /// The certificate that there is, if the service can show it and who trusts the authority trusts it.
    fn find(&self) -> Result<Certificate, String> {
        let file = self.server_file();
        if !file.exists() {
            return Err("there is none".to_owned());
        }
        let der = pair::read_chain(&file)?.swap_remove(0);
        read_key(&file, &der)?;
        let current = Certificate::read(&der).ok_or("the one there is damaged")?;
        self.check(&der)?;
        Ok(current)
    }

    /// Why `current` has to be replaced by `now`, if it has.
    fn why_due(&self, current: &Certificate, names: &BTreeSet<Name>, now: Timestamp) -> Option<&'static str> {
        /// So much is left when the next one is made: a third.
        const LEFT: Duration = Duration::from_secs(issue::LIFE.as_secs() / 3);
        let ends = current.valid_until < now.plus(LEFT) && current.valid_until < self.certificate.valid_until;
        // That it has one more does no harm: its key never leaves this machine, which may lack an address only until the
        // network is up.
        if !names.is_subset(&current.names) {
            Some("there are other names or addresses")
        } else if ends {
            Some("the one before ends soon")
        } else if now < current.valid_from && !issue::is_before_all(now) {
            Some("the one before is not good yet: the clock was set back")
        } else {
            None
        }
    }

    /// Whether browsers that trust this authority take `der` for this machine, as far as it is not for the time.
    fn check(&self, der: &CertificateDer<'_>) -> Result<(), String> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).map_err(|error| error.to_string())?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build();
        let verifier = verifier.map_err(|error| error.to_string())?;
        let certificate = Certificate::read(der).ok_or("expected a certificate")?;
        let at = UnixTime::since_unix_epoch(Duration::from_secs(certificate.valid_from.unix()));
        let name = Ipv4Addr::LOCALHOST.into();
        let checked = verifier.verify_server_cert(der, &[], &name, &[], at);
        checked.map(drop).map_err(|error| format!("expected what this authority has signed: {error}"))
    }

    fn damaged(&self, file: &'static str, why: String) -> LocalCaError {
        LocalCaError::Damaged { folder: self.folder.clone(), file, why }
    }
}

/// Whether there is nothing at `folder`, or an empty folder.
fn is_empty(folder: &Path) -> bool {
    match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// The private key of `certificate` in the PEM file at `path`. What is wrong with it is not told in the words of a parser,
/// which might quote it.
fn read_key(path: &Path, certificate: &CertificateDer<'_>) -> Result<Zeroizing<KeyPair>, String> {
    let text = pair::read_file(path)?;
    let key = PrivateKeyDer::from_pem_slice(&text);
    let mut key = key.map_err(|_| "expected a private key in PEM (PKCS#8), and there is none in it")?;
    let pair = KeyPair::from_der_and_sign_algo(&key, &PKCS_ECDSA_P256_SHA256).map(Zeroizing::new);
    let signer = any_ecdsa_type(&key);
    key.zeroize();
    let (Ok(pair), Ok(signer)) = (pair, signer) else {
        return Err("expected a private key that is ECDSA P-256".to_owned());
    };
    match CertifiedKey::new(vec![certificate.clone().into_owned()], signer).keys_match() {
        Ok(()) => Ok(pair),
        Err(_) => Err("expected the private key of the certificate, and this is another's".to_owned()),
    }
}

/// The key as a PEM file.
fn key_pem(key: &KeyPair) -> Zeroizing<String> {
    Zeroizing::new(pem("PRIVATE KEY", key.serialized_der()))
}

impl From<issue::IssueError> for LocalCaError {
    fn from(error: issue::IssueError) -> Self {
        Self::Issue(error.to_string())
    }
}

fn unusable(refused: &[pair::Refused]) -> LocalCaError {
    let said: Vec<_> = refused.iter().map(|one| one.why.as_str()).collect();
    LocalCaError::Issue(format!("the certificate that was made cannot be used: {}", said.join("; ")))
}

#[cfg(test)]
mod tests;
