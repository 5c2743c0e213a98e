//! The table of what happened. Each entry carries a link to the one before; where the chain begins and ends stands in
//! the table of what there is one of, changed in the same transaction.

mod page;
mod prune;
mod row;
mod state;
mod verify;

pub use page::page;
pub use prune::prune;
pub use state::State;
pub(super) use state::create;
pub(super) use verify::check;
pub use verify::verify;

use super::{
    StoreError, Tx,
    transaction::{NOTHING, Table},
};
use crate::domain::{
    audit::{Action, Actor, Event},
    id::UserId,
    timestamp::Timestamp,
};

const NAME: &str = "audit";
/// By number, from 1, in 8 bytes. The value is the entry's link, 32 bytes, then its row.
pub(super) const AUDIT: Table = Table::new(NAME);
/// The user's identifier, then the entry's number: what involves a user stands together, oldest first. Without it, a
/// page of a user with few entries would read the whole log.
pub(super) const BY_USER: Table = Table::new("audit_by_user");

fn by_user(user: UserId, number: u64) -> [u8; 24] {
    let mut key = [0; 24];
    key[..16].copy_from_slice(user.as_bytes());
    key[16..].copy_from_slice(&number.to_be_bytes());
    key
}

/// Add an entry after the last, unless the log is switched off.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be written.
pub fn append(tx: &Tx, event: &Event) -> Result<(), StoreError> {
    let state = State::read(tx)?;
    if !state.recording {
        return Ok(());
    }
    let latest = state.latest.max(event.at);
    let text = row::encode(event, latest)?;
    let head = state.head.followed_by(&text);
    tx.table_mut(AUDIT)?
        .insert(head.number.to_be_bytes().as_slice(), [&head.link, text.as_slice()].concat().as_slice())?;
    let mut index = tx.table_mut(BY_USER)?;
    for user in event.users() {
        index.insert(by_user(user, head.number).as_slice(), NOTHING)?;
    }
    State { head, latest, ..state }.write(tx);
    Ok(())
}

/// Switch the log on or off, and return whether it was the other way before. Either is an entry of the log itself.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be written.
pub fn set_recording(tx: &Tx, on: bool, now: Timestamp) -> Result<bool, StoreError> {
    if State::read(tx)?.recording == on {
        return Ok(false);
    }
    let event = |action| Event::new(now, action, Actor::Service);
    if !on {
        append(tx, &event(Action::AuditStopped))?;
    }
    State { recording: on, ..State::read(tx)? }.write(tx);
    if on {
        append(tx, &event(Action::AuditResumed))?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
