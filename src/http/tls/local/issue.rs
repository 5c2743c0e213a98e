//! Making certificates: one of an authority, and those that it signs.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType, SerialNumber, date_time_ymd,
};
use rustls::pki_types::CertificateDer;
use zeroize::Zeroizing;

use super::{Certificate, Host, Name};
use crate::{
    domain::timestamp::Timestamp,
    random::{Random, RandomError},
};

const DAY: Duration = Duration::from_secs(86_400);
/// How long an authority is good.
const AUTHORITY_LIFE: Duration = Duration::from_secs(3652 * 86_400);
/// How long a certificate is good, from its first second to its last. Apple refuses more than 825 days of those whose
/// authority a person installed, and more than 398 of all others; other browsers may follow.
pub(super) const LIFE: Duration = Duration::from_secs(397 * 86_400);
/// A certificate is good from so long before it was made, for clients whose clocks are late.
const BACKDATED: Duration = DAY;
/// 2025-01-01, before there was this program. A clock that says less is wrong: a Raspberry Pi has no battery for its own
/// unless one is added, and begins in 1970, or where it was switched off, until it has asked the network.
const BEFORE_ALL: Timestamp = Timestamp::from_unix(1_735_689_600);

/// Why a certificate could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum IssueError {
    #[error("the system gives no random bytes")]
    Random(#[from] RandomError),
    #[error("a certificate cannot be made: {0}")]
    Certificate(#[from] rcgen::Error),
}

/// Whether a clock that says `now` is wrong beyond doubt.
pub(super) fn is_before_all(now: Timestamp) -> bool {
    now < BEFORE_ALL
}

/// The certificate and the key of a new authority, for the machine that is called `label`.
///
/// It may sign certificates of services, but none of other authorities (path length 0). It is good from before there was
/// this program: what the clock says while it is made, once in ten years, may be wrong either way.
pub(super) fn authority(
    label: &str,
    now: Timestamp,
    random: &Random,
) -> Result<(CertificateDer<'static>, Zeroizing<KeyPair>), IssueError> {
    let mut params = params(&common_name(label), random)?;
    limit(&mut params, BEFORE_ALL, now.max(BEFORE_ALL).plus(AUTHORITY_LIFE));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = Zeroizing::new(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?);
    Ok((params.self_signed(&*key)?.der().clone(), key))
}

/// A certificate and a new key for `host`, by the authority of this certificate and this key.
pub(super) fn leaf(
    authority: &Certificate,
    signer: &KeyPair,
    host: &Host,
    now: Timestamp,
    random: &Random,
) -> Result<(CertificateDer<'static>, Zeroizing<KeyPair>), IssueError> {
    let mut params = params(&format!("lucid-auth ({})", shortened(&host.label)), random)?;
    let from = now.max(BEFORE_ALL).minus(BACKDATED);
    // Both ends count (RFC 5280 §4.1.2.5).
    limit(&mut params, from, from.plus(LIFE).minus(Duration::from_secs(1)).min(authority.valid_until));
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.subject_alt_names = host.names.iter().map(alternative).collect::<Result<_, _>>()?;
    let mut by = CertificateParams::default();
    by.distinguished_name = named(authority.subject.common_name().unwrap_or_default());
    let key = Zeroizing::new(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?);
    Ok((params.signed_by(&*key, &Issuer::from_params(&by, signer))?.der().clone(), key))
}

/// The name of an authority that is made on a machine of this name: browsers list it among all others.
fn common_name(label: &str) -> String {
    format!("lucid-auth local CA ({})", shortened(label))
}

/// A common name has at most 64 characters (RFC 5280 appendix A.1, `ub-common-name`). A label is ASCII.
fn shortened(label: &str) -> &str {
    label.get(..40).unwrap_or(label)
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

/// A certificate of this name, with a serial number that nobody can foresee (RFC 5280 §4.1.2.2): positive, 16 bytes.
fn params(common_name: &str, random: &Random) -> Result<CertificateParams, IssueError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(common_name);
    let mut serial: [u8; 16] = random.bytes()?;
    serial[0] = serial[0] & 0x3f | 0x40;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    Ok(params)
}

fn alternative(name: &Name) -> Result<SanType, IssueError> {
    Ok(match name {
        Name::Dns(name) => SanType::DnsName(name.as_str().try_into()?),
        Name::Address(address) => SanType::IpAddress(*address),
    })
}

/// Let it be good from the second `first` to the second `last`.
fn limit(params: &mut CertificateParams, first: Timestamp, last: Timestamp) {
    let epoch = date_time_ymd(1970, 1, 1);
    params.not_before = epoch + Duration::from_secs(first.unix());
    params.not_after = epoch + Duration::from_secs(last.unix());
}
