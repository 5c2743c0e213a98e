//! What a certificate says of itself: names, dates, who made it. That it is genuine is checked elsewhere.

use std::{
    collections::BTreeSet,
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use data_encoding::{BASE64, HEXUPPER};
use sha2::{Digest, Sha256};

use super::der::{self, Der};
use crate::domain::timestamp::Timestamp;

/// A name or an address that a certificate is for ([RFC 5280 §4.2.1.6]).
///
/// [RFC 5280 §4.2.1.6]: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.6
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// `dNSName`, such as `pi.local`.
    Dns(String),
    /// `iPAddress`.
    Address(IpAddr),
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Somebody else may have written it, and a terminal obeys control characters.
            Self::Dns(name) => name.escape_debug().fmt(f),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// Who a certificate is of, or who made it ([RFC 5280 §4.1.2.4]): the attributes that people know.
///
/// [RFC 5280 §4.1.2.4]: https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.4
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distinguished(Vec<(&'static str, String)>);

impl Distinguished {
    /// `CN`, if it has one.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.0.iter().find(|(kind, _)| *kind == "CN").map(|(_, value)| value.as_str())
    }
}

impl fmt::Display for Distinguished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<_> =
            self.0.iter().map(|(kind, value)| format!("{kind}={}", value.escape_debug())).collect();
        f.write_str(&parts.join(", "))
    }
}

/// A certificate, read ([RFC 5280 §4.1]).
///
/// [RFC 5280 §4.1]: https://www.rfc-editor.org/rfc/rfc5280#section-4.1
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is.
    pub subject: Distinguished,
    /// Who made it.
    pub issuer: Distinguished,
    /// The first second in which it is good.
    pub valid_from: Timestamp,
    /// The last.
    pub valid_until: Timestamp,
    /// What it is for.
    pub names: BTreeSet<Name>,
    der: Vec<u8>,
}

impl Certificate {
    /// Read the certificate in `der`; `None` if there is none, or one whose dates this service cannot write.
    #[must_use]
    pub fn read(der: &[u8]) -> Option<Self> {
        let mut outer = Der::new(Der::new(der).take(der::SEQUENCE)?);
        let mut signed = Der::new(outer.take(der::SEQUENCE)?);
        signed.optional(der::explicit(0))?; // version
        signed.take(der::INTEGER)?; // serial number
        signed.take(der::SEQUENCE)?; // signature algorithm
        let issuer = distinguished(signed.take(der::SEQUENCE)?)?;
        let mut validity = Der::new(signed.take(der::SEQUENCE)?);
        let (valid_from, valid_until) = (time(&mut validity)?, time(&mut validity)?);
        let subject = distinguished(signed.take(der::SEQUENCE)?)?;
        signed.take(der::SEQUENCE)?; // public key
        signed.optional(der::implicit(1))?; // unique identifier of the issuer
        signed.optional(der::implicit(2))?; // and of the subject
        let extensions = signed.next_of(der::explicit(3))?;
        let names = extensions.map_or(Some(BTreeSet::new()), alternative_names)?;
        // What stands where extensions would is no certificate without names.
        signed.next()?.is_none().then_some(())?;
        Some(Self { subject, issuer, valid_from, valid_until, names, der: der.to_vec() })
    }

    /// SHA-256 of all of it, as people compare it: `AB:CD:…`.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let bytes = Sha256::digest(&self.der);
        let pairs: Vec<_> = bytes.iter().map(|byte| HEXUPPER.encode(&[*byte])).collect();
        pairs.join(":")
    }

    /// The certificate as a PEM file.
    #[must_use]
    pub fn pem(&self) -> String {
        pem("CERTIFICATE", &self.der)
    }
}

/// `der` as text ([RFC 7468 §2]).
///
/// [RFC 7468 §2]: https://www.rfc-editor.org/rfc/rfc7468#section-2
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    // 48 bytes are 64 characters.
    let lines: String = der.chunks(48).map(|chunk| BASE64.encode(chunk) + "\n").collect();
    format!("-----BEGIN {label}-----\n{lines}-----END {label}-----\n")
}

fn distinguished(der: &[u8]) -> Option<Distinguished> {
    let (mut found, mut sets) = (Vec::new(), Der::new(der));
    while let Some(set) = sets.next_of(der::SET)? {
        let mut attributes = Der::new(set);
        while let Some(attribute) = attributes.next_of(der::SEQUENCE)? {
            let mut attribute = Der::new(attribute);
            // X.520: id-at is 2.5.4.
            let kind = match attribute.take(der::OBJECT_IDENTIFIER)? {
                [0x55, 4, 3] => "CN",
                [0x55, 4, 6] => "C",
                [0x55, 4, 10] => "O",
                [0x55, 4, 11] => "OU",
                _ => continue,
            };
            let (_, value) = attribute.next()??;
            found.push((kind, String::from_utf8_lossy(value).into_owned()));
        }
    }
    Some(Distinguished(found))
}

/// `UTCTime`, whose years are 1950 to 2049, or `GeneralizedTime` (RFC 5280 §4.1.2.5).
fn time(from: &mut Der<'_>) -> Option<Timestamp> {
    let (tag, value) = from.next()??;
    let text = str::from_utf8(value).ok().filter(|text| text.is_ascii())?;
    let full = match tag {
        der::UTC_TIME => {
            let century = if text.get(..2)? < "50" { "20" } else { "19" };
            format!("{century}{text}")
        }
        der::GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let part = |range| full.get(range);
    let (date, time) = (
        [part(0..4)?, part(4..6)?, part(6..8)?].join("-"),
        [part(8..10)?, part(10..12)?, part(12..14)?].join(":"),
    );
    // A time before 1970 is none that matters here: whatever began then has begun.
    let text = if &*date < "1970" { "1970-01-01T00:00:00Z".to_owned() } else { format!("{date}T{time}Z") };
    (part(14..full.len())? == "Z").then_some(())?;
    text.parse().ok()
}

/// The names in the `SubjectAltName` among these extensions.
fn alternative_names(extensions: &[u8]) -> Option<BTreeSet<Name>> {
    let mut extensions = Der::new(Der::new(extensions).take(der::SEQUENCE)?);
    let mut found = BTreeSet::new();
    while let Some(extension) = extensions.next_of(der::SEQUENCE)? {
        let mut extension = Der::new(extension);
        let kind = extension.take(der::OBJECT_IDENTIFIER)?;
        extension.optional(der::BOOLEAN)?; // critical
        // id-ce-subjectAltName is 2.5.29.17.
        if kind != [0x55, 29, 17] {
            continue;
        }
        let mut names = Der::new(Der::new(extension.take(der::OCTET_STRING)?).take(der::SEQUENCE)?);
        while let Some((tag, value)) = names.next()? {
            if tag == der::implicit(2) {
                // An IA5String, which is ASCII; with anything else it names no host.
                let name = str::from_utf8(value).ok().filter(|name| name.is_ascii());
                found.extend(name.map(|name| Name::Dns(name.to_owned())));
            } else if tag == der::implicit(7) {
                found.extend(address(value).map(Name::Address));
            } else if [der::explicit(2), der::explicit(7)].contains(&tag) {
                // Made of parts, as DER allows no string to be: others might read a name there.
                return None;
            }
        }
    }
    Some(found)
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(octets).map(|octets| Ipv4Addr::from(octets).into());
    four.or_else(|_| <[u8; 16]>::try_from(octets).map(|octets| Ipv6Addr::from(octets).into())).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

    use super::*;

    fn made(change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let mut params =
            CertificateParams::new(["pi.local".to_owned(), "10.0.0.7".into(), "::1".into()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "a pi\n");
        params.distinguished_name.push(DnType::OrganizationName, "Casa Müller");
        params.distinguished_name.push(DnType::LocalityName, "not told");
        change(&mut params);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn a_certificate_is_read_as_it_was_made() {
        let read = Certificate::read(&made(|_| {})).unwrap();
        assert_eq!(read.subject.to_string(), "CN=a pi\\n, O=Casa Müller");
        assert_eq!(read.subject.common_name(), Some("a pi\n"));
        assert_eq!(read.issuer, read.subject);
        let names: Vec<_> = read.names.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["pi.local", "10.0.0.7", "::1"]);
    }

    #[test]
    fn dates_are_read_on_both_sides_of_2050_where_their_form_changes() {
        let cases = [
            (date_time_ymd(1955, 1, 1), "1970-01-01T00:00:00Z"),
            (date_time_ymd(1999, 12, 31), "1999-12-31T00:00:00Z"),
            (date_time_ymd(2049, 12, 31), "2049-12-31T00:00:00Z"),
            (date_time_ymd(2050, 1, 1), "2050-01-01T00:00:00Z"),
            (date_time_ymd(4096, 2, 29), "4096-02-29T00:00:00Z"),
        ];
        for (time, expected) in cases {
            let read = Certificate::read(&made(|params| params.not_before = time)).unwrap();
            assert_eq!(read.valid_from.to_string(), expected);
            let read = Certificate::read(&made(|params| params.not_after = time)).unwrap();
            assert_eq!(read.valid_until.to_string(), expected);
        }
    }

    #[test]
    fn the_fingerprint_is_what_people_compare() {
        // `printf abc | sha256sum`
        let certificate = Certificate { der: b"abc".to_vec(), ..Certificate::read(&made(|_| {})).unwrap() };
        let fingerprint = certificate.fingerprint();
        assert!(fingerprint.starts_with("BA:78:16:BF:") && fingerprint.ends_with(":15:AD"), "{fingerprint}");
        assert_eq!(fingerprint.len(), 32 * 3 - 1);
    }

    #[test]
    fn what_is_cut_short_or_changed_is_none_or_read_without_a_panic() {
        let der = made(|_| {});
        for length in 0..der.len() {
            assert_eq!(Certificate::read(&der[..length]), None, "{length}");
        }
        for at in 0..der.len() {
            for byte in [0, 0x7f, 0x80, 0x84, 0xff] {
                let mut changed = der.clone();
                changed[at] = byte;
                let _ = Certificate::read(&changed);
            }
        }
    }

    #[test]
    fn extensions_under_another_tag_are_no_certificate_without_names() {
        let der = made(|_| {});
        // The wrapping, the list, and the first extension begin with two bytes each.
        let first = der.windows(5).position(|bytes| bytes == [0x06, 3, 0x55, 29, 17]).unwrap() - 6;
        assert_eq!(der[first], der::explicit(3));
        for other in [der::implicit(3), der::explicit(4), der::SEQUENCE] {
            let mut changed = der.clone();
            changed[first] = other;
            assert_eq!(Certificate::read(&changed), None, "{other:#x}");
        }
    }

    #[test]
    fn a_name_made_of_parts_is_in_no_certificate() {
        let der = made(|_| {});
        for (simple, of_parts, value) in [(0x82, 0xa2, &b"pi.local"[..]), (0x87, 0xa7, &[10, 0, 0, 7])] {
            let head = [simple, u8::try_from(value.len()).unwrap()];
            let name = [&head, value].concat();
            let at = der.windows(name.len()).position(|bytes| bytes == name).unwrap();
            let mut changed = der.clone();
            changed[at] = of_parts;
            assert_eq!(Certificate::read(&changed), None, "{of_parts:#x}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = Certificate::read(&bytes);
        }
    }
}
