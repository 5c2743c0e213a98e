//! A table that never grows past what it was made for.

use std::hash::{BuildHasher, Hash, RandomState};

/// How many keys share a set: enough that few are pushed out before the table is full, few enough to look through.
const WAYS: usize = 16;

/// A table of at most so many entries. When there is no room for a new one, the least of those that it could stand
/// with makes room, by the order of `V`.
///
/// So `V` is ordered by how much it matters to keep: whoever wants an entry forgotten has to bring sixteen that matter
/// more to the same set, and cannot know which those are, because the hash has a secret. Memory is taken as entries
/// come, and bounded by `sets × 16` entries.
pub struct Bounded<K, V> {
    sets: Vec<Vec<(K, V)>>,
    hasher: RandomState,
}

impl<K: Hash + Eq, V: Ord + Default> Bounded<K, V> {
    /// An empty table for at most `capacity` entries, at least 16.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let sets = (capacity / WAYS).max(1);
        Self { sets: (0..sets).map(|_| Vec::new()).collect(), hasher: RandomState::new() }
    }

    /// What is noted of `key`.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        let set = self.sets.get(self.place(key))?;
        set.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// Change what is noted of `key`, from the default if nothing is.
    pub fn change<T>(&mut self, key: K, change: impl FnOnce(&mut V) -> T) -> T {
        let place = self.place(&key);
        let mut value = V::default();
        let Some(set) = self.sets.get_mut(place) else { return change(&mut value) };
        if let Some((_, known)) = set.iter_mut().find(|(known, _)| *known == key) {
            return change(known);
        }
        let changed = change(&mut value);
        if set.len() < WAYS {
            set.push((key, value));
        } else if let Some(least) = set.iter_mut().min_by(|a, b| a.1.cmp(&b.1)) {
            *least = (key, value);
        }
        changed
    }

    /// Forget `key`.
    pub fn remove(&mut self, key: &K) {
        let place = self.place(key);
        if let Some(set) = self.sets.get_mut(place) {
            set.retain(|(known, _)| known != key);
        }
    }

    /// Forget every key that `is_meant`.
    pub fn remove_all(&mut self, is_meant: impl Fn(&K) -> bool) {
        for set in &mut self.sets {
            set.retain(|(key, _)| !is_meant(key));
        }
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sets.iter().map(Vec::len).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that it holds, its spare room among them.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let spare: usize = self.sets.iter().map(Vec::capacity).sum();
        self.sets.capacity() * size_of::<Vec<(K, V)>>() + spare * size_of::<(K, V)>()
    }

    fn place(&self, key: &K) -> usize {
        // The remainder is less than the number of sets, which is a usize.
        usize::try_from(self.hasher.hash_one(key) % self.sets.len() as u64).unwrap_or_default()
    }
}

impl<K, V> std::fmt::Debug for Bounded<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bounded")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_kept_changed_and_forgotten() {
        let mut table = Bounded::<u32, u32>::new(64);
        assert_eq!((table.change(1, |value| *value), table.get(&2)), (0, None));
        table.change(1, |value| *value += 7);
        table.change(2, |value| *value = 1);
        assert_eq!((table.get(&1), table.get(&2), table.len()), (Some(&7), Some(&1), 2));
        table.remove(&1);
        assert_eq!((table.get(&1), table.len()), (None, 1));
        table.remove_all(|key| *key == 2);
        assert!(table.is_empty());
    }

    #[test]
    fn a_full_table_forgets_what_matters_least() {
        let mut table = Bounded::<u32, u32>::new(1_024);
        for key in 0..100 {
            table.change(key, |value| *value = 1_000);
        }
        for key in 1_000..101_000 {
            table.change(key, |value| *value = 1);
        }
        assert_eq!(table.len(), 1_024);
        assert!(
            (0..100).all(|key| table.get(&key) == Some(&1_000)),
            "a hundred thousand lesser ones pushed it out"
        );
        assert_eq!(table.get(&100_999), Some(&1), "but a new one always comes in");
    }
}
