//! What a copy says of itself, in the table of what there is one of.

use redb::{ReadableTable as _, StorageError, TableError, WriteTransaction};

use super::{Reads, StoreError, meta::META};
use crate::domain::timestamp::Timestamp;

const COPIED_AT: &[u8] = b"copied_at";

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
