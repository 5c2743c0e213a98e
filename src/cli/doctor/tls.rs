//! Whether browsers will take the certificate.

use std::net::IpAddr;

use super::Finding;
use crate::{
    config::{Config, Tls},
    domain::timestamp::Timestamp,
    http::{
        self,
        tls::{Certificate, Name, local, read_certificate},
    },
};

const NAME: &str = "tls";
/// A certificate is renewed before it has so few days left.
const FEW_DAYS: u64 = 14;

pub(super) fn check(config: &Config, now: Timestamp, runs: bool) -> Finding {
    let behind_https = config.public_url.as_ref().is_some_and(crate::domain::origin::Origin::is_https);
    let (certificate, key) = match &config.tls {
        None if behind_https => {
            return Finding::ok(NAME, "HTTP here, and HTTPS before it as PUBLIC_URL says.");
        }
        None => {
            return Finding::warning(
                NAME,
                "Plain HTTP: browsers reach USB wallets only over HTTPS, and anyone on the way can read along.",
                "Set TLS_SELF_SIGNED=true, or TLS_CERT_FILE and TLS_KEY_FILE.",
            );
        }
        Some(Tls::Files { certificate, key }) => (certificate.clone(), key.clone()),
        Some(Tls::SelfSigned) => {
            let file = local::server_file(&local::folder(&config.data_dir));
            if !runs && !file.exists() {
                return Finding::ok(NAME, "TLS_SELF_SIGNED: the first start makes the certificate.");
            }
            (file.clone(), file)
        }
    };
    if let Err(refused) = http::Tls::from_files(certificate.clone(), key, now) {
        let why: Vec<_> = refused.into_iter().map(|one| one.why).collect();
        let advice =
            "Put the certificate chain and its own key there, readable for the service, and send it SIGHUP.";
        return Finding::problem(NAME, format!("{}: {}.", certificate.display(), why.join("; ")), advice);
    }
    match read_certificate(&certificate) {
        Err(why) => Finding::problem(NAME, why, "Replace the certificate."),
        Ok(read) => {
            let host = config.public_url.as_ref().filter(|_| config.trusted_proxies.is_empty());
            judge(&read, host.map(crate::domain::origin::Origin::host), now)
        }
    }
}

fn judge(certificate: &Certificate, host: Option<&str>, now: Timestamp) -> Finding {
    let (from, until) = (certificate.valid_from, certificate.valid_until);
    let renew = "Renew the certificate, and send the service SIGHUP; one by TLS_SELF_SIGNED it renews itself while it runs.";
    if now < from {
        return Finding::problem(
            NAME,
            format!("The certificate is valid from {from}, and it is {now}."),
            "Check the clock.",
        );
    }
    if now > until {
        return Finding::problem(NAME, format!("The certificate expired at {until}."), renew);
    }
    if let Some(host) = host.filter(|host| !certificate.names.iter().any(|name| covers(name, host))) {
        let seen = format!("The certificate is not for {host}, the host of PUBLIC_URL.");
        return Finding::problem(NAME, seen, "Get one for that name, or correct PUBLIC_URL.");
    }
    let days = until.since(now).as_secs() / 86_400;
    let seen = format!("The certificate fits its key, and is good for {days} days, until {until}.");
    if days < FEW_DAYS { Finding::warning(NAME, seen, renew) } else { Finding::ok(NAME, seen) }
}

/// RFC 6125 §6.4: a wildcard stands for one label.
fn covers(name: &Name, host: &str) -> bool {
    match name {
        Name::Address(address) => {
            host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|host| host == *address)
        }
        Name::Dns(name) => match name.strip_prefix("*.") {
            None => name.eq_ignore_ascii_case(host),
            Some(domain) => host.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(domain)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_covers_its_host_and_a_wildcard_one_label() {
        let dns = |name: &str| Name::Dns(name.to_owned());
        for (name, host, covered) in [
            (dns("a.org"), "a.org", true),
            (dns("A.org"), "a.org", true),
            (dns("a.org"), "b.a.org", false),
            (dns("*.a.org"), "b.a.org", true),
            (dns("*.a.org"), "c.b.a.org", false),
            (dns("*.a.org"), "a.org", false),
            (Name::Address("::1".parse().unwrap()), "[::1]", true),
            (Name::Address("10.0.0.1".parse().unwrap()), "10.0.0.2", false),
        ] {
            assert_eq!(covers(&name, host), covered, "{name} {host}");
        }
    }
}
