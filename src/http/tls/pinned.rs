//! A client that trusts one certificate: this service, asking itself.

use std::{
    error::Error,
    fmt,
    io::{self, Read, Write},
    net::IpAddr,
    path::Path,
    sync::Arc,
};

use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, OtherError, SignatureScheme, StreamOwned,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use super::{pair, provider};

/// The one certificate that is trusted.
///
/// Whoever proves to have its private key is the service: its name, issuer and dates do not matter for that.
#[derive(Debug)]
pub struct Pinned {
    certificate: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Pinned {
    /// Trust the first certificate of the chain in the PEM file at `path`.
    ///
    /// # Errors
    ///
    /// What was expected of the file, and what is there instead.
    pub fn from_file(path: &Path) -> Result<Self, String> {
        let certificate = pair::read_chain(path)?.swap_remove(0);
        Ok(Self { certificate, algorithms: provider().signature_verification_algorithms })
    }

    /// Speak TLS over `stream` to the service at `address`. The handshake is done by the first read or write.
    ///
    /// # Errors
    ///
    /// [`io::Error`] if rustls cannot be set up so.
    pub fn connect<S: Read + Write>(self, stream: S, address: IpAddr) -> io::Result<impl Read + Write> {
        let versions = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let config = versions
            .map_err(io::Error::other)?
            .dangerous() // Not as it sounds: `verify_server_cert` below admits less than any root would.
            .with_custom_certificate_verifier(Arc::new(self))
            .with_no_client_auth();
        let session = ClientConnection::new(Arc::new(config), ServerName::from(address));
        Ok(StreamOwned::new(session.map_err(io::Error::other)?, stream))
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if *end_entity == self.certificate {
            return Ok(ServerCertVerified::assertion());
        }
        Err(OtherError(Arc::new(Another)).into())
    }

    // That the server has the key of the certificate is what these two check; without them anyone could show it.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// The service showed another certificate than the trusted one.
#[derive(Debug)]
struct Another;

impl fmt::Display for Another {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "its certificate is another than TLS_CERT_FILE holds; SIGHUP makes the service read that again",
        )
    }
}

impl Error for Another {}
