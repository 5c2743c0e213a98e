//! The table of hardware wallets, and the index by address.

use redb::{ReadableTable, ReadableTableMetadata};
use serde::{Deserialize, Serialize};

use super::{
    Reads, StoreError, Tx,
    row::{decode, encode, fixed},
    transaction::Table,
    users,
};
use crate::domain::{
    hardware_wallet::HardwareWallet,
    id::{UserId, WalletId},
    profile::DisplayName,
    timestamp::Timestamp,
    wallet::{Address, DerivationPath, DeviceId, DeviceType, WalletType},
};

const NAME: &str = "hardware_wallets";
/// By the user's identifier, then the wallet's: a user's wallets stand together, in the order they were connected.
pub(super) const WALLETS: Table = Table::new(NAME);
pub(super) const BY_ADDRESS: Table = Table::new("hardware_wallets_by_address");

#[derive(Serialize, Deserialize)]
struct Row {
    address: Address,
    wallet: WalletType,
    kind: DeviceType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<DerivationPath>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    connected_at: Timestamp,
    verified_at: Timestamp,
}

fn to_bytes(wallet: &HardwareWallet) -> Result<Vec<u8>, StoreError> {
    encode(
        NAME,
        &Row {
            address: wallet.address,
            wallet: wallet.wallet_type,
            kind: wallet.kind,
            device_id: wallet.device_id.as_ref().map(|id| id.as_str().to_owned()),
            path: wallet.path.clone(),
            label: wallet.label.as_ref().map(|label| label.as_str().to_owned()),
            connected_at: wallet.connected_at,
            verified_at: wallet.verified_at,
        },
    )
}

fn from_bytes(key: &[u8; 32], bytes: &[u8]) -> Result<HardwareWallet, StoreError> {
    let row: Row = decode(NAME, bytes)?;
    let (user_id, id) = parts(key);
    Ok(HardwareWallet {
        id,
        user_id,
        address: row.address,
        wallet_type: row.wallet,
        kind: row.kind,
        device_id: row.device_id.map(DeviceId::from_store),
        path: row.path,
        label: row.label.map(DisplayName::from_store),
        connected_at: row.connected_at,
        verified_at: row.verified_at,
    })
}

fn key(user: UserId, wallet: WalletId) -> [u8; 32] {
    let mut key = [0; 32];
    key[..16].copy_from_slice(user.as_bytes());
    key[16..].copy_from_slice(wallet.as_bytes());
    key
}

fn parts(key: &[u8; 32]) -> (UserId, WalletId) {
    let (mut user, mut wallet) = ([0; 16], [0; 16]);
    user.copy_from_slice(&key[..16]);
    wallet.copy_from_slice(&key[16..]);
    (UserId::from_bytes(user), WalletId::from_bytes(wallet))
}

/// The wallet `id` of `user`.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be read.
pub fn find(tx: &impl Reads, user: UserId, id: WalletId) -> Result<Option<HardwareWallet>, StoreError> {
    let key = key(user, id);
    tx.table(WALLETS)?.get(key.as_slice())?.map(|row| from_bytes(&key, row.value())).transpose()
}

/// The wallet with `address`, whosever it is.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be read.
pub fn find_by_address(tx: &impl Reads, address: &Address) -> Result<Option<HardwareWallet>, StoreError> {
    let table = tx.table(BY_ADDRESS)?;
    let Some(key) = table.get(address.as_bytes().as_slice())? else { return Ok(None) };
    let key = fixed(key.value())?;
    let row = tx.table(WALLETS)?;
    let row = row.get(key.as_slice())?.ok_or(StoreError::Inconsistent("an address without its wallet"))?;
    from_bytes(&key, row.value()).map(Some)
}

/// Whose hardware wallet has `address`. Whether it is somebody's at all, [`users::find_by_address`] tells.
pub(super) fn owner(tx: &impl Reads, address: &Address) -> Result<Option<UserId>, StoreError> {
    let table = tx.table(BY_ADDRESS)?;
    let key = table.get(address.as_bytes().as_slice())?;
    key.map(|key| Ok(parts(&fixed(key.value())?).0)).transpose()
}

/// The wallets of `user`, in the order they were connected; at most [`HardwareWallet::PER_USER`].
///
/// # Errors
///
/// [`StoreError`] if the database cannot be read.
pub fn of_user(tx: &impl Reads, user: UserId) -> Result<Vec<HardwareWallet>, StoreError> {
    let (first, last) =
        (key(user, WalletId::from_bytes([0; 16])), key(user, WalletId::from_bytes([0xff; 16])));
    let table = tx.table(WALLETS)?;
    let rows = table.range::<&[u8]>(first.as_slice()..=last.as_slice())?;
    rows.map(|row| {
        let (key, row) = row?;
        from_bytes(&fixed(key.value())?, row.value())
    })
    .collect()
}

/// How many wallets there are.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be read.
pub fn count(tx: &impl Reads) -> Result<u64, StoreError> {
    Ok(tx.table(WALLETS)?.len()?)
}

/// Add `wallet`, and return whether its address was free: nobody's own, and of no other wallet.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be written.
pub fn insert(tx: &Tx, wallet: &HardwareWallet) -> Result<bool, StoreError> {
    if users::owner(tx, &wallet.address)?.is_some() {
        return Ok(false);
    }
    let key = key(wallet.user_id, wallet.id);
    tx.table_mut(BY_ADDRESS)?.insert(wallet.address.as_bytes().as_slice(), key.as_slice())?;
    update(tx, wallet)?;
    Ok(true)
}

/// Write down a change of `wallet`. Its address never changes.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be written.
pub fn update(tx: &Tx, wallet: &HardwareWallet) -> Result<(), StoreError> {
    let key = key(wallet.user_id, wallet.id);
    tx.table_mut(WALLETS)?.insert(key.as_slice(), to_bytes(wallet)?.as_slice())?;
    Ok(())
}

/// Remove `wallet`; its address is free again.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be written.
pub fn remove(tx: &Tx, wallet: &HardwareWallet) -> Result<(), StoreError> {
    tx.table_mut(WALLETS)?.remove(key(wallet.user_id, wallet.id).as_slice())?;
    tx.table_mut(BY_ADDRESS)?.remove(wallet.address.as_bytes().as_slice())?;
    Ok(())
}

/// Check that wallets, their index and users tell the same.
///
/// # Errors
///
/// [`StoreError`] at the first row that does not hold.
pub(super) fn check(tx: &impl Reads) -> Result<u64, StoreError> {
    let (wallets, by_address) = (tx.table(WALLETS)?, tx.table(BY_ADDRESS)?);
    let own = tx.table(users::BY_ADDRESS)?;
    for row in wallets.iter()? {
        let (key, row) = row?;
        let wallet = from_bytes(&fixed(key.value())?, row.value())?;
        let points_back = by_address
            .get(wallet.address.as_bytes().as_slice())?
            .is_some_and(|found| found.value() == key.value());
        if !points_back || own.get(wallet.address.as_bytes().as_slice())?.is_some() {
            return Err(StoreError::Inconsistent("a hardware wallet whose address is another's or nobody's"));
        }
        if users::find(tx, wallet.user_id)?.is_none() {
            return Err(StoreError::Inconsistent("a hardware wallet without its user"));
        }
    }
    if wallets.len()? != by_address.len()? {
        return Err(StoreError::Inconsistent("an address without its hardware wallet"));
    }
    Ok(wallets.len()?)
}

#[cfg(test)]
mod tests {
    use redb::{Database, backends::InMemoryBackend};

    use super::*;
    use crate::{
        domain::{mac::MacKey, role::Role, user::User},
        store::schema,
    };

    const NOW: Timestamp = Timestamp::from_unix(1_000);

    fn user(number: u8) -> User {
        let id = UserId::new(u64::from(number), [number; 10]);
        User::new(id, Address::from_bytes([number; 20]), Role::User, NOW)
    }

    fn wallet(user: &User, number: u8) -> HardwareWallet {
        HardwareWallet {
            id: WalletId::new(u64::from(number), [number; 10]),
            user_id: user.id,
            address: Address::from_bytes([number; 20]),
            wallet_type: WalletType::Ledger,
            kind: DeviceType::Ledger,
            device_id: Some(DeviceId::from_store("serial".into())),
            path: number.is_multiple_of(2).then(|| "m/44'/195'/0'/0/0".parse().unwrap()),
            label: Some("Drawer".parse().unwrap()),
            connected_at: NOW,
            verified_at: NOW,
        }
    }

    fn database() -> Database {
        let database = Database::builder().create_with_backend(InMemoryBackend::new()).unwrap();
        let redb = database.begin_write().unwrap();
        let tx = Tx::new(&redb);
        schema::create(&tx, &MacKey::from_bytes([0; 32])).unwrap();
        for user in [user(1), user(2)] {
            assert!(users::insert(&tx, &user).unwrap());
        }
        drop(tx);
        redb.commit().unwrap();
        database
    }

    #[test]
    fn an_address_is_of_one_account_as_its_own_or_as_a_wallets() {
        let redb = database().begin_write().unwrap();
        let tx = Tx::new(&redb);
        let (ada, bob) = (user(1), user(2));
        assert!(insert(&tx, &wallet(&ada, 10)).unwrap());
        assert!(insert(&tx, &wallet(&ada, 11)).unwrap());
        for taken in [wallet(&bob, 10), wallet(&bob, 1), wallet(&ada, 1), wallet(&ada, 10)] {
            let taken = HardwareWallet { id: WalletId::new(99, [9; 10]), ..taken };
            assert!(!insert(&tx, &taken).unwrap(), "{taken:?}");
        }
        assert!(!users::insert(&tx, &User { address: Address::from_bytes([10; 20]), ..user(3) }).unwrap());
        assert_eq!(users::find_by_address(&tx, &Address::from_bytes([10; 20])).unwrap(), Some(ada.clone()));
        assert_eq!(of_user(&tx, ada.id).unwrap(), [wallet(&ada, 10), wallet(&ada, 11)]);
        assert_eq!(of_user(&tx, bob.id).unwrap(), []);
        assert_eq!(find(&tx, bob.id, wallet(&ada, 10).id).unwrap(), None);

        remove(&tx, &wallet(&ada, 10)).unwrap();
        assert!(insert(&tx, &wallet(&bob, 10)).unwrap(), "it is free again");
        users::remove(&tx, &ada).unwrap();
        assert_eq!(users::find_by_address(&tx, &Address::from_bytes([11; 20])).unwrap(), None);
        assert_eq!((count(&tx).unwrap(), check(&tx).unwrap()), (1, 1));
    }

    #[test]
    fn rows_that_do_not_hold_together_are_noticed() {
        let ada = user(1);
        let there = wallet(&ada, 10);
        let breaks: [&dyn Fn(&Tx); 5] = [
            &|tx| {
                drop(tx.table_mut(BY_ADDRESS).unwrap().remove(there.address.as_bytes().as_slice()).unwrap());
            },
            &|tx| drop(tx.table_mut(WALLETS).unwrap().remove(key(ada.id, there.id).as_slice()).unwrap()),
            &|tx| {
                update(tx, &HardwareWallet { address: Address::from_bytes([1; 20]), ..there.clone() })
                    .unwrap();
            },
            &|tx| update(tx, &HardwareWallet { user_id: user(9).id, ..there.clone() }).unwrap(),
            &|tx| {
                let row = b"\x01{}".as_slice();
                drop(tx.table_mut(WALLETS).unwrap().insert(key(ada.id, there.id).as_slice(), row).unwrap());
            },
        ];
        for (number, damage) in breaks.into_iter().enumerate() {
            let redb = database().begin_write().unwrap();
            let tx = Tx::new(&redb);
            assert!(insert(&tx, &there).unwrap());
            assert_eq!(check(&tx).unwrap(), 1);
            damage(&tx);
            assert!(check(&tx).is_err(), "break {number}");
        }
    }
}
