//! `/.well-known/jwks.json`: the public keys that services verify tokens with.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::{app::App, problem::Problem, reply::CachedFor, request::Request};
use crate::service::PublicKey;

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
