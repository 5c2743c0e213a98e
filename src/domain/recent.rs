//! What was needed lately, in a table that never grows past what it was made for.

use std::{borrow::Borrow, collections::HashMap, hash::Hash, mem};

/// What was needed lately, by key.
///
/// It is kept in two halves. When the newer is full it becomes the older, and what was in the older is forgotten; what is
/// asked for in the older moves to the newer. So what is asked for again before as many others were is never forgotten,
/// and nothing is kept in order of use, which would cost more than it saves.
#[derive(Debug)]
pub struct Recent<K, V> {
    half: usize,
    newer: HashMap<K, V>,
    older: HashMap<K, V>,
}

impl<K: Hash + Eq, V> Recent<K, V> {
    /// An empty table for at most `capacity` entries, at least two.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { half: (capacity / 2).max(1), newer: HashMap::new(), older: HashMap::new() }
    }

    /// What is kept under `key`.
    pub fn get<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        if !self.newer.contains_key(key) {
            let (key, value) = self.older.remove_entry(key)?;
            self.insert(key, value);
        }
        self.newer.get(key)
    }

    /// Keep `value` under `key`, in place of what is there.
    pub fn insert(&mut self, key: K, value: V) {
        if self.newer.len() >= self.half && !self.newer.contains_key(&key) {
            self.older = mem::take(&mut self.newer);
        }
        self.older.remove(&key);
        self.newer.insert(key, value);
    }

    /// Forget `key`.
    pub fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        self.newer.remove(key);
        self.older.remove(key);
    }

    /// Forget everything.
    pub fn clear(&mut self) {
        self.newer = HashMap::new();
        self.older = HashMap::new();
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.newer.len() + self.older.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_asked_for_again_is_kept_and_what_is_not_is_forgotten() {
        let mut recent = Recent::new(8);
        recent.insert("asked for", 0);
        recent.insert("not asked for", 0);
        let names: Vec<_> = (0..100).map(|number| number.to_string()).collect();
        for name in &names {
            recent.insert(name, 1);
            assert_eq!(recent.get("asked for"), Some(&0), "after {name}");
        }
        assert_eq!(recent.get("not asked for"), None);
        assert_eq!(recent.get("99"), Some(&1));
        recent.remove("99");
        assert_eq!(recent.get("99"), None);
        recent.clear();
        assert!(recent.is_empty());
    }

    proptest! {
        #[test]
        fn it_never_grows_past_its_capacity_and_never_tells_what_was_replaced_or_removed(
            steps in proptest::collection::vec((0_u8..20, 0_u8..4, any::<u8>()), 0..300)
        ) {
            let (mut recent, mut all) = (Recent::new(8), HashMap::new());
            for (key, step, value) in steps {
                match step {
                    0 => {
                        recent.remove(&key);
                        all.remove(&key);
                    }
                    1 => {
                        recent.insert(key, value);
                        all.insert(key, value);
                        prop_assert_eq!(recent.get(&key), Some(&value));
                    }
                    _ => {
                        if let Some(found) = recent.get(&key) {
                            prop_assert_eq!(Some(found), all.get(&key));
                        }
                    }
                }
                prop_assert!(recent.len() <= 8);
            }
        }
    }
}
