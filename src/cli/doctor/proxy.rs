//! Whose word counts on where a request came from.

use std::net::IpAddr;

use ipnet::IpNet;

use super::Finding;
use crate::{config::Config, domain::origin::Origin};

const NAME: &str = "proxy";

/// `ignored` is whose word the running service did not take.
pub(super) fn check(config: &Config, ignored: Option<IpAddr>) -> Finding {
    if let Some(peer) = ignored {
        return Finding::warning(
            NAME,
            format!(
                "{peer} says by X-Forwarded-For or Forwarded for whom it asks, and is not in TRUSTED_PROXIES: all who come by it count as one client."
            ),
            "If that is your proxy, set TRUSTED_PROXIES to its address; if not, somebody tries to pass for another, in vain.",
        );
    }
    judge(config.public_url.as_ref(), config.tls.is_some(), &config.trusted_proxies)
}

fn judge(public_url: Option<&Origin>, tls: bool, trusted: &[IpNet]) -> Finding {
    if trusted.iter().any(|net| net.prefix_len() == 0) {
        return Finding::warning(
            NAME,
            "TRUSTED_PROXIES names every address: anyone can claim any, and so escape limits and locks.",
            "Name only the addresses of the proxy.",
        );
    }
    if trusted.is_empty() {
        return match public_url {
            Some(url) if url.is_https() && !tls => Finding::warning(
                NAME,
                format!(
                    "PUBLIC_URL={url}, but this service speaks HTTP and trusts no proxy: all clients count as one address, the proxy's."
                ),
                "Set TRUSTED_PROXIES to the proxy's address, or give this service a certificate.",
            ),
            _ => Finding::ok(NAME, "No proxy is trusted: a client's address is that of its connection."),
        };
    }
    let nets: Vec<_> = trusted.iter().map(ToString::to_string).collect();
    let nets = nets.join(", ");
    if public_url.is_none() {
        return Finding::warning(
            NAME,
            format!("X-Forwarded-For and Forwarded count from {nets}, and PUBLIC_URL is not set."),
            "Set PUBLIC_URL to what browsers see, such as https://auth.example.org.",
        );
    }
    Finding::ok(
        NAME,
        format!("X-Forwarded-For and Forwarded count from {nets}; from others their own address does."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::Level;

    #[test]
    fn settings_that_do_not_fit_a_proxy_are_warnings() {
        let https = Origin::from_authority(true, "auth.a.org").unwrap();
        let http = Origin::from_authority(false, "pi.local:8089").unwrap();
        for (url, tls, trusted, level) in [
            (None, false, None, Level::Ok),
            (Some(&http), false, None, Level::Ok),
            (Some(&https), true, None, Level::Ok),
            (Some(&https), false, None, Level::Warning),
            (Some(&https), false, Some("10.0.0.1/32"), Level::Ok),
            (None, false, Some("10.0.0.1/32"), Level::Warning),
            (Some(&https), false, Some("0.0.0.0/0"), Level::Warning),
            (Some(&https), false, Some("::/0"), Level::Warning),
        ] {
            let trusted: Vec<IpNet> = trusted.map(|net| net.parse().unwrap()).into_iter().collect();
            assert_eq!(judge(url, tls, &trusted).level, level, "{url:?} {tls} {trusted:?}");
        }
    }
}
