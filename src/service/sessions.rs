//! Ending sessions, and telling how they stand.

use std::time::Duration;

use super::{Error, Principal, Service, blocking};
use crate::{
    domain::{
        audit::{Action, Actor, Event},
        client::Client,
        timestamp::Timestamp,
    },
    store::{Tx, audit, sessions},
};

/// How many sessions that are over are removed in one commit.
const SWEEP: usize = 500;

/// How a caller's session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionStatus {
    /// How long the access token is still valid.
    pub access_left: Duration,
    /// How long the session lasts unless it is refreshed.
    pub session_left: Duration,
}

impl Service {
    /// How the caller's session stands.
    #[must_use]
    pub fn status(&self, caller: &Principal) -> SessionStatus {
        let now = self.now();
        SessionStatus {
            access_left: Timestamp::from_unix(caller.token.claims.exp).since(now),
            session_left: caller.session.session.ends_at(self.0.rules.session_idle).since(now),
        }
    }

    /// End the caller's session, or all of theirs, and return how many ended.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] if the database fails.
    pub async fn sign_out(&self, caller: &Principal, all: bool, client: Client) -> Result<usize, Error> {
        let now = self.now();
        let (session, user) = (caller.session.session.id, caller.user.id);
        let event = Event::new(now, Action::SignOut, Actor::User(user)).about(user, caller.user.address);
        let event = event.in_session(session).from_client(&client);
        let end = move |tx: &Tx| {
            let ids = if all { sessions::of_user(tx, user)? } else { vec![session] };
            let mut ended = 0;
            for id in ids {
                ended += usize::from(sessions::take(tx, id)?.is_some());
            }
            audit::append(tx, &event.clone().with(format_args!("sessions ended: {ended}")))?;
            Ok(ended)
        };
        Ok(self.0.store.write(end).await?)
    }

    /// Remove the sessions that are over, and return how many there were.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] if the database fails.
    pub async fn sweep_sessions(&self) -> Result<usize, Error> {
        let mut swept = 0;
        loop {
            let (service, now, idle) = (self.clone(), self.now(), self.0.rules.session_idle);
            let find = move || {
                Ok(service
                    .0
                    .store
                    .read(|tx| sessions::over(tx, SWEEP, |session| !session.is_live(now, idle)))?)
            };
            let over = blocking(find).await?;
            let found = over.len();
            let remove = move |tx: &Tx| {
                for id in &over {
                    // It may have been refreshed since it was found.
                    if sessions::find(tx, *id)?.is_some_and(|session| !session.is_live(now, idle)) {
                        sessions::take(tx, *id)?;
                    }
                }
                Ok(())
            };
            if found > 0 {
                self.0.store.write(remove).await?;
            }
            swept += found;
            if found < SWEEP {
                return Ok(swept);
            }
        }
    }
}
