//! Reading the log, a page at a time.

use redb::ReadableTable;

use super::{
    AUDIT, BY_USER, by_user,
    row::{Stored, decode},
};
use crate::{
    domain::audit::{Order, Page, Query},
    store::{Reads, StoreError, row::fixed},
};

/// The most entries that a page looks at, so that a filter that fits few of them does not read the whole log at once.
const SCAN: usize = 10_000;

/// The entries that `query` asks for, as far as one page goes.
///
/// A page of everything, or of one user, takes the same time however long the log is.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be read.
pub fn page(tx: &impl Reads, query: &Query) -> Result<Page, StoreError> {
    scan(tx, query, SCAN)
}

/// The same, of at most `most` entries looked at.
pub(super) fn scan(tx: &impl Reads, query: &Query, most: usize) -> Result<Page, StoreError> {
    let (first, last) = match (query.order, query.beyond) {
        (_, None) => (0, u64::MAX),
        (Order::NewestFirst, Some(number)) => (0, number.saturating_sub(1)),
        (Order::OldestFirst, Some(number)) => (number.saturating_add(1), u64::MAX),
    };
    let table = tx.table(AUDIT)?;
    if let Some(user) = query.filter.user {
        let index = tx.table(BY_USER)?;
        let keys = index.range::<&[u8]>(by_user(user, first).as_slice()..=by_user(user, last).as_slice())?;
        let stored = |key: &[u8]| {
            let number = fixed(key.get(16..).unwrap_or_default())?;
            let value = table.get(number.as_slice())?;
            let value =
                value.ok_or(StoreError::Inconsistent("a user's list names an audit entry that is gone"))?;
            decode(u64::from_be_bytes(number), value.value())
        };
        walk(query, most, keys.map(|row| stored(row?.0.value())))
    } else {
        let rows = table.range::<&[u8]>(first.to_be_bytes().as_slice()..=last.to_be_bytes().as_slice())?;
        let rows = rows.map(|row| {
            let (number, value) = row?;
            decode(u64::from_be_bytes(fixed(number.value())?), value.value())
        });
        walk(query, most, rows)
    }
}

fn walk(
    query: &Query,
    most: usize,
    rows: impl DoubleEndedIterator<Item = Result<Stored, StoreError>>,
) -> Result<Page, StoreError> {
    match query.order {
        Order::OldestFirst => collect(query, most, rows),
        Order::NewestFirst => collect(query, most, rows.rev()),
    }
}

fn collect(
    query: &Query,
    most: usize,
    rows: impl Iterator<Item = Result<Stored, StoreError>>,
) -> Result<Page, StoreError> {
    let (mut entries, mut last) = (Vec::new(), None);
    for (seen, stored) in rows.enumerate() {
        if entries.len() == query.limit || seen == most {
            return Ok(Page { entries, next: last });
        }
        let Stored { entry, latest } = stored?;
        // Neither this entry nor any before it is late enough.
        if query.order == Order::NewestFirst && query.filter.from.is_some_and(|from| latest < from) {
            break;
        }
        last = Some(entry.mark.number);
        if query.filter.matches(&entry.event) {
            entries.push(entry);
        }
    }
    Ok(Page { entries, next: None })
}
