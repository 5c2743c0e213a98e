//! Where the chain begins and ends.

use redb::ReadableTable;
use serde::{Deserialize, Serialize};

use super::{AUDIT, BY_USER};
use crate::{
    domain::{
        audit::{Mark, Pruned},
        timestamp::Timestamp,
    },
    store::{
        Reads, StoreError, Tx,
        meta::META,
        row::{decode, encode},
    },
};

const NAME: &str = "meta";
const KEY: &[u8] = b"audit";

/// Where the chain begins and ends. Without it, entries that are missing at either end could not be told from ones that
/// never were.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct State {
    /// The last entry.
    pub(super) head: Mark,
    /// The latest time of any entry.
    pub(super) latest: Timestamp,
    /// Whether events are recorded.
    pub(super) recording: bool,
    /// What retention removed.
    pub(super) pruned: Option<Pruned>,
}

impl State {
    pub(super) fn read(tx: &impl Reads) -> Result<Self, StoreError> {
        if let Some(known) = tx.known_audit() {
            return Ok(known);
        }
        let table = tx.table(META)?;
        let value = table.get(KEY)?.ok_or(StoreError::Inconsistent("no place where the audit log ends"))?;
        decode(NAME, value.value())
    }

    /// Have it put in its row at the commit.
    pub(super) fn write(self, tx: &Tx) {
        tx.audit_changed(self);
    }

    /// Put it in its row.
    pub(in crate::store) fn store(&self, tx: &Tx) -> Result<(), StoreError> {
        tx.table_mut(META)?.insert(KEY, encode(NAME, self)?.as_slice())?;
        Ok(())
    }

    /// Where the chain that is left begins: after this.
    pub(super) fn start(&self) -> Mark {
        self.pruned.map_or(Mark::START, |pruned| pruned.up_to)
    }
}

/// Make an empty log.
pub(in crate::store) fn create(tx: &Tx) -> Result<(), StoreError> {
    tx.table_mut(AUDIT)?;
    tx.table_mut(BY_USER)?;
    State { head: Mark::START, latest: Timestamp::from_unix(0), recording: true, pruned: None }.write(tx);
    Ok(())
}
