//! What a client knows of one of its sessions, and what it may find after a crash.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::Http;

/// A refresh token that was used and not answered answers once more within ten seconds by the service's clock, which
/// counts whole ones: so for nine in any case.
const GRACE_AT_LEAST: Duration = Duration::from_secs(9);

/// A session that was begun, with the newest tokens that were answered.
pub struct Session {
    access: Value,
    refresh: Value,
    /// What was asked last and not answered: it may be done or not.
    asked: Option<Asked>,
}

#[derive(Clone, Copy, PartialEq)]
enum Asked {
    Refresh(Instant),
    SignOut,
}

impl Session {
    /// The session of an answered sign-in or refresh.
    pub fn new(answer: &Value) -> Self {
        Self { access: answer["access_token"].clone(), refresh: answer["refresh_token"].clone(), asked: None }
    }

    /// Refresh it, and return whether that was answered.
    pub fn refresh(&mut self, http: &mut Http) -> bool {
        self.asked = Some(Asked::Refresh(Instant::now()));
        let answer = http.post("/auth/refresh", &json!({"refresh_token": self.refresh}));
        answer.is_ok_and(|answer| {
            *self = Self::new(&answer.expect(200));
            true
        })
    }

    /// Sign out of it, and return whether that was answered.
    pub fn sign_out(&mut self, http: &mut Http) -> bool {
        self.asked = Some(Asked::SignOut);
        let answer = http.call("POST", "/auth/logout", &self.access, &Value::Null);
        answer.is_ok_and(|answer| {
            assert_eq!(answer.expect(200), json!({"sessions_revoked": 1}));
            true
        })
    }

    /// After a crash, find out whether it is still there, which must follow from what was answered.
    ///
    /// | asked last, without an answer | the session               | its newest answered refresh token      |
    /// |-------------------------------|---------------------------|----------------------------------------|
    /// | nothing                       | is there                  | refreshes                              |
    /// | a refresh                     | is there                  | refreshes: not used, or used just now  |
    /// | the same, ten seconds ago     | is there                  | refreshes, or is a reuse that ends it  |
    /// | to sign out                   | is there, or has ended    | refreshes, or tells that it ended      |
    pub fn settle(&mut self, http: &mut Http, user: &Value) -> bool {
        let verify = http.get("/auth/verify", &self.access).unwrap();
        if self.asked == Some(Asked::SignOut) && verify.status == 401 {
            self.gone(http);
            return false;
        }
        let verified = verify.expect(200);
        assert_eq!(&verified["user_id"], user);
        let answer = http.post("/auth/refresh", &json!({"refresh_token": self.refresh})).unwrap();
        if let Some(Asked::Refresh(at)) = self.asked
            && at.elapsed() > GRACE_AT_LEAST
            && answer.problem() == (401, 1017)
        {
            self.gone(http);
            return false;
        }
        let answer = answer.expect(200);
        assert_eq!((&answer["session_id"], &answer["user"]["user_id"]), (&verified["session_id"], user));
        *self = Self::new(&answer);
        true
    }

    /// See that it has ended, and that no token brings it back.
    pub fn gone(&self, http: &mut Http) {
        let verify = http.get("/auth/verify", &self.access).unwrap();
        assert_eq!(verify.problem(), (401, 1015), "{}", verify.body);
        let refresh = http.post("/auth/refresh", &json!({"refresh_token": self.refresh})).unwrap();
        assert_eq!(refresh.problem(), (401, 1015), "{}", refresh.body);
    }
}
