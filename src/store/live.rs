//! Sessions and users in memory, in front of the database: what every request reads.

use std::{
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use moka::{policy::EvictionPolicy, sync::Cache};

use super::{
    StoreError,
    kept::{Kept, Map},
};
use crate::domain::{
    id::{SessionId, UserId},
    session::Session,
    timestamp::Timestamp,
    user::User,
};

/// How many sessions stay in memory; about 750 bytes each. The others are read from disk when they are needed. With all of
/// 100,000 the service would take 105 MiB.
const SESSIONS: u64 = 65_536;
/// How many users do; about 800 bytes each.
const USERS: u64 = 10_000;

/// A session as of the last commit.
#[derive(Debug)]
pub struct LiveSession {
    /// What the database holds of it.
    pub session: Session,
    last_activity: AtomicU64,
}

impl LiveSession {
    pub(super) fn new(session: Session) -> Arc<Self> {
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

impl<K: Hash + Eq + Send + Sync + 'static, V: Send + Sync + 'static> Map for Cache<K, Arc<V>> {
    type Key = K;
    type Value = Arc<V>;

    fn get(&self, key: &K) -> Option<Arc<V>> {
        Self::get(self, key)
    }

    fn insert(&self, key: K, value: Arc<V>) {
        Self::insert(self, key, value);
    }

    fn remove(&self, key: &K) {
        self.invalidate(key);
    }

    fn clear(&self) {
        self.invalidate_all();
    }
}

/// The rows that were seen lately, each as of the last commit.
pub(super) struct Live {
    pub(super) sessions: Rows<SessionId, LiveSession>,
    pub(super) users: Rows<UserId, User>,
}

/// Those of one table.
pub(super) struct Rows<K, V>(Kept<Cache<K, Arc<V>>>);

impl Live {
    pub(super) fn new() -> Self {
        Self { sessions: Rows::new(SESSIONS), users: Rows::new(USERS) }
    }

    /// Forget everything: what is on disk may be other than what was last told.
    pub(super) fn forget(&self) {
        self.sessions.0.forget();
        self.users.0.forget();
    }
}

impl<K, V> Rows<K, V>
where
    K: Eq + Hash + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    fn new(capacity: u64) -> Self {
        // The default policy would drop new entries once it is full.
        let cache = Cache::builder().max_capacity(capacity).eviction_policy(EvictionPolicy::lru()).build();
        Self(Kept::new(cache))
    }

    /// The row `id`, if it is in memory.
    pub(super) fn get(&self, id: &K) -> Option<Arc<V>> {
        self.0.get(id)
    }

    /// The row `id`, from memory or by `load`.
    pub(super) fn find(
        &self,
        id: K,
        load: impl FnOnce() -> Result<Option<Arc<V>>, StoreError>,
    ) -> Result<Option<Arc<V>>, StoreError> {
        self.0.find(id, load)
    }

    /// Learn what a commit changed. Called by the writer alone, after the commit and before its answers.
    pub(super) fn commit(&self, changes: impl ExactSizeIterator<Item = (K, Option<Arc<V>>)>) {
        if changes.len() > 0 {
            self.0.tell(changes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sessions::tests::session;

    #[test]
    fn a_session_that_ended_while_it_was_loaded_is_not_kept() {
        let live = Live::new().sessions;
        let session = session(1);
        let found = live.find(session.id, || {
            live.commit([(session.id, None)].into_iter());
            Ok(Some(LiveSession::new(session.clone())))
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
