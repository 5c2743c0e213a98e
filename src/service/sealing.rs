//! Sealing the keys in the database with the master key, and replacing them when it is lost.

use zeroize::Zeroizing;

use super::{Error, flatten};
use crate::{
    clock::Clock,
    domain::{
        audit::{Action, Actor, Event},
        key::{Key, PUBLISHED_AHEAD},
        mac::MacKey,
        seal::MasterKey,
        timestamp::Timestamp,
    },
    random::Random,
    store::{Store, StoreError, Tx, audit, keys, meta, sessions},
};

/// The key that marks tokens and cookies, after everything was sealed that shall be.
pub(super) async fn mac_key(
    store: &Store,
    clock: &Clock,
    random: &Random,
    master: Option<&MasterKey>,
) -> Result<MacKey, Error> {
    if let Some(master) = master
        && !store.read(meta::is_sealed)?
    {
        seal(store, clock.now(), random, master.clone()).await?;
    }
    Ok(store.read(|tx| meta::mac_key(tx, master))?)
}

/// Seal the keys of a database that had no master key so far.
///
/// Pages of the file that are free now may still show them as they were, and so may older copies. So none of them stays
/// in use: the next signing key is made at once and takes over as soon as every service knows it, and the key that marks
/// cookies and refresh tokens is replaced, which ends all sessions.
async fn seal(store: &Store, now: Timestamp, random: &Random, master: MasterKey) -> Result<(), Error> {
    let mac = MacKey::from_bytes(random.bytes()?);
    let seed = Zeroizing::new(random.bytes::<32>()?);
    let change = move |tx: &Tx| {
        let known = keys::all(tx, None)?;
        for key in &known {
            keys::put(tx, key, Some(&master))?;
        }
        meta::set_mac_key(tx, &mac, Some(&master))?;
        let ended = sessions::clear(tx)?;
        // A new database has none: its first one is made sealed.
        if !known.is_empty() {
            let next = Key::from_seed(&seed, now, now.plus(PUBLISHED_AHEAD));
            keys::put(tx, &next, Some(&master))?;
            note(tx, now, Action::KeysSealed, Actor::Service, &next, ended)?;
        }
        Ok((!known.is_empty()).then_some(ended))
    };
    if let Some(ended) = store.write(change).await? {
        tracing::warn!(
            ended,
            "the keys in the database are sealed with MASTER_KEY from now on; all sessions were ended, because the keys \
             stood there in the clear before"
        );
    }
    Ok(())
}

/// Replace every key, without opening the old ones, and end all sessions: for when the master key is lost or changed.
/// The new ones are sealed with `master`, if there is one. Returns the name of the key that signs now, and how many
/// sessions ended.
///
/// # Errors
///
/// [`Error`] if the database or the random source fails.
pub async fn reset_keys(
    store: &Store,
    clock: &Clock,
    random: &Random,
    master: Option<MasterKey>,
) -> Result<(String, u64), Error> {
    let now = clock.now();
    let mac = MacKey::from_bytes(random.bytes()?);
    let key = Key::from_seed(&Zeroizing::new(random.bytes::<32>()?), now, now);
    let change = move |tx: &Tx| {
        keys::clear(tx)?;
        keys::put(tx, &key, master.as_ref())?;
        meta::set_mac_key(tx, &mac, master.as_ref())?;
        let ended = sessions::clear(tx)?;
        note(tx, now, Action::KeysReset, Actor::Operator, &key, ended)?;
        Ok(Ok((key.kid.clone(), ended)))
    };
    flatten(store.write(change).await)
}

fn note(
    tx: &Tx,
    now: Timestamp,
    action: Action,
    actor: Actor,
    key: &Key,
    ended: u64,
) -> Result<(), StoreError> {
    let detail = format!("{}, signs from {}; sessions ended: {ended}", key.kid, key.signs_from);
    audit::append(tx, &Event::new(now, action, actor).with(detail))
}
