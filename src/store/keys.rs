//! The table of signing keys.

use redb::{ReadableTable, ReadableTableMetadata};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    Reads, StoreError, Tx, meta,
    row::{base64url_any, decode, encode},
    secret,
    transaction::Table,
};
use crate::domain::{key::Key, seal::MasterKey, timestamp::Timestamp};

const NAME: &str = "signing_keys";
pub(super) const KEYS: Table = Table::new(NAME);

#[derive(Serialize, Deserialize)]
struct Row {
    /// 32 bytes, or more if they are sealed.
    #[serde(with = "base64url_any")]
    seed: Zeroizing<Vec<u8>>,
    created_at: Timestamp,
    signs_from: Timestamp,
}

/// Every key, oldest first, opened with `master` if there is one.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be read; [`StoreError::Sealed`] or [`StoreError::OtherSeal`] if a key does not
/// open.
pub fn all(tx: &impl Reads, master: Option<&MasterKey>) -> Result<Vec<Key>, StoreError> {
    let mut keys = Vec::new();
    for row in tx.table(KEYS)?.iter()? {
        let (kid, row) = row?;
        let row: Row = decode(NAME, row.value())?;
        let name = name(kid.value())?;
        let key = Key::from_seed(&secret::unpack(master, name, &row.seed)?, row.created_at, row.signs_from);
        if key.kid != name {
            return Err(StoreError::Inconsistent("a signing key under another's name"));
        }
        keys.push(key);
    }
    keys.sort_by_key(|key| (key.signs_from, key.created_at));
    Ok(keys)
}

/// Check every key as far as that goes without the master key, and count them.
///
/// # Errors
///
/// [`StoreError`] at the first that does not hold.
pub(super) fn check(tx: &impl Reads) -> Result<u64, StoreError> {
    if !meta::is_sealed(tx)? {
        return Ok(all(tx, None)?.len() as u64);
    }
    let table = tx.table(KEYS)?;
    for row in table.iter()? {
        let (kid, row) = row?;
        name(kid.value())?;
        if !secret::is_sealed(&decode::<Row>(NAME, row.value())?.seed) {
            return Err(StoreError::Inconsistent("a signing key that is not sealed as the others are"));
        }
    }
    Ok(table.len()?)
}

fn name(kid: &[u8]) -> Result<&str, StoreError> {
    std::str::from_utf8(kid).map_err(|_| StoreError::Inconsistent("a signing key with a damaged name"))
}

/// Write a key, sealed with `master` if there is one.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be written.
pub fn put(tx: &Tx, key: &Key, master: Option<&MasterKey>) -> Result<(), StoreError> {
    let seed = secret::pack(master, &key.kid, &Zeroizing::new(key.signing.to_bytes()))?;
    let row = Row { seed, created_at: key.created_at, signs_from: key.signs_from };
    let bytes = Zeroizing::new(encode(NAME, &row)?);
    tx.table_mut(KEYS)?.insert(key.kid.as_bytes(), bytes.as_slice())?;
    Ok(())
}

/// Remove every key, whether it opens or not.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be written.
pub fn clear(tx: &Tx) -> Result<(), StoreError> {
    tx.table_mut(KEYS)?.retain(|_, _| false)?;
    Ok(())
}

/// Remove the key `kid`.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be written.
pub fn remove(tx: &Tx, kid: &str) -> Result<(), StoreError> {
    tx.table_mut(KEYS)?.remove(kid.as_bytes())?;
    Ok(())
}
