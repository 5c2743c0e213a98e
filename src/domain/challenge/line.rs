//! The text for wallets that do not know a standard of their own: one line of printable ASCII, at most 225 bytes, or 256 for a
//! Trezor, which takes it as the memo of a transfer; there it calls itself what it is.
//!
//! A Ledger's TRON app 0.7.1 signs the wrong digest, without an error, when the message does not fit the first APDU; a
//! KeepKey shows hex as soon as there is a newline. The wording follows [CAIP-122]; the chain is left out because a key
//! and its address are the same on every TRON network.
//!
//! [CAIP-122]: https://chainagnostic.org/CAIPs/caip-122

use super::{Challenge, Nonce};
use crate::domain::{timestamp::Timestamp, wallet::Scheme};

pub(super) fn text(challenge: &Challenge) -> String {
    let what = match challenge.scheme() {
        Scheme::TronV2 | Scheme::Eip191 => "Not a transaction",
        Scheme::TrezorTx => "This transfer cannot take place",
    };
    format!(
        "{} wants you to sign in with your TRON account {}. {what}. Nonce: {}. Issued: {}",
        challenge.origin.authority(),
        challenge.address,
        challenge.nonce_text(),
        challenge.issued_at,
    )
}

/// The nonce and the time of issue that such a text says.
pub(super) fn fields(text: &str) -> Option<(Nonce, Timestamp)> {
    let (nonce, issued_at) = text.split_once(". Nonce: ")?.1.split_once(". Issued: ")?;
    Some((Nonce::from_base64url(nonce)?, issued_at.parse().ok()?))
}
