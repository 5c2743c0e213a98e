//! Who has the port: this service, another program, or nobody.

use std::{io, net::TcpListener};

use serde_json::Value;

use super::Finding;
use crate::{cli::healthcheck, config::Config};

const NAME: &str = "port";

/// What answers at the port.
pub(super) enum Service {
    /// A lucid-auth, with what its `/health` says.
    Runs(Value),
    /// Something else, and what it said or did.
    Other(String),
    Nobody,
}

impl Service {
    pub(super) fn ask(config: &Config) -> Self {
        if config.listen.port() == 0 {
            return Self::Nobody;
        }
        match healthcheck::ask_service(config) {
            // The certificate cannot be read, and `tls` says so.
            Err(_) => Self::Nobody,
            Ok((_, Ok(answer))) => {
                let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
                match serde_json::from_str::<Value>(body) {
                    Ok(health) if health["service"].is_string() => Self::Runs(health),
                    _ => Self::Other(head.lines().next().unwrap_or_default().chars().take(80).collect()),
                }
            }
            Ok((_, Err(error))) if error.kind() == io::ErrorKind::ConnectionRefused => Self::Nobody,
            Ok((_, Err(error))) => Self::Other(error.to_string()),
        }
    }

    /// What the running service says of itself.
    pub(super) const fn health(&self) -> Option<&Value> {
        match self {
            Self::Runs(health) => Some(health),
            Self::Other(_) | Self::Nobody => None,
        }
    }
}

pub(super) fn check(config: &Config, service: &Service) -> Finding {
    let (listen, number) = (config.listen, config.listen.port());
    let look = format!(
        "`sudo ss -ltnp 'sport = :{number}'` tells whose it is: stop that, or set AUTH_SERVICE_PORT."
    );
    match service {
        _ if number == 0 => Finding::ok(NAME, "AUTH_SERVICE_PORT is 0: the system chooses a free one."),
        Service::Runs(health) if health["service"] == config.service_name.as_str() => {
            let version = health["version"].as_str().unwrap_or("?").replace(char::is_control, "?");
            Finding::ok(NAME, format!("{listen} is held by this service, version {version}."))
        }
        Service::Runs(health) => Finding::problem(
            NAME,
            format!("{listen} is held by another service: {}.", health["service"]),
            look,
        ),
        Service::Other(said) => {
            Finding::problem(NAME, format!("{listen} does not answer as this service does: {said:?}."), look)
        }
        // Given back at once; nobody is ever accepted.
        Service::Nobody => match TcpListener::bind(listen) {
            Ok(_) => Finding::ok(NAME, format!("{listen} is free: the service does not run.")),
            Err(error) => Finding::problem(
                NAME,
                format!("{listen} cannot be listened on: {error}."),
                format!(
                    "Set AUTH_SERVICE_BIND to an address of this machine; ports below 1024 take a privilege. {look}"
                ),
            ),
        },
    }
}
