//! A log of known entries to try things on.

mod chain;
mod pages;

use std::time::Duration;

use redb::{Database, ReadableDatabase, backends::InMemoryBackend};

use super::{page::scan, *};
use crate::{
    domain::{
        audit::{Filter, Flaw, Mark, Order, Outcome, Query},
        id::SessionId,
        mac::MacKey,
        wallet::Address,
    },
    store::{Reads, schema, transaction::commit},
};

const HOUR: u64 = 3600;

fn user(number: u8) -> UserId {
    UserId::new(1_000 + u64::from(number), [number; 10])
}

/// What happens in hour `hour`: users 1, 2 and 3 in turn sign in, every fifth is refused, user 9 is locked by user 1 in hour 7.
fn event(hour: u64) -> Event {
    let at = Timestamp::from_unix(hour * HOUR);
    if hour == 7 {
        return Event::new(at, Action::UserLocked, Actor::User(user(1)))
            .about(user(9), Address::from_bytes([9; 20]));
    }
    let id = user(1 + u8::try_from(hour % 3).unwrap());
    let event = Event::new(at, Action::SignIn, Actor::User(id)).about(id, Address::from_bytes([1; 20]));
    let event = event.in_session(SessionId::from_bytes([5; 16]));
    if hour.is_multiple_of(5) { event.refused("not today") } else { event }
}

struct Log(Database);

impl Log {
    fn empty() -> Self {
        let log = Self(Database::builder().create_with_backend(InMemoryBackend::new()).unwrap());
        log.write(|tx| schema::create(tx, &MacKey::from_bytes([1; 32])));
        log
    }

    /// A log of the hours 1 to `length`: entry n tells of hour n.
    fn of(length: u64) -> Self {
        let log = Self::empty();
        log.write(|tx| (1..=length).try_for_each(|hour| append(tx, &event(hour))));
        log
    }

    fn write<T>(&self, change: impl FnOnce(&Tx) -> Result<T, StoreError>) -> T {
        commit(self.0.begin_write().unwrap(), None, change).unwrap().0
    }

    fn prune(&self, before_hour: u64, limit: usize) -> usize {
        let before = Timestamp::from_unix(before_hour * HOUR);
        self.write(|tx| prune(tx, before, limit, Timestamp::from_unix(1_000 * HOUR)))
    }

    /// Where the chain is broken, or how many entries hold. Steps of every size come to the same.
    fn verify(&self) -> Result<u64, (u64, Flaw)> {
        let tx = self.0.begin_read().unwrap();
        let outcomes: Vec<_> = [1, 7, 1000].map(|step| verify_in_steps(&tx, step)).into();
        assert_eq!(outcomes[0], outcomes[1]);
        assert_eq!(outcomes[0], outcomes[2]);
        let whole = check(&tx);
        assert_eq!(whole.is_ok(), outcomes[0].is_ok(), "{whole:?}");
        outcomes[0]
    }

    fn row(&self, number: u64) -> Vec<u8> {
        let table = self.0.begin_read().unwrap().open_table(AUDIT).unwrap();
        table.get(number.to_be_bytes().as_slice()).unwrap().unwrap().value().to_vec()
    }

    fn put(&self, number: u64, row: &[u8]) {
        self.write(|tx| Ok(tx.table_mut(AUDIT)?.insert(number.to_be_bytes().as_slice(), row).map(|_| ())?));
    }

    fn remove(&self, number: u64) {
        self.write(|tx| Ok(tx.table_mut(AUDIT)?.remove(number.to_be_bytes().as_slice()).map(|_| ())?));
    }

    fn head(&self) -> Mark {
        State::read(&self.0.begin_read().unwrap()).unwrap().head
    }

    fn numbers(&self, query: &Query, most: usize) -> (Vec<u64>, Option<u64>) {
        let page = scan(&self.0.begin_read().unwrap(), query, most).unwrap();
        (page.entries.iter().map(|entry| entry.mark.number).collect(), page.next)
    }
}

fn verify_in_steps(tx: &impl Reads, step: usize) -> Result<u64, (u64, Flaw)> {
    let (mut after, mut checked) = (None, 0);
    loop {
        let progress = verify(tx, after, step).unwrap();
        checked += progress.checked;
        match progress.broken {
            Some(broken) => return Err((broken.number, broken.flaw)),
            None if progress.done => return Ok(checked),
            None => after = Some(progress.at),
        }
    }
}

fn all(order: Order) -> Query {
    Query { filter: Filter::default(), order, beyond: None, limit: 1000 }
}
