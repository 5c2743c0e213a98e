//! Challenges: texts that, once signed, prove who holds a wallet.

mod eip4361;
mod line;
mod nonce;

#[cfg(test)]
mod tests;

use std::time::Duration;

use subtle::ConstantTimeEq;

use super::{
    origin::Origin,
    timestamp::Timestamp,
    wallet::{Address, Scheme, Signature, SignatureError, Transfer, WalletType},
};
pub use nonce::{ChallengeKey, Nonce};

/// A text that the holder of a wallet is asked to sign, good for [`Self::LIFETIME`].
///
/// It is kept nowhere: its nonce proves that it was issued here, for this wallet type, address and host, at this time.
/// That it is good only once is for the caller, who remembers the nonces that were used until they expire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    wallet: WalletType,
    address: Address,
    origin: Origin,
    issued_at: Timestamp,
    nonce: Nonce,
}

/// Why a text is not taken back as a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// It was not issued here for this address and host, or a byte of it is another.
    #[error("the message is not one that was issued here for this address")]
    Unknown,
    /// It was issued here, but is no longer good, or not yet since the clock was set back.
    #[error("the challenge has expired")]
    Expired,
}

/// No text of a challenge is longer, in bytes.
const MAX_TEXT: usize = 512;

/// How far in the future a challenge may have been issued: a clock that is being disciplined steps back a little.
const MAX_LEAD: Duration = Duration::from_secs(5);

impl Challenge {
    /// How long a challenge is good.
    pub const LIFETIME: Duration = Duration::from_secs(300);

    /// A new challenge for `address`, to be signed by `wallet` on a page of `origin`. `random` tells it from others of
    /// the same second.
    #[must_use]
    pub fn issue(
        key: &ChallengeKey,
        wallet: WalletType,
        address: Address,
        origin: &Origin,
        now: Timestamp,
        random: [u8; 5],
    ) -> Self {
        let nonce = key.nonce(wallet, random, address, origin, now);
        Self { wallet, address, origin: origin.clone(), issued_at: now, nonce }
    }

    /// The challenge whose text, to the byte, is `text`, if it was issued with `key` for `address` and `origin` and is
    /// good at `now`.
    ///
    /// # Errors
    ///
    /// [`ChallengeError::Unknown`] if it was not issued so;
    /// [`ChallengeError::Expired`] from [`Self::expires_at`] on, and if it was issued more than 5 seconds after `now`.
    pub fn read(
        key: &ChallengeKey,
        text: &str,
        address: Address,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Self, ChallengeError> {
        let challenge = Self::authentic(key, text, address, origin).ok_or(ChallengeError::Unknown)?;
        if now >= challenge.expires_at() || challenge.issued_at > now.plus(MAX_LEAD) {
            return Err(ChallengeError::Expired);
        }
        Ok(challenge)
    }

    /// The challenge whose text is `text`, however old. Only nonce and time are taken from the text; all of it is then
    /// written anew and compared, so that no reading of it can be laxer than the writing.
    fn authentic(key: &ChallengeKey, text: &str, address: Address, origin: &Origin) -> Option<Self> {
        if text.len() > MAX_TEXT {
            return None;
        }
        let (nonce, issued_at) = line::fields(text).or_else(|| eip4361::fields(text))?;
        let wallet = nonce.wallet()?;
        let expected = key.nonce(wallet, nonce.random(), address, origin, issued_at);
        if !bool::from(expected.as_bytes().ct_eq(nonce.as_bytes())) {
            return None;
        }
        let challenge = Self { wallet, address, origin: origin.clone(), issued_at, nonce };
        (challenge.text() == text).then_some(challenge)
    }

    /// The whole text to sign.
    #[must_use]
    pub fn text(&self) -> String {
        match self.wallet {
            WalletType::Tron
            | WalletType::Ledger
            | WalletType::Keepkey
            | WalletType::KeepkeyEth
            | WalletType::Trezor
            | WalletType::TrezorEth => line::text(self),
            WalletType::Ethereum => eip4361::text(self),
        }
    }

    /// What the wallet signs for [`Self::text`]; a Ledger shows it.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.scheme().digest(self.address, self.text().as_bytes())
    }

    /// The transaction that carries [`Self::text`], if the wallet signs one in place of the text.
    #[must_use]
    pub fn transfer(&self) -> Option<Transfer> {
        (self.scheme() == Scheme::TrezorTx).then(|| Transfer::proof(self.address, self.text().as_bytes()))
    }

    /// Check that the holder of [`Self::address`] signed [`Self::text`].
    ///
    /// # Errors
    ///
    /// [`SignatureError`] as from [`Scheme::verify`].
    pub fn verify(&self, signature: &Signature) -> Result<(), SignatureError> {
        self.scheme().verify(self.address, self.text().as_bytes(), signature)
    }

    /// How the text is hashed and signed.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.wallet.scheme()
    }

    /// The kind of wallet that is to sign.
    #[must_use]
    pub const fn wallet(&self) -> WalletType {
        self.wallet
    }

    /// The address whose holder is to sign.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.address
    }

    /// What makes it good only once.
    #[must_use]
    pub const fn nonce(&self) -> Nonce {
        self.nonce
    }

    /// The nonce as it stands in [`Self::text`].
    #[must_use]
    pub fn nonce_text(&self) -> String {
        match self.wallet {
            WalletType::Ethereum => self.nonce.hex(),
            _ => self.nonce.base64url(),
        }
    }

    /// When it was issued.
    #[must_use]
    pub const fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// The first second in which it is no longer good.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        self.issued_at.plus(Self::LIFETIME)
    }
}
