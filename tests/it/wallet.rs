//! A wallet: a key, and the ways to sign with it.

use k256::ecdsa::SigningKey;
use lucid_auth::domain::wallet::{Address, Scheme};
use sha3::{Digest, Keccak256};

pub struct Wallet {
    key: SigningKey,
    pub address: Address,
}

impl Wallet {
    /// The wallet whose key is this number.
    pub fn new(number: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[24..].copy_from_slice(&(number + 1).to_be_bytes());
        let key = SigningKey::from_slice(&bytes).unwrap();
        let point = key.verifying_key().to_sec1_point(false);
        let hash = Keccak256::digest(&point.as_bytes()[1..]);
        Self { key, address: Address::from_bytes(hash[12..].try_into().unwrap()) }
    }

    /// 65 bytes of hex, as TronLink gives them.
    pub fn sign(&self, scheme: Scheme, message: &str) -> String {
        self.sign_digest(&scheme.digest(self.address, message.as_bytes()))
    }

    /// The same for what a wallet made of the message.
    pub fn sign_digest(&self, digest: &[u8; 32]) -> String {
        let (signature, recovery) = self.key.sign_prehash_recoverable(digest);
        let hex = data_encoding::HEXLOWER.encode(&signature.to_bytes());
        format!("0x{hex}{:02x}", recovery.to_byte() + 27)
    }
}
