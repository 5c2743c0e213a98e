//! The table of how many signed in, by hour: a few rows, whatever the size of the audit log and whether it is kept.

use redb::ReadableTable;

use super::{Reads, StoreError, Tx, row::fixed, transaction::Table};
use crate::domain::{hour::Hour, timestamp::Timestamp};

/// The hour's number, in 4 bytes, and in 8 how many signed in within it. Only hours that are told of have a row.
pub(super) const BY_HOUR: Table = Table::new("sign_ins_by_hour");

/// Count a sign-in at `now`.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be written.
pub fn count(tx: &Tx, now: Timestamp) -> Result<(), StoreError> {
    let hour = Hour::of(now);
    let mut table = tx.table_mut(BY_HOUR)?;
    let key = hour.number().to_be_bytes();
    let before = table.get(key.as_slice())?.map(|count| fixed(count.value())).transpose()?;
    let count = before.map_or(0, u64::from_be_bytes).saturating_add(1);
    table.insert(key.as_slice(), count.to_be_bytes().as_slice())?;
    if before.is_none() {
        // Hours to come are of a clock that ran ahead.
        let told = hour.first_told().number().to_be_bytes()..=key;
        table.retain(|key, _| told.start().as_slice() <= key && key <= told.end().as_slice())?;
    }
    Ok(())
}

/// The hours that are told of at `now` in which somebody signed in, oldest first, and how many did.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be read.
pub fn by_hour(tx: &impl Reads, now: Timestamp) -> Result<Vec<(Hour, u64)>, StoreError> {
    let hour = Hour::of(now);
    let rows = tx.table(BY_HOUR)?;
    let (first, last) = (hour.first_told().number().to_be_bytes(), hour.number().to_be_bytes());
    let rows = rows.range::<&[u8]>(first.as_slice()..=last.as_slice())?;
    rows.map(|row| {
        let (number, count) = row?;
        let (number, count) = (fixed(number.value())?, fixed(count.value())?);
        Ok((Hour::from_number(u32::from_be_bytes(number)), u64::from_be_bytes(count)))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use redb::{Database, ReadableTableMetadata, backends::InMemoryBackend};

    use super::*;

    #[test]
    fn hours_are_counted_apart_and_kept_for_a_day_wherever_the_clock_goes() {
        let database = Database::builder().create_with_backend(InMemoryBackend::new()).unwrap();
        let redb = database.begin_write().unwrap();
        let tx = Tx::new(&redb);
        let at = |hour: u64| Timestamp::from_unix(1_793_000_000 + hour * 3_600);
        for hour in (0..100).chain([9_999, 100, 100]) {
            count(&tx, at(hour)).unwrap();
            assert!(tx.table_mut(BY_HOUR).unwrap().len().unwrap() <= 24);
        }
        let found = by_hour(&tx, at(100)).unwrap();
        assert_eq!(found, [(Hour::of(at(100)), 2)], "the clock that ran ahead left nothing before it");
        count(&tx, at(101)).unwrap();
        assert_eq!(by_hour(&tx, at(101)).unwrap(), [(Hour::of(at(100)), 2), (Hour::of(at(101)), 1)]);
        assert_eq!(by_hour(&tx, at(124)).unwrap(), [(Hour::of(at(101)), 1)]);
    }
}
