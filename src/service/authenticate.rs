//! Whose token is it, and is it still good?

use std::sync::Arc;

use super::{Error, Service, blocking};
use crate::{
    domain::{
        claims::Claims, id::SessionId, origin::Origin, permission::Permission, session_cookie::SessionCookie,
        timestamp::Timestamp, user::User,
    },
    metrics::TokenRefusal,
    store::{LiveSession, users},
};

/// Who calls: a token that is valid, its session that is live, and its user as they are now.
#[derive(Debug, Clone)]
pub struct Principal {
    /// The user, with the role that they have now, whatever the token says.
    pub user: User,
    /// The session.
    pub session: Arc<LiveSession>,
    /// What the token says.
    pub claims: Claims,
}

impl Principal {
    /// Whether the user may do this now.
    #[must_use]
    pub fn holds(&self, permission: Permission) -> bool {
        self.user.role.holds(permission)
    }
}

impl Service {
    /// Who `token` speaks for. Sees a revocation, a lock and a change of role as soon as it was answered.
    ///
    /// # Errors
    ///
    /// [`Error::TokenInvalid`], [`Error::TokenExpired`], [`Error::SessionEnded`], [`Error::AccountLocked`], or that
    /// the database fails.
    pub async fn authenticate(&self, token: &str) -> Result<Principal, Error> {
        let (service, token) = (self.clone(), zeroize::Zeroizing::new(token.to_owned()));
        let now = self.now();
        let outcome = blocking(move || {
            let claims = service.claims(&token, now)?;
            let (user, session) = service.holder(claims.sid, now)?;
            if user.id != claims.sub {
                return Err(Error::SessionEnded);
            }
            Ok(Principal { user, session, claims })
        })
        .await;
        if let Some(reason) = outcome.as_ref().err().and_then(refusal) {
            self.0.counts.refused_token(reason);
        }
        outcome
    }

    /// Who `cookie` speaks for at the host of `at`, seen as [`Self::authenticate`] sees it; `None` if this service made no
    /// such cookie for that host.
    ///
    /// # Errors
    ///
    /// [`Error::SessionEnded`], [`Error::AccountLocked`], or that the database fails.
    pub async fn holder_of_cookie(&self, cookie: &SessionCookie, at: &Origin) -> Result<Option<User>, Error> {
        let Some(session) = self.session_of_cookie(cookie, at) else { return Ok(None) };
        let (service, now) = (self.clone(), self.now());
        blocking(move || Ok(Some(service.holder(session, now)?.0))).await
    }

    /// Whose live session this is, as they are now. It counts as used.
    fn holder(&self, id: SessionId, now: Timestamp) -> Result<(User, Arc<LiveSession>), Error> {
        let store = &self.0.store;
        let session = store.live_session(id)?.ok_or(Error::SessionEnded)?;
        if !session.session.is_live(now, self.0.rules.session_idle) {
            return Err(Error::SessionEnded);
        }
        let user = store.read(|tx| users::find(tx, session.session.user_id))?.ok_or(Error::SessionEnded)?;
        if user.locked_at.is_some() {
            return Err(Error::AccountLocked);
        }
        session.touch(now);
        Ok((user, session))
    }
}

/// How it is counted that a token is refused; our own failures are none.
fn refusal(error: &Error) -> Option<TokenRefusal> {
    match error {
        Error::TokenInvalid => Some(TokenRefusal::Invalid),
        Error::TokenExpired(_) => Some(TokenRefusal::Expired),
        Error::SessionEnded => Some(TokenRefusal::Ended),
        Error::AccountLocked => Some(TokenRefusal::AccountLocked),
        _ => None,
    }
}
