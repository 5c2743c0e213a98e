//! Failed sign-ins: whom they lock, for how long, and whom they must not.

use std::{path::Path, time::Duration};

use lucid_auth::{
    domain::{
        attempts::{Lockout, Policy},
        audit::{Action, Event},
        wallet::WalletType,
    },
    http::{Quotas, Settings},
    service::{Asker, Rules, UserRef},
    store::{Store, check, users},
};
use serde_json::{Value, json};

use crate::{
    limits::{from, proxies, wait},
    sign_in::join_all,
    support::{Reply, TestClock, TestServer, audit_log, request, rules},
    wallet::Wallet,
};

const POLICY: Policy = Policy { in_a_row: 5, cooldown: Duration::from_secs(900) };
const HERE: &str = "192.0.2.1";
const THERE: &str = "198.51.100.1";

fn locking() -> Rules {
    Rules { attempts: POLICY, ..rules() }
}

/// A server over the database at `path` that locks, and takes our word for where calls come from.
async fn over(path: &Path, clock: TestClock) -> TestServer {
    let settings = Settings { trusted_proxies: proxies(), ..Settings::default() };
    let store = Store::open(path, [7; 32]).unwrap();
    TestServer::assemble(store, settings, locking(), clock, Quotas::new(None)).await
}

async fn in_memory() -> TestServer {
    let settings = Settings { trusted_proxies: proxies(), ..Settings::default() };
    let store = Store::in_memory([7; 32]).unwrap();
    TestServer::assemble(store, settings, locking(), TestClock::new(), Quotas::new(None)).await
}

async fn send(server: &TestServer, path: &str, client: &str, body: &Value) -> Reply {
    server.ask(request("POST", path, &from(client), &body.to_string())).await
}

/// A sign-in with a signature that is none.
async fn fail(server: &TestServer, wallet: &Wallet, client: &str) -> Reply {
    let mut body = server.signed(wallet, WalletType::Tron).await;
    body["signature"] = json!("00".repeat(65));
    send(server, "/auth/login", client, &body).await
}

async fn sign_in(server: &TestServer, wallet: &Wallet, client: &str) -> Reply {
    let body = server.signed(wallet, WalletType::Tron).await;
    send(server, "/auth/login", client, &body).await
}

/// The locks that the audit log of a database that is not in use tells of.
fn locks(path: &Path) -> Vec<Event> {
    audit_log(path).into_iter().filter(|event| event.action == Action::SignInLocked).collect()
}

#[tokio::test]
async fn five_failures_in_a_row_lock_the_sign_in_for_that_client_until_the_cooldown_is_over() {
    let server = in_memory().await;
    let (wallet, other) = (Wallet::new(1), Wallet::new(2));
    for _ in 0..4 {
        assert_eq!(fail(&server, &wallet, HERE).await.problem(), (401, 1001));
    }
    sign_in(&server, &wallet, HERE).await.expect(200);
    for _ in 0..4 {
        assert_eq!(
            fail(&server, &wallet, HERE).await.problem(),
            (401, 1001),
            "a success begins the row anew"
        );
        // The client has failed so often in all that it waits in between.
        server.clock.pass(60);
    }
    assert_eq!(fail(&server, &wallet, HERE).await.problem(), (401, 1001));
    let good = server.signed(&wallet, WalletType::Tron).await;
    for path in ["/auth/login", "/auth/register"] {
        let reply = send(&server, path, HERE, &good).await;
        assert_eq!((reply.problem(), wait(&reply)), ((423, 1005), 900), "{path}");
        assert_eq!(reply.json()["error"]["details"]["locked_by"], "failed_sign_ins");
    }
    send(&server, "/auth/login", THERE, &good).await.expect(200);
    server.clock.pass(899);
    let reply = sign_in(&server, &wallet, HERE).await;
    assert_eq!((reply.problem(), wait(&reply)), ((423, 1005), 1), "and one second is left");
    sign_in(&server, &other, HERE).await.expect(200);
    server.clock.pass(1);
    sign_in(&server, &wallet, HERE).await.expect(200);
}

#[tokio::test]
async fn of_many_failures_at_once_five_are_looked_at() {
    let server = in_memory().await;
    let wallet = Wallet::new(1);
    let replies = join_all((0..60).map(|_| fail(&server, &wallet, HERE))).await;
    let locked = replies.iter().filter(|reply| reply.problem() == (423, 1005)).count();
    let failed = replies.iter().filter(|reply| reply.problem() == (401, 1001)).count();
    assert_eq!((failed, locked), (5, 55));
}

#[tokio::test]
async fn being_late_or_twice_is_no_failure_but_a_text_of_ones_own_is() {
    let server = in_memory().await;
    let wallet = Wallet::new(1);
    let used = server.signed(&wallet, WalletType::Tron).await;
    send(&server, "/auth/login", HERE, &used).await.expect(200);
    let late = server.signed(&wallet, WalletType::Tron).await;
    server.clock.pass(200);
    for _ in 0..20 {
        assert_eq!(send(&server, "/auth/login", HERE, &used).await.problem(), (401, 1012));
    }
    server.clock.pass(100);
    for _ in 0..20 {
        assert_eq!(send(&server, "/auth/login", HERE, &late).await.problem(), (401, 1011));
    }
    let mut own = late;
    own["message"] = json!("let me in");
    for _ in 0..5 {
        assert_eq!(send(&server, "/auth/login", HERE, &own).await.problem(), (401, 1010));
    }
    assert_eq!(send(&server, "/auth/login", HERE, &own).await.problem(), (423, 1005));
}

#[tokio::test]
async fn strangers_lock_no_owner_out() {
    let server = in_memory().await;
    let wallet = Wallet::new(1);
    let tokens = sign_in(&server, &wallet, HERE).await.expect(200);
    for stranger in 0..40 {
        let client = format!("203.0.113.{stranger}");
        for _ in 0..7 {
            assert!([401, 423].contains(&fail(&server, &wallet, &client).await.status));
        }
        assert_eq!(fail(&server, &wallet, &client).await.problem(), (423, 1005), "{client}");
    }
    sign_in(&server, &wallet, HERE).await.expect(200);
    sign_in(&server, &wallet, THERE).await.expect(200);
    for _ in 0..4 {
        assert_eq!(fail(&server, &wallet, "2001:db8::1").await.problem(), (401, 1001));
    }
    sign_in(&server, &wallet, "2001:db8::2").await.expect(200);
    // And where it is locked, what was signed in before goes on.
    for _ in 0..5 {
        fail(&server, &wallet, HERE).await;
    }
    assert_eq!(sign_in(&server, &wallet, HERE).await.status, 423);
    let refresh = json!({"refresh_token": tokens["refresh_token"]});
    send(&server, "/auth/refresh", HERE, &refresh).await.expect(200);
}

#[tokio::test]
async fn a_client_that_fails_often_waits_longer_and_longer_whatever_the_address() {
    let server = in_memory().await;
    let owner = Wallet::new(1);
    sign_in(&server, &owner, HERE).await.expect(200);
    let stranger = Wallet::new(2);
    for failures in 1..=22 {
        let reply = fail(&server, &Wallet::new(100 + failures), HERE).await;
        assert_eq!(reply.problem(), (401, 1001), "failure {failures}");
        let seconds = match failures {
            0..5 => continue,
            5..10 => 5,
            10..15 => 30,
            15..20 => 120,
            _ => 600,
        };
        let held = sign_in(&server, &stranger, HERE).await;
        assert_eq!((held.problem(), wait(&held)), ((429, 1006), seconds), "failure {failures}");
        sign_in(&server, &owner, HERE).await.expect(200);
        server.clock.pass(seconds - 1);
        let held = sign_in(&server, &stranger, HERE).await;
        assert_eq!((held.problem(), wait(&held)), ((429, 1006), 1), "failure {failures}");
        server.clock.pass(1);
    }
    sign_in(&server, &stranger, HERE).await.expect(200);
    sign_in(&server, &Wallet::new(3), THERE).await.expect(200);
}

#[tokio::test]
async fn a_lock_of_an_account_is_audited_once_and_tells_it_from_no_other_even_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth.redb");
    let clock = TestClock::new();
    let (wallet, nobody) = (Wallet::new(1), Wallet::new(2));
    let server = over(&path, clock.clone()).await;
    let user = sign_in(&server, &wallet, THERE).await.expect(200)["user"].clone();
    for _ in 0..9 {
        fail(&server, &wallet, HERE).await;
        fail(&server, &nobody, "192.0.2.2").await;
    }
    let lasting = async |server: &TestServer| {
        [fail(server, &wallet, HERE).await.problem(), fail(server, &nobody, "192.0.2.2").await.problem()]
    };
    assert_eq!(lasting(&server).await, [(423, 1005); 2]);
    server.close().await;

    let locks = locks(&path);
    assert_eq!(locks.len(), 1, "one for each lock, and none for an address without an account: {locks:?}");
    let event = &locks[0];
    assert_eq!(event.subject.map(|id| json!(id)).as_ref(), Some(&user["user_id"]));
    assert_eq!((event.address, event.ip), (Some(wallet.address), HERE.parse().ok()));
    assert_eq!(event.detail.as_deref(), Some("from 192.0.2.1 until 2026-10-26T07:48:20Z"));
    assert_eq!(check(&path).unwrap().users, 1);

    clock.pass(60);
    let server = over(&path, clock.clone()).await;
    assert_eq!(lasting(&server).await, [(401, 1001); 2], "what was remembered is forgotten for both");
    sign_in(&server, &wallet, HERE).await.expect(200);
}

#[tokio::test]
async fn what_strangers_make_us_write_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth.redb");
    let clock = TestClock::new();
    let server = over(&path, clock.clone()).await;
    let wallet = Wallet::new(1);
    sign_in(&server, &wallet, THERE).await.expect(200);
    for round in 0..2 {
        for stranger in 0..20 {
            let client = format!("203.0.113.{stranger}");
            for _ in 0..5 {
                fail(&server, &wallet, &client).await;
            }
            assert_eq!(fail(&server, &wallet, &client).await.status, 423, "{client}, round {round}");
        }
        // Until the ladder has forgotten them, too.
        clock.pass(1_800);
    }
    server.close().await;
    assert_eq!(locks(&path).len(), 2 * Lockout::WRITTEN);
}

#[tokio::test]
async fn unlocking_a_user_ends_the_locks_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth.redb");
    let clock = TestClock::new();
    let wallet = Wallet::new(1);
    let server = over(&path, clock.clone()).await;
    sign_in(&server, &wallet, THERE).await.expect(200);
    for client in [HERE, "192.0.2.2"] {
        for _ in 0..5 {
            fail(&server, &wallet, client).await;
        }
        assert_eq!(sign_in(&server, &wallet, client).await.status, 423);
    }
    let name = UserRef::Address(wallet.address);
    server.service.unlock_user(Asker::Operator, name).await.unwrap();
    server.service.unlock_user(Asker::Operator, name).await.unwrap();
    // The client's own wait is not the account's, and goes on.
    assert_eq!(sign_in(&server, &wallet, HERE).await.problem(), (429, 1006));
    clock.pass(5);
    sign_in(&server, &wallet, HERE).await.expect(200);
    sign_in(&server, &wallet, "192.0.2.2").await.expect(200);
    server.close().await;
    let told: Vec<_> = audit_log(&path).into_iter().map(|event| event.action).collect();
    assert_eq!(told.iter().filter(|action| **action == Action::UserUnlocked).count(), 1, "{told:?}");
    let store = Store::open(&path, [7; 32]).unwrap();
    let user = store.read(|tx| users::find_by_address(tx, &wallet.address)).unwrap().unwrap();
    assert_eq!(user.lockouts, []);
}
