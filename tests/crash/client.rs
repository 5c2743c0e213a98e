//! A client with a wallet, which works as fast as it is answered and remembers what it was told.

use std::{
    fmt,
    iter::Sum,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
};

use lucid_auth::domain::id::UserId;
use serde_json::json;

use crate::{http::Http, session::Session, wallet::Wallet};

/// A client has no more sessions than that at a time.
const SESSIONS: usize = 4;
/// How many ended sessions of earlier rounds are looked at again after each crash.
const ENDED: usize = 8;

/// What was done, by kind.
#[derive(Default, Clone, Copy)]
pub struct Figures {
    sign_ins: u32,
    refreshes: u32,
    sign_outs: u32,
    /// Asked, and not answered before the kill.
    pub in_flight: u32,
}

impl Figures {
    /// What was answered of all kinds.
    pub const fn answered(&self) -> u32 {
        self.sign_ins + self.refreshes + self.sign_outs
    }
}

impl Sum for Figures {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |a, b| Self {
            sign_ins: a.sign_ins + b.sign_ins,
            refreshes: a.refreshes + b.refreshes,
            sign_outs: a.sign_outs + b.sign_outs,
            in_flight: a.in_flight + b.in_flight,
        })
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sign_ins, refreshes, sign_outs, in_flight } = self;
        write!(
            f,
            "{} answered ({sign_ins} sign-ins, {refreshes} refreshes, {sign_outs} sign-outs), {in_flight} in flight",
            self.answered()
        )
    }
}

/// Numbers that nobody need guess ([SplitMix64]).
///
/// [SplitMix64]: https://prng.di.unimi.it/splitmix64.c
pub struct Random(u64);

impl Random {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub const fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

pub struct Client {
    pub wallet: Wallet,
    /// Whose account the wallet is, once that was answered.
    pub user: Option<UserId>,
    /// Those that must be there.
    pub sessions: Vec<Session>,
    /// Those that must not, the newest last.
    ended: Vec<Session>,
    /// Each of these may have begun a session that the client knows nothing of.
    pub unanswered_sign_ins: usize,
    pub figures: Figures,
    random: Random,
}

impl Client {
    pub fn new(number: u64, seed: u64) -> Self {
        Self {
            wallet: Wallet::new(number),
            user: None,
            sessions: Vec::new(),
            ended: Vec::new(),
            unanswered_sign_ins: 0,
            figures: Figures::default(),
            random: Random::new(seed),
        }
    }

    /// Work until the service does not answer, which only its being `killed` may cause.
    pub fn work(&mut self, port: u16, killed: &AtomicBool) {
        let mut http = Http::new(port);
        while self.step(&mut http) {}
        assert!(killed.load(SeqCst), "the service does not answer though it lives");
    }

    /// Do something, and return whether it was answered.
    fn step(&mut self, http: &mut Http) -> bool {
        let Ok(count @ 1..) = u64::try_from(self.sessions.len()) else { return self.sign_in(http) };
        let one = usize::try_from(self.random.below(count)).unwrap();
        match self.random.below(10) {
            0..=1 if self.sessions.len() < SESSIONS => self.sign_in(http),
            0..=2 => {
                let answered = self.sessions[one].sign_out(http);
                if answered {
                    self.ended.push(self.sessions.swap_remove(one));
                }
                self.figures.sign_outs += u32::from(answered);
                self.figures.in_flight += u32::from(!answered);
                answered
            }
            _ => {
                let answered = self.sessions[one].refresh(http);
                self.figures.refreshes += u32::from(answered);
                self.figures.in_flight += u32::from(!answered);
                answered
            }
        }
    }

    fn sign_in(&mut self, http: &mut Http) -> bool {
        // Asking for a challenge changes nothing.
        let Ok(body) = http.signed(&self.wallet) else { return false };
        let Ok(answer) = http.post("/auth/login", &body) else {
            self.unanswered_sign_ins += 1;
            self.figures.in_flight += 1;
            return false;
        };
        let tokens = answer.expect(200);
        let user = tokens["user"]["user_id"].as_str().unwrap().parse().unwrap();
        assert_eq!(*self.user.get_or_insert(user), user, "{} has another account", self.wallet.address);
        self.sessions.push(Session::new(&tokens));
        self.figures.sign_ins += 1;
        true
    }

    /// After a crash, see that what was answered holds, and learn what became of what was not.
    pub fn check(&mut self, port: u16) {
        let mut http = Http::new(port);
        let user = json!(self.user);
        for mut session in std::mem::take(&mut self.sessions) {
            let list = if session.settle(&mut http, &user) { &mut self.sessions } else { &mut self.ended };
            list.push(session);
        }
        for session in &self.ended {
            session.gone(&mut http);
        }
        self.ended.drain(..self.ended.len().saturating_sub(ENDED));
    }
}
