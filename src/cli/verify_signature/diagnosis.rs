//! Why a signature does not verify, and what to do about it.

use sha3::{Digest, Keccak256};

use super::Args;
use crate::domain::wallet::{Scheme, Signature, SignatureError};

/// The longest message that a Ledger's TRON app 0.7.1 hashes rightly, in bytes.
const LEDGER_LIMIT: usize = 225;

/// What an operator can do about `error`, most likely cause first.
pub(super) fn advice(args: &Args, message: &[u8], error: SignatureError) -> Vec<String> {
    let advice = match error {
        SignatureError::Form => "Copy the signature again: hex digits only, no spaces or line breaks.",
        SignatureError::Length(128) => {
            "The last byte, v, is missing, or the wallet gave the compact form of ERC-2098. The service needs r, s and v."
        }
        SignatureError::Length(_) => {
            "Copy the signature again. If it is complete, the wallet gave another form, such as DER. The service needs r, s and v."
        }
        SignatureError::V(_) => {
            "v must come last; some software puts it first, or adds a chain to it (EIP-155). The service takes it only as 0, 1, 27 or 28."
        }
        SignatureError::Range => "The signature is damaged. Copy it again, or sign again.",
        SignatureError::HighS => {
            "No known wallet gives a high s: something between the wallet and you changed the signature. Sign again, and use the wallet's own output."
        }
        SignatureError::NoSuchPoint => {
            "The signature is damaged, or its bytes are in another order. Copy it again, or sign again."
        }
        SignatureError::OtherAddress(_) => return other_address(args, message),
    };
    vec![advice.to_owned()]
}

/// Look for what else the key of the address signed.
fn other_address(args: &Args, message: &[u8]) -> Vec<String> {
    let bare = without_newline(message).map(|bare| (bare, "the message without its final newline"));
    let texts = [Some((message, "the message")), bare];
    if let Some(found) = texts.into_iter().flatten().find_map(|(text, name)| signed_instead(args, text, name))
    {
        return vec![found];
    }
    let mut advice = vec![
        "Another account was selected in the wallet, or the message is not, to the byte, what was signed."
            .to_owned(),
    ];
    if args.scheme == Scheme::TronV2 && message.len() > LEDGER_LIMIT {
        advice.push(format!(
            "If a Ledger signed: its TRON app signs something else, without an error, for messages over {LEDGER_LIMIT} bytes; this one has {}.",
            message.len()
        ));
    }
    advice
}

/// Whether the key of the address signed `text` in any way, and if so, which. `name` is what people call the text.
fn signed_instead(args: &Args, text: &[u8], name: &str) -> Option<String> {
    let signature: Signature = args.signature.parse().ok()?;
    let signed = |digest: [u8; 32]| signature.recover(&digest) == Ok(args.address);
    if let Some(scheme) = Scheme::ALL.into_iter().find(|scheme| signed(scheme.digest(args.address, text))) {
        return Some(match scheme {
            // As asked, so the text is not the one asked about.
            _ if scheme == args.scheme => {
                format!("It verifies for {name}. Editors and echo add a newline; printf '%s' does not.")
            }
            Scheme::TronV2 => format!(
                "It verifies as tron-v2 for {name}: the wallet signed a TRON message. Ask for a challenge with the wallet type tron, ledger or keepkey."
            ),
            Scheme::Eip191 => format!(
                "It verifies as eip191 for {name}: the wallet signed an Ethereum message. Ask for a challenge with the wallet type ethereum, keepkey-eth or trezor-eth."
            ),
            Scheme::TrezorTx => format!(
                "It verifies as trezor-tx for {name}: the wallet signed the transaction that carries it. Ask for a challenge with the wallet type trezor."
            ),
        });
    }
    signed(old_tron_digest(text)).then(|| {
        format!(
            "It verifies as the old tron-v1 for {name}, which is not accepted: its digest may be that of another message. Sign with signMessageV2 instead of sign or signMessage."
        )
    })
}

/// `message` without the newline at its end, if it has one.
fn without_newline(message: &[u8]) -> Option<&[u8]> {
    let line = message.strip_suffix(b"\n")?;
    Some(line.strip_suffix(b"\r").unwrap_or(line))
}

/// The digest of `message` under `tron-v1`, as tronweb's `trx.sign` makes it: the header says 32 whatever the length.
///
/// It stands here, not beside the schemes, because it may explain a refusal but never lift one.
fn old_tron_digest(message: &[u8]) -> [u8; 32] {
    Keccak256::new().chain_update(b"\x19TRON Signed Message:\n32").chain_update(message).finalize().into()
}
