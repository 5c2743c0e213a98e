//! Session cookies: which session one speaks for.

use super::Service;
use crate::domain::{id::SessionId, origin::Origin, session_cookie::SessionCookie};

impl Service {
    /// The cookie by which a browser speaks for `session` at the host of `at`.
    #[must_use]
    pub fn session_cookie(&self, session: SessionId, at: &Origin) -> SessionCookie {
        SessionCookie::new(&self.0.mac_key, session, at)
    }

    /// The session that a cookie sent to the host of `at` was made for, whether or not it lives. Asks no database.
    #[must_use]
    pub fn session_of_cookie(&self, cookie: &SessionCookie, at: &Origin) -> Option<SessionId> {
        cookie.session(&self.0.mac_key, at)
    }
}
