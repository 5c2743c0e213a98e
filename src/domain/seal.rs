//! The seal on the keys in the database: without the master key, a copy of the file gives them to nobody.

use std::fmt;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha3::{Digest, Sha3_256};
use zeroize::Zeroizing;

/// How many bytes a sealed secret has: its nonce, the secret's 32, and the tag.
pub const SEALED: usize = NONCE_LEN + 32 + 16;

/// The key that seals the keys in the database: 32 bytes of the operator's. Wiped when dropped, never shown.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// The sealed text was made with another master key, under another name, or was changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed with another key, or damaged")]
pub struct SealError;

impl MasterKey {
    /// The key of these bytes.
    #[must_use]
    pub const fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// Seal `secret` as what `name` says it is: ChaCha20-Poly1305 ([RFC 8439]), as the nonce, the ciphertext and the tag.
    ///
    /// The nonce is a keyed hash of the name and the secret: the same twice gives the same seal, and no two others share
    /// a nonce, without a random source that might fail to be one.
    ///
    /// [RFC 8439]: https://www.rfc-editor.org/rfc/rfc8439
    ///
    /// # Errors
    ///
    /// None that is known: ring refuses only texts of many gigabytes.
    pub fn seal(&self, name: &str, secret: &[u8; 32]) -> Result<Vec<u8>, SealError> {
        let nonce = self.nonce(name, secret);
        let mut text = Zeroizing::new(secret.to_vec());
        let tag = self
            .cipher()?
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(name.as_bytes()),
                text.as_mut_slice(),
            )
            .map_err(|_| SealError)?;
        Ok([&nonce[..], &text, tag.as_ref()].concat())
    }

    /// The secret that was sealed as `name`.
    ///
    /// # Errors
    ///
    /// [`SealError`] if this key did not seal it under that name.
    pub fn open(&self, name: &str, sealed: &[u8]) -> Result<Zeroizing<[u8; 32]>, SealError> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or(SealError)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError)?;
        let mut text = Zeroizing::new(text.to_vec());
        let secret = self
            .cipher()?
            .open_in_place(nonce, Aad::from(name.as_bytes()), &mut text)
            .map_err(|_| SealError)?;
        Ok(Zeroizing::new((&*secret).try_into().map_err(|_| SealError)?))
    }

    fn nonce(&self, name: &str, secret: &[u8; 32]) -> [u8; NONCE_LEN] {
        // All parts but the last have a fixed length, so no two inputs run into the same bytes.
        let digest = Sha3_256::new()
            .chain_update(b"lucid-auth nonce")
            .chain_update(&self.0[..])
            .chain_update(secret)
            .chain_update(name)
            .finalize();
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&digest[..NONCE_LEN]);
        nonce
    }

    fn cipher(&self) -> Result<LessSafeKey, SealError> {
        UnboundKey::new(&CHACHA20_POLY1305, &self.0[..]).map(LessSafeKey::new).map_err(|_| SealError)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn master(byte: u8) -> MasterKey {
        MasterKey::new(Zeroizing::new([byte; 32]))
    }

    #[test]
    fn a_secret_opens_with_its_own_key_and_name_alone_and_no_byte_may_differ() {
        let sealed = master(1).seal("one", &[7; 32]).unwrap();
        assert_eq!(sealed.len(), SEALED);
        assert_eq!(*master(1).open("one", &sealed).unwrap(), [7; 32]);
        assert_eq!(master(2).open("one", &sealed), Err(SealError), "another key");
        assert_eq!(master(1).open("two", &sealed), Err(SealError), "another name");
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert_eq!(master(1).open("one", &damaged), Err(SealError), "byte {at}");
            assert_eq!(master(1).open("one", &sealed[..at]), Err(SealError), "cut at {at}");
        }
        assert_eq!(master(1).open("one", &[&sealed[..], &[0]].concat()), Err(SealError), "a byte more");
    }

    #[test]
    fn what_is_sealed_shows_neither_the_secret_nor_the_key() {
        let sealed = master(1).seal("one", &[7; 32]).unwrap();
        assert!(!sealed.windows(4).any(|window| window == [7; 4] || window == [1; 4]));
        assert_eq!(format!("{:?}", master(1)), "[redacted]");
    }

    #[test]
    fn other_names_secrets_and_keys_give_other_nonces() {
        let nonce = |key: u8, name, secret| master(key).seal(name, &[secret; 32]).unwrap()[..12].to_vec();
        let first = nonce(1, "one", 7);
        assert_eq!(first, nonce(1, "one", 7));
        for other in [nonce(2, "one", 7), nonce(1, "two", 7), nonce(1, "one", 8)] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn the_cipher_is_that_of_rfc_8439() {
        // Python's cryptography: ChaCha20Poly1305(bytes(range(32))).encrypt(bytes(12), bytes(32), b"name").
        let text = data_encoding::HEXLOWER
            .decode(b"18b84231ade6a6d113615c61af434e27f8b1f3f5e1ad5b5cecf8fc122a35755cd74f7e7be645f771a1f5556742da6ba1")
            .unwrap();
        let key = MasterKey::new(Zeroizing::new(std::array::from_fn(|at| u8::try_from(at).unwrap())));
        assert_eq!(*key.open("name", &[&[0; 12], &text[..]].concat()).unwrap(), [0; 32]);
    }
}
