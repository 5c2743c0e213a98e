//! Which database this is, and how far it has come: what tells a copy that was put back from the one that went on.
//!
//! In the table of what there is one of: an identifier, drawn anew whenever a copy takes over; the number of commits since
//! then; and, in a copy that `backup` made, when. [`guard`](super::guard) compares them with what it saw last.

use redb::{ReadableTable as _, StorageError, TableError, WriteTransaction};
use sha2::{Digest as _, Sha256};

use super::{Reads, StoreError, Tx, meta::META};
use crate::domain::timestamp::Timestamp;

const INSTANCE: &[u8] = b"instance";
pub(super) const COMMITS: &[u8] = b"commits";
const COPIED_AT: &[u8] = b"copied_at";

/// Names a database from the moment it was made, or last taken over from a copy. Not secret.
pub(super) type Instance = [u8; 16];

/// Which database, and how far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lineage {
    pub(super) instance: Instance,
    pub(super) commits: u64,
}

impl Lineage {
    /// The first of a database that takes over from `before`, or of a new one.
    ///
    /// `key` are random bytes; what is drawn from them tells nothing of them.
    pub(super) fn new(key: &[u8; 32], before: Option<Self>) -> Self {
        let mut hash = Sha256::new_with_prefix(b"lucid-auth database instance");
        hash.update(key);
        if let Some(before) = before {
            hash.update(before.instance);
            hash.update(before.commits.to_be_bytes());
        }
        let mut instance = [0; 16];
        instance.copy_from_slice(&hash.finalize()[..16]);
        Self { instance, commits: 0 }
    }

    /// What the database says of itself; nothing, if an older version wrote it.
    pub(super) fn read(tx: &impl Reads) -> Result<Option<Self>, StoreError> {
        let table = tx.table(META)?;
        let Some(instance) = table.get(INSTANCE)? else { return Ok(None) };
        let unreadable = StoreError::Inconsistent("which database it is cannot be read");
        let commits = table.get(COMMITS)?.and_then(|value| value.value().try_into().ok());
        match (instance.value().try_into(), commits) {
            (Ok(instance), Some(commits)) => {
                Ok(Some(Self { instance, commits: u64::from_be_bytes(commits) }))
            }
            _ => Err(unreadable),
        }
    }

    /// Write it, as of a database that is no copy.
    pub(super) fn write(&self, tx: &Tx) -> Result<(), StoreError> {
        let mut table = tx.table_mut(META)?;
        table.insert(INSTANCE, self.instance.as_slice())?;
        table.insert(COMMITS, self.commits.to_be_bytes().as_slice())?;
        table.remove(COPIED_AT)?;
        Ok(())
    }
}

/// Count a commit, and return how far the database then is; nothing, if it says nothing of itself.
pub(super) fn count_commit(tx: &Tx) -> Result<Option<Lineage>, StoreError> {
    let Some(before) = Lineage::read(tx)? else { return Ok(None) };
    let after = Lineage { commits: before.commits.saturating_add(1), ..before };
    tx.table_mut(META)?.insert(COMMITS, after.commits.to_be_bytes().as_slice())?;
    Ok(Some(after))
}

/// When `backup` made this copy; nothing, if it is no copy.
pub(super) fn copied_at(tx: &impl Reads) -> Result<Option<Timestamp>, StoreError> {
    let table = tx.table(META)?;
    let value = table.get(COPIED_AT)?;
    Ok(value
        .and_then(|value| value.value().try_into().ok())
        .map(u64::from_be_bytes)
        .map(Timestamp::from_unix))
}

/// Mark the database of `tx` as a copy made at `at`.
pub(super) fn mark_copy(tx: &WriteTransaction, at: Timestamp) -> Result<(), TableError> {
    let mut table = tx.open_table(META)?;
    let marked = table.insert(COPIED_AT, at.unix().to_be_bytes().as_slice());
    marked.map(|_| ()).map_err(|error: StorageError| error.into())
}
