//! A connection on its way in: accepted, given a place, and through the TLS handshake if there is one.

use std::{future::pending, net::IpAddr, sync::Arc, time::Duration};

use tokio::{net::TcpStream, sync::OwnedSemaphorePermit, time::timeout};

use super::{
    seats::{Place, Seat},
    socket::{Peer, Socket},
    tls::Tls,
};
use crate::metrics::OpenConnection;

/// A connection that was accepted, with its place among its client's; `None` if it is a trusted proxy's.
pub(super) struct Arrival {
    pub(super) socket: TcpStream,
    pub(super) peer: IpAddr,
    pub(super) seat: Option<Seat>,
}

/// A connection that is let in, with the places that it holds until it ends.
pub(super) struct Guest<S> {
    pub(super) socket: S,
    pub(super) peer: Peer,
    pub(super) places: (OwnedSemaphorePermit, Option<Seat>, OpenConnection),
}

/// Ends when the connection at `place` must.
pub(super) async fn must_leave(place: Option<Arc<Place>>) {
    match place {
        Some(place) => place.must_leave().await,
        None => pending().await,
    }
}

/// Do the TLS handshake, in `time`, and return the guest if it succeeds.
pub(super) async fn greet(guest: Guest<TcpStream>, tls: Arc<Tls>, time: Duration) -> Option<Guest<Socket>> {
    let Guest { socket, peer: Peer { address, .. }, places } = guest;
    let place = places.1.as_ref().map(Seat::place);
    if let Some(place) = &place {
        // What there is to compute is little beside the wait for the client.
        place.reads(true);
    }
    let greeted = tokio::select! {
        greeted = timeout(time, tls.open(socket)) => greeted,
        () = must_leave(place.clone()) => {
            tracing::debug!(client = %address, "closed a connection: another needs its place");
            return None;
        }
    };
    if let Some(place) = &place {
        place.reads(false);
    }
    match greeted {
        Ok(Ok((socket, channel))) => Some(Guest { socket, peer: Peer { address, channel }, places }),
        Ok(Err(error)) => {
            tracing::debug!(client = %address, %error, "TLS handshake failed");
            None
        }
        Err(_) => {
            tracing::debug!(client = %address, "TLS handshake took too long");
            None
        }
    }
}
