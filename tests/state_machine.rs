//! The service does what a simple model says, whatever is asked of it in whatever order: sign-ins, refreshes by tokens old and
//! new, sign-outs, locks, roles, erasures, key changes, with the clock going on and back, restarts between any two of them,
//! and copies of the database that are put back.
//!
//! The real service over a real file; the model is in `state_machine/model.rs`. After each step, the newest tokens of all
//! that were ever given must be taken or refused as the model has it. `LUCID_LONG=1` lives through more and longer lives.
#![expect(unreachable_pub, reason = "nothing of a test binary is reachable from elsewhere")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "what tests share fails as tests do"
)]

#[path = "support/figures.rs"]
mod figures;
#[path = "state_machine/model.rs"]
mod model;
#[path = "it/wallet.rs"]
mod wallet;

use std::{
    env, fs,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use lucid_auth::{
    clock::Clock,
    domain::{
        attempts::Policy,
        client::{Client, UserAgent},
        id::SessionId,
        origin::Origin,
        refresh_token::RefreshToken,
        role::Role,
        timestamp::Timestamp,
        wallet::{Scheme, WalletType},
    },
    random::Random,
    service::{Answer, Asker, BackupPlan, Error, Rules, Service, TokenPair, UserRef},
    store::{CopyProgress, OpenError, Store, check, restore},
};
use proptest::{prelude::*, test_runner::Config};

use model::{Model, Refused, SESSION, SESSIONS};
use wallet::Wallet;

/// How long an access token is valid, in seconds.
const ACCESS: u64 = 900;
/// By how much the clock may be put back, and a token still be taken.
const LEEWAY: u64 = 5;
/// So many wallets there are.
const WALLETS: u8 = 4;
/// The tokens that are tried after each step.
const NEWEST: usize = 12;

#[derive(Debug, Clone)]
enum Step {
    SignIn(u8),
    Refresh(usize),
    RefreshTwiceAtOnce(usize),
    SignOut(usize, bool),
    Lock(u8),
    Unlock(u8),
    SetRole(u8, Role),
    Erase(u8),
    RotateKey(bool),
    Sweep,
    Pass(u64),
    PutClockBack(u64),
    Restart,
    Copy,
    /// By `restore`, or plainly as `cp` does it.
    PutCopyBack(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let wallet = || 0..WALLETS;
    let role = proptest::sample::select(Role::ALL.to_vec());
    prop_oneof![
        6 => wallet().prop_map(Step::SignIn),
        8 => (0..8_usize).prop_map(Step::Refresh),
        2 => (0..4_usize).prop_map(Step::RefreshTwiceAtOnce),
        3 => (0..6_usize, any::<bool>()).prop_map(|(token, all)| Step::SignOut(token, all)),
        2 => wallet().prop_map(Step::Lock),
        2 => wallet().prop_map(Step::Unlock),
        3 => (wallet(), role).prop_map(|(wallet, role)| Step::SetRole(wallet, role)),
        1 => wallet().prop_map(Step::Erase),
        1 => any::<bool>().prop_map(Step::RotateKey),
        1 => Just(Step::Sweep),
        5 => proptest::sample::select(vec![1, 9, 10, 600, 899, 900, 86_400, SESSION - 1, SESSION]).prop_map(Step::Pass),
        1 => proptest::sample::select(vec![1, 5, 6, 86_400]).prop_map(Step::PutClockBack),
        3 => Just(Step::Restart),
        2 => Just(Step::Copy),
        2 => any::<bool>().prop_map(Step::PutCopyBack),
    ]
}

/// What somebody was given, and has for ever.
struct Given {
    access: String,
    refresh: String,
    session: SessionId,
    at: u64,
    until: u64,
}

struct World {
    folder: tempfile::TempDir,
    clock: Arc<AtomicU64>,
    running: Option<(Service, Store)>,
    model: Model,
    given: Vec<Given>,
    copies: Vec<(PathBuf, Model)>,
    /// How many had been given when the clock was last put back: the key of such a token may be gone before it expires.
    before_back: usize,
}

impl World {
    async fn new() -> Self {
        // It need not be a disk: nothing here pulls its plug.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let mut world = Self {
            folder,
            clock: Arc::new(AtomicU64::new(1_793_000_000)),
            running: None,
            model: Model::default(),
            given: Vec::new(),
            copies: Vec::new(),
            before_back: 0,
        };
        world.start().await;
        world
    }

    fn now(&self) -> u64 {
        self.clock.load(SeqCst)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("auth.redb")
    }

    fn service(&self) -> &Service {
        &self.running.as_ref().unwrap().0
    }

    async fn start(&mut self) {
        let store = loop {
            match Store::open(&self.path(), [7; 32]) {
                // The writer before lets go of it in a moment.
                Err(OpenError::InUse { .. }) => tokio::task::yield_now().await,
                opened => break opened.unwrap(),
            }
        };
        let clock = Arc::clone(&self.clock);
        let clock = Clock::new(move || Timestamp::from_unix(clock.load(SeqCst)));
        let service = Service::start(store.clone(), clock, Random::system(), rules()).await.unwrap();
        self.running = Some((service, store));
    }

    fn stop(&mut self) {
        self.running = None;
    }

    /// The one given so many before the last.
    fn pick(&self, back: usize) -> Option<usize> {
        self.given.len().checked_sub(1 + back)
    }

    async fn sign_in(&mut self, wallet: u8) {
        let origin: Origin = "http://localhost".parse().unwrap();
        let signer = Wallet::new(wallet.into());
        let challenge = self.service().challenge(WalletType::Tron, signer.address, &origin).unwrap();
        let message = challenge.text();
        let signature = signer.sign(Scheme::TronV2, &message);
        let (address, client) = (signer.address, client());
        let answer = Answer { address, message, signature, device: None, origin, client };
        let outcome = self.service().sign_in(answer).await;
        match (outcome, self.model.may_sign_in(wallet)) {
            (Ok(pair), Ok(())) => {
                let token = self.give(&pair);
                let (user, session, now) = (pair.user.id, pair.session.id, self.now());
                self.model.signed_in(wallet, user, session, token, now);
                assert_eq!(pair.user.role, self.model.accounts[&wallet].role);
            }
            (outcome, expected) => assert_eq!(outcome.map(drop).map_err(|e| refused(&e)), expected.map(drop)),
        }
    }

    fn give(&mut self, pair: &TokenPair) -> usize {
        self.given.push(Given {
            access: pair.access_token.to_string(),
            refresh: pair.refresh_token.to_text().to_string(),
            session: pair.session.id,
            at: self.now(),
            until: self.now() + pair.access_lifetime.as_secs(),
        });
        self.given.len() - 1
    }

    /// Use one refresh token so many times at once. One after the other could have been answered the same.
    async fn refresh(&mut self, back: usize, times: usize) {
        let Some(token) = self.pick(back) else { return };
        let (session, now) = (self.given[token].session, self.now());
        let asking: Vec<_> = (0..times)
            .map(|_| {
                let (service, token) = (self.service().clone(), self.given[token].refresh.clone());
                tokio::spawn(async move {
                    let token: RefreshToken = token.parse().unwrap();
                    service.refresh(token, &"http://localhost".parse().unwrap(), client()).await
                })
            })
            .collect();
        let (mut outcomes, mut expected) = (Vec::new(), Vec::new());
        for one in asking {
            let outcome = one.await.unwrap();
            expected.push(self.model.refresh(session, token, self.given.len(), now));
            outcomes.push(outcome.map_err(|error| refused(&error)).map(|pair| {
                self.give(&pair);
            }));
        }
        assert_eq!(outcomes, expected);
    }

    async fn sign_out(&mut self, back: usize, all: bool) {
        let Some(token) = self.pick(back) else { return };
        if let Ok(caller) = self.service().authenticate(&self.given[token].access).await {
            self.service().sign_out(&caller, all, client()).await.unwrap();
            self.model.end(self.given[token].session, all);
        }
    }

    /// Every one of the newest tokens is taken, or refused, as the model has it.
    async fn look(&self) {
        let now = self.now();
        let newest = self.given.iter().enumerate().rev().take(NEWEST);
        for (number, given) in newest {
            let timely = given.at <= now + LEEWAY && now < given.until;
            let expected = if timely { self.model.holder(given.session, now) } else { Err(Refused::Over) };
            let found = self.service().authenticate(&given.access).await;
            let found = found.map(|caller| caller.user.role).map_err(|error| match error {
                // The key of a token is kept until it expires, by a clock that goes on.
                Error::TokenInvalid if timely && number >= self.before_back && expected.is_ok() => {
                    panic!("the key of token {number} is gone")
                }
                error => refused(&error),
            });
            if found != Err(Refused::Over) || number >= self.before_back {
                assert_eq!(found, expected, "token {number}");
            }
        }
    }

    async fn take(&mut self, step: Step) {
        let by = |wallet: u8| UserRef::Address(Wallet::new(wallet.into()).address);
        let now = self.now();
        let (outcome, expected) = match step {
            Step::SignIn(wallet) => return self.sign_in(wallet).await,
            Step::Refresh(back) => return self.refresh(back, 1).await,
            Step::RefreshTwiceAtOnce(back) => return self.refresh(back, 2).await,
            Step::SignOut(back, all) => return self.sign_out(back, all).await,
            Step::Lock(wallet) => {
                let outcome = self.service().lock_user(Asker::Operator, by(wallet)).await;
                (outcome.map(drop), self.model.lock(wallet))
            }
            Step::Unlock(wallet) => {
                let outcome = self.service().unlock_user(Asker::Operator, by(wallet)).await;
                let expected = self.model.change(wallet, false, |account| account.locked = false);
                (outcome.map(drop), expected.map(drop))
            }
            Step::SetRole(wallet, role) => {
                let outcome = self.service().set_role(Asker::Operator, by(wallet), role).await;
                let harms = self.model.accounts.get(&wallet).is_some_and(|account| account.role != role);
                (outcome.map(drop), self.model.change(wallet, harms, |account| account.role = role).map(drop))
            }
            Step::Erase(wallet) => {
                (self.service().erase_user(Asker::Operator, by(wallet)).await, self.model.erase(wallet))
            }
            Step::RotateKey(at_once) => {
                (self.service().rotate_key(Asker::Operator, at_once).await.map(drop), Ok(()))
            }
            Step::Sweep => {
                self.model.sweep(now);
                (self.service().sweep_sessions().await.map(drop), Ok(()))
            }
            Step::Pass(seconds) => return self.clock.store(now + seconds, SeqCst),
            Step::PutClockBack(seconds) => {
                self.before_back = self.given.len();
                return self.clock.store(now - seconds, SeqCst);
            }
            Step::Restart => {
                self.stop();
                return self.start().await;
            }
            Step::Copy => {
                let to = self.folder.path().join(format!("copy-{}", self.copies.len()));
                let store = &self.running.as_ref().unwrap().1;
                store.copy(&to, Timestamp::from_unix(now), &CopyProgress::default()).unwrap();
                return self.copies.push((to, self.model.clone()));
            }
            Step::PutCopyBack(plainly) => return self.put_copy_back(plainly).await,
        };
        assert_eq!(outcome.map_err(|error| refused(&error)), expected);
    }

    async fn put_copy_back(&mut self, plainly: bool) {
        let Some((copy, then)) = self.copies.last() else { return };
        let (copy, now) = (copy.clone(), Timestamp::from_unix(self.now()));
        self.model.put_back(&then.clone());
        self.stop();
        loop {
            let done = match check(&self.path()) {
                Err(error) => Err(error),
                Ok(_) if plainly => {
                    fs::copy(&copy, self.path()).unwrap();
                    Ok(())
                }
                Ok(_) => restore(&copy, &self.path(), now).map(drop),
            };
            match done {
                Err(OpenError::InUse { .. }) => tokio::task::yield_now().await,
                done => break done.unwrap(),
            }
        }
        self.start().await;
    }
}

fn refused(error: &Error) -> Refused {
    match error {
        Error::SessionEnded | Error::TokenExpired(_) | Error::TokenInvalid => Refused::Over,
        Error::RefreshTokenReused => Refused::Reused,
        Error::AccountLocked => Refused::Locked,
        Error::LastSuperAdmin => Refused::LastSuperAdmin,
        Error::UserUnknown => Refused::Unknown,
        other => panic!("{other:?}"),
    }
}

fn client() -> Client {
    let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
    Client { ip, user_agent: UserAgent::default(), request_id: "test".into() }
}

fn rules() -> Rules {
    Rules {
        backup: BackupPlan { dir: "/nonexistent".into(), schedule: None },
        super_admins: Vec::new(),
        registration_open: true,
        access_token_lifetime: Duration::from_secs(ACCESS),
        refresh_token_lifetime: Duration::from_secs(SESSION),
        session_idle: None,
        sessions_per_user: SESSIONS,
        issuer: None,
        audience: None,
        key_rotation: Duration::from_secs(30 * 86_400),
        attempts: Policy { in_a_row: u32::MAX, cooldown: Duration::from_secs(900) },
        hardware_wallets: Vec::new(),
        master_key: None,
    }
}

/// Live through these steps, and see that what is left is sound.
fn live(steps: Vec<Step>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut world = World::new().await;
        for step in steps {
            world.take(step).await;
            world.look().await;
        }
        world.stop();
        let report = loop {
            match check(&world.path()) {
                Err(OpenError::InUse { .. }) => tokio::task::yield_now().await,
                checked => break checked.unwrap(),
            }
        };
        let held = (report.users, report.sessions);
        assert_eq!(held, (world.model.accounts.len() as u64, world.model.sessions() as u64));
    });
}

/// Lives that went wrong once.
#[test]
fn what_was_found_stays_found() {
    // The second found the name taken under which the database of before is kept.
    live(vec![Step::Copy, Step::PutCopyBack(false), Step::PutCopyBack(false)]);
}

#[test]
fn a_clock_that_jumps_takes_nobody_s_session_but_by_its_time_and_brings_none_back() {
    let begin =
        || vec![Step::SignIn(0), Step::SignIn(1), Step::Refresh(1), Step::SignOut(1, false), Step::SignIn(2)];
    let go_on = || {
        vec![
            Step::Refresh(0),
            Step::SignIn(0),
            Step::Refresh(3),
            Step::Restart,
            Step::Refresh(1),
            Step::Sweep,
        ]
    };
    // A leap second, a day back, and a year ahead and back again.
    let year = 366 * 86_400;
    for jumps in [
        vec![Step::PutClockBack(1)],
        vec![Step::PutClockBack(86_400)],
        vec![Step::Pass(year)],
        vec![Step::Pass(year), Step::Refresh(0), Step::PutClockBack(year)],
        vec![Step::Pass(year), Step::Sweep, Step::PutClockBack(year)],
    ] {
        live([begin(), jumps, go_on()].concat());
    }
}

#[test]
fn the_service_does_as_the_model_whatever_is_asked_of_it() {
    let (lives, steps) =
        if env::var_os("LUCID_LONG").is_some_and(|value| value == "1") { (400, 160) } else { (200, 60) };
    let config = Config { cases: lives, failure_persistence: None, ..Config::default() };
    let taken = AtomicU64::new(0);
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let outcome = runner.run(&proptest::collection::vec(step(), 1..steps), |steps| {
        taken.fetch_add(steps.len() as u64, SeqCst);
        live(steps);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    figures::record("steps of random lives of the service beside a model", taken.into_inner(), 0);
}
