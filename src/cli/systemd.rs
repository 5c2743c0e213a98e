//! What systemd and the service tell each other: the socket, readiness, reloads and signs of life.
//!
//! Where systemd did not start the service, nothing here does anything.

use std::{env, io, net::SocketAddr, time::Duration};

use listenfd::ListenFd;
use sd_notify::NotifyState;
use tokio::{
    net::TcpListener,
    time::{MissedTickBehavior, interval},
};

use crate::service::Service;

/// How often the status is told where no watchdog waits for it.
const STATUS: Duration = Duration::from_secs(30);
/// How many signs of life come within the watchdog's patience, so that one that is late kills nothing.
const SIGNS: u32 = 4;

/// The sockets that a `.socket` unit passes on (`sd_listen_fds(3)`).
pub(super) struct Passed(ListenFd);

impl Passed {
    /// Take them out of the environment, which must be done before there are threads.
    pub(super) fn take() -> Self {
        Self(ListenFd::from_env())
    }

    /// Listen on the one that was passed on, or else at `address`.
    ///
    /// # Errors
    ///
    /// What the system says, or that something other than one TCP socket was passed on.
    pub(super) async fn listen(mut self, address: SocketAddr) -> io::Result<TcpListener> {
        if self.0.len() > 1 {
            return Err(io::Error::other("systemd passes on more than one socket; keep one ListenStream="));
        }
        let Some(listener) = self.0.take_tcp_listener(0)? else {
            return TcpListener::bind(address).await;
        };
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let own = listener.local_addr()?;
        tracing::info!(address = %own, "listening on the socket that systemd passes on");
        if own.port() != address.port() {
            tracing::warn!(
                "AUTH_SERVICE_PORT is {}, where healthcheck asks; make it the socket's, {}",
                address.port(),
                own.port()
            );
        }
        Ok(listener)
    }
}

/// Say that whoever waits for the service may go on.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// Say that files are being read again. Followed by [`ready`].
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        // Without the time, systemd would wait in vain.
        Err(error) => tracing::warn!(%error, "cannot tell systemd of the reload"),
    }
}

/// Say that it ends.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("finishing what was asked")]);
}

/// Say again and again how much there is, and give the watchdog a sign of life, as long as the database can be read.
///
/// A database that cannot be written to is no reason to be started anew: whoever has signed in goes on.
pub(super) async fn live(service: Service) {
    if env::var_os("NOTIFY_SOCKET").is_none() {
        return;
    }
    let mut signs = interval(sd_notify::watchdog_enabled().map_or(STATUS, |patience| patience / SIGNS));
    signs.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        signs.tick().await;
        match service.stock().await {
            Ok(stock) => {
                let ailing = if service.is_writable() { "" } else { "; the database cannot be written to" };
                let status = format!("{} users, {} sessions{ailing}", stock.users, stock.sessions);
                tell(&[NotifyState::Status(&status), NotifyState::Watchdog]);
            }
            Err(error) => {
                tracing::error!(%error, "the database cannot be read: no sign of life to the watchdog");
                tell(&[NotifyState::Status("the database cannot be read")]);
            }
        }
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "cannot tell systemd how the service stands");
    }
}
