//! How much of this service a client may hold, and for how long.

use std::time::Duration;

/// Bounds on connections, requests and waits. Every buffer and every wait on a client has one.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections in all. For a further one, one is closed that waits for its client: of the client that has most, the
    /// one that was answered longest ago. A trusted proxy's are not; if there is no other, the further one waits. With
    /// what else is open it stays under 1,024, the number of descriptors that systemd gives a service.
    pub connections: usize,
    /// Connections of one client: an IPv4 address or an IPv6 network of 64 bits. Further ones are closed at once. A
    /// trusted proxy is not one client.
    pub connections_per_client: usize,
    /// Header fields of a request.
    pub headers: usize,
    /// Bytes of a request's head: request line and header fields.
    pub header_bytes: usize,
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// How long a TLS handshake may take, counted from the beginning of the connection.
    pub handshake_time: Duration,
    /// How long a request's head may take to arrive, counted from the end of the response before it: also how long
    /// an idle connection stays open.
    pub header_time: Duration,
    /// How long a request's body may take to arrive, as a whole.
    pub body_time: Duration,
    /// How long a client may take nothing of what is written to it.
    pub write_time: Duration,
    /// How long a connection that we closed is still read from, so that the client sees the last response instead
    /// of a reset (RFC 9112 §9.6). Under a second, so that a client that keeps its end open delays no stop by as much.
    pub linger_time: Duration,
    /// How long requests in flight may take to finish when the service stops.
    pub shutdown_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 768,
            connections_per_client: 256,
            headers: 64,
            header_bytes: 16 * 1024,
            body_bytes: 16 * 1024,
            handshake_time: Duration::from_secs(10),
            header_time: Duration::from_secs(20),
            body_time: Duration::from_secs(10),
            write_time: Duration::from_secs(20),
            linger_time: Duration::from_millis(500),
            shutdown_time: Duration::from_secs(10),
        }
    }
}
