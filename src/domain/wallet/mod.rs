//! Wallets: addresses, signatures, and the ways a wallet signs a text.

mod address;
mod wallet_type;

pub use address::{Address, AddressError};
pub use wallet_type::{WalletType, WalletTypeError};
