//! HTTPS: a handshake on each connection, with a certificate that can be exchanged while the service runs.

mod der;
pub mod local;
mod pair;
mod pinned;
mod x509;

use std::{
    io,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::socket::{Channel, Socket};
use crate::domain::timestamp::Timestamp;

pub use local::{Host, LocalCa};
pub use pair::{PairFile, Refused, read_certificate};
pub use pinned::Pinned;
pub use x509::{Certificate, Distinguished, Name};

/// How many bytes wait to be encrypted, and how many to be sent, for each connection: one record (RFC 8446 §5.1).
const BUFFER: usize = 16 * 1024;

/// The certificate and key that connections are encrypted with, from two PEM files.
#[derive(Debug)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    // A reload replaces all of it, so that no session of the old certificate is resumed under the new one.
    config: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// Read the certificate chain and its private key. That the certificate is out of date at `now` is only logged.
    ///
    /// # Errors
    ///
    /// What is wrong with either file, or both.
    pub fn from_files(certificate: PathBuf, key: PathBuf, now: Timestamp) -> Result<Self, Vec<Refused>> {
        let config = RwLock::new(pair::read(&certificate, &key, now)?);
        Ok(Self { certificate, key, config })
    }

    /// Read both files again, for the connections from now on. Those that are open go on as they are.
    ///
    /// # Errors
    ///
    /// As [`Self::from_files`]; the old certificate stays in use.
    pub fn reload(&self, now: Timestamp) -> Result<(), Vec<Refused>> {
        let config = pair::read(&self.certificate, &self.key, now)?;
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    /// Wait for what a client says first, and do the handshake if that begins one. The caller limits the time.
    pub(super) async fn open(&self, socket: TcpStream) -> io::Result<(Socket, Channel)> {
        let mut first = [0];
        // A letter begins the method of a plain request; what begins a handshake is 22 (RFC 8446 §5.1).
        if socket.peek(&mut first).await? > 0 && first[0].is_ascii_alphabetic() {
            return Ok((Socket::Plain(socket), Channel::PlainOnTlsPort));
        }
        let config = self.config.read().unwrap_or_else(PoisonError::into_inner).clone();
        let handshake =
            TlsAcceptor::from(config).accept_with(socket, |session| session.set_buffer_limit(Some(BUFFER)));
        Ok((Socket::Tls(Box::new(handshake.await?)), Channel::Tls))
    }
}

/// The cryptography of TLS.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
