//! The listener for Prometheus: where it is, and what if it cannot be.

use std::{io, net::SocketAddr};

use tokio::{net::TcpListener, sync::oneshot};

use super::Failure;
use crate::{
    config::Loaded,
    http::{Server, scrape},
};

/// Where Prometheus connects to.
pub(super) struct Listener {
    listener: TcpListener,
    /// What to tell Prometheus, such as `http://127.0.0.1:9090/metrics`.
    pub(super) url: String,
}

impl Listener {
    /// What to tell the person who started the service.
    pub(super) fn greeting(&self) -> String {
        format!("Its metrics are at {}.\n", self.url)
    }
}

/// The listener that the settings ask for. Without it the service goes on, but not against what somebody asked for: the
/// default port is also that of Prometheus itself, and of a second service on this machine.
pub(super) async fn listen(loaded: &Loaded) -> Result<Option<Listener>, Failure> {
    let Some(address) = loaded.config.metrics else { return Ok(None) };
    let bound = async {
        let listener = TcpListener::bind(address).await?;
        let url = format!("http://{}{}", listener.local_addr()?, scrape::PATH);
        Ok(Listener { listener, url })
    };
    match bound.await {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if is_asked_for(loaded, &error) => Err(Failure::Refused(told(address, &error))),
        Err(error) => {
            tracing::warn!("{} Going on without metrics.", told(address, &error));
            Ok(None)
        }
    }
}

/// Serve the metrics of `server`, if there is a listener, until `end` is dropped.
pub(super) async fn serve(listener: Option<Listener>, server: &Server, end: oneshot::Receiver<()>) {
    if let Some(Listener { listener, .. }) = listener {
        server.metrics().serve(listener, async { drop(end.await) }).await;
    }
}

/// Whether `error` thwarts what somebody set, and not a default.
fn is_asked_for(loaded: &Loaded, error: &io::Error) -> bool {
    let address = loaded.is_set("METRICS_BIND") && error.kind() != io::ErrorKind::AddrInUse;
    address || loaded.is_set("METRICS_PORT")
}

fn told(address: SocketAddr, error: &io::Error) -> String {
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "Another program has it, perhaps Prometheus itself, whose default it is too: set METRICS_PORT to another one."
        }
        io::ErrorKind::PermissionDenied => {
            "Ports below 1024 need a privilege: set METRICS_PORT to a higher one."
        }
        io::ErrorKind::AddrNotAvailable => "No network interface has this address: set METRICS_BIND.",
        _ => "Set METRICS_BIND and METRICS_PORT to where Prometheus connects, or METRICS_ENABLED=false.",
    };
    format!("cannot serve metrics on {address}: {error}. {advice}")
}
