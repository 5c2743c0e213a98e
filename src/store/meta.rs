//! The table of what there is one of: the schema's version, and the key that marks tokens and cookies as ours.

use redb::{ReadableTable, TableDefinition};

use super::{Reads, StoreError, Tx};
use crate::domain::mac::MacKey;

pub(super) const META: TableDefinition<&[u8], &[u8]> = TableDefinition::new("meta");

const SCHEMA: &[u8] = b"schema";
/// Its name is from when only refresh tokens were marked with it.
const MAC_KEY: &[u8] = b"refresh_token_key";

/// The version of the schema that the file has; `None` if it says nothing of one.
pub(super) fn schema(tx: &impl Reads) -> Result<Option<u32>, StoreError> {
    let table = tx.table(META)?;
    let value = table.get(SCHEMA)?;
    Ok(value.and_then(|value| value.value().try_into().ok()).map(u32::from_be_bytes))
}

pub(super) fn set_schema(tx: &Tx, version: u32) -> Result<(), StoreError> {
    tx.table_mut(META)?.insert(SCHEMA, version.to_be_bytes().as_slice())?;
    Ok(())
}

/// The key that marks tokens and cookies as ours.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be read, or has none.
pub fn mac_key(tx: &impl Reads) -> Result<MacKey, StoreError> {
    let table = tx.table(META)?;
    let value = table.get(MAC_KEY)?;
    value
        .and_then(|value| value.value().try_into().ok())
        .map(MacKey::from_bytes)
        .ok_or(StoreError::Inconsistent("no key for tokens"))
}

pub(super) fn set_mac_key(tx: &Tx, key: &MacKey) -> Result<(), StoreError> {
    tx.table_mut(META)?.insert(MAC_KEY, key.as_bytes().as_slice())?;
    Ok(())
}
