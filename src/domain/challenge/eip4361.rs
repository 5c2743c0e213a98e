//! The text for Ethereum wallets: a Sign-In with Ethereum message ([ERC-4361]), exactly.
//!
//! Such a wallet reads it, and warns if the host is not that of the page that asks, or the address not that of the
//! account that signs (MetaMask: `isValidSIWEOrigin`). Its grammar allows only letters and digits in a nonce, hence hex.
//!
//! [ERC-4361]: https://eips.ethereum.org/EIPS/eip-4361

use super::{Challenge, Nonce};
use crate::domain::timestamp::Timestamp;

pub(super) fn text(challenge: &Challenge) -> String {
    // No scheme before the host: MetaMask takes the page's own then, so that plain HTTP at home works too.
    format!(
        "{} wants you to sign in with your Ethereum account:\n\
         {}\n\
         \n\
         Sign in with your TRON account {}. Not a transaction.\n\
         \n\
         URI: {}/\n\
         Version: 1\n\
         Chain ID: 1\n\
         Nonce: {}\n\
         Issued At: {}\n\
         Expiration Time: {}",
        challenge.origin.authority(),
        challenge.address.ethereum(),
        challenge.address,
        challenge.origin,
        challenge.nonce_text(),
        challenge.issued_at,
        challenge.expires_at(),
    )
}

/// The nonce and the time of issue that such a text says.
pub(super) fn fields(text: &str) -> Option<(Nonce, Timestamp)> {
    let (nonce, rest) = text.split_once("\nNonce: ")?.1.split_once("\nIssued At: ")?;
    let (issued_at, _) = rest.split_once("\nExpiration Time: ")?;
    Some((Nonce::from_hex(nonce)?, issued_at.parse().ok()?))
}
