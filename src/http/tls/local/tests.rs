use std::{os::unix::fs::PermissionsExt as _, process::Command};

use rcgen::CertificateParams;
use tempfile::TempDir;

use super::*;

/// 2026-11-01T12:00:00Z.
const NOW: u64 = 1_793_534_400;
const DAY: u64 = 86_400;

fn at(unix: u64) -> Timestamp {
    Timestamp::from_unix(unix)
}

fn pi() -> Host {
    Host::new("pi", ["192.168.1.5".parse().unwrap()], None)
}

/// A data folder, and what an authority in it is asked to do.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn folder(&self) -> PathBuf {
        folder(self.0.path())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    fn open(&self, unix: u64) -> Result<LocalCa, LocalCaError> {
        LocalCa::open(self.folder(), &pi(), at(unix), Random::system())
    }

    /// What is shown after a start at this time.
    fn shown(&self, host: &Host, unix: u64) -> Certificate {
        self.open(unix).unwrap().tls(host, at(unix)).unwrap();
        pair::read_certificate(&self.file(SERVER)).unwrap()
    }
}

/// What befalls a file.
type Damage<'a> = &'a dyn Fn(&Path);

/// What a browser that trusts `ca` alone says of the shown certificate, asked for `name` at this time.
fn judged(place: &Place, name: &str, unix: u64) -> Result<(), rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(pair::read_chain(&place.file(CA_CERTIFICATE)).unwrap().swap_remove(0)).unwrap();
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build().unwrap();
    let shown = pair::read_chain(&place.file(SERVER)).unwrap().swap_remove(0);
    let (name, unix) = (name.to_owned().try_into().unwrap(), Duration::from_secs(unix));
    verifier.verify_server_cert(&shown, &[], &name, &[], UnixTime::since_unix_epoch(unix)).map(drop)
}

#[test]
fn browsers_that_trust_the_authority_take_the_certificate_for_every_name_and_no_other() {
    let place = Place::new();
    let shown = place.shown(&pi(), NOW);
    for name in ["localhost", "pi", "pi.local", "127.0.0.1", "::1", "192.168.1.5"] {
        assert_eq!(judged(&place, name, NOW), Ok(()), "{name}");
    }
    for name in ["example.org", "pi.lan", "192.168.1.6"] {
        assert!(judged(&place, name, NOW).is_err(), "{name}");
    }
    assert_eq!(shown.subject.to_string(), "CN=lucid-auth (pi)");
    assert_eq!(shown.issuer.to_string(), "CN=lucid-auth local CA (pi)");
    assert_eq!(shown.names, pi().names);
}

#[test]
fn whatever_a_machine_may_be_called_it_gets_a_certificate_for_that() {
    let origin = |text: &str| text.parse().unwrap();
    let long = format!("{}.example", "a".repeat(63));
    #[rustfmt::skip]
    let cases = [
        // name           public origin                what browsers ask for
        ("12345",         "https://my_pi.lan:8089",    ["12345.local", "my_pi.lan"]),
        ("pi--4.lan",     "https://[2001:db8::7]",     ["pi--4.local", "2001:db8::7"]),
        (long.as_str(),   "https://xn--mller-kva.de",  [long.as_str(), "xn--mller-kva.de"]),
    ];
    for (name, public, asked) in cases {
        let place = Place::new();
        let host = Host::new(name, [], Some(&origin(public)));
        let ca = LocalCa::open(place.folder(), &host, at(NOW), Random::system()).unwrap();
        ca.tls(&host, at(NOW)).unwrap();
        for name in asked {
            assert_eq!(judged(&place, name, NOW), Ok(()), "{name}");
        }
        assert!(ca.certificate().subject.common_name().unwrap().len() <= 64);
        assert!(
            !ca.keep(&ca.tls(&host, at(NOW)).unwrap(), &host, at(NOW)).unwrap(),
            "{name}: it is good as it is"
        );
    }
}

#[test]
fn a_certificate_is_good_for_397_days_with_one_before_it_was_made_and_its_authority_for_ten_years() {
    let place = Place::new();
    let shown = place.shown(&pi(), NOW);
    assert_eq!((shown.valid_from, shown.valid_until), (at(NOW - DAY), at(NOW + 396 * DAY - 1)));
    assert!(judged(&place, "pi", NOW - DAY).is_ok() && judged(&place, "pi", NOW - DAY - 1).is_err());
    let ca = read_authority(&place.folder()).unwrap();
    assert_eq!(ca.valid_from.to_string(), "2025-01-01T00:00:00Z");
    assert_eq!(ca.valid_until, at(NOW + 3652 * DAY));
    assert_eq!(ca.subject, ca.issuer);
    // The last certificate ends with its authority, and is not made again and again.
    let near = NOW + 3600 * DAY;
    let last = place.shown(&pi(), near);
    assert_eq!(last.valid_until, ca.valid_until);
    assert_eq!(place.shown(&pi(), near + DAY), last);
    assert_eq!(place.shown(&pi(), NOW + 4000 * DAY), last);
}

#[test]
fn the_same_authority_and_certificate_are_there_after_a_restart() {
    let place = Place::new();
    let (shown, ca) = (place.shown(&pi(), NOW), fs::read(place.file(CA_CERTIFICATE)).unwrap());
    for days in [0, 1, 200] {
        assert_eq!(place.shown(&pi(), NOW + days * DAY), shown, "{days}");
    }
    assert_ne!(place.shown(&pi(), NOW + 300 * DAY), shown);
    assert_eq!(fs::read(place.file(CA_CERTIFICATE)).unwrap(), ca);
    assert_ne!(Place::new().shown(&pi(), NOW), shown);
}

#[test]
fn a_certificate_is_renewed_when_a_third_is_left_or_when_names_or_the_clock_have_changed() {
    let lan =
        |addresses: &[&str]| Host::new("pi", addresses.iter().map(|address| address.parse().unwrap()), None);
    #[rustfmt::skip]
    let cases = [
        // case                            host                                    at                  is it renewed
        ("a minute later",                 pi(),                                   NOW + 60,           false),
        ("before a third is left",         pi(),                                   NOW + 263 * DAY,    false),
        ("when a third is left",           pi(),                                   NOW + 264 * DAY,    true),
        ("after its end",                  pi(),                                   NOW + 500 * DAY,    true),
        ("with another address",           lan(&["192.168.1.6"]),                  NOW,                true),
        ("with one more",                  lan(&["192.168.1.5", "2001:db8::5"]),   NOW,                true),
        ("with none for a while",          lan(&[]),                               NOW,                false),
        ("under another name",             Host::new("pi2", [], None),             NOW,                true),
        ("by a clock put back an hour",    pi(),                                   NOW - 3_600,        false),
        ("by a clock put back a month",    pi(),                                   NOW - 30 * DAY,     true),
        ("by a clock that begins in 1970", pi(),                                   60,                 false),
    ];
    for (case, host, unix, expected) in cases {
        let place = Place::new();
        let before = place.shown(&pi(), NOW);
        let ca = place.open(NOW).unwrap();
        let tls = ca.tls(&pi(), at(NOW)).unwrap();
        assert_eq!(ca.keep(&tls, &host, at(unix)).unwrap(), expected, "{case}");
        let after = pair::read_certificate(&place.file(SERVER)).unwrap();
        assert_eq!(after != before, expected, "{case}");
        assert!(!ca.keep(&tls, &host, at(unix)).unwrap(), "{case}: only once");
        if expected {
            assert_eq!(after.names, host.names, "{case}");
            assert_eq!(judged(&place, "localhost", unix), Ok(()), "{case}");
        }
    }
}

#[test]
fn what_was_made_by_a_clock_in_1970_is_renewed_once_the_clock_is_right() {
    let place = Place::new();
    let first = place.shown(&pi(), 60);
    assert_eq!(first.valid_from.to_string(), "2024-12-31T00:00:00Z");
    assert_eq!(place.shown(&pi(), 120), first, "not again while the clock is wrong");
    let ca = fs::read(place.file(CA_CERTIFICATE)).unwrap();
    assert_ne!(place.shown(&pi(), NOW), first);
    assert_eq!(judged(&place, "pi", NOW), Ok(()));
    assert_eq!(fs::read(place.file(CA_CERTIFICATE)).unwrap(), ca);
}

#[test]
fn a_damaged_or_foreign_certificate_is_made_anew() {
    let other = Place::new();
    other.shown(&pi(), NOW);
    let key_of_another = fs::read_to_string(other.file(SERVER)).unwrap();
    let key_of_another = &key_of_another[key_of_another.find("-----BEGIN PRIVATE").unwrap()..];
    #[rustfmt::skip]
    let cases: [(&str, Damage<'_>); 6] = [
        ("gone",                  &|file| fs::remove_file(file).unwrap()),
        ("empty",                 &|file| fs::write(file, "").unwrap()),
        ("cut short",             &|file| { let text = fs::read(file).unwrap(); fs::write(file, &text[..200]).unwrap(); }),
        ("without its key",       &|file| { let text = fs::read_to_string(file).unwrap(); fs::write(file, text.split("-----BEGIN PRIVATE").next().unwrap()).unwrap(); }),
        ("of another authority",  &|file| { fs::copy(other.file(SERVER), file).unwrap(); }),
        ("with another's key",    &|file| { let text = fs::read_to_string(file).unwrap(); fs::write(file, text.split("-----BEGIN PRIVATE").next().unwrap().to_owned() + key_of_another).unwrap(); }),
    ];
    for (case, damage) in cases {
        let place = Place::new();
        let before = place.shown(&pi(), NOW);
        damage(&place.file(SERVER));
        assert_ne!(place.shown(&pi(), NOW), before, "{case}");
        assert_eq!(judged(&place, "pi", NOW), Ok(()), "{case}");
    }
}

#[test]
fn a_damaged_authority_is_refused_and_left_as_it_is() {
    let other = Place::new();
    other.shown(&pi(), NOW);
    let copied = |name| fs::read(other.file(name)).unwrap();
    let foreign = {
        // Of the right key, but under a name that this service gives to no authority.
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.distinguished_name.push(rcgen::DnType::OrganizationName, "x");
        move |key: &KeyPair| pem("CERTIFICATE", params.self_signed(key).unwrap().der()).into_bytes()
    };
    #[rustfmt::skip]
    let cases = [
        // file           what is in it                what is said
        (CA_CERTIFICATE, None,                         "ca.crt: expected a file that this service can read: No such file"),
        (CA_CERTIFICATE, Some(b"".to_vec()),           "ca.crt: expected a certificate chain in PEM"),
        (CA_CERTIFICATE, Some(pem("CERTIFICATE", b"x").into()), "ca.crt: expected an X.509 certificate"),
        (CA_CERTIFICATE, Some(copied(CA_CERTIFICATE)), "ca.key: expected the private key of the certificate, and this is another's"),
        (CA_KEY,         None,                         "ca.key: expected a file that this service can read: No such file"),
        (CA_KEY,         Some(b"".to_vec()),           "ca.key: expected a private key in PEM"),
        (CA_KEY,         Some(pem("PRIVATE KEY", b"secret").into()), "ca.key: expected a private key that is ECDSA P-256"),
        (CA_KEY,         Some(copied(CA_KEY)),         "ca.key: expected the private key of the certificate, and this is another's"),
    ];
    for (file, content, said) in cases {
        let place = Place::new();
        place.shown(&pi(), NOW);
        let path = place.file(file);
        match &content {
            None => fs::remove_file(&path).unwrap(),
            Some(bytes) => fs::write(&path, bytes).unwrap(),
        }
        let why = place.open(NOW).unwrap_err().to_string();
        let whole = format!("the certificate authority in {} is damaged: {said}", place.folder().display());
        assert!(
            why.starts_with(&whole) && why.contains(" from a copy; or, ") && !why.contains("secret"),
            "{why}"
        );
        assert_eq!(fs::read(&path).ok(), content, "{said}");
    }

    let place = Place::new();
    let ca = place.open(NOW).unwrap();
    fs::write(place.file(CA_CERTIFICATE), foreign(&ca.key().unwrap())).unwrap();
    let why = place.open(NOW).unwrap().tls(&pi(), at(NOW)).unwrap_err().to_string();
    assert!(why.contains("is damaged: ca.crt: expected what this authority has signed"), "{why}");
}

#[test]
fn keys_are_for_the_owner_alone() {
    let place = Place::new();
    place.shown(&pi(), NOW);
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(place.folder()), 0o700);
    let files = [CA_KEY, CA_CERTIFICATE, SERVER].map(|name| mode(place.file(name)));
    assert_eq!(files, [0o600, 0o644, 0o600]);
    assert_eq!(fs::read_dir(place.folder()).unwrap().count(), 3);
}

#[test]
fn openssl_takes_the_certificate_too() {
    let openssl = |place: &Place, arguments: &[&str]| {
        let done = Command::new("openssl").args(arguments).current_dir(place.folder()).output().unwrap();
        (done.status.success(), String::from_utf8([done.stdout, done.stderr].concat()).unwrap())
    };
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("SKIPPED: there is no openssl here to ask");
        return;
    }
    let place = Place::new();
    // OpenSSL asks the system for the time.
    let now = crate::clock::Clock::system().now().unix();
    let shown = place.shown(&pi(), now);
    let strict = ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "ca.crt"];
    for named in [["-verify_hostname", "pi.local"], ["-verify_ip", "192.168.1.5"]] {
        let (good, said) = openssl(&place, &[&strict[..], &named, &["server.pem"]].concat());
        assert!(good && said == "server.pem: OK\n", "{said}");
    }
    let (good, said) =
        openssl(&place, &[&strict[..], &["-verify_hostname", "example.org", "server.pem"]].concat());
    assert!(!good, "{said}");
    let (_, said) = openssl(&place, &["x509", "-in", "server.pem", "-noout", "-checkhost", "pi"]);
    assert!(said.contains("does match certificate"), "{said}");
    let (_, said) = openssl(&place, &["x509", "-in", "server.pem", "-noout", "-fingerprint", "-sha256"]);
    assert_eq!(said.trim().rsplit('=').next(), Some(shown.fingerprint().as_str()));
    let (_, said) = openssl(&place, &["x509", "-in", "ca.crt", "-noout", "-text"]);
    for line in ["CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign", "NIST CURVE: P-256"] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let (_, said) = openssl(&place, &["x509", "-in", "server.pem", "-noout", "-text"]);
    for line in ["CA:FALSE", "Digital Signature", "TLS Web Server Authentication", "Authority Key Identifier"]
    {
        assert!(said.contains(line), "{line}: {said}");
    }
}
