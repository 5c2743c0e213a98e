//! How TRON wallets hash a text before they sign it.

use sha3::{Digest, Keccak256};

/// The digest of `message` under `tron-v2`: the Keccak-256 of a header, the message's length in bytes as decimal
/// digits, and the message.
///
/// It is the encoding of [TIP-104] with the real length, as `signMessageV2` of tronweb 6.5.1,
/// `sign_personal_message.c` of Ledger's app-tron 0.7.1 and `tron.c` of KeepKey 7.14.1 do it. The TIP also allows a
/// length that always says 32, for an older tronweb: that is `tron-v1`.
///
/// [TIP-104]: https://github.com/tronprotocol/tips/blob/master/tip-104.md
pub(super) fn digest(message: &[u8]) -> [u8; 32] {
    Keccak256::new()
        .chain_update(b"\x19TRON Signed Message:\n")
        .chain_update(message.len().to_string())
        .chain_update(message)
        .finalize()
        .into()
}
