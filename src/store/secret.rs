//! How the keys stand in the database: 32 bytes as they are, or sealed with the master key, which makes them longer.

use zeroize::Zeroizing;

use super::StoreError;
use crate::domain::seal::{MasterKey, SEALED};

/// The bytes to store for `secret`, which is called `name`: sealed if there is a master key.
pub(super) fn pack(
    master: Option<&MasterKey>,
    name: &str,
    secret: &[u8; 32],
) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let bytes = match master {
        Some(master) => master.seal(name, secret).map_err(|_| StoreError::OtherSeal)?,
        None => secret.to_vec(),
    };
    Ok(Zeroizing::new(bytes))
}

/// The secret called `name` of these bytes. With a master key, one that is not sealed with it is refused. Where none was sealed
/// yet, all were at the start, before any is read here: so this keeps out a key among sealed ones, not a file of other keys.
pub(super) fn unpack(
    master: Option<&MasterKey>,
    name: &str,
    bytes: &[u8],
) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    match master {
        Some(master) => master.open(name, bytes).map_err(|_| StoreError::OtherSeal),
        None if is_sealed(bytes) => Err(StoreError::Sealed),
        None => bytes
            .try_into()
            .map(Zeroizing::new)
            .map_err(|_| StoreError::Inconsistent("a key that is not 32 bytes long")),
    }
}

/// Whether these are the bytes of a sealed secret.
pub(super) const fn is_sealed(bytes: &[u8]) -> bool {
    bytes.len() == SEALED
}
