//! A hardware wallet that is bound to an account.

use super::{
    id::{UserId, WalletId},
    profile::DisplayName,
    timestamp::Timestamp,
    wallet::{Address, DerivationPath, DeviceId, DeviceType, WalletType},
};

/// A wallet whose address signs in to an account beside the account's own address.
///
/// Only [`Self::address`] was proved, by a signature. All that is said of the device is as the client said it: whether
/// a key really lies in a Ledger cannot be told from what it signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HardwareWallet {
    /// What a client calls it by.
    pub id: WalletId,
    /// Whose it is.
    pub user_id: UserId,
    /// The address that signs. It belongs to this account and no other.
    pub address: Address,
    /// How it signed when it was connected, and so how it is asked again.
    pub wallet_type: WalletType,
    /// What kind of device the client says it is.
    pub kind: DeviceType,
    /// How the client tells the device from others.
    pub device_id: Option<DeviceId>,
    /// Where in the device the client says the key lies.
    pub path: Option<DerivationPath>,
    /// What its owner calls it.
    pub label: Option<DisplayName>,
    /// When it was connected.
    pub connected_at: Timestamp,
    /// When it last signed a challenge: connecting, signing in, or being verified.
    pub verified_at: Timestamp,
}

impl HardwareWallet {
    /// The most that one account may have: enough for every device of a careful person, and few enough to be read whole.
    pub const PER_USER: usize = 16;
}
