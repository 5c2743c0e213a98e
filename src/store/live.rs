//! Sessions in memory, in front of the database: what every request reads.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::SeqCst},
};

use moka::{policy::EvictionPolicy, sync::Cache};

use super::{
    StoreError,
    kept::{Kept, Map},
};
use crate::domain::{id::SessionId, session::Session, timestamp::Timestamp};

/// How many sessions stay in memory; about 600 bytes each. The others are read from disk when they are needed.
const CAPACITY: u64 = 100_000;

/// A session as of the last commit.
#[derive(Debug)]
pub struct LiveSession {
    /// What the database holds of it.
    pub session: Session,
    last_activity: AtomicU64,
}

impl LiveSession {
    fn new(session: Session) -> Arc<Self> {
        let last_activity = AtomicU64::new(session.refreshed_at.unix());
        Arc::new(Self { session, last_activity })
    }

    /// Note that one of its tokens was used at `now`. Kept in memory only: it is not worth a write.
    pub fn touch(&self, now: Timestamp) {
        self.last_activity.fetch_max(now.unix(), SeqCst);
    }

    /// When one of its tokens was last used, as far as this process saw.
    #[must_use]
    pub fn last_activity(&self) -> Timestamp {
        Timestamp::from_unix(self.last_activity.load(SeqCst))
    }
}

impl Map for Cache<SessionId, Arc<LiveSession>> {
    type Key = SessionId;
    type Value = Arc<LiveSession>;

    fn get(&self, id: &SessionId) -> Option<Arc<LiveSession>> {
        Self::get(self, id)
    }

    fn insert(&self, id: SessionId, live: Arc<LiveSession>) {
        Self::insert(self, id, live);
    }

    fn remove(&self, id: &SessionId) {
        self.invalidate(id);
    }

    fn clear(&self) {
        self.invalidate_all();
    }
}

/// The sessions that were seen lately.
pub(super) struct LiveSessions(Kept<Cache<SessionId, Arc<LiveSession>>>);

impl LiveSessions {
    pub(super) fn new() -> Self {
        // The default policy would drop new entries once it is full.
        let cache = Cache::builder().max_capacity(CAPACITY).eviction_policy(EvictionPolicy::lru()).build();
        Self(Kept::new(cache))
    }

    /// The session `id`, from memory or by `load`.
    pub(super) fn find(
        &self,
        id: SessionId,
        load: impl FnOnce() -> Result<Option<Session>, StoreError>,
    ) -> Result<Option<Arc<LiveSession>>, StoreError> {
        self.0.find(id, || Ok(load()?.map(LiveSession::new)))
    }

    /// Forget everything: what is on disk may be other than what was last told.
    pub(super) fn forget(&self) {
        self.0.forget();
    }

    /// Learn what a commit changed. Called by the writer alone, after the commit and before its answers.
    pub(super) fn commit(&self, changes: Vec<(SessionId, Option<Session>)>) {
        if !changes.is_empty() {
            self.0.tell(changes.into_iter().map(|(id, state)| (id, state.map(LiveSession::new))));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sessions::tests::session;

    #[test]
    fn a_session_that_ended_while_it_was_loaded_is_not_kept() {
        let live = LiveSessions::new();
        let session = session(1);
        let found = live.find(session.id, || {
            live.commit(vec![(session.id, None)]);
            Ok(Some(session.clone()))
        });
        assert!(found.unwrap().is_some(), "it was there when the caller asked");
        assert!(live.find(session.id, || Ok(None)).unwrap().is_none(), "but not in memory afterwards");
    }

    #[test]
    fn activity_never_goes_back() {
        let live = LiveSession::new(session(1));
        live.touch(Timestamp::from_unix(5_000_000_000));
        live.touch(Timestamp::from_unix(1));
        assert_eq!(live.last_activity().unix(), 5_000_000_000);
    }
}
