//! The body of a response, handed to hyper in slices.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use hyper::body::{Body, Bytes, Frame, SizeHint};

/// How much of a body is handed over at once, in bytes.
const SLICE: usize = 16 * 1024;

/// A body that is all there.
///
/// hyper copies what it is handed next to the head, into a buffer of the connection. In slices, it asks for the next when
/// the client has taken the last: so a client that asks for much and reads nothing costs a slice, not a copy.
pub(super) struct Slices(Bytes);

impl Slices {
    pub(super) const fn new(body: Bytes) -> Self {
        Self(body)
    }
}

impl Body for Slices {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let length = self.0.len().min(SLICE);
        let slice = self.0.split_to(length);
        Poll::Ready((length > 0).then(|| Ok(Frame::data(slice))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.len() as u64)
    }
}
