//! Exchanging a refresh token for the next pair.

use super::{Error, Service, TokenPair, flatten};
use crate::{
    domain::{
        audit::{Action, Actor, Event},
        client::Client,
        id::SessionId,
        origin::Origin,
        refresh_token::{RefreshToken, Reused},
        session::Session,
    },
    metrics,
    store::{Tx, audit, sessions, users},
};

impl Service {
    /// The session that a refresh token was made for, whether or not it lives. Asks no database.
    ///
    /// # Errors
    ///
    /// [`Error::RefreshTokenUnknown`] if this service did not make the token.
    pub fn session_of(&self, token: &RefreshToken) -> Result<SessionId, Error> {
        token.session(&self.0.mac_key).ok_or(Error::RefreshTokenUnknown)
    }

    /// Exchange a refresh token for a new pair. Each is good once, and once more within ten seconds.
    ///
    /// # Errors
    ///
    /// [`Error::RefreshTokenUnknown`]; [`Error::SessionEnded`]; [`Error::RefreshTokenReused`], after which the session
    /// has ended; [`Error::AccountLocked`]; or that the database fails.
    pub async fn refresh(
        &self,
        token: RefreshToken,
        origin: &Origin,
        client: Client,
    ) -> Result<TokenPair, Error> {
        let outcome = self.rotate(token, origin, client).await;
        if let Some(ended) = outcome.as_ref().map_or_else(ended, |_| Some(metrics::Refresh::Ok)) {
            self.0.counts.refresh(ended);
        }
        outcome
    }

    async fn rotate(&self, token: RefreshToken, origin: &Origin, client: Client) -> Result<TokenPair, Error> {
        let now = self.now();
        let inner = &self.0;
        let id = self.session_of(&token)?;
        let next = RefreshToken::new(&inner.mac_key, id, inner.random.bytes()?);
        let (used, next_hash) = (token.hash(), next.hash());
        let (lifetime, idle) = (inner.rules.refresh_token_lifetime, inner.rules.session_idle);
        let rotate = move |tx: &Tx| {
            let Some(session) = sessions::find(tx, id)? else { return Ok(Err(Error::SessionEnded)) };
            let Some(owner) = users::find(tx, session.user_id)? else { return Ok(Err(Error::SessionEnded)) };
            if !session.is_live(now, idle) {
                sessions::take(tx, id)?;
                return Ok(Err(Error::SessionEnded));
            }
            let Ok(rotation) = session.rotation.rotate(&used, next_hash, now) else {
                sessions::take(tx, id)?;
                let event =
                    Event::new(now, Action::RefreshReuse, Actor::Anonymous).about(owner.id, session.address);
                audit::append(tx, &event.in_session(id).from_client(&client).refused(Reused))?;
                return Ok(Err(Error::RefreshTokenReused));
            };
            if owner.locked_at.is_some() {
                return Ok(Err(Error::AccountLocked));
            }
            let session = Session {
                rotation,
                refreshed_at: now,
                expires_at: now.plus(lifetime),
                ip: client.ip,
                user_agent: client.user_agent.clone(),
                ..session
            };
            sessions::update(tx, &session)?;
            Ok(Ok((owner, session)))
        };
        let (owner, session) = flatten(inner.store.write(rotate).await)?;
        self.pair(owner, session, next, origin, now).await
    }
}

/// How it is counted that an exchange was refused. An unknown token is told from a known one before it comes here, where
/// it is counted too.
fn ended(error: &Error) -> Option<metrics::Refresh> {
    match error {
        Error::RefreshTokenUnknown => None,
        Error::RefreshTokenReused => Some(metrics::Refresh::Reused),
        Error::SessionEnded => Some(metrics::Refresh::Ended),
        Error::AccountLocked => Some(metrics::Refresh::AccountLocked),
        _ => Some(metrics::Refresh::Failed),
    }
}
