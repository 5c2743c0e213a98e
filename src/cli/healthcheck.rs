//! `lucid-auth healthcheck`: for a container with no shell.

use std::{
    io::{self, Read as _, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use super::{Failure, settings::SettingFlags};

/// How long the service may take to answer.
const PATIENCE: Duration = Duration::from_millis(900);
/// The whole answer is shorter.
const MAX_ANSWER: u64 = 16 * 1024;

/// Ask the running service whether it is healthy; exits with 0 or 1, within a second
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
        let listen = super::load(self.settings)?.config.listen;
        let address = SocketAddr::new(reachable(listen.ip()), listen.port());
        let unreachable = |error: io::Error| {
            Failure::Refused(format!(
                "no answer from http://{address}/health: {error}. Is the service running?"
            ))
        };
        let answer = ask(address).map_err(unreachable)?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let healthy = head.starts_with("HTTP/1.1 200 ");
        if self.json {
            writeln!(out, "{body}")?;
        } else {
            let status = head.lines().next().unwrap_or_default();
            writeln!(
                out,
                "{}: http://{address}/health answers {status}",
                if healthy { "healthy" } else { "unhealthy" }
            )?;
        }
        Ok(healthy)
    }
}

/// Where a service that listens on `ip` can be reached from its own machine.
fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        other => other,
    }
}

fn ask(address: SocketAddr) -> io::Result<String> {
    let until = Instant::now() + PATIENCE;
    let left = || {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::Error::from(io::ErrorKind::TimedOut)) } else { Ok(left) }
    };
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_write_timeout(Some(left()?))?;
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        stream.set_read_timeout(Some(left()?))?;
        let length = (&mut stream).take(MAX_ANSWER - answer.len() as u64).read(&mut chunk)?;
        if length == 0 {
            return String::from_utf8(answer).map_err(|_| io::ErrorKind::InvalidData.into());
        }
        answer.extend_from_slice(&chunk[..length]);
    }
}
