//! Sign-ins that fail: who may still try, and what is remembered of it. The rule is in [`attempts`].
//!
//! [`attempts`]: crate::domain::attempts

use std::{
    sync::{MutexGuard, PoisonError},
    time::Duration,
};

use super::{Answer, Error, Service};
use crate::{
    domain::{
        attempts::{Attempts, Lockout},
        audit::{Action, Actor, Event},
        challenge::ChallengeError,
        client::Network,
        timestamp::Timestamp,
        wallet::Address,
    },
    store::{StoreError, Tx, audit, sessions, users},
};

impl Service {
    /// Whether the sender of `answer` may try to sign in with that address now, and how long they wait unless they are at home.
    ///
    /// What is written of locks does not count: only accounts have that, and a stranger could tell them by a lock that outlasts
    /// what is remembered of all addresses alike.
    pub(super) fn may_try(&self, answer: &Answer, now: Timestamp) -> Result<Option<Duration>, Error> {
        let client = Network::of(answer.client.ip);
        let attempts = self.attempts();
        match attempts.locked(client, answer.address, now) {
            Some(left) => Err(Error::SignInLocked(left)),
            None => Ok(attempts.slowed(client, now)),
        }
    }

    /// Whether the user of the address has a live session from the client that sent `answer`.
    pub(super) fn is_at_home(&self, answer: &Answer, now: Timestamp) -> Result<bool, StoreError> {
        let client = Network::of(answer.client.ip);
        self.0.store.read(|tx| {
            let Some(user) = users::find_by_address(tx, &answer.address)? else { return Ok(false) };
            for id in sessions::of_user(tx, user.id)? {
                let session = sessions::find(tx, id)?;
                if session.is_some_and(|session| {
                    Network::of(session.ip) == client && session.is_live(now, self.0.rules.session_idle)
                }) {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }

    /// Remember how an attempt to sign in ended. Of many at once, those that fail after the lock are told of it.
    pub(super) fn note_attempt<T>(
        &self,
        answer: &Answer,
        outcome: Result<T, Error>,
        now: Timestamp,
    ) -> Result<T, Error> {
        let client = Network::of(answer.client.ip);
        match outcome {
            Ok(_) => self.attempts().succeeded(client, answer.address),
            Err(Error::Challenge(ChallengeError::Unknown) | Error::Signature(_)) => {
                let (before, locked) = {
                    let mut attempts = self.attempts();
                    let before = attempts.locked(client, answer.address, now);
                    (before, attempts.failed(client, answer.address, now))
                };
                if let Some(left) = before {
                    return Err(Error::SignInLocked(left));
                }
                if let Some(until) = locked {
                    self.0.counts.lockout();
                    tracing::warn!(%client, address = %answer.address, %until, "too many sign-ins failed; locked");
                    let written = self.write_lockout(answer, Lockout { client, until }, now);
                    if let Err(error) = written {
                        tracing::error!(%error, "a lock of a sign-in was not written to the audit log");
                    }
                }
            }
            Err(_) => {}
        }
        outcome
    }

    /// Write down that sign-in of an account is locked, for its owner and its operator to read: once for each lock, and only so
    /// many at a time, because nobody knows who makes us write. What is not written holds all the same.
    ///
    /// Nothing is read before the answer, and it is written when something else is: a commit of its own would tell strangers,
    /// who can time their own, which addresses have an account.
    fn write_lockout(&self, answer: &Answer, lockout: Lockout, now: Timestamp) -> Result<(), StoreError> {
        let (policy, address, client) = (self.0.rules.attempts, answer.address, answer.client.clone());
        self.0.store.write_later(move |tx: &Tx| {
            let Some(mut user) = users::find_by_address(tx, &address)? else { return Ok(()) };
            user.lockouts
                .retain(|other| other.client != lockout.client && policy.left(other.until, now).is_some());
            if user.lockouts.len() >= Lockout::WRITTEN {
                return Ok(());
            }
            user.lockouts.push(lockout);
            users::update(tx, &user)?;
            let event = Event::new(now, Action::SignInLocked, Actor::Service).about(user.id, address);
            let event = event.from_client(&client);
            audit::append(tx, &event.with(format_args!("from {} until {}", lockout.client, lockout.until)))
        })
    }

    /// Whether a lock that was written may still keep its client out: not if the service was started again since.
    pub(super) fn is_in_force(&self, lockout: &Lockout, now: Timestamp) -> bool {
        self.0.rules.attempts.left(lockout.until, now).is_some()
    }

    /// Forget the failures of an address.
    pub(super) fn forgive(&self, address: Address) {
        self.attempts().forgive(address);
    }

    fn attempts(&self) -> MutexGuard<'_, Attempts> {
        self.0.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
