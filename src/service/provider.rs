//! The cryptography of `jsonwebtoken`: Ed25519 by ed25519-dalek, and nothing else.
//!
//! jsonwebtoken hands a key over as bytes and would have it parsed anew for each token. So the bytes it is given are the
//! public half only, and the key itself, parsed once, stands here under that name. No secret goes through another crate.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use ed25519_dalek::{Signer as _, SigningKey};
use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{Error, ErrorKind},
};

use crate::domain::key::is_signed;

type Keys = HashMap<[u8; 32], Arc<SigningKey>>;

static KEYS: RwLock<Option<Keys>> = RwLock::new(None);

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| Ok(Box::new(Ed25519(find(*algorithm, key.family(), key.as_bytes())?))),
    verifier_factory: |algorithm, key| {
        Ok(Box::new(Ed25519(find(*algorithm, key.family(), key.try_get_as_bytes()?)?)))
    },
    // For reading other people's JWKs, which nothing here does.
    key_utils: KeyUtils::new_unimplemented(),
};

/// Make `key` known, and return what stands for it in jsonwebtoken.
pub(super) fn register(key: &SigningKey) -> (EncodingKey, DecodingKey) {
    // The first call of the process installs the provider; the others find it there.
    let _ = PROVIDER.install_default();
    let public = key.verifying_key().to_bytes();
    let mut keys = KEYS.write().unwrap_or_else(PoisonError::into_inner);
    keys.get_or_insert_default().insert(public, Arc::new(key.clone()));
    (EncodingKey::from_ed_der(&public), DecodingKey::from_ed_der(&public))
}

/// Forget a key, which wipes it.
pub(super) fn forget(key: &SigningKey) {
    let mut keys = KEYS.write().unwrap_or_else(PoisonError::into_inner);
    keys.get_or_insert_default().remove(key.verifying_key().as_bytes());
}

fn find(algorithm: Algorithm, family: AlgorithmFamily, public: &[u8]) -> Result<Arc<SigningKey>, Error> {
    if algorithm != Algorithm::EdDSA || family != AlgorithmFamily::Ed {
        return Err(ErrorKind::InvalidAlgorithm.into());
    }
    let keys = KEYS.read().unwrap_or_else(PoisonError::into_inner);
    let key = keys.as_ref().and_then(|keys| keys.get(public)).cloned();
    key.ok_or_else(|| ErrorKind::InvalidEddsaKey.into())
}

struct Ed25519(Arc<SigningKey>);

impl signature::Signer<Vec<u8>> for Ed25519 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(self.0.sign(message).to_bytes().to_vec())
    }
}

impl signature::Verifier<Vec<u8>> for Ed25519 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let genuine = is_signed(&self.0.verifying_key(), message, signature);
        genuine.then_some(()).ok_or_else(signature::Error::new)
    }
}

impl JwtSigner for Ed25519 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

impl JwtVerifier for Ed25519 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_algorithm() {
        let key = SigningKey::from_bytes(&[5; 32]);
        let (_, _) = register(&key);
        let public = key.verifying_key().to_bytes();
        assert!(find(Algorithm::EdDSA, AlgorithmFamily::Ed, &public).is_ok());
        assert!(find(Algorithm::HS256, AlgorithmFamily::Hmac, &public).is_err());
        assert!(find(Algorithm::EdDSA, AlgorithmFamily::Hmac, &public).is_err());
        assert!(find(Algorithm::ES256, AlgorithmFamily::Ed, &public).is_err());
        forget(&key);
        assert!(find(Algorithm::EdDSA, AlgorithmFamily::Ed, &public).is_err());
    }
}
