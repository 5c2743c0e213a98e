//! Access tokens: JWTs signed with Ed25519 ([RFC 8037]), in the profile of [RFC 9068].
//!
//! [RFC 8037]: https://www.rfc-editor.org/rfc/rfc8037
//! [RFC 9068]: https://www.rfc-editor.org/rfc/rfc9068

use std::{
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Error, PANICKED, Service, pool::Turn, provider};
use crate::domain::{
    claims::{Claims, TokenKind},
    key::{self, Key},
    last::Last,
    origin::Origin,
    recent::Recent,
    refresh_token::RefreshToken,
    role::Role,
    session::Session,
    timestamp::Timestamp,
    user::User,
};

/// The `typ` of an access token ([RFC 9068 §2.1]).
///
/// [RFC 9068 §2.1]: https://www.rfc-editor.org/rfc/rfc9068#section-2.1
const TYPE: &str = "at+jwt";
/// By how much the clock may have been put back since a token was issued, and the token still be taken.
const LEEWAY: Duration = Duration::from_secs(5);
/// No token of ours is longer, in bytes.
const MAX_TOKEN: usize = 2048;
/// How many tokens are known again by their hash, so that their signature is checked once; about a kilobyte each.
const KNOWN: usize = 10_000;

/// What a sign-in or a refresh gives.
#[derive(Debug)]
pub struct TokenPair {
    /// A JWT.
    pub access_token: Zeroizing<String>,
    /// How long it is valid.
    pub access_lifetime: Duration,
    /// What the next pair is asked for with.
    pub refresh_token: RefreshToken,
    /// How long it is valid.
    pub refresh_lifetime: Duration,
    /// The session of both.
    pub session: Session,
    /// Whose they are.
    pub user: User,
}

/// A token that was signed here, or whose signature was found good.
#[derive(Debug)]
pub struct KnownToken {
    /// What it says.
    pub claims: Claims,
    /// What was last told to those who asked what it is worth, by the role that its user had.
    pub told: Last<Role>,
}

impl KnownToken {
    fn new(claims: Claims) -> Arc<Self> {
        Arc::new(Self { claims, told: Last::default() })
    }
}

/// The keys that sign and check, and what they checked. Replaced as a whole when a key comes or goes, so that nothing
/// that a key vouched for outlives it.
#[derive(Default)]
pub(super) struct Tokens(RwLock<Arc<Rings>>);

pub(super) struct Rings {
    pub(super) rings: Vec<Ring>,
    /// What tokens say that were signed here, or whose signature was found good, by the SHA-256 of their text: the text
    /// itself would be a key to somebody's account. Whether it is too old, and whether its session lives, is asked each time.
    known: Mutex<Recent<[u8; 32], Arc<KnownToken>>>,
}

pub(super) struct Ring {
    pub(super) key: Key,
    /// How each of its tokens begins: the header, which is the same in all of them, up to the full stop.
    head: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Default for Rings {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Rings {
    fn new(rings: Vec<Ring>) -> Self {
        Self { rings, known: Mutex::new(Recent::new(KNOWN)) }
    }

    /// What the token with this hash says, if it was signed or found good before.
    fn recognize(&self, hash: &[u8; 32]) -> Option<Arc<KnownToken>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(hash).cloned()
    }

    fn forget(&self, hash: &[u8; 32]) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(hash);
    }

    fn remember(&self, hash: [u8; 32], token: &Arc<KnownToken>) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(hash, Arc::clone(token));
    }
}

impl Tokens {
    /// Use these keys from now on.
    pub(super) fn set(&self, keys: Vec<Key>) {
        let ring = |key: Key| {
            let (encoding, decoding) = provider::register(&key.signing);
            Ring { head: head(&key.kid), key, encoding, decoding }
        };
        let rings = Rings::new(keys.into_iter().map(ring).collect());
        let before =
            std::mem::replace(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner), Arc::new(rings));
        let now = self.get();
        for gone in before.rings.iter().filter(|old| now.rings.iter().all(|new| new.key.kid != old.key.kid)) {
            provider::forget(&gone.key.signing);
        }
    }

    pub(super) fn get(&self) -> Arc<Rings> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A token that says this. It is known from then on, for as long as its key.
    fn sign(&self, claims: Claims, now: Timestamp) -> Result<Zeroizing<String>, Error> {
        let known = self.get();
        let Rings { rings, .. } = &*known;
        let signer =
            key::signer(rings.iter().map(|ring| &ring.key), now).ok_or(Error::Internal("no signing key"))?;
        let ring =
            rings.iter().find(|ring| ring.key.kid == signer.kid).ok_or(Error::Internal("no signing key"))?;
        let header = Header {
            typ: Some(TYPE.into()),
            kid: Some(ring.key.kid.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        let token = encode(&header, &claims, &ring.encoding).map(Zeroizing::new);
        let token = token.map_err(|_| Error::Internal("a token cannot be signed"))?;
        known.remember(Sha256::digest(token.as_bytes()).into(), &KnownToken::new(claims));
        Ok(token)
    }

    /// The claims of a token of ours that was read before, whatever its age. Costs no cryptography but a hash.
    fn recognize(&self, token: &str) -> Option<Arc<KnownToken>> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        self.get().recognize(&Sha256::digest(token).into())
    }

    /// Know this token no more.
    pub(super) fn forget(&self, token: &str) {
        self.get().forget(&Sha256::digest(token).into());
    }

    /// The claims of a token of ours, whatever its age.
    ///
    /// No header is parsed to learn which key it names: each key has one header, and a token that does not begin with one
    /// of them is none of ours. So nothing that a header may say (`crit`, `jwk`, `zip`, a member twice) can mean anything.
    fn read(&self, token: &str) -> Result<Arc<KnownToken>, Error> {
        if token.len() > MAX_TOKEN {
            return Err(Error::TokenInvalid);
        }
        let rings = self.get();
        let ring =
            rings.rings.iter().find(|ring| token.starts_with(&ring.head)).ok_or(Error::TokenInvalid)?;
        // Time and audience are checked by our own clock and rules, below and in `check`.
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let decoded =
            decode::<Claims>(token, &ring.decoding, &validation).map_err(|_| Error::TokenInvalid)?;
        let known = KnownToken::new(decoded.claims);
        rings.remember(Sha256::digest(token).into(), &known);
        Ok(known)
    }
}

/// The header of the tokens of the key `kid`, as jsonwebtoken writes it, and a full stop.
fn head(kid: &str) -> String {
    BASE64URL_NOPAD.encode(format!(r#"{{"typ":"{TYPE}","alg":"EdDSA","kid":"{kid}"}}"#).as_bytes()) + "."
}

impl Service {
    /// A fresh access token for `session`, and the pair that goes out with `refresh_token`.
    pub(super) async fn pair(
        &self,
        user: User,
        session: Session,
        refresh_token: RefreshToken,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<TokenPair, Error> {
        let rules = &self.0.rules;
        // Never longer than the session itself, so that no service honours it after the session is over.
        let session_left = session.ends_at(rules.session_idle).since(now);
        let access_lifetime = rules.access_token_lifetime.min(session_left);
        let claims = Claims {
            iss: rules.issuer.clone().unwrap_or_else(|| origin.to_string()),
            sub: user.id,
            aud: rules.audience.clone(),
            exp: now.plus(access_lifetime).unix(),
            nbf: now.unix(),
            iat: now.unix(),
            jti: BASE64URL_NOPAD.encode(&self.0.random.bytes::<16>()?),
            sid: session.id,
            user_id: user.id,
            tron_address: user.address,
            role: user.role,
            kind: TokenKind::Access,
        };
        let service = self.clone();
        // Many are on disk at once, and those who ask for other things meanwhile should not wait for all their signatures.
        let signed = self.0.pool.run(Turn::Next, move || service.0.tokens.sign(claims, now)).await;
        Ok(TokenPair {
            access_token: signed.unwrap_or(Err(PANICKED))?,
            access_lifetime,
            refresh_lifetime: session_left,
            refresh_token,
            session,
            user,
        })
    }

    /// The claims of `token`, if it is an access token of ours that is valid at `now`.
    ///
    /// # Errors
    ///
    /// [`Error::TokenInvalid`] or [`Error::TokenExpired`].
    pub(super) fn claims(&self, token: &str, now: Timestamp) -> Result<Arc<KnownToken>, Error> {
        self.still_good(self.0.tokens.read(token)?, now)
    }

    /// The same without cryptography; `None` if the token was not seen lately.
    pub(super) fn known_claims(&self, token: &str, now: Timestamp) -> Option<Result<Arc<KnownToken>, Error>> {
        Some(self.still_good(self.0.tokens.recognize(token)?, now))
    }

    /// `claims`, if they are meant for us at `now`.
    fn still_good(&self, token: Arc<KnownToken>, now: Timestamp) -> Result<Arc<KnownToken>, Error> {
        let (rules, claims) = (&self.0.rules, &token.claims);
        // Without a configured issuer, `iss` is the host by which the browser came; services come by other names.
        let meant_for_us = rules.issuer.as_ref().is_none_or(|issuer| *issuer == claims.iss)
            && claims.aud == rules.audience
            && claims.sub == claims.user_id
            && now.plus(LEEWAY).unix() >= claims.nbf;
        if !meant_for_us {
            return Err(Error::TokenInvalid);
        }
        if now.unix() >= claims.exp {
            return Err(Error::TokenExpired(Timestamp::from_unix(claims.exp)));
        }
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_of_another_type_is_refused_though_our_key_signed_it() {
        let at = Timestamp::from_unix(0);
        let tokens = Tokens::default();
        tokens.set(vec![Key::from_seed(&Zeroizing::new([9; 32]), at, at)]);
        let ring = tokens.get();
        let kid = ring.rings[0].key.kid.clone();
        let id = "01a20939-83f0-71a6-b3a4-be0e20fdb345";
        let claims = json!({
            "iss": "http://localhost", "sub": id, "exp": 9, "nbf": 0, "iat": 0, "jti": "x", "sid": id, "user_id": id,
            "tron_address": "TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC", "role": "USER", "type": "access",
        });
        for (kind, expected) in
            [(Some(TYPE), true), (Some("JWT"), false), (Some("AT+JWT"), false), (None, false)]
        {
            let header = Header {
                typ: kind.map(str::to_owned),
                kid: Some(kid.clone()),
                ..Header::new(Algorithm::EdDSA)
            };
            let token = encode(&header, &claims, &ring.rings[0].encoding).unwrap();
            assert_eq!(tokens.read(&token).is_ok(), expected, "{kind:?}");
        }
    }

    #[test]
    fn a_token_is_known_again_until_its_key_goes_and_nothing_like_it_is() {
        let at = Timestamp::from_unix(1_000);
        let key = |seed| Key::from_seed(&Zeroizing::new([seed; 32]), at, at);
        let tokens = Tokens::default();
        tokens.set(vec![key(1)]);
        let id = "01a20939-83f0-71a6-b3a4-be0e20fdb345";
        let claims: Claims = serde_json::from_value(json!({
            "iss": "http://localhost", "sub": id, "exp": 2_000, "nbf": 1_000, "iat": 1_000, "jti": "x", "sid": id,
            "user_id": id, "tron_address": "TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC", "role": "USER", "type": "access",
        }))
        .unwrap();
        let token = tokens.sign(claims.clone(), at).unwrap();
        assert_eq!(tokens.recognize(&token).unwrap().claims, claims, "it was signed here");
        let tokens = Tokens::default();
        tokens.set(vec![key(1)]);
        assert!(tokens.recognize(&token).is_none(), "after a restart, nobody has checked it yet");
        assert_eq!(tokens.read(&token).unwrap().claims, claims);
        assert_eq!(tokens.recognize(&token).unwrap().claims, claims);
        let (other, cut) = (format!("{}=", *token), &token[..token.len() - 1]);
        for odd in [other.as_str(), cut, &token.to_uppercase(), ""] {
            assert!(tokens.recognize(odd).is_none(), "{odd}");
            assert!(tokens.read(odd).is_err(), "{odd}");
            assert!(tokens.recognize(odd).is_none(), "what is refused is not remembered: {odd}");
        }
        tokens.set(vec![key(1), key(2)]);
        assert!(tokens.recognize(&token).is_none(), "each change of the keys begins anew");
        assert_eq!(tokens.read(&token).unwrap().claims, claims);
        tokens.set(vec![key(2)]);
        assert!(tokens.recognize(&token).is_none());
        assert!(tokens.read(&token).is_err());
    }
}
