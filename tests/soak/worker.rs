//! A client that does a bit of everything.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{client::Random, http::Http, wallet::Wallet};

/// The users of a worker.
pub const USERS: u64 = 25;
/// The most sessions of one, of the five that it might have.
pub const SESSIONS: usize = 4;

pub struct Worker {
    http: Http,
    random: Random,
    users: Vec<User>,
}

struct User {
    wallet: Wallet,
    /// The newest tokens of each session.
    sessions: Vec<Value>,
}

impl Worker {
    pub fn new(number: u64, port: u16) -> Self {
        let user = |index| User { wallet: Wallet::new(number * USERS + index), sessions: Vec::new() };
        Self { http: Http::new(port), random: Random::new(number), users: (0..USERS).map(user).collect() }
    }

    /// Work for so long, and return how long each answer took. With a `pace`, an answer is asked for so often, unless the one
    /// before is not there yet.
    pub fn work(&mut self, length: Duration, pace: Option<Duration>) -> Vec<Duration> {
        let began = Instant::now();
        let (mut took, mut due) = (Vec::new(), Duration::ZERO);
        while began.elapsed() < length {
            let asked = Instant::now();
            let answers = self.step();
            took.push(asked.elapsed() / answers);
            if let Some(pace) = pace {
                due = (due + pace * answers).max(began.elapsed());
                thread::sleep(due.saturating_sub(began.elapsed()));
            }
        }
        took
    }

    /// Do something, and return how many answers it took.
    fn step(&mut self) -> u32 {
        let http = &mut self.http;
        let waiting = self.users.iter().position(|user| user.sessions.is_empty());
        let any = usize::try_from(self.random.below(USERS)).unwrap();
        let user = &mut self.users[waiting.unwrap_or(any)];
        let Ok(count @ 1..) = u64::try_from(user.sessions.len()) else { return user.sign_in(http) };
        let one = usize::try_from(self.random.below(count)).unwrap();
        let tokens = &mut user.sessions[one];
        match self.random.below(100) {
            0..70 => {
                let verified = http.get("/auth/verify", &tokens["access_token"]).unwrap();
                // By chance, a session may not have been refreshed for as long as a token is good.
                if verified.problem() == (401, 1002) {
                    return refresh(http, tokens);
                }
                assert_eq!(verified.expect(200)["session_id"], tokens["session_id"]);
            }
            70..85 => return refresh(http, tokens),
            85..90 if user.sessions.len() < SESSIONS => return user.sign_in(http),
            // One is left, so that there are as many users with a session at the end as at the beginning.
            85..94 if user.sessions.len() > 1 => {
                let gone = user.sessions.swap_remove(one);
                http.call("POST", "/auth/logout", &gone["access_token"], &Value::Null).unwrap().expect(200);
            }
            85..96 => assert_eq!(http.get("/auth/verify", &json!("none")).unwrap().problem(), (401, 1014)),
            96..98 => assert_eq!(http.get("/nowhere", &Value::Null).unwrap().status, 404),
            _ => {
                let mut body = http.signed(&user.wallet).unwrap();
                body["signature"] = json!("0x00");
                let refused = http.post("/auth/login", &body).unwrap().problem();
                // All clients are of one address, which comes to be slowed.
                assert!([(401, 1001), (429, 1006)].contains(&refused), "{refused:?}");
                return 2;
            }
        }
        1
    }
}

impl User {
    fn sign_in(&mut self, http: &mut Http) -> u32 {
        let body = http.signed(&self.wallet).unwrap();
        self.sessions.push(http.post("/auth/login", &body).unwrap().expect(200));
        2
    }
}

fn refresh(http: &mut Http, tokens: &mut Value) -> u32 {
    let body = json!({"refresh_token": tokens["refresh_token"]});
    *tokens = http.post("/auth/refresh", &body).unwrap().expect(200);
    1
}
