//! The chain: what holds, what pruning leaves of it, and where a change to it is found.

use super::*;

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
        State { head, ..state }.write(tx);
        Ok(())
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
