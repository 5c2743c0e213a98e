//! Signing keys: made, published, rotated, retired.

use std::time::Duration;

use zeroize::Zeroizing;

use super::{Error, Service};
use crate::{
    domain::{
        audit::{Action, Actor, Event},
        key::{self, Key, PUBLISHED_AHEAD},
        timestamp::Timestamp,
    },
    store::{Tx, audit, keys},
};

/// The public half of a signing key, and what it is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// Its name.
    pub kid: String,
    /// The key, 32 bytes in base64url.
    pub x: String,
    /// The same as a PEM file.
    pub pem: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it signs.
    pub signs_from: Timestamp,
    /// Whether it signs now.
    pub signs: bool,
}

impl Service {
    /// Every key whose tokens may still be valid, and the next one: oldest first.
    #[must_use]
    pub fn public_keys(&self) -> Vec<PublicKey> {
        let now = self.now();
        let keys: Vec<Key> = self.0.tokens.get().iter().map(|ring| ring.key.clone()).collect();
        let signer = key::signer(&keys, now).map(|key| key.kid.clone());
        let public = |key: &Key| PublicKey {
            kid: key.kid.clone(),
            x: key.public(),
            pem: key.public_pem(),
            created_at: key.created_at,
            signs_from: key.signs_from,
            signs: signer.as_ref() == Some(&key.kid),
        };
        keys.iter().map(public).collect()
    }

    /// Make the next key if it is time, remove what no token needs any more, and use what is there. Cheap if there is
    /// nothing to do; called once a minute.
    ///
    /// # Errors
    ///
    /// [`Error`] if the database or the random source fails.
    pub async fn maintain_keys(&self) -> Result<(), Error> {
        let now = self.now();
        let rules = &self.0.rules;
        let known: Vec<Key> = self.0.tokens.get().iter().map(|ring| ring.key.clone()).collect();
        let (every, lifetime) = (rules.key_rotation, rules.access_token_lifetime);
        let idle = !known.is_empty()
            && !key::is_due(&known, every, now)
            && key::retired(&known, lifetime, now).is_empty();
        if idle {
            return Ok(());
        }
        self.change_keys(now, Actor::Service, move |keys| {
            // The first key must sign at once: there is no other.
            let first = keys.is_empty();
            key::is_due(keys, every, now).then(|| if first { now } else { now.plus(PUBLISHED_AHEAD) })
        })
        .await
        .map(|_| ())
    }

    /// Make a new key, and return it. It signs once every service has had time to fetch it, or at once if `at_once`:
    /// then services that kept the old JWKS refuse its tokens until they fetch it again.
    ///
    /// # Errors
    ///
    /// [`Error`] if the database or the random source fails.
    pub async fn rotate_key(&self, at_once: bool) -> Result<PublicKey, Error> {
        let now = self.now();
        let ahead = if at_once { Duration::ZERO } else { PUBLISHED_AHEAD };
        let made = self.change_keys(now, Actor::Operator, move |_| Some(now.plus(ahead))).await?;
        let new = self.public_keys().into_iter().find(|key| Some(&key.kid) == made.as_ref());
        new.ok_or(Error::Internal("the new signing key is not there"))
    }

    /// Add a key that signs from when `next` says, remove the retired ones, and use what is there then. Returns the
    /// new key's name.
    async fn change_keys(
        &self,
        now: Timestamp,
        actor: Actor,
        next: impl Fn(&[Key]) -> Option<Timestamp> + Send + 'static,
    ) -> Result<Option<String>, Error> {
        // One change at a time, so that what is used is never older than what is stored.
        let _turn = self.0.key_change.lock().await;
        let seed = Zeroizing::new(self.0.random.bytes::<32>()?);
        let lifetime = self.0.rules.access_token_lifetime;
        let change = move |tx: &Tx| {
            let (mut all, mut made) = (keys::all(tx)?, None);
            if let Some(signs_from) = next(&all) {
                let key = Key::from_seed(&seed, now, signs_from);
                keys::insert(tx, &key)?;
                let event = Event::new(now, Action::KeyAdded, actor);
                audit::append(tx, &event.with(format_args!("{}, signs from {signs_from}", key.kid)))?;
                made = Some(key.kid.clone());
                all.push(key);
            }
            for kid in key::retired(&all, lifetime, now) {
                keys::remove(tx, &kid)?;
                audit::append(tx, &Event::new(now, Action::KeyRetired, Actor::Service).with(&kid))?;
                all.retain(|key| key.kid != kid);
            }
            Ok((all, made))
        };
        let (all, made) = self.0.store.write(change).await?;
        self.0.tokens.set(all);
        Ok(made)
    }
}
