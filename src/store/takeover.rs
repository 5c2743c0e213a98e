//! What is done with a database that turns out to be a copy that was put back: all its sessions end, and who was locked
//! since is locked again.

use std::path::Path;

use redb::{Database, ReadTransaction, ReadableDatabase as _, ReadableTable as _};
use serde::{Deserialize, Serialize};

use super::{
    OpenError, Reads, StoreError, Tx,
    guard::{self, Content, Seen},
    lineage::{self, Lineage},
    meta::META,
    open,
    row::{decode, encode},
    sessions, users,
};
use crate::domain::{role::Role, timestamp::Timestamp, user::User};

const NAME: &str = "meta";
const KEY: &[u8] = b"taken_over";

/// What was done with a copy that was put back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Takeover {
    /// How it was noticed.
    pub why: String,
    /// How many sessions ended.
    pub sessions: u64,
    /// How many accounts were locked again.
    pub locked: u64,
}

/// What a database is, seen beside its guard.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The one that was open last.
    Same,
    /// New, or of a version that had no guard: nothing says that it was ever replaced.
    Unguarded,
    /// A copy that was put back, and how that shows.
    Restored(String),
}

/// Say what a database is that says this of itself.
pub(super) fn judge(database: Option<Lineage>, copied_at: Option<Timestamp>, seen: &Seen) -> Verdict {
    let why = match (database, seen) {
        _ if copied_at.is_some() => {
            let at = copied_at.map_or_else(String::new, |at| at.to_string());
            format!("it is a backup as of {at}")
        }
        // The second was made, or taken over, and nothing was written to it since: the guard was just not there yet.
        (None | Some(Lineage { commits: 0, .. }), Seen::Nothing) => return Verdict::Unguarded,
        (Some(_), Seen::Nothing) => "there is no guard file beside it".into(),
        (_, Seen::Unreadable) => "the guard file beside it cannot be read".into(),
        (None, Seen::There(_)) => "it is older than the guard file beside it".into(),
        (Some(found), Seen::There(guard)) if found.instance != guard.lineage.instance => {
            "it is another database than was here before".into()
        }
        (Some(found), Seen::There(guard)) if found.commits < guard.lineage.commits => {
            let missing = guard.lineage.commits - found.commits;
            format!("it is as it was {missing} changes ago")
        }
        (Some(_), Seen::There(_)) => return Verdict::Same,
    };
    Verdict::Restored(why)
}

/// Say what the database at `path` is.
pub(super) fn verdict(
    path: &Path,
    (lineage, copied_at): (Option<Lineage>, Option<Timestamp>),
) -> Result<(Verdict, Seen), OpenError> {
    let seen = guard::read(path).map_err(|source| open::io_error(&guard::path(path), source))?;
    Ok((judge(lineage, copied_at, &seen), seen))
}

/// Make sure that the guard beside `database`, which is open, tells of it; take it over first if it is a copy.
pub(super) fn settle(path: &Path, database: &Database, key: &[u8; 32]) -> Result<(), OpenError> {
    let failed = |source| OpenError::Prepare { path: path.to_owned(), source };
    let says = |tx: &ReadTransaction| Ok((Lineage::read(tx)?, lineage::copied_at(tx)?));
    let read = || database.begin_read().map_err(StoreError::from);
    let (found, copied_at) = read().and_then(|tx| says(&tx)).map_err(failed)?;
    let (verdict, seen) = verdict(path, (found, copied_at))?;
    match verdict {
        Verdict::Same => return Ok(()),
        Verdict::Unguarded if found.is_some() => {}
        Verdict::Unguarded => open::prepare(path, database, |tx| Lineage::new(key, None).write(tx))?,
        Verdict::Restored(why) => {
            let guard = if let Seen::There(content) = seen { Some(content) } else { None };
            open::prepare(path, database, |tx| take_over(tx, key, found, guard.as_ref(), &why))?;
        }
    }
    guard::write(path, &Content::of_database(database).map_err(failed)?)
        .map_err(|source| open::io_error(&guard::path(path), source))
}

fn take_over(
    tx: &Tx,
    key: &[u8; 32],
    found: Option<Lineage>,
    guard: Option<&Content>,
    why: &str,
) -> Result<(), StoreError> {
    let ended = sessions::clear(tx)?;
    let mut locked = 0;
    for (id, lock) in guard.iter().flat_map(|guard| &guard.locked) {
        // Not one that has it as a hardware wallet.
        let own = |user: &User| user.address == lock.address;
        let by_address = || Ok::<_, StoreError>(users::find_by_address(tx, &lock.address)?.filter(own));
        match users::find(tx, *id)?.map_or_else(by_address, |user| Ok(Some(user)))? {
            Some(user) if user.locked_at.is_some() => {}
            Some(user) => {
                users::update(tx, &User { locked_at: Some(lock.at), ..user })?;
                locked += 1;
            }
            // Made and locked since: without a row, its owner could register again.
            None => {
                let user = User::new(*id, lock.address, Role::User, lock.at);
                users::insert(tx, &User { locked_at: Some(lock.at), ..user })?;
                locked += 1;
            }
        }
    }
    // If this was done before, and cut short before the guard was written, that is to be told too.
    let before = told(tx)?;
    let (ended_before, locked_before) = before.map_or((0, 0), |one| (one.sessions, one.locked));
    let (sessions, locked) = (ended + ended_before, locked + locked_before);
    let takeover = Takeover { why: why.to_owned(), sessions, locked };
    tx.table_mut(META)?.insert(KEY, encode(NAME, &takeover)?.as_slice())?;
    Lineage::new(key, Some(found.unwrap_or(Lineage { instance: [0; 16], commits: 0 }))).write(tx)
}

/// What was done with this database that nobody has been told of yet.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be read.
pub fn told(tx: &impl Reads) -> Result<Option<Takeover>, StoreError> {
    let table = tx.table(META)?;
    let value = table.get(KEY)?;
    value.map(|value| decode(NAME, value.value())).transpose()
}

/// The same, and have it told no more.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be written.
pub fn tell(tx: &Tx) -> Result<Option<Takeover>, StoreError> {
    let takeover = told(tx)?;
    if takeover.is_some() {
        tx.table_mut(META)?.remove(KEY)?;
    }
    Ok(takeover)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_copy_shows_by_its_mark_its_age_its_name_or_a_guard_that_is_not_its() {
        let lineage = |instance: u8, commits| Lineage { instance: [instance; 16], commits };
        let there = |instance, commits| {
            Seen::There(Content { lineage: lineage(instance, commits), locked: BTreeMap::new() })
        };
        let backup = Some(Timestamp::from_unix(1));
        #[rustfmt::skip]
        let cases = [
            // case                              the database says         marked  beside it         expected
            ("the same",                         Some(lineage(1, 5)),      None,   there(1, 5),      "same"),
            ("further than the guard",           Some(lineage(1, 6)),      None,   there(1, 5),      "same"),
            ("the first start with a guard",     None,                     None,   Seen::Nothing,    "unguarded"),
            ("just made",                        Some(lineage(1, 0)),      None,   Seen::Nothing,    "unguarded"),
            ("an older copy",                    Some(lineage(1, 4)),      None,   there(1, 5),      "1 changes ago"),
            ("of another machine",               Some(lineage(2, 9)),      None,   there(1, 5),      "another database"),
            ("of another machine to a new one",  Some(lineage(2, 9)),      None,   Seen::Nothing,    "no guard file"),
            ("of a version without a guard",     None,                     None,   there(1, 5),      "older than the guard"),
            ("beside a torn guard",              Some(lineage(1, 5)),      None,   Seen::Unreadable, "cannot be read"),
            ("a backup of this very moment",     Some(lineage(1, 5)),      backup, there(1, 5),      "a backup as of 1970"),
            ("a backup on a new machine",        Some(lineage(1, 0)),      backup, Seen::Nothing,    "a backup as of 1970"),
        ];
        for (case, database, marked, seen, expected) in cases {
            let told = match judge(database, marked, &seen) {
                Verdict::Same => "same".to_owned(),
                Verdict::Unguarded => "unguarded".to_owned(),
                Verdict::Restored(why) => why,
            };
            assert!(told.contains(expected), "{case}: {told}");
        }
    }
}
