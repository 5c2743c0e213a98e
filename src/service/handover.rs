//! Bringing a session from our own host to an app's.

use std::{
    sync::{MutexGuard, PoisonError},
    time::Duration,
};

use super::{Error, Service};
use crate::domain::{
    handover::{Code, Handovers, State, StateHash},
    id::SessionId,
    origin::Origin,
    redirect::ReturnTo,
    session_cookie::SessionCookie,
};

impl Service {
    /// A code that brings `session` to the host of `to`, for the browser that keeps the state of this hash.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if the random source fails.
    pub fn hand_over(&self, session: SessionId, to: &ReturnTo, state: StateHash) -> Result<Code, Error> {
        let code = Code::from_bytes(self.0.random.bytes()?);
        self.handovers().issue(&code, session, to.origin(), state, self.now());
        Ok(code)
    }

    /// The cookie for the host of `at` that `code` brings to the browser that keeps `state`, and how long to keep it;
    /// `None` if the code is not good there. A code is looked at once.
    #[must_use]
    pub fn receive(
        &self,
        code: &Code,
        at: &Origin,
        state: Option<&State>,
    ) -> Option<(SessionCookie, Duration)> {
        let session = self.handovers().take(code, at, state, self.now())?;
        // The session may end before, which each use of the cookie sees, or be refreshed past it.
        Some((self.session_cookie(session, at), self.0.rules.refresh_token_lifetime))
    }

    fn handovers(&self) -> MutexGuard<'_, Handovers> {
        self.0.handovers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
