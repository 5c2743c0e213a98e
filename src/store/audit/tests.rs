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
    store::{Reads, schema},
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
        let tx = Tx::new(self.0.begin_write().unwrap());
        let done = change(&tx).unwrap();
        tx.commit().unwrap();
        done
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

#[test]
fn a_log_holds_when_empty_when_written_and_when_all_of_it_was_pruned() {
    let log = Log::of(0);
    assert_eq!((log.verify(), log.head()), (Ok(0), Mark::START));
    log.write(|tx| (1..=30).try_for_each(|hour| append(tx, &event(hour))));
    assert_eq!((log.verify(), log.head().number), (Ok(30), 30));

    assert_eq!(log.prune(11, 4), 4, "no more than asked for");
    assert_eq!(log.verify(), Ok(26));
    assert_eq!(log.prune(11, 100), 6);
    assert_eq!(log.prune(11, 100), 0);
    assert_eq!((log.verify(), log.head().number), (Ok(20), 30));
    let pruned = verify(&log.0.begin_read().unwrap(), None, 1).unwrap().pruned.unwrap();
    assert_eq!((pruned.up_to.number, pruned.count, pruned.at.unix()), (10, 10, 1_000 * HOUR));

    assert_eq!(log.prune(99, 100), 20);
    assert_eq!(log.verify(), Ok(0));
    log.write(|tx| append(tx, &event(31)));
    assert_eq!((log.verify(), log.head().number), (Ok(1), 31), "numbers go on");
}

#[test]
fn a_check_that_retention_overtakes_goes_on_where_the_chain_begins_now() {
    let log = Log::of(30);
    let progress = verify(&log.0.begin_read().unwrap(), None, 5).unwrap();
    assert_eq!((progress.at.number, progress.done), (5, false));
    log.prune(21, 100);
    let progress = verify(&log.0.begin_read().unwrap(), Some(progress.at), 100).unwrap();
    assert_eq!((progress.checked, progress.broken, progress.done), (10, None, true));
}

/// The entries of a log of thirty, once whole and once with ten pruned.
fn logs() -> [(Log, u64); 2] {
    let pruned = Log::of(30);
    pruned.prune(11, 100);
    [(Log::of(30), 1), (pruned, 11)]
}

#[test]
fn a_changed_byte_is_found_at_its_entry_wherever_it_is() {
    for (log, first) in logs() {
        for number in first..=30 {
            let row = log.row(number);
            for at in 0..row.len() {
                // Each byte of the link, and every seventh of the text.
                if at > 32 && at % 7 != 0 {
                    continue;
                }
                let mut changed = row.clone();
                changed[at] ^= 1;
                log.put(number, &changed);
                assert_eq!(log.verify(), Err((number, Flaw::Changed)), "byte {at} of entry {number}");
            }
            for cut in [0, 10, 32, row.len() - 1] {
                log.put(number, &row[..cut]);
                assert_eq!(log.verify(), Err((number, Flaw::Changed)), "entry {number} cut to {cut}");
            }
            log.put(number, &row);
            assert_eq!(log.verify(), Ok(31 - first));
        }
    }
}

#[test]
fn a_changed_entry_with_a_link_that_fits_is_found_by_what_follows_or_by_the_head() {
    for (log, first) in logs() {
        for number in first..=30 {
            let row = log.row(number);
            let text = String::from_utf8(row[32..].to_vec()).unwrap().replace("sign_in", "sign_out");
            let before = if number == 1 {
                Mark::START
            } else {
                let pruned = verify(&log.0.begin_read().unwrap(), None, 1).unwrap().pruned;
                pruned.map(|pruned| pruned.up_to).filter(|mark| mark.number == number - 1).unwrap_or_else(
                    || Mark { number: number - 1, link: log.row(number - 1)[..32].try_into().unwrap() },
                )
            };
            let forged = before.followed_by(text.as_bytes());
            log.put(number, &[&forged.link, text.as_bytes()].concat());
            let expected = if number == 7 {
                Ok(30) // It is no sign-in: nothing was changed.
            } else {
                Err(((number + 1).min(30), Flaw::Changed))
            };
            assert_eq!(log.verify(), expected, "entry {number}");
            log.put(number, &row);
        }
    }
}

#[test]
fn two_entries_that_changed_places_are_found_at_the_first() {
    for (log, first) in logs() {
        for one in first..=30 {
            for other in one + 1..=30 {
                let rows = (log.row(one), log.row(other));
                log.put(one, &rows.1);
                log.put(other, &rows.0);
                assert_eq!(log.verify(), Err((one, Flaw::Changed)), "{one} and {other}");
                log.put(one, &rows.0);
                log.put(other, &rows.1);
            }
        }
        assert_eq!(log.verify(), Ok(31 - first));
    }
}

#[test]
fn removed_entries_are_found_at_the_first_at_both_ends_too() {
    for (log, first) in logs() {
        for number in first..=30 {
            let row = log.row(number);
            log.remove(number);
            assert_eq!(log.verify(), Err((number, Flaw::Missing)), "entry {number}");
            log.put(number, &row);
        }
        let rows: Vec<_> = (first..=30).map(|number| (number, log.row(number))).collect();
        for (number, _) in rows.iter().rev() {
            log.remove(*number);
            assert_eq!(log.verify(), Err((*number, Flaw::Missing)), "all from entry {number} on");
        }
        for (number, row) in &rows {
            log.put(*number, row);
        }
        for (number, _) in &rows {
            log.remove(*number);
            assert_eq!(log.verify(), Err((first, Flaw::Missing)), "all up to entry {number}");
        }
    }
}

#[test]
fn a_renumbered_or_added_entry_is_found() {
    for (log, first) in logs() {
        for number in first..=30 {
            let row = log.row(number);
            log.remove(number);
            for other in [0, first - 1, 31, 100, u64::MAX] {
                log.put(other, &row);
                let expected = if other < first { (other, Flaw::Extra) } else { (number, Flaw::Missing) };
                assert_eq!(log.verify(), Err(expected), "{number} as {other}");
                log.remove(other);
            }
            log.put(number, &row);
            for added in [0, first - 1, 31, u64::MAX] {
                log.put(added, &row);
                assert_eq!(log.verify(), Err((added, Flaw::Extra)), "{number} once more as {added}");
                log.remove(added);
            }
        }
    }
}

#[test]
fn an_entry_after_a_truncated_end_does_not_hide_the_gap() {
    let log = Log::of(30);
    for number in 25..=30 {
        log.remove(number);
    }
    log.write(|tx| append(tx, &event(31)));
    assert_eq!(log.verify(), Err((25, Flaw::Missing)));
}

#[test]
fn an_entry_that_follows_but_tells_nothing_is_found() {
    let log = Log::of(3);
    log.write(|tx| {
        let state = State::read(tx)?;
        let head = state.head.followed_by(b"nothing");
        tx.table_mut(AUDIT)?.insert(
            4_u64.to_be_bytes().as_slice(),
            [&head.link, b"nothing".as_slice()].concat().as_slice(),
        )?;
        State { head, ..state }.write(tx)
    });
    assert_eq!(log.verify(), Err((4, Flaw::Unreadable)));
}

#[test]
fn lists_of_users_are_checked_both_ways() {
    let log = Log::of(30);
    let change = |key: [u8; 24], there: bool| {
        log.write(|tx| {
            let mut index = tx.table_mut(BY_USER)?;
            drop(if there {
                index.insert(key.as_slice(), NOTHING)?
            } else {
                index.remove(key.as_slice())?
            });
            Ok(())
        });
    };
    for (id, number) in [(user(2), 1), (user(1), 7), (user(9), 7), (user(1), 30)] {
        change(by_user(id, number), false);
        assert_eq!(log.verify(), Err((number, Flaw::Unlisted)));
        change(by_user(id, number), true);
    }
    for (id, number) in [(user(8), 1), (user(1), 31), (user(2), 2)] {
        change(by_user(id, number), true);
        assert!(check(&log.0.begin_read().unwrap()).is_err(), "{id} at {number}");
        change(by_user(id, number), false);
    }
    assert_eq!(log.verify(), Ok(30));
    log.prune(11, 100);
    assert_eq!(log.verify(), Ok(20), "pruning takes them off the lists");
}

#[test]
#[rustfmt::skip]
fn a_filter_gives_what_fits_both_ways() {
    let log = Log::of(30);
    let at = |hour| Some(Timestamp::from_unix(hour * HOUR));
    let all: Vec<u64> = (1..=30).collect();
    let of = |keep: &dyn Fn(u64) -> bool| all.iter().copied().filter(|hour| keep(*hour)).collect::<Vec<_>>();
    let none = Filter::default();
    let cases = [
        // case                  filter                                                                     hours
        ("everything",           none,                                                                      of(&|_| true)),
        ("one user",             Filter { user: Some(user(1)), ..none },                                    of(&|n| n % 3 == 0 || n == 7)),
        ("whom it was done to",  Filter { user: Some(user(9)), ..none },                                    vec![7]),
        ("a stranger",           Filter { user: Some(user(100)), ..none },                                  vec![]),
        ("an action",            Filter { action: Some(Action::UserLocked), ..none },                       vec![7]),
        ("an action that never was", Filter { action: Some(Action::KeyAdded), ..none },                     vec![]),
        ("refused",              Filter { outcome: Some(Outcome::Refused), ..none },                        of(&|n| n % 5 == 0)),
        ("from",                 Filter { from: at(20), ..none },                                           of(&|n| n >= 20)),
        ("to",                   Filter { to: at(20), ..none },                                             of(&|n| n < 20)),
        ("from and to",          Filter { from: at(20), to: at(22), ..none },                               vec![20, 21]),
        ("from after to",        Filter { from: at(22), to: at(20), ..none },                               vec![]),
        ("all at once",          Filter { user: Some(user(1)), action: Some(Action::SignIn), outcome: Some(Outcome::Refused), from: at(10), to: at(30) }, vec![15]),
    ];
    for (case, filter, hours) in cases {
        for order in [Order::OldestFirst, Order::NewestFirst] {
            let mut expected = hours.clone();
            if order == Order::NewestFirst {
                expected.reverse();
            }
            let whole = Query { filter, order, beyond: None, limit: 1000 };
            assert_eq!(log.numbers(&whole, 1000), (expected.clone(), None), "{case}, {order:?}");
            // Page by page, whatever is looked at and given in one, it is the same.
            for (limit, most) in [(1, 1000), (3, 1000), (1000, 1), (1000, 7), (2, 3)] {
                let (mut found, mut beyond) = (Vec::new(), None);
                loop {
                    let (numbers, next) = log.numbers(&Query { beyond, limit, ..whole }, most);
                    assert!(numbers.len() <= limit);
                    found.extend(numbers);
                    match next {
                        Some(_) => { assert_ne!(next, beyond); beyond = next; }
                        None => break,
                    }
                }
                assert_eq!(found, expected, "{case}, {order:?}, {limit} of {most}");
            }
        }
    }
}

#[test]
fn a_page_of_a_user_with_few_entries_does_not_look_at_those_of_others() {
    let log = Log::of(30);
    let filter = Filter { user: Some(user(9)), ..Filter::default() };
    assert_eq!(log.numbers(&Query { filter, ..all(Order::NewestFirst) }, 1), (vec![7], None));
}

#[test]
fn a_page_that_is_old_enough_ends_although_the_log_goes_on() {
    let log = Log::of(30);
    let filter = Filter { from: Some(Timestamp::from_unix(30 * HOUR)), ..Filter::default() };
    assert_eq!(log.numbers(&Query { filter, ..all(Order::NewestFirst) }, 2), (vec![30], None));
}

#[test]
fn a_clock_that_was_put_back_hides_nothing() {
    let log = Log::of(5);
    let back = |hour: u64| Event { at: Timestamp::from_unix(hour * HOUR), ..event(6) };
    log.write(|tx| [back(1), back(2), event(8)].iter().try_for_each(|event| append(tx, event)));
    let since = |hour: u64| Filter { from: Some(Timestamp::from_unix(hour * HOUR)), ..Filter::default() };
    let newest = |filter| log.numbers(&Query { filter, ..all(Order::NewestFirst) }, 1000).0;
    assert_eq!(newest(since(4)), [8, 5, 4]);
    assert_eq!(newest(since(2)), [8, 7, 5, 4, 3, 2]);
    assert_eq!(log.verify(), Ok(8));
    assert_eq!(
        log.prune(3, 100),
        2,
        "the chain is pruned from its beginning, up to the first that is not old"
    );
    assert_eq!(log.verify(), Ok(6));
}

#[test]
fn pages_stay_as_they_are_while_entries_are_added_and_pruned() {
    let log = Log::of(30);
    let query = Query { limit: 10, ..all(Order::NewestFirst) };
    let (first, next) = log.numbers(&query, 1000);
    assert_eq!((first, next), ((21..=30).rev().collect(), Some(21)));
    log.write(|tx| (31..=50).try_for_each(|hour| append(tx, &event(hour))));
    log.prune(6, 100);
    let (second, next) = log.numbers(&Query { beyond: next, ..query }, 1000);
    assert_eq!((second, next), ((11..=20).rev().collect(), Some(11)));
    let (third, next) = log.numbers(&Query { beyond: next, ..query }, 1000);
    assert_eq!((third, next), ((6..=10).rev().collect(), None));
}

#[test]
fn what_is_switched_off_records_nothing_but_that_it_was() {
    let log = Log::of(3);
    let at = |hour: u64| Timestamp::from_unix(hour * HOUR);
    let switch = |on, hour| log.write(|tx| set_recording(tx, on, at(hour)));
    assert!(!switch(true, 4));
    assert!(switch(false, 4));
    assert!(!switch(false, 5));
    log.write(|tx| append(tx, &event(6)));
    assert!(switch(true, 9));
    log.write(|tx| append(tx, &event(10)));
    let page = page(&log.0.begin_read().unwrap(), &all(Order::OldestFirst)).unwrap();
    let told: Vec<_> = page.entries[3..].iter().map(|entry| (entry.event.action, entry.event.at)).collect();
    let expected = [(Action::AuditStopped, at(4)), (Action::AuditResumed, at(9)), (Action::SignIn, at(10))];
    assert_eq!(told, expected);
    assert_eq!(log.verify(), Ok(6));
}

#[test]
fn an_entry_holds_all_of_an_event() {
    let log = Log::empty();
    let whole =
        Event { ip: Some([192, 0, 2, 1].into()), request_id: Some("r".into()), ..event(5).with("a detail") };
    let bare =
        Event::new(Timestamp::from_unix(0).plus(Duration::from_secs(1)), Action::KeyAdded, Actor::Operator);
    log.write(|tx| [&whole, &bare].into_iter().try_for_each(|event| append(tx, event)));
    let page = page(&log.0.begin_read().unwrap(), &all(Order::OldestFirst)).unwrap();
    assert_eq!(page.entries.iter().map(|entry| &entry.event).collect::<Vec<_>>(), [&whole, &bare]);
    assert_eq!(page.entries[1].mark, log.head());
}
