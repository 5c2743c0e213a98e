//! The table of users, and the index by address. `users_index.rs` has the others, and lists.

use std::net::IpAddr;

use redb::{ReadableTable, ReadableTableMetadata};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    Reads, StoreError, Tx, hardware_wallets,
    row::{decode, encode, fixed},
    transaction::Table,
    users_index,
};
use crate::domain::{
    attempts::Lockout,
    client::Network,
    id::UserId,
    profile::{AvatarUrl, DisplayName, Email, Metadata, Profile},
    role::Role,
    timestamp::Timestamp,
    user::User,
    wallet::Address,
};

const NAME: &str = "users";
pub(super) const USERS: Table = Table::new(NAME);
pub(super) const BY_ADDRESS: Table = Table::new("users_by_address");

#[derive(Serialize, Deserialize)]
struct Row {
    address: Address,
    role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    avatar_url: Option<String>,
    #[serde(default)]
    metadata: Map<String, Value>,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_login_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    locked_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lockouts: Vec<LockoutRow>,
}

#[derive(Serialize, Deserialize)]
struct LockoutRow {
    client: IpAddr,
    until: Timestamp,
}

fn to_bytes(user: &User) -> Result<Vec<u8>, StoreError> {
    let Profile { display_name, email, avatar_url, metadata } = user.profile.clone();
    let metadata = metadata.into();
    encode(
        NAME,
        &Row {
            address: user.address,
            role: user.role,
            display_name: display_name.map(|text| text.to_string()),
            email: email.map(|text| text.to_string()),
            avatar_url: avatar_url.map(|text| text.to_string()),
            metadata,
            created_at: user.created_at,
            updated_at: user.updated_at,
            last_login_at: user.last_login_at,
            locked_at: user.locked_at,
            lockouts: user
                .lockouts
                .iter()
                .map(|lockout| LockoutRow { client: lockout.client.first(), until: lockout.until })
                .collect(),
        },
    )
}

pub(super) fn from_bytes(id: UserId, bytes: &[u8]) -> Result<User, StoreError> {
    let row: Row = decode(NAME, bytes)?;
    let profile = Profile {
        display_name: row.display_name.map(DisplayName::from_store),
        email: row.email.map(Email::from_store),
        avatar_url: row.avatar_url.map(AvatarUrl::from_store),
        metadata: Metadata::from_store(row.metadata),
    };
    Ok(User {
        id,
        address: row.address,
        role: row.role,
        profile,
        created_at: row.created_at,
        updated_at: row.updated_at,
        last_login_at: row.last_login_at,
        locked_at: row.locked_at,
        lockouts: row
            .lockouts
            .into_iter()
            .map(|row| Lockout { client: Network::of(row.client), until: row.until })
            .collect(),
    })
}

/// The user `id`.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be read.
pub fn find(tx: &impl Reads, id: UserId) -> Result<Option<User>, StoreError> {
    if let Some(known) = tx.known_user(id) {
        return Ok(known);
    }
    tx.table(USERS)?.get(id.as_bytes().as_slice())?.map(|row| from_bytes(id, row.value())).transpose()
}

/// The user whom `address` signs in: whose own it is, or who bound a hardware wallet with it.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be read.
pub fn find_by_address(tx: &impl Reads, address: &Address) -> Result<Option<User>, StoreError> {
    let id = owner(tx, address)?;
    id.map(|id| find(tx, id)?.ok_or(StoreError::Inconsistent("an address without its user"))).transpose()
}

/// Whose `address` is, as their own or as a hardware wallet's. The only place that says whether an address is free.
pub(super) fn owner(tx: &impl Reads, address: &Address) -> Result<Option<UserId>, StoreError> {
    let table = tx.table(BY_ADDRESS)?;
    let own = table.get(address.as_bytes().as_slice())?;
    let own = own.map(|id| fixed(id.value()).map(UserId::from_bytes)).transpose()?;
    match own {
        Some(id) => Ok(Some(id)),
        None => hardware_wallets::owner(tx, address),
    }
}

/// How many users there are.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be read.
pub fn count(tx: &impl Reads) -> Result<u64, StoreError> {
    Ok(tx.table(USERS)?.len()?)
}

/// Add `user`, and return whether its address was free.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be written.
pub fn insert(tx: &Tx, user: &User) -> Result<bool, StoreError> {
    if owner(tx, &user.address)?.is_some() {
        return Ok(false);
    }
    tx.table_mut(BY_ADDRESS)?.insert(user.address.as_bytes().as_slice(), user.id.as_bytes().as_slice())?;
    tx.table_mut(USERS)?.insert(user.id.as_bytes().as_slice(), to_bytes(user)?.as_slice())?;
    users_index::replace(tx, None, Some(user))?;
    tx.user_changed(user.id, Some(user.clone()));
    Ok(true)
}

/// Write what changed of a user who is there. Identifier and address never change.
///
/// # Errors
///
/// [`StoreError`] if the user is not there, or the database cannot be written.
pub fn update(tx: &Tx, user: &User) -> Result<(), StoreError> {
    let known = tx.known_user(user.id).flatten();
    let mut table = tx.table_mut(USERS)?;
    let before = table.insert(user.id.as_bytes().as_slice(), to_bytes(user)?.as_slice())?;
    let before = before.ok_or(StoreError::Inconsistent("a change of a user who is not there"))?;
    let before = known.map_or_else(|| from_bytes(user.id, before.value()), Ok)?;
    tx.user_changed(user.id, Some(user.clone()));
    users_index::replace(tx, Some(&before), Some(user))
}

/// Remove a user and their hardware wallets. Their sessions are the caller's to end.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be written.
pub fn remove(tx: &Tx, user: &User) -> Result<(), StoreError> {
    for wallet in hardware_wallets::of_user(tx, user.id)? {
        hardware_wallets::remove(tx, &wallet)?;
    }
    tx.table_mut(USERS)?.remove(user.id.as_bytes().as_slice())?;
    tx.table_mut(BY_ADDRESS)?.remove(user.address.as_bytes().as_slice())?;
    tx.user_changed(user.id, None);
    users_index::replace(tx, Some(user), None)
}

/// Check that users and their indexes tell the same.
///
/// # Errors
///
/// [`StoreError`] at the first row that does not hold.
pub(super) fn check(tx: &impl Reads) -> Result<u64, StoreError> {
    let (users, by_address) = (tx.table(USERS)?, tx.table(BY_ADDRESS)?);
    let mut indexed = users_index::Expected::default();
    for row in users.iter()? {
        let (id, row) = row?;
        let user = from_bytes(UserId::from_bytes(fixed(id.value())?), row.value())?;
        let points_back = by_address
            .get(user.address.as_bytes().as_slice())?
            .is_some_and(|owner| owner.value() == id.value());
        if !points_back {
            return Err(StoreError::Inconsistent("a user whose address is another's or nobody's"));
        }
        indexed.note(tx, &user)?;
    }
    if users.len()? != by_address.len()? {
        return Err(StoreError::Inconsistent("an address without its user"));
    }
    indexed.check(tx)?;
    Ok(users.len()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_a_laxer_version_wrote_is_read_all_the_same() {
        let user = User::new(
            UserId::new(1, [1; 10]),
            Address::from_bytes([2; 20]),
            Role::User,
            Timestamp::from_unix(3),
        );
        let mut row: Value = serde_json::from_slice(&to_bytes(&user).unwrap()[1..]).unwrap();
        row["display_name"] = " \u{202e}".into();
        row["email"] = "nobody".into();
        row["metadata"] = serde_json::json!({"a": "x".repeat(9_000)});
        let read = from_bytes(user.id, &encode(NAME, &row).unwrap()).unwrap();
        assert_eq!(read.profile.email.as_ref().map(Email::as_str), Some("nobody"));
        let again = from_bytes(user.id, &to_bytes(&read).unwrap()).unwrap();
        assert_eq!(again, read);
    }
}
