//! A server whose signing key is known, and tokens of any form.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signer as _, SigningKey};
use lucid_auth::{
    domain::{
        key::{Key, PUBLISHED_AHEAD},
        timestamp::Timestamp,
    },
    http::{Quotas, Settings},
    service::Rules,
    store::{Store, keys},
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{
    support::{START, TestClock, TestServer},
    wallet::Wallet,
};

/// The seed of the key that signs.
const SIGNS: [u8; 32] = [42; 32];
/// The seed of the key that is published and will sign next.
const NEXT: [u8; 32] = [43; 32];
/// The seed of a key that signed once, so long ago that no token of it is valid.
const RETIRED: [u8; 32] = [41; 32];

/// A server, and what an attacker who cannot be would know: its keys.
pub struct Forge {
    pub server: TestServer,
    pub key: Key,
    pub next: Key,
    pub retired: Key,
    /// What a sign-in gave.
    pub tokens: Value,
}

impl Forge {
    pub async fn new(rules: Rules, settings: Settings) -> Self {
        let at = Timestamp::from_unix;
        let made = |seed: [u8; 32], created: u64, signs: u64| {
            Key::from_seed(&Zeroizing::new(seed), at(created), at(signs))
        };
        let ahead = PUBLISHED_AHEAD.as_secs();
        let retired = made(RETIRED, START - 500_000, START - 400_000);
        let key = made(SIGNS, START - 200_000, START - 100_000);
        let next = made(NEXT, START, START + ahead);
        let store = Store::in_memory([7; 32]).unwrap();
        let put = [retired.clone(), key.clone(), next.clone()];
        let write = move |tx: &lucid_auth::store::Tx| put.iter().try_for_each(|key| keys::put(tx, key, None));
        store.write(write).await.unwrap();
        // The next key is there already, so none is made by itself.
        let rules = Rules { key_rotation: Duration::ZERO, ..rules };
        let server = TestServer::assemble(store, settings, rules, TestClock::new(), Quotas::new(None)).await;
        let tokens = server.sign_in(&Wallet::new(1)).await;
        Self { server, key, next, retired, tokens }
    }

    /// The token that the service gave out.
    pub fn genuine(&self) -> &str {
        self.tokens["access_token"].as_str().unwrap()
    }

    /// What that says.
    pub fn claims(&self) -> Value {
        let part = self.genuine().split('.').nth(1).unwrap();
        serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap()
    }

    /// The header of the service's own tokens, exactly.
    pub fn header(&self) -> String {
        header(&self.key)
    }

    /// A token of these exact texts, signed with the service's own key.
    pub fn signed(&self, header: &str, claims: &str) -> String {
        token(&self.key.signing, header, claims)
    }

    /// A token with the claims of the genuine one, but for these, signed with the service's own key.
    pub fn saying(&self, changes: &Value) -> String {
        let mut claims = self.claims();
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        self.signed(&self.header(), &claims.to_string())
    }

    /// The same with another header.
    pub fn under(&self, header: &Value) -> String {
        self.signed(&header.to_string(), &self.claims().to_string())
    }

    /// The members of the service's own header, and these.
    pub fn with(&self, more: &Value) -> String {
        let mut header = json!({"typ": "at+jwt", "alg": "EdDSA", "kid": self.key.kid});
        for (name, value) in more.as_object().unwrap() {
            header[name] = value.clone();
        }
        self.under(&header)
    }
}

/// The header of the tokens of this key, as the service writes it.
pub fn header(key: &Key) -> String {
    format!(r#"{{"typ":"at+jwt","alg":"EdDSA","kid":"{}"}}"#, key.kid)
}

/// What is signed of a token of these texts.
pub fn unsigned(header: &str, claims: &str) -> String {
    format!("{}.{}", BASE64URL_NOPAD.encode(header.as_bytes()), BASE64URL_NOPAD.encode(claims.as_bytes()))
}

pub fn token(key: &SigningKey, header: &str, claims: &str) -> String {
    let text = unsigned(header, claims);
    let signature = key.sign(text.as_bytes()).to_bytes();
    format!("{text}.{}", BASE64URL_NOPAD.encode(&signature))
}
