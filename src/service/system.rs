//! What the service holds and does, in numbers: cheap to tell, however much it holds.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use super::{Error, Health, Inner, PublicKey, Service, blocking};
use crate::{
    domain::{hour::Hour, timestamp::Timestamp},
    store::{
        sessions, sign_ins, users,
        users_index::{self, Counts},
    },
};

/// What the service holds and does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    /// How it stands.
    pub health: Health,
    /// When it was started.
    pub started_at: Timestamp,
    /// How long the database is, in bytes; zero if it is in memory.
    pub database_bytes: u64,
    /// How many users there are.
    pub users: u64,
    /// How many of them are what.
    pub counts: Counts,
    /// How many sessions there are. One that is over counts until it is swept, within the hour.
    pub sessions: u64,
    /// The signing keys, oldest first.
    pub keys: Vec<PublicKey>,
    /// Sign-ins of the last hours, oldest first.
    pub sign_ins: Vec<SignIns>,
}

/// How many tried to sign in within an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignIns {
    /// The hour.
    pub hour: Hour,
    /// How many did.
    pub succeeded: u64,
    /// How many were refused, since the service was started. That is counted in memory: strangers must not make it write.
    pub refused: u64,
}

/// Refused sign-ins by hour.
#[derive(Default)]
pub(super) struct Refused(Mutex<BTreeMap<Hour, u64>>);

impl Refused {
    fn count(&self, now: Timestamp) {
        let hour = Hour::of(now);
        let mut hours = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *hours.entry(hour).or_default() += 1;
        hours.retain(|known, _| (hour.first_told()..=hour).contains(known));
    }

    fn of(&self, hour: Hour) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&hour).copied().unwrap_or(0)
    }
}

impl Service {
    /// What the service holds and does.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] if the database fails.
    pub async fn system(&self) -> Result<System, Error> {
        let health = self.health().await;
        let service = self.clone();
        let read = move || {
            let Inner { store, started_at, refused, .. } = &*service.0;
            let (users, counts, sessions, succeeded) = store.read(|tx| {
                let succeeded = sign_ins::by_hour(tx, health.at)?;
                Ok((users::count(tx)?, users_index::counts(tx)?, sessions::count(tx)?, succeeded))
            })?;
            let succeeded: BTreeMap<_, _> = succeeded.into_iter().collect();
            let sign_ins = Hour::of(health.at).told().map(|hour| SignIns {
                hour,
                succeeded: succeeded.get(&hour).copied().unwrap_or(0),
                refused: refused.of(hour),
            });
            Ok(System {
                health,
                started_at: *started_at,
                database_bytes: store.file_bytes().unwrap_or_default(),
                users,
                counts,
                sessions,
                keys: service.public_keys(),
                sign_ins: sign_ins.collect(),
            })
        };
        blocking(read).await
    }

    /// Count how a sign-in ended, if it was refused: those that succeed are counted where they are written.
    pub(super) fn note_sign_in<T>(&self, outcome: &Result<T, Error>) {
        // That the service failed is no word about who tried.
        if outcome.as_ref().is_err_and(|error| !matches!(error, Error::Store(_) | Error::Internal(_))) {
            self.0.refused.count(self.now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_kept_for_a_day_wherever_the_clock_goes() {
        let refused = Refused::default();
        let at = |hour: u64| Timestamp::from_unix(1_793_000_000 + hour * 3_600);
        for hour in (0..100).chain([9_999, 100, 100]) {
            refused.count(at(hour));
            assert!(refused.0.lock().unwrap().len() <= 24);
        }
        assert_eq!((refused.of(Hour::of(at(100))), refused.of(Hour::of(at(9_999)))), (2, 0));
    }
}
