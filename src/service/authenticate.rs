//! Whose token is it, and is it still good?

use std::sync::Arc;

use super::{Error, KnownToken, Service, blocking};
use crate::{
    domain::{id::SessionId, permission::Permission, timestamp::Timestamp, user::User},
    metrics::TokenRefusal,
    store::LiveSession,
};

/// Who calls: a token that is valid, its session that is live, and its user as they are now.
#[derive(Debug, Clone)]
pub struct Principal {
    /// The user, with the role that they have now, whatever the token says.
    pub user: Arc<User>,
    /// The session.
    pub session: Arc<LiveSession>,
    /// The token.
    pub token: Arc<KnownToken>,
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
        match self.recognize(token).await {
            Some(outcome) => outcome,
            None => self.look_up(token).await,
        }
    }

    /// The same for a token that was given out or seen lately, as most are that come; `None` for any other. It costs no
    /// cryptography but a hash, and mostly asks no disk.
    pub async fn recognize(&self, token: &str) -> Option<Result<Principal, Error>> {
        let now = self.now();
        let outcome = match self.known_claims(token, now)? {
            Ok(known) => {
                let held = match self.remembered_holder(known.claims.sid, now) {
                    Some(held) => held,
                    None => self.stored_holder(known.claims.sid, now).await,
                };
                if matches!(held, Err(Error::SessionEnded)) {
                    // The disk is not asked again because of it.
                    self.0.tokens.forget(token);
                }
                held.and_then(|held| principal(held, known))
            }
            Err(refusal) => Err(refusal),
        };
        Some(self.judged(outcome))
    }

    /// The same by the token's signature and the database.
    ///
    /// # Errors
    ///
    /// As [`Self::authenticate`].
    pub async fn look_up(&self, token: &str) -> Result<Principal, Error> {
        let now = self.now();
        let (service, token) = (self.clone(), zeroize::Zeroizing::new(token.to_owned()));
        let outcome = self.compute(move || {
            let known = service.claims(&token, now)?;
            principal(service.holder(known.claims.sid, now)?, known)
        });
        self.judged(outcome.await)
    }

    /// Count it if a token was refused.
    fn judged(&self, outcome: Result<Principal, Error>) -> Result<Principal, Error> {
        if let Some(reason) = outcome.as_ref().err().and_then(refusal) {
            self.0.counts.refused_token(reason);
        }
        outcome
    }

    /// Whose live session this is, seen as [`Self::authenticate`] sees it, if both are in memory.
    #[must_use]
    pub fn recognize_session(&self, id: SessionId) -> Option<Result<Arc<User>, Error>> {
        Some(self.remembered_holder(id, self.now())?.map(|(_, user)| user))
    }

    /// The same by the database.
    ///
    /// # Errors
    ///
    /// [`Error::SessionEnded`], [`Error::AccountLocked`], or that the database fails.
    pub async fn look_up_session(&self, id: SessionId) -> Result<Arc<User>, Error> {
        self.stored_holder(id, self.now()).await.map(|(_, user)| user)
    }

    fn remembered_holder(&self, id: SessionId, now: Timestamp) -> Option<Result<Held, Error>> {
        self.0.store.remembered(id).map(|held| self.admit(held, now))
    }

    async fn stored_holder(&self, id: SessionId, now: Timestamp) -> Result<Held, Error> {
        let service = self.clone();
        blocking(move || service.holder(id, now)).await
    }

    /// Whose live session this is, as they are now. It counts as used.
    fn holder(&self, id: SessionId, now: Timestamp) -> Result<Held, Error> {
        let store = &self.0.store;
        let session = store.live_session(id)?.ok_or(Error::SessionEnded)?;
        let user = store.live_user(session.session.user_id)?.ok_or(Error::SessionEnded)?;
        self.admit((session, user), now)
    }

    /// The same two, if the session is live and its user may come in.
    fn admit(&self, (session, user): Held, now: Timestamp) -> Result<Held, Error> {
        if !session.session.is_live(now, self.0.rules.session_idle) {
            return Err(Error::SessionEnded);
        }
        if user.locked_at.is_some() {
            return Err(Error::AccountLocked);
        }
        session.touch(now);
        Ok((session, user))
    }
}

/// A session and its user.
type Held = (Arc<LiveSession>, Arc<User>);

fn principal((session, user): Held, token: Arc<KnownToken>) -> Result<Principal, Error> {
    if user.id == token.claims.sub {
        Ok(Principal { user, session, token })
    } else {
        Err(Error::SessionEnded)
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
