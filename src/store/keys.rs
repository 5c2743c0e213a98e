//! The table of signing keys.

use redb::{ReadableTable, TableDefinition};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::{
    Reads, StoreError, Tx,
    row::{base64url, decode, encode},
};
use crate::domain::{key::Key, timestamp::Timestamp};

const NAME: &str = "signing_keys";
pub(super) const KEYS: TableDefinition<&[u8], &[u8]> = TableDefinition::new(NAME);

#[derive(Serialize, Deserialize)]
struct Row {
    #[serde(with = "base64url")]
    seed: [u8; 32],
    created_at: Timestamp,
    signs_from: Timestamp,
}

impl Drop for Row {
    fn drop(&mut self) {
        self.seed.zeroize();
    }
}

/// Every key, oldest first.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be read.
pub fn all(tx: &impl Reads) -> Result<Vec<Key>, StoreError> {
    let mut keys = Vec::new();
    for row in tx.table(KEYS)?.iter()? {
        let (kid, row) = row?;
        let row: Row = decode(NAME, row.value())?;
        let key = Key::from_seed(&Zeroizing::new(row.seed), row.created_at, row.signs_from);
        if key.kid.as_bytes() != kid.value() {
            return Err(StoreError::Inconsistent("a signing key under another's name"));
        }
        keys.push(key);
    }
    keys.sort_by_key(|key| (key.signs_from, key.created_at));
    Ok(keys)
}

/// Add a key.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be written.
pub fn insert(tx: &Tx, key: &Key) -> Result<(), StoreError> {
    let row = Row { seed: key.signing.to_bytes(), created_at: key.created_at, signs_from: key.signs_from };
    let bytes = Zeroizing::new(encode(NAME, &row)?);
    tx.table_mut(KEYS)?.insert(key.kid.as_bytes(), bytes.as_slice())?;
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
