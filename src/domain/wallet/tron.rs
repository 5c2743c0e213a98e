//! How TRON wallets hash a text before they sign it.

use sha3::{Digest, Keccak256};

/// The digest of `message` under `tron-v2`: the Keccak-256 of a header, the message's length in bytes as decimal
/// digits, and the message.
///
/// The wallets are the standard, for no TIP writes this header down: `signMessageV2` of tronweb 6.5.1,
/// `sign_personal_message.c` of Ledger's app-tron 0.7.1, `tron.c` of KeepKey 7.14.1.
pub(super) fn digest(message: &[u8]) -> [u8; 32] {
    Keccak256::new()
        .chain_update(b"\x19TRON Signed Message:\n")
        .chain_update(message.len().to_string())
        .chain_update(message)
        .finalize()
        .into()
}
