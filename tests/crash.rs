//! Nothing that was answered is lost when the service is killed.
//!
//! The real binary runs over one data folder, again and again. Fifty clients, each with a wallet of its own, sign in,
//! refresh and sign out as fast as they are answered, in random order, and note each answer; after 100 to 600 ms the
//! service is killed with `SIGKILL`, in the middle of it. The next one must hold what was answered:
//!
//! - each session that was begun or refreshed is there, and its newest refresh token refreshes;
//! - each session that was ended stays ended;
//! - each wallet has the account that it had.
//!
//! Of what was asked but not answered, either outcome is right: `Session::settle` says which follows from which. A kill
//! takes the process, not the system's memory of its files: what a power cut takes is not shown here.
//!
//! Twenty rounds, or `LUCID_ROUNDS`; 1,000 with `LUCID_LONG=1`. `LUCID_SEED` repeats a run's choices, though not its timing.
#![expect(unreachable_pub, reason = "nothing of a test binary is reachable from elsewhere")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "what tests share fails as tests do"
)]

#[path = "crash/client.rs"]
mod client;
#[path = "support/figures.rs"]
mod figures;
#[path = "support/http.rs"]
mod http;
#[expect(dead_code, reason = "the tests of the commands need more of it")]
#[path = "support/process.rs"]
mod process;
#[path = "crash/session.rs"]
mod session;
#[path = "it/wallet.rs"]
mod wallet;

use std::{
    env,
    path::Path,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use lucid_auth::store::{Store, sessions, users};
use process::{Process, Service};

use client::{Client, Figures, Random};

const CLIENTS: u64 = 50;

/// Accounts have room for all their sessions, and nobody is slowed down.
const SETTINGS: [(&str, &str); 4] = [
    ("SESSION_MAX_CONCURRENT_PER_USER", "1000"),
    ("RATE_LIMIT_ENABLED", "false"),
    ("MAX_LOGIN_ATTEMPTS", "1000"),
    ("LOG_LEVEL", "INFO"),
];

#[test]
fn what_was_answered_survives_kill_9() {
    let is_long = env::var_os("LUCID_LONG").is_some_and(|value| value == "1");
    let rounds = if is_long { "1000".into() } else { env::var("LUCID_ROUNDS").unwrap_or("20".into()) };
    let rounds: u32 = rounds.parse().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let seed = env::var("LUCID_SEED").map_or(now, |text| text.parse().unwrap());
    eprintln!("LUCID_SEED={seed}");
    let mut random = Random::new(seed);
    let mut clients: Vec<_> = (0..CLIENTS).map(|number| Client::new(number, random.next())).collect();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let began = Instant::now();

    for round in 0..rounds {
        let service = Service::with(&data, &SETTINGS);
        let life = Duration::from_millis(100 + random.below(501));
        work_until_killed(service, &mut clients, life);
        let service = Service::with(&data, &SETTINGS);
        at_once(&mut clients, |client| client.check(service.port));
        // Every other time, it is killed with nothing in flight, rather than stopped.
        if round % 2 == 0 {
            service.stop();
        }
    }

    let figures: Figures = clients.iter().map(|client| client.figures).sum();
    eprintln!("{rounds} rounds in {:.0?}: {figures}", began.elapsed());
    assert!(figures.answered() > 10 * rounds, "the clients did too little: {figures}");
    assert!(figures.in_flight > rounds, "the kills met too little: {figures}");
    compare(&data, &mut clients);
    figures::record("kill -9 while fifty clients are at work", rounds.into(), 0);
}

/// Let all clients work, and kill the service in the middle of it.
fn work_until_killed(service: Service, clients: &mut [Client], life: Duration) {
    let port = service.port;
    let killed = AtomicBool::new(false);
    thread::scope(|scope| {
        for client in clients {
            let killed = &killed;
            scope.spawn(move || client.work(port, killed));
        }
        thread::sleep(life);
        killed.store(true, SeqCst);
        service.process.signal("KILL");
        assert_eq!(service.process.end().code, None);
    });
}

fn at_once(clients: &mut [Client], act: impl Fn(&mut Client) + Sync) {
    thread::scope(|scope| {
        for client in clients {
            scope.spawn(|| act(client));
        }
    });
}

/// Hold the database itself against what the clients know.
fn compare(data: &Path, clients: &mut [Client]) {
    let check = Process::start(data, &["check"], &[]).end();
    assert_eq!(check.code, Some(0), "{check:?}");
    eprint!("{}", check.out);
    let store = Store::open(&data.join("auth.redb"), [0; 32]).unwrap();
    for client in clients {
        let user = store.read(|tx| users::find_by_address(tx, &client.wallet.address)).unwrap();
        let id = user.map(|user| user.id);
        assert!(client.user.is_none() || client.user == id, "{} has another account", client.wallet.address);
        let held = id.map_or(Ok(0), |id| store.read(|tx| Ok(sessions::of_user(tx, id)?.len()))).unwrap();
        let (least, most) = (client.sessions.len(), client.sessions.len() + client.unanswered_sign_ins);
        assert!((least..=most).contains(&held), "{held} sessions, not {least} to {most}");
    }
}
