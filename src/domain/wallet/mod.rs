//! Wallets: addresses, signatures, and the ways a wallet signs a text.

mod address;
mod address_range;
mod device;
mod ethereum;
mod path;
mod scheme;
mod signature;
mod trezor_tx;
mod tron;
mod wallet_type;

#[cfg(test)]
mod vectors;

pub use address::{Address, AddressError};
pub use address_range::{AddressRange, AddressRangeError};
pub use device::{Device, DeviceId, DeviceType};
pub use path::{DerivationPath, DerivationPathError};
pub use scheme::{Scheme, SchemeError};
pub use signature::{Signature, SignatureError};
pub use trezor_tx::{TYPE_URL, Transfer};
pub use wallet_type::{WalletType, WalletTypeError};
