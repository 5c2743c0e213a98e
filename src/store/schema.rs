//! The schema's version, and the steps from each version to the next.

use super::{StoreError, Tx, audit, hardware_wallets, keys, meta, sessions, sign_ins, users, users_index};
use crate::domain::mac::MacKey;

/// A change of data that older versions wrote: step `n` makes schema `n + 2` of schema `n + 1`.
type Step = fn(&Tx) -> Result<(), StoreError>;

/// In order. A published step is never changed, only followed by another.
const STEPS: &[Step] = &[];

/// The schema that this version writes.
#[expect(clippy::cast_possible_truncation, reason = "there will not be four billion steps")]
pub const VERSION: u32 = STEPS.len() as u32 + 1;

/// Make all tables in an empty database.
pub(super) fn create(tx: &Tx, key: &MacKey) -> Result<(), StoreError> {
    tx.table_mut(users::USERS)?;
    tx.table_mut(users::BY_ADDRESS)?;
    tx.table_mut(users_index::BY_ROLE)?;
    tx.table_mut(users_index::LOCKED)?;
    tx.table_mut(hardware_wallets::WALLETS)?;
    tx.table_mut(hardware_wallets::BY_ADDRESS)?;
    tx.table_mut(sessions::SESSIONS)?;
    tx.table_mut(sessions::BY_USER)?;
    tx.table_mut(keys::KEYS)?;
    tx.table_mut(sign_ins::BY_HOUR)?;
    audit::create(tx)?;
    meta::set_mac_key(tx, key, None)?;
    meta::set_schema(tx, VERSION)
}

/// Bring a database of schema `from` up to date, all steps in one transaction.
pub(super) fn migrate(tx: &Tx, from: u32) -> Result<(), StoreError> {
    run(tx, from, STEPS)
}

fn run(tx: &Tx, from: u32, steps: &[Step]) -> Result<(), StoreError> {
    for step in steps.iter().skip(from.saturating_sub(1) as usize) {
        step(tx)?;
    }
    #[expect(clippy::cast_possible_truncation, reason = "as above")]
    meta::set_schema(tx, steps.len() as u32 + 1)
}

#[cfg(test)]
mod tests {
    use redb::{Database, ReadableDatabase, ReadableTable, backends::InMemoryBackend};

    use super::*;

    fn mark(tx: &Tx, mark: &[u8]) -> Result<(), StoreError> {
        let mut table = tx.table_mut(meta::META)?;
        let mut trail =
            table.get(b"trail".as_slice())?.map(|value| value.value().to_vec()).unwrap_or_default();
        trail.extend_from_slice(mark);
        table.insert(b"trail".as_slice(), trail.as_slice())?;
        Ok(())
    }

    #[test]
    fn steps_run_once_each_in_order_from_where_the_file_is() {
        let steps: &[Step] = &[|tx| mark(tx, b"a"), |tx| mark(tx, b"b"), |tx| mark(tx, b"c")];
        for (from, trail) in [(1, "abc"), (2, "bc"), (3, "c"), (4, "")] {
            let database = Database::builder().create_with_backend(InMemoryBackend::new()).unwrap();
            let redb = database.begin_write().unwrap();
            let tx = Tx::new(&redb);
            run(&tx, from, steps).unwrap();
            drop(tx);
            redb.commit().unwrap();
            let read = database.begin_read().unwrap();
            assert_eq!(meta::schema(&read).unwrap(), Some(4));
            let table = read.open_table(meta::META).unwrap();
            let found = table
                .get(b"trail".as_slice())
                .unwrap()
                .map(|value| value.value().to_vec())
                .unwrap_or_default();
            assert_eq!(found, trail.as_bytes(), "from {from}");
        }
    }
}
