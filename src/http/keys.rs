//! `/.well-known/jwks.json`: the public keys that services verify tokens with; `/keys`: what each of them is doing.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::{app::App, problem::Problem, reply::CachedFor, request::Request};
use crate::{
    domain::{key::State, permission::Permission, timestamp::Timestamp},
    service::{Asker, Principal, PublicKey},
};

/// How long services may keep the keys, in seconds. A key is published twice as long before it signs.
const MAX_AGE: u32 = 300;

/// A JWK Set ([RFC 7517 §5]).
///
/// [RFC 7517 §5]: https://www.rfc-editor.org/rfc/rfc7517#section-5
#[derive(Serialize, JsonSchema)]
pub(super) struct Jwks {
    keys: Vec<Jwk>,
}

/// A public key of Ed25519 ([RFC 8037 §2]).
///
/// [RFC 8037 §2]: https://www.rfc-editor.org/rfc/rfc8037#section-2
#[derive(Serialize, JsonSchema)]
struct Jwk {
    kty: &'static str,
    crv: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    alg: &'static str,
    kid: String,
    x: String,
}

impl From<PublicKey> for Jwk {
    fn from(key: PublicKey) -> Self {
        Self { kty: "OKP", crv: "Ed25519", usage: "sig", alg: "EdDSA", kid: key.kid, x: key.x }
    }
}

/// Publish the keys.
pub(super) async fn jwks(app: Arc<App>, _: Request<(), ()>) -> Result<CachedFor<MAX_AGE, Jwks>, Problem> {
    let keys = app.service.public_keys().into_iter().map(Jwk::from).collect();
    Ok(CachedFor(Jwks { keys }))
}

/// A signing key, and what it is doing.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SigningKey")]
pub(super) struct KeyBody {
    kid: String,
    state: KeyState,
    created_at: Timestamp,
    /// From when on it signs.
    signs_from: Timestamp,
    /// When its last token expires, once a newer key is there.
    accepted_until: Option<Timestamp>,
}

/// `next` is published and will sign, `active` signs, `retiring` signs no more and its tokens may still be valid.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum KeyState {
    Next,
    Active,
    Retiring,
}

impl From<PublicKey> for KeyBody {
    fn from(key: PublicKey) -> Self {
        let state = match key.state {
            State::Next => KeyState::Next,
            State::Active => KeyState::Active,
            State::Retiring => KeyState::Retiring,
        };
        let PublicKey { kid, created_at, signs_from, accepted_until, .. } = key;
        Self { kid, state, created_at, signs_from, accepted_until }
    }
}

/// Signing keys, oldest first. They are so few that they are not paged.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SigningKeys")]
pub(super) struct KeysReply {
    keys: Vec<KeyBody>,
}

impl KeysReply {
    fn of(app: &App) -> Self {
        Self { keys: app.service.public_keys().into_iter().map(KeyBody::from).collect() }
    }
}

/// List the signing keys.
pub(super) async fn list(app: Arc<App>, _: Request<Principal, ()>) -> Result<KeysReply, Problem> {
    Ok(KeysReply::of(&app))
}

/// Make the next signing key, unless it is there already.
pub(super) async fn rotate(app: Arc<App>, request: Request<Principal, ()>) -> Result<KeysReply, Problem> {
    let asker = Asker::user(request.caller, request.head.client_info(), Permission::ManageSystemConfig);
    app.service.rotate_key(asker, false).await?;
    Ok(KeysReply::of(&app))
}
