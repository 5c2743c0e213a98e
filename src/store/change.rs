//! A change that waits for its commit, of whatever kind.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use super::{StoreError, Tx};

/// A change, as the writer sees it.
pub(super) trait Change: Send {
    /// Make it in `tx`.
    fn apply(&mut self, tx: &Tx) -> Result<(), StoreError>;
    /// Tell whoever asked for it how its commit went.
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

/// A change, what came of it, and who waits for that.
pub(super) struct Pending<T, F> {
    change: F,
    result: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Pending<T, F> {
    pub(super) fn new(change: F, reply: oneshot::Sender<Result<T, StoreError>>) -> Self {
        Self { change, result: None, reply }
    }
}

impl<T: Send, F: Fn(&Tx) -> Result<T, StoreError> + Send> Change for Pending<T, F> {
    fn apply(&mut self, tx: &Tx) -> Result<(), StoreError> {
        // A panic in one change must not take the writer with it.
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.change)(tx)));
        self.result = Some(outcome.unwrap_or_else(|_| Err(StoreError::Panicked))?);
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self { change, result, reply } = *self;
        // What the change holds may be the service: whoever has the answer may count on it being let go of.
        drop(change);
        // Whoever asked may have gone; what they asked for is on disk all the same.
        drop(reply.send(outcome.and_then(|()| result.ok_or(StoreError::Closed))));
    }
}
