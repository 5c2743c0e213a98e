//! Backups of a service that 200 sign-ins and refreshes a second keep busy: each is of one moment.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use lucid_auth::{
    domain::refresh_token::RefreshToken,
    store::{Snapshot, sessions},
};
use serde_json::{Value, json};

use super::{json as print_json, place};
use crate::{http::Http, process::Service, wallet::Wallet};

/// Writes a second, all clients together.
const RATE: u32 = 200;
const CLIENTS: u32 = 4;

/// What the clients were answered, and what they asked for.
#[derive(Default)]
struct Log {
    /// Sessions that were answered.
    begun: BTreeSet<String>,
    /// Sessions whose end was asked for.
    ending: BTreeSet<String>,
    /// Sessions whose end was answered.
    ended: BTreeSet<String>,
    /// Refresh tokens that were answered, by their hash.
    issued: BTreeSet<[u8; 32]>,
    /// Refresh tokens whose successor was answered.
    replaced: BTreeSet<[u8; 32]>,
    writes: u32,
}

/// What is stored of the refresh token in an answer.
fn hash(tokens: &Value) -> [u8; 32] {
    let token: RefreshToken = tokens["refresh_token"].as_str().unwrap().parse().unwrap();
    *token.hash().as_bytes()
}

/// One client, with wallets of its own: it signs in, refreshes and signs out, each in its time.
fn client(port: u16, number: u32, log: &Mutex<Log>, over: &AtomicBool) {
    let (mut http, mut live) = (Http::new(port), Vec::<Value>::new());
    let begin = Instant::now();
    for turn in 0_u32.. {
        let due = begin + Duration::from_secs(1) * CLIENTS * turn / RATE;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if over.load(SeqCst) {
            return;
        }
        match turn % 8 {
            0 | 1 => {
                let body = http.signed(&Wallet::new(u64::from(number * 10_000 + turn))).unwrap();
                let tokens = http.post("/auth/login", &body).unwrap().expect(200);
                let mut log = log.lock().unwrap();
                log.begun.insert(tokens["session_id"].as_str().unwrap().to_owned());
                log.issued.insert(hash(&tokens));
                live.push(tokens);
            }
            7 => {
                let tokens = live.remove(0);
                let id = tokens["session_id"].as_str().unwrap().to_owned();
                log.lock().unwrap().ending.insert(id.clone());
                let out = http.call("POST", "/auth/logout", &tokens["access_token"], &json!({})).unwrap();
                assert!((200..300).contains(&out.status), "{}", out.body);
                log.lock().unwrap().ended.insert(id);
            }
            _ => {
                let at = turn as usize % live.len();
                let refresh = json!({ "refresh_token": live[at]["refresh_token"] });
                let tokens = http.post("/auth/refresh", &refresh).unwrap().expect(200);
                let mut log = log.lock().unwrap();
                log.issued.insert(hash(&tokens));
                log.replaced.insert(hash(&live[at]));
                live[at] = tokens;
            }
        }
        log.lock().unwrap().writes += 1;
    }
}

/// The sessions of a copy, each with what is stored of the refresh token that it takes.
fn held(copy: &Path) -> BTreeMap<String, [u8; 32]> {
    let all = Snapshot::open(copy).unwrap().read(|tx| {
        let ids = sessions::over(tx, usize::MAX, |_| true)?;
        ids.into_iter().map(|id| sessions::find(tx, id)).collect::<Result<Vec<_>, _>>()
    });
    let all = all.unwrap().into_iter().flatten();
    all.map(|session| (session.id.to_string(), *session.rotation.current.as_bytes())).collect()
}

#[test]
fn each_backup_holds_what_was_answered_before_it_began_and_nothing_that_had_ended() {
    let length = if std::env::var_os("LUCID_LONG").is_some_and(|value| value == "1") { 60 } else { 5 };
    let (folder, data) = place();
    let service = Service::with(&data, &[("RATE_LIMIT_ENABLED", "false")]);
    let (log, over) = (Mutex::new(Log::default()), AtomicBool::new(false));
    let (start, mut backups) = (Instant::now(), 0);
    thread::scope(|scope| {
        for number in 1..=CLIENTS {
            let (log, over, port) = (&log, &over, service.port);
            scope.spawn(move || client(port, number, log, over));
        }
        let drill = || {
            while start.elapsed() < Duration::from_secs(length) {
                let copy = folder.path().join(format!("copy-{backups}.redb"));
                let (begun, ended, replaced) = {
                    let log = log.lock().unwrap();
                    (log.begun.clone(), log.ended.clone(), log.replaced.clone())
                };
                let made = print_json(&data, &["backup", copy.to_str().unwrap()]);
                let (begun_after, ending, issued) = {
                    let log = log.lock().unwrap();
                    // A client that was answered meanwhile may not have noted it: allow for what was asked for.
                    (log.begun.clone(), log.ending.clone(), log.issued.clone())
                };
                print_json(&data, &["backup", "verify", copy.to_str().unwrap()]);
                let tokens = held(&copy);
                let held: BTreeSet<_> = tokens.keys().cloned().collect();
                assert_eq!(made["sessions"].as_u64(), Some(held.len() as u64));
                let lost: Vec<_> = begun.difference(&ending).filter(|id| !held.contains(*id)).collect();
                assert!(lost.is_empty(), "answered before the backup, and not in it: {lost:?}");
                let risen: Vec<_> = held.intersection(&ended).collect();
                assert!(risen.is_empty(), "ended before the backup, and in it: {risen:?}");
                let strange = held.difference(&begun_after).count();
                assert!(strange <= CLIENTS as usize, "{strange} sessions that nobody began");
                let stale = tokens.values().filter(|token| replaced.contains(*token)).count();
                assert_eq!(stale, 0, "refreshed before the backup, and not so in it");
                let early = tokens.values().filter(|token| !issued.contains(*token)).count();
                assert!(early <= CLIENTS as usize, "{early} refresh tokens that nobody was given");
                backups += 1;
            }
        };
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(drill));
        over.store(true, SeqCst);
        outcome.unwrap();
    });
    let rate = f64::from(log.lock().unwrap().writes) / start.elapsed().as_secs_f64();
    println!("{backups} backups under {rate:.0} writes a second");
    assert!(backups >= 3, "only {backups} backups");
    assert!(rate > f64::from(RATE) / 4.0, "only {rate:.0} writes a second");
    service.stop();
}
