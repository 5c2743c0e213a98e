//! Makes identifiers.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use crate::{
    domain::{id::Id, timestamp::Timestamp},
    random::{Random, RandomError},
};

/// Makes identifiers that sort in the order in which they were made, also within a second.
#[derive(Default)]
pub(super) struct Ids(AtomicU64);

impl Ids {
    pub(super) fn next<T>(&self, now: Timestamp, random: &Random) -> Result<Id<T>, RandomError> {
        let now = now.unix() * 1000;
        let next = |last: u64| (last + 1).max(now);
        // A clock that was put back makes identifiers run a little ahead of it, not back.
        let last = self.0.fetch_update(SeqCst, SeqCst, |last| Some(next(last))).unwrap_or(now);
        Ok(Id::new(next(last), random.bytes()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{SessionId, UserId};

    #[test]
    fn identifiers_sort_as_they_were_made_whatever_the_clock_does() {
        let (ids, random) = (Ids::default(), Random::system());
        let made: Vec<UserId> = [100, 100, 100, 101, 99, 99]
            .map(|now| ids.next(Timestamp::from_unix(now), &random).unwrap())
            .into();
        assert!(made.is_sorted());
        assert!(made[0] >= UserId::first_at(Timestamp::from_unix(100)));
        let _: SessionId = ids.next(Timestamp::from_unix(1), &random).unwrap();
    }
}
