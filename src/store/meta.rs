//! The table of what there is one of: the schema's version, and the key that marks tokens and cookies as ours.

use redb::ReadableTable;

use super::{Reads, StoreError, Tx, secret, transaction::Table};
use crate::domain::{mac::MacKey, seal::MasterKey};

pub(super) const META: Table = Table::new("meta");

const SCHEMA: &[u8] = b"schema";
/// Its name is from when only refresh tokens were marked with it.
const MAC_KEY: &[u8] = b"refresh_token_key";
/// What it is called where it is sealed: no name of a signing key.
const SEAL_NAME: &str = "mac key";

/// The version of the schema that the file has, from 1 on; `None` if it says nothing of one.
pub(super) fn schema(tx: &impl Reads) -> Result<Option<u32>, StoreError> {
    let table = tx.table(META)?;
    let value = table.get(SCHEMA)?;
    match value.and_then(|value| value.value().try_into().ok()).map(u32::from_be_bytes) {
        Some(0) => Err(StoreError::Inconsistent("schema 0 never was")),
        version => Ok(version),
    }
}

pub(super) fn set_schema(tx: &Tx, version: u32) -> Result<(), StoreError> {
    tx.table_mut(META)?.insert(SCHEMA, version.to_be_bytes().as_slice())?;
    Ok(())
}

/// The key that marks tokens and cookies as ours, opened with `master` if there is one.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be read, or has none; [`StoreError::Sealed`] or [`StoreError::OtherSeal`] if it
/// does not open.
pub fn mac_key(tx: &impl Reads, master: Option<&MasterKey>) -> Result<MacKey, StoreError> {
    with_mac_key(tx, |bytes| secret::unpack(master, SEAL_NAME, bytes)).map(|key| MacKey::from_bytes(*key))
}

/// Whether the keys in the database are sealed.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be read, or has no key.
pub fn is_sealed(tx: &impl Reads) -> Result<bool, StoreError> {
    with_mac_key(tx, |bytes| Ok(secret::is_sealed(bytes)))
}

fn with_mac_key<T>(
    tx: &impl Reads,
    look: impl FnOnce(&[u8]) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let table = tx.table(META)?;
    let value = table.get(MAC_KEY)?.ok_or(StoreError::Inconsistent("no key for tokens"))?;
    look(value.value())
}

/// Write the key that marks tokens and cookies as ours, sealed with `master` if there is one.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be written.
pub fn set_mac_key(tx: &Tx, key: &MacKey, master: Option<&MasterKey>) -> Result<(), StoreError> {
    let bytes = secret::pack(master, SEAL_NAME, key.as_bytes())?;
    tx.table_mut(META)?.insert(MAC_KEY, bytes.as_slice())?;
    Ok(())
}
