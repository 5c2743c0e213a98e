//! Commands while others use the same data: each change is made once, whoever has the database just then.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    thread,
};

use lucid_auth::domain::audit::Action;

use super::{audited, done, files, json, place, refused, started};
use crate::{process::Service, wallet::Wallet};

#[test]
fn commands_that_meet_over_a_new_database_all_succeed() {
    for _ in 0..3 {
        let (_folder, data) = started();
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
fn only_a_service_makes_a_database_so_that_a_mistyped_folder_is_noticed() {
    let address = Wallet::new(1).address.to_string();
    let id = "0190b5a0-0000-7000-8000-000000000000";
    let commands: [&[&str]; 16] = [
        &["user", "add", &address],
        &["user", "set-role", &address, "ADMIN"],
        &["user", "list"],
        &["user", "show", id],
        &["user", "lock", &address],
        &["user", "unlock", &address],
        &["key", "list"],
        &["key", "pem"],
        &["key", "rotate"],
        &["key", "reset"],
        &["audit", "list"],
        &["audit", "export"],
        &["audit", "verify"],
        &["backup"],
        &["backup", "elsewhere.redb"],
        &["check"],
    ];
    // A folder that is not there, and one that is empty.
    for exists in [false, true] {
        let (folder, data) = place();
        if exists {
            std::fs::create_dir(&data).unwrap();
        }
        for command in commands {
            let why = refused(&data, command, 1);
            let database = data.join("auth.redb");
            for words in ["there is no database", database.to_str().unwrap(), "DATA_DIR"] {
                assert!(why.contains(words), "{command:?}: {why}");
            }
            let left: &[&str] = if exists { &["data"] } else { &[] };
            assert_eq!(files(folder.path()), left, "{command:?}");
            assert!(!exists || files(&data).is_empty(), "{command:?}: {:?}", files(&data));
        }
    }
}

#[test]
fn while_the_service_comes_and_goes_no_command_fails_and_no_change_is_lost_or_made_twice() {
    /// At least so many starts, and so many accounts.
    const ENOUGH: usize = 12;
    let (_folder, data) = started();
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
