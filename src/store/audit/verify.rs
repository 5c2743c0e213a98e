//! Checking that nothing was changed or removed.

use redb::{ReadableTable, ReadableTableMetadata};

use super::{AUDIT, BY_USER, NAME, by_user, row, state::State};
use crate::{
    domain::audit::{Break, Flaw, Mark, Progress},
    store::{Reads, StoreError, row::fixed},
};

/// Check at most `limit` entries after `after`, or from where the chain begins.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be read. A chain that does not hold is no error, but [`Progress::broken`].
pub fn verify(tx: &impl Reads, after: Option<Mark>, limit: usize) -> Result<Progress, StoreError> {
    let mut users = 0;
    walk(tx, after, limit, &mut users)
}

/// Check the whole chain, and that the lists of users' entries name what is there and nothing else. Return how many
/// entries there are.
///
/// # Errors
///
/// [`StoreError`] at the first entry that does not hold.
pub(in crate::store) fn check(tx: &impl Reads) -> Result<u64, StoreError> {
    let mut users = 0;
    let progress = walk(tx, None, usize::MAX, &mut users)?;
    if let Some(broken) = progress.broken {
        return Err(StoreError::Row { table: NAME, why: broken.to_string() });
    }
    if tx.table(BY_USER)?.len()? == users {
        Ok(progress.checked)
    } else {
        Err(StoreError::Inconsistent("a list of a user's audit entries names one which is not theirs"))
    }
}

/// Check, and count the users whom the entries involve.
fn walk(tx: &impl Reads, after: Option<Mark>, limit: usize, users: &mut u64) -> Result<Progress, StoreError> {
    let state = State::read(tx)?;
    // What was pruned since the step before is not missing.
    let resumed = after.filter(|after| after.number > state.start().number);
    let at = resumed.unwrap_or(state.start());
    // Nothing may stand before the beginning.
    let from = if resumed.is_some() { at.number.saturating_add(1) } else { 0 };
    let mut progress =
        Progress { at, checked: 0, head: state.head, pruned: state.pruned, broken: None, done: false };
    let (table, index) = (tx.table(AUDIT)?, tx.table(BY_USER)?);
    let mut rows = table.range::<&[u8]>(from.to_be_bytes().as_slice()..)?;
    for row in rows.by_ref().take(limit) {
        let (number, value) = row?;
        let number = u64::from_be_bytes(fixed(number.value())?);
        let mark = match follow(&progress, number, value.value()) {
            Ok(mark) => mark,
            Err(broken) => return Ok(broken_at(progress, broken)),
        };
        let Ok(stored) = row::decode(number, value.value()) else {
            return Ok(broken_at(progress, Break { number, flaw: Flaw::Unreadable }));
        };
        for user in stored.entry.event.users() {
            if index.get(by_user(user, number).as_slice())?.is_none() {
                return Ok(broken_at(progress, Break { number, flaw: Flaw::Unlisted }));
            }
            *users += 1;
        }
        progress.at = mark;
        progress.checked += 1;
    }
    progress.done = rows.next().transpose()?.is_none();
    if progress.done && progress.at != progress.head {
        let missing = Break { number: progress.at.number.saturating_add(1), flaw: Flaw::Missing };
        return Ok(broken_at(progress, missing));
    }
    Ok(progress)
}

/// The place of the entry `number`, if it is the next.
fn follow(progress: &Progress, number: u64, value: &[u8]) -> Result<Mark, Break> {
    let (at, head) = (progress.at, progress.head);
    let next = at.number.saturating_add(1);
    if number > next && next <= head.number {
        return Err(Break { number: next, flaw: Flaw::Missing });
    }
    if number != next || number > head.number {
        return Err(Break { number, flaw: Flaw::Extra });
    }
    let changed = Break { number, flaw: Flaw::Changed };
    let (link, text) = row::split(value).ok_or(changed)?;
    let mark = at.followed_by(text);
    let holds = mark.link == *link && (number != head.number || mark == head);
    if holds { Ok(mark) } else { Err(changed) }
}

fn broken_at(progress: Progress, broken: Break) -> Progress {
    Progress { broken: Some(broken), done: true, ..progress }
}
