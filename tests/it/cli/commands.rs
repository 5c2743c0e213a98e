//! Commands while others use the same data: each change is made once, whoever has the database just then.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    thread,
};

use lucid_auth::domain::audit::Action;

use super::{audited, done, files, json, place};
use crate::{process::Service, wallet::Wallet};

#[test]
fn commands_that_meet_over_an_empty_folder_all_succeed() {
    for _ in 0..3 {
        let (_folder, data) = place();
        thread::scope(|scope| {
            let data = &data;
            scope.spawn(move || Service::start(data).stop());
            for number in 0..4 {
                let address = Wallet::new(number).address.to_string();
                scope.spawn(move || done(data, &["user", "add", &address]));
            }
        });
        assert_eq!(files(&data), ["auth.guard", "auth.redb"]);
        assert_eq!(json(&data, &["user", "list"]).as_array().unwrap().len(), 4);
    }
}

#[test]
fn while_the_service_comes_and_goes_no_command_fails_and_no_change_is_lost_or_made_twice() {
    /// At least so many starts, and so many accounts.
    const ENOUGH: usize = 12;
    let (_folder, data) = place();
    let (over, count) = (AtomicBool::new(false), AtomicUsize::new(0));
    let made: Vec<String> = thread::scope(|scope| {
        let (data, over, count) = (&data, &over, &count);
        let operator = |begin: u64| {
            move || {
                let mut made = Vec::new();
                for number in begin.. {
                    if over.load(SeqCst) {
                        break;
                    }
                    let address = Wallet::new(number).address.to_string();
                    done(data, &["user", "add", &address]);
                    assert_eq!(json(data, &["user", "set-role", &address, "ADMIN"])[0]["role"], "ADMIN");
                    made.push(address);
                    count.fetch_add(1, SeqCst);
                }
                made
            }
        };
        let operators = [scope.spawn(operator(0)), scope.spawn(operator(1_000_000))];
        let comings = scope.spawn(move || {
            // The operators must end even if a start fails.
            let outcome = std::panic::catch_unwind(|| {
                let starts = (1..50 * ENOUGH).find(|starts| {
                    Service::start(data).stop();
                    *starts >= ENOUGH && count.load(SeqCst) >= ENOUGH
                });
                assert!(starts.is_some(), "the service left the operators no time");
            });
            over.store(true, SeqCst);
            outcome.unwrap();
        });
        comings.join().unwrap();
        operators.into_iter().flat_map(|operator| operator.join().unwrap()).collect()
    });
    let users = json(&data, &["user", "list", "--limit", "10000"]);
    let users = users.as_array().unwrap();
    assert_eq!(users.len(), made.len());
    assert!(users.iter().all(|user| user["role"] == "ADMIN"));
    for address in &made {
        assert!(users.iter().any(|user| user["tron_address"] == address.as_str()), "{address} is lost");
    }
    let audited = audited(&data);
    for action in [Action::UserAdded, Action::RoleChanged] {
        assert_eq!(audited.iter().filter(|entry| entry.0 == action).count(), made.len(), "{action:?}");
    }
}
