//! What is kept in memory of the database, so that nobody is told what a commit that was answered has changed.
//!
//! Whoever does not find a thing reads it from the database and keeps it for the next. What was read may be overtaken by a
//! commit before it is kept. So commits are counted, and what was read is kept only while the count is as it was before the
//! read, in one step with the look at the count.
//!
//! `tests/races.rs` compiles this file again, with locks that try every order of threads.

use super::sync::{Mutex, MutexGuard, PoisonError};

/// A map that threads share. It may forget at any time.
pub(super) trait Map {
    type Key;
    type Value: Clone;

    fn get(&self, key: &Self::Key) -> Option<Self::Value>;
    fn insert(&self, key: Self::Key, value: Self::Value);
    fn remove(&self, key: &Self::Key);
    fn clear(&self);
}

/// What is kept.
pub(super) struct Kept<M> {
    map: M,
    /// Counts commits. Held while the map changes.
    commits: Mutex<u64>,
}

impl<M: Map> Kept<M> {
    pub(super) fn new(map: M) -> Self {
        Self { map, commits: Mutex::new(0) }
    }

    fn commits(&self) -> MutexGuard<'_, u64> {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is at `key`, if it is in memory.
    pub(super) fn get(&self, key: &M::Key) -> Option<M::Value> {
        self.map.get(key)
    }

    /// What is at `key`: from memory, or by `load`, which sees at least all commits that were told of.
    pub(super) fn find<E>(
        &self,
        key: M::Key,
        load: impl FnOnce() -> Result<Option<M::Value>, E>,
    ) -> Result<Option<M::Value>, E> {
        if let Some(value) = self.get(&key) {
            return Ok(Some(value));
        }
        let before = *self.commits();
        let Some(value) = load()? else { return Ok(None) };
        let commits = self.commits();
        if *commits == before {
            self.map.insert(key, value.clone());
        }
        drop(commits);
        Ok(Some(value))
    }

    /// Learn what a commit changed: called after the commit, and before anybody is answered.
    pub(super) fn tell(&self, changes: impl IntoIterator<Item = (M::Key, Option<M::Value>)>) {
        let mut commits = self.commits();
        *commits += 1;
        for (key, value) in changes {
            match value {
                Some(value) => self.map.insert(key, value),
                None => self.map.remove(&key),
            }
        }
    }

    /// Forget all: what is on disk may be other than what was last told.
    pub(super) fn forget(&self) {
        let mut commits = self.commits();
        *commits += 1;
        self.map.clear();
    }
}
