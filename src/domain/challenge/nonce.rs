//! Nonces that prove who issued them.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use sha3::{Digest, Sha3_256};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::domain::{
    origin::Origin,
    timestamp::Timestamp,
    wallet::{Address, WalletType},
};

/// What the nonces of this process are authenticated with. Made at start, so a restart voids all open challenges.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct ChallengeKey([u8; 32]);

/// The nonce of a challenge: a byte for the wallet type, 5 random bytes, and a tag of 10 bytes over these and all else
/// that the challenge says.
///
/// The wallet type is in it because the text and the scheme follow from it, and most texts do not show it: whoever
/// answers cannot choose another one.
///
/// A tag of 80 bits is enough, for only this process can tell whether one is right: at ten thousand guesses a second,
/// finding one takes 10^12 years, and all that it gains is a challenge, which everyone may ask for anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nonce([u8; 16]);

/// How many of the bytes are random, and where the tag begins.
const RANDOM: usize = 5;
const TAG_AT: usize = 1 + RANDOM;

impl ChallengeKey {
    /// The key with these random bytes.
    #[must_use]
    pub const fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// The nonce of a challenge that says all this.
    ///
    /// SHA3-256 with the key first is a message authentication code: a sponge lets nobody extend a hash. All before the
    /// authority has a fixed width, so that no two challenges are hashed from the same bytes.
    pub(super) fn nonce(
        &self,
        wallet: WalletType,
        random: [u8; RANDOM],
        address: Address,
        origin: &Origin,
        issued_at: Timestamp,
    ) -> Nonce {
        let code = code(wallet);
        let tag = Sha3_256::new()
            .chain_update(self.0)
            .chain_update(b"lucid-auth challenge nonce 1")
            .chain_update([code])
            .chain_update(random)
            .chain_update(address.as_bytes())
            .chain_update(issued_at.unix().to_be_bytes())
            .chain_update(origin.authority())
            .finalize();
        let mut bytes = [0; 16];
        bytes[0] = code;
        bytes[1..TAG_AT].copy_from_slice(&random);
        bytes[TAG_AT..].copy_from_slice(&tag[..16 - TAG_AT]);
        Nonce(bytes)
    }
}

impl std::fmt::Debug for ChallengeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChallengeKey([redacted])")
    }
}

impl Nonce {
    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The wallet type that it says.
    pub(super) fn wallet(self) -> Option<WalletType> {
        WalletType::ALL.into_iter().find(|wallet| code(*wallet) == self.0[0])
    }

    /// Its random bytes.
    pub(super) fn random(self) -> [u8; RANDOM] {
        let mut random = [0; RANDOM];
        random.copy_from_slice(&self.0[1..TAG_AT]);
        random
    }

    /// 22 characters of base64url.
    pub(super) fn base64url(self) -> String {
        BASE64URL_NOPAD.encode(&self.0)
    }

    /// The nonce that [`Self::base64url`] gave.
    pub(super) fn from_base64url(text: &str) -> Option<Self> {
        BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }

    /// 32 hex digits in lower case.
    pub(super) fn hex(self) -> String {
        HEXLOWER.encode(&self.0)
    }

    /// The nonce that [`Self::hex`] gave.
    pub(super) fn from_hex(text: &str) -> Option<Self> {
        HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }
}

/// The byte that stands for a wallet type. It need not outlive the process.
const fn code(wallet: WalletType) -> u8 {
    wallet as u8
}
