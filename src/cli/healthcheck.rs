//! `lucid-auth healthcheck`: for a container with no shell.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    path::Path,
    time::{Duration, Instant},
};

use super::{Failure, settings::SettingFlags};
use crate::{
    config::{Config, Tls},
    http::tls::{
        Pinned,
        local::{folder, server_file},
    },
};

/// How long the service may take to answer: a second, less what it takes to start this.
const PATIENCE: Duration = Duration::from_millis(800);
/// The whole answer is shorter.
const MAX_ANSWER: u64 = 16 * 1024;

/// Ask the running service whether it is healthy; exits with 0 or 1, within a second
///
/// It asks from this machine, over HTTP; with a certificate configured over HTTPS, and then trusts that one alone.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Print what the service says, in JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingFlags,
}

impl Arguments {
    /// Ask, print the answer, and return whether it is well.
    pub(super) fn run(self, out: &mut impl Write) -> Result<bool, Failure> {
        let config = super::load(self.settings)?.config;
        let (url, answer) = ask_service(&config)?;
        let answer = answer.map_err(|error| {
            Failure::Refused(format!("no answer from {url}: {error}. Is the service running?"))
        })?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let healthy = head.starts_with("HTTP/1.1 200 ");
        if self.json {
            writeln!(out, "{body}")?;
        } else {
            let status = head.lines().next().unwrap_or_default();
            writeln!(out, "{}: {url} answers {status}", if healthy { "healthy" } else { "unhealthy" })?;
        }
        Ok(healthy)
    }
}

/// Ask whatever listens where the settings say: the URL, and the whole answer.
///
/// # Errors
///
/// [`Failure`] if the certificate that it should show cannot be read.
pub(super) fn ask_service(config: &Config) -> Result<(String, io::Result<String>), Failure> {
    let address = SocketAddr::new(reachable(config.listen.ip()), config.listen.port());
    let pinned = match &config.tls {
        Some(Tls::Files { certificate, .. }) => Some(pinned("TLS_CERT_FILE", certificate)?),
        Some(Tls::SelfSigned) => Some(pinned("TLS_SELF_SIGNED", &server_file(&folder(&config.data_dir)))?),
        None => None,
    };
    let url = format!("{}://{address}/health", if pinned.is_some() { "https" } else { "http" });
    Ok((url, ask(address, pinned)))
}

/// What trusts the certificate in `file` alone, which follows from `setting`.
fn pinned(setting: &str, file: &Path) -> Result<Pinned, Failure> {
    Pinned::from_file(file)
        .map_err(|why| Failure::Refused(format!("{setting}={:?}: {why}", file.display().to_string())))
}

/// Where a service that listens on `ip` can be reached from its own machine.
fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        other => other,
    }
}

fn ask(address: SocketAddr, pinned: Option<Pinned>) -> io::Result<String> {
    let until = Instant::now() + PATIENCE;
    let stream = Patient { stream: TcpStream::connect_timeout(&address, PATIENCE)?, until };
    match pinned {
        None => converse(stream),
        Some(pinned) => converse(pinned.connect(stream, address.ip())?),
    }
}

fn converse(mut stream: impl Read + Write) -> io::Result<String> {
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    stream.flush()?;
    let mut answer = String::new();
    stream.take(MAX_ANSWER).read_to_string(&mut answer)?;
    Ok(answer)
}

/// A connection on which all waiting together ends at one time.
struct Patient {
    stream: TcpStream,
    until: Instant,
}

impl Patient {
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }
}

impl Read for Patient {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(bytes).map_err(|error| match error.kind() {
            // So the system says that the time is over.
            io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
            _ => error,
        })
    }
}

impl Write for Patient {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
