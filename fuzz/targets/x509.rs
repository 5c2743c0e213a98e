//! Certificates, by the service's own reading and by another.

use std::{collections::BTreeSet, fs, net::IpAddr, sync::LazyLock};

use lucid_auth::{
    domain::timestamp::Timestamp,
    http::tls::{Certificate, Name, read_certificate},
};
use tempfile::TempDir;
use x509_parser::{extensions::GeneralName, parse_x509_certificate};

/// An Ed25519 key in PKCS#8 (RFC 8410 §7): with it, the certificates are the same at each run.
const KEY: &[u8] =
    b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20a key of thirty-two bytes, fixed";

static FOLDER: LazyLock<TempDir> = LazyLock::new(crate::world::folder);

pub fn run(data: &[u8]) {
    if data.starts_with(b"-----") {
        let path = FOLDER.path().join("certificate.pem");
        fs::write(&path, data).unwrap();
        if let Ok(certificate) = read_certificate(&path) {
            // What was found in the file is in a file of its own again.
            fs::write(&path, certificate.pem()).unwrap();
            assert_eq!(read_certificate(&path), Ok(certificate));
        }
        return;
    }
    let Some(certificate) = Certificate::read(data) else { return };
    for text in [certificate.subject.to_string(), certificate.issuer.to_string()] {
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
    for name in &certificate.names {
        assert!(!name.to_string().chars().any(char::is_control), "{name:?}");
    }
    assert_eq!(certificate.fingerprint().len(), 95);
    let Ok((_, other)) = parse_x509_certificate(data) else { return };
    let at = |seconds: i64| Timestamp::from_unix(u64::try_from(seconds).unwrap_or(0));
    let validity = other.validity();
    assert_eq!(certificate.valid_from, at(validity.not_before.timestamp()));
    assert_eq!(certificate.valid_until, at(validity.not_after.timestamp()));
    let common = other.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
    if let Some(common) = common {
        assert_eq!(certificate.subject.common_name(), Some(common));
    }
    if let Ok(Some(names)) = other.subject_alternative_name() {
        let names: BTreeSet<_> = names.value.general_names.iter().filter_map(name).collect();
        assert_eq!(certificate.names, names);
    }
}

fn name(name: &GeneralName<'_>) -> Option<Name> {
    match name {
        // With anything else it names no host, to the service.
        GeneralName::DNSName(name) if name.is_ascii() => Some(Name::Dns((*name).to_owned())),
        GeneralName::IPAddress(octets) => {
            let four = <[u8; 4]>::try_from(*octets).map(IpAddr::from);
            four.or_else(|_| <[u8; 16]>::try_from(*octets).map(IpAddr::from)).ok().map(Name::Address)
        }
        _ => None,
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![b"-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n".to_vec()];
    for names in [vec!["pi.local"], vec!["pi.local", "192.0.2.1", "2001:db8::1"], vec![]] {
        let names = names.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let key = rcgen::KeyPair::try_from(KEY).unwrap();
        let made = rcgen::CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
        seeds.push(made.der().to_vec());
        let pem = Certificate::read(made.der()).unwrap().pem();
        seeds.push(format!("{pem}{pem}").into_bytes());
        seeds.push(pem.into_bytes());
    }
    seeds
}
