//! A client's connection, with what hyper leaves to its transport: a limit on stalled writes, a body for the refusals
//! that hyper writes on its own, and an end that does not cut off the last response.

use std::{
    io,
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

use super::{
    app::App,
    code::Code,
    problem::Problem,
    reply::Response,
    request_id::{RequestId, X_REQUEST_ID},
    seats::Place,
    socket::Socket,
};
use crate::metrics::Meter;

/// Set when hyper was given a response of ours to write.
#[derive(Debug, Clone, Default)]
pub(super) struct Answered {
    ours: Arc<AtomicBool>,
    /// The place of the connection, if it may have to be given up.
    place: Option<Arc<Place>>,
}

impl Answered {
    /// Of the connection that has this place.
    pub(super) fn at(place: Option<Arc<Place>>) -> Self {
        Self { ours: Arc::default(), place }
    }

    /// What hyper writes next is ours.
    pub(super) fn set(&self) {
        self.ours.store(true, Ordering::Relaxed);
        if let Some(place) = &self.place {
            place.answered();
        }
    }

    /// Note whether a read waits for the client.
    fn read<T>(&self, polled: &Poll<T>) {
        if let Some(place) = &self.place {
            place.reads(polled.is_pending());
        }
    }

    /// Note whether a write waits for the client.
    fn wrote<T>(&self, polled: &Poll<T>) {
        if let Some(place) = &self.place {
            place.writes(polled.is_pending());
        }
    }
}

/// A client's connection.
///
/// hyper answers a head that it cannot parse by itself, with a status and no body, before any handler is asked. It
/// does so only between responses, all of which were flushed by then, so a status of 4xx that is written when no
/// response was handed over is hyper's own; its place is taken by a [`Problem`].
pub(super) struct Connection {
    socket: Socket,
    app: Arc<App>,
    peer: IpAddr,
    answered: Answered,
    /// Counts what hyper refused.
    unread: Option<Meter>,
    /// What is left to write of our own refusal.
    refusal: Vec<u8>,
    /// Runs while the client takes nothing.
    stall: Option<Pin<Box<Sleep>>>,
    /// Runs once our side is closed.
    linger: Option<Pin<Box<Sleep>>>,
}

impl Connection {
    pub(super) fn new(
        socket: Socket,
        peer: IpAddr,
        app: Arc<App>,
        answered: Answered,
        unread: Option<Meter>,
    ) -> Self {
        Self { socket, app, peer, answered, unread, refusal: Vec::new(), stall: None, linger: None }
    }

    /// Write to the socket, but do not wait for ever.
    fn poll_send(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.unless_stalled(context, written)
    }

    /// What the socket said, but an error when it has been saying for too long that the client takes nothing. Flushing
    /// and closing can wait too: with TLS, bytes that were taken may still be ours to send.
    fn unless_stalled<T>(
        &mut self,
        context: &mut Context<'_>,
        said: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        self.answered.wrote(&said);
        if said.is_ready() {
            self.stall = None;
            return said;
        }
        ready!(alarm(&mut self.stall, self.app.settings.limits.write_time).poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_refusal(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.refusal.is_empty() {
            let bytes = std::mem::take(&mut self.refusal);
            let sent = self.poll_send(context, &bytes);
            self.refusal = bytes;
            let count = ready!(sent)?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.refusal.drain(..count);
        }
        Poll::Ready(Ok(()))
    }

    /// The bytes to send instead of `written`, if that is a refusal of hyper's own.
    fn instead(&self, written: &[u8]) -> Option<Vec<u8>> {
        if self.answered.ours.load(Ordering::Relaxed) {
            return None;
        }
        let head = std::str::from_utf8(written).ok()?;
        let status = head.strip_prefix("HTTP/1.1 ").or_else(|| head.strip_prefix("HTTP/1.0 "))?.get(..3)?;
        let code = match status {
            "400" => Code::RequestMalformed,
            // A target that is too long is a head that is too long.
            "414" | "431" => Code::HeadersTooLarge,
            _ => return None,
        };
        let request_id = RequestId::make(&self.app.random);
        let mut response = Problem::new(code).into_response(&request_id, self.app.clock.now());
        response.headers_mut().insert(X_REQUEST_ID, request_id.to_value());
        if let Some(meter) = &self.unread {
            meter.refused_unread(code.status().as_u16());
        }
        tracing::info!(status, client = %self.peer, %request_id, "request refused unread");
        let date = head.lines().find(|line| line.starts_with("date: "));
        Some(serialize(&response, date))
    }
}

/// The bytes of `response` as the last of a connection (RFC 9112 §6).
fn serialize(response: &Response, date: Option<&str>) -> Vec<u8> {
    let status = response.status();
    let reason = status.canonical_reason().unwrap_or_default();
    let mut bytes = format!("HTTP/1.1 {} {reason}\r\n", status.as_str()).into_bytes();
    for (name, value) in response.headers() {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    if let Some(date) = date {
        bytes.extend_from_slice(format!("{date}\r\n").as_bytes());
    }
    let body = response.body();
    bytes
        .extend_from_slice(format!("connection: close\r\ncontent-length: {}\r\n\r\n", body.len()).as_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// The timer in `slot`, set to end after `length` if there is none yet.
fn alarm(slot: &mut Option<Pin<Box<Sleep>>>, length: Duration) -> Pin<&mut Sleep> {
    slot.get_or_insert_with(|| Box::pin(sleep(length))).as_mut()
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let read = Pin::new(&mut this.socket).poll_read(context, buffer);
        this.answered.read(&read);
        read
    }
}

// Not vectored: hyper then writes from one buffer, which begins with the head of a response.
impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Some(refusal) = this.instead(bytes) {
            this.refusal = refusal;
            return Poll::Ready(Ok(bytes.len()));
        }
        ready!(this.poll_refusal(context))?;
        this.poll_send(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_refusal(context))?;
        this.answered.ours.store(false, Ordering::Relaxed);
        let flushed = Pin::new(&mut this.socket).poll_flush(context);
        this.unless_stalled(context, flushed)
    }

    /// Close our side, then read and forget what the client still sends, for a while: closing with bytes unread makes
    /// the system reset the connection, and the client lose the response.
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.linger.is_none() {
            ready!(this.poll_refusal(context))?;
            let closed = Pin::new(&mut this.socket).poll_shutdown(context);
            ready!(this.unless_stalled(context, closed))?;
        }
        let mut alarm = alarm(&mut this.linger, this.app.settings.limits.linger_time);
        let mut bytes = [0; 4096];
        loop {
            // First the timer: a client that never stops sending must not keep it from being asked.
            if alarm.as_mut().poll(context).is_ready() {
                return Poll::Ready(Ok(()));
            }
            let mut buffer = ReadBuf::new(&mut bytes);
            let read = Pin::new(&mut this.socket).poll_read(context, &mut buffer);
            this.answered.read(&read);
            if ready!(read).is_err() || buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}
