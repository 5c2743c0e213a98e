//! What is recorded, and reading it page by page.

use super::*;

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
