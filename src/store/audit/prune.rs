//! Removing what is older than it has to be.

use redb::ReadableTable;

use super::{AUDIT, BY_USER, by_user, row::decode, state::State};
use crate::{
    domain::{audit::Pruned, timestamp::Timestamp},
    store::{Reads as _, StoreError, Tx, row::fixed},
};

/// Remove at most `limit` entries from the beginning that are older than `before`, and return how many there were.
///
/// It ends at the first entry that is not older: what is left is a chain that begins after the last one removed, which
/// is kept as [`Pruned`]. An entry of a clock that ran ahead is so removed when its time comes, with all after it.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be written, or an entry cannot be read.
pub fn prune(tx: &Tx, before: Timestamp, limit: usize, now: Timestamp) -> Result<usize, StoreError> {
    let state = State::read(tx)?;
    let mut old = Vec::new();
    for row in tx.table(AUDIT)?.iter()?.take(limit) {
        let (number, value) = row?;
        let entry = decode(u64::from_be_bytes(fixed(number.value())?), value.value())?.entry;
        if entry.event.at >= before {
            break;
        }
        old.push(entry);
    }
    let Some(last) = old.last() else { return Ok(0) };
    let up_to = last.mark;
    let (mut table, mut index) = (tx.table_mut(AUDIT)?, tx.table_mut(BY_USER)?);
    for entry in &old {
        table.remove(entry.mark.number.to_be_bytes().as_slice())?;
        for user in entry.event.users() {
            index.remove(by_user(user, entry.mark.number).as_slice())?;
        }
    }
    let count = state.pruned.map_or(0, |pruned| pruned.count) + old.len() as u64;
    State { pruned: Some(Pruned { up_to, count, at: now }), ..state }.write(tx);
    Ok(old.len())
}
