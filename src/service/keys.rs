//! Signing keys: made, published, rotated, retired.

use zeroize::Zeroizing;

use super::{Asker, Error, Service, flatten};
use crate::{
    domain::{
        audit::{Action, Actor, Event},
        key::{self, Key, PUBLISHED_AHEAD},
        timestamp::Timestamp,
    },
    store::{StoreError, Tx, audit, keys},
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
    /// What it is doing now.
    pub state: key::State,
    /// When its last token expires, once a newer key is there.
    pub accepted_until: Option<Timestamp>,
}

/// From when on a new key shall sign, if there shall be one.
type Next = Result<Result<Option<Timestamp>, Error>, StoreError>;

impl Service {
    /// Every key whose tokens may still be valid, and the next one: oldest first.
    #[must_use]
    pub fn public_keys(&self) -> Vec<PublicKey> {
        let now = self.now();
        let keys: Vec<Key> = self.0.tokens.get().rings.iter().map(|ring| ring.key.clone()).collect();
        let lifetime = self.0.rules.access_token_lifetime;
        let public = |key: &Key| PublicKey {
            kid: key.kid.clone(),
            x: key.public(),
            pem: key.public_pem(),
            created_at: key.created_at,
            signs_from: key.signs_from,
            state: key::state(key, &keys, now),
            accepted_until: key::accepted_until(key, &keys, lifetime),
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
        let known: Vec<Key> = self.0.tokens.get().rings.iter().map(|ring| ring.key.clone()).collect();
        let (every, lifetime) = (rules.key_rotation, rules.access_token_lifetime);
        let idle = !known.is_empty()
            && !key::is_due(&known, every, now)
            && key::retired(&known, lifetime, now).is_empty();
        if idle {
            return Ok(());
        }
        let added = Event::new(now, Action::KeyAdded, Actor::Service);
        self.change_keys(now, added, move |_, keys| {
            // The first key must sign at once: there is no other.
            let first = keys.is_empty();
            let due = key::is_due(keys, every, now);
            Ok(Ok(due.then(|| if first { now } else { now.plus(PUBLISHED_AHEAD) })))
        })
        .await
        .map(|_| ())
    }

    /// Make the next key, and return it. It signs once every service has had time to fetch it; if one waits for that
    /// already, it is that one, so that the keys stay few however often this is asked for. With `at_once`, a new key signs
    /// now: services that kept the old JWKS refuse its tokens until they fetch it again.
    ///
    /// # Errors
    ///
    /// [`Error::PermissionMissing`] or [`Error::SessionEnded`] if that is not theirs to do; or that the database or the
    /// random source fails.
    pub async fn rotate_key(&self, asker: Asker, at_once: bool) -> Result<PublicKey, Error> {
        let now = self.now();
        let added = asker.event(now, Action::KeyAdded);
        let made = self.change_keys(now, added, move |tx, keys| {
            if let Err(refusal) = asker.authority(tx)? {
                return Ok(Err(refusal));
            }
            let waits = keys.iter().any(|key| key.signs_from > now);
            Ok(Ok(match (at_once, waits) {
                (true, _) => Some(now),
                (false, false) => Some(now.plus(PUBLISHED_AHEAD)),
                (false, true) => None,
            }))
        });
        let made = made.await?;
        let waits = |key: &PublicKey| made.is_none() && key.signs_from > now;
        let next = self.public_keys().into_iter().find(|key| Some(&key.kid) == made.as_ref() || waits(key));
        next.ok_or(Error::Internal("the next signing key is not there"))
    }

    /// Add a key that signs from when `next` says, noted as `added`, remove the retired ones, and use what is there then.
    /// Returns the new key's name.
    async fn change_keys(
        &self,
        now: Timestamp,
        added: Event,
        next: impl Fn(&Tx, &[Key]) -> Next + Send + 'static,
    ) -> Result<Option<String>, Error> {
        // One change at a time, so that what is used is never older than what is stored.
        let _turn = self.0.key_change.lock().await;
        let seed = Zeroizing::new(self.0.random.bytes::<32>()?);
        let lifetime = self.0.rules.access_token_lifetime;
        let master = self.0.rules.master_key.clone();
        let change = move |tx: &Tx| {
            let (mut all, mut made) = (keys::all(tx, master.as_ref())?, None);
            let next = match next(tx, &all)? {
                Ok(next) => next,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if let Some(signs_from) = next {
                let key = Key::from_seed(&seed, now, signs_from);
                keys::put(tx, &key, master.as_ref())?;
                let event = added.clone().with(format_args!("{}, signs from {signs_from}", key.kid));
                audit::append(tx, &event)?;
                made = Some(key.kid.clone());
                all.push(key);
            }
            for kid in key::retired(&all, lifetime, now) {
                keys::remove(tx, &kid)?;
                audit::append(tx, &Event::new(now, Action::KeyRetired, Actor::Service).with(&kid))?;
                all.retain(|key| key.kid != kid);
            }
            Ok(Ok((all, made)))
        };
        let (all, made) = flatten(self.0.store.write(change).await)?;
        self.0.tokens.set(all);
        Ok(made)
    }
}
