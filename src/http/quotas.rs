//! Counts each call once, against whoever makes it.
//!
//! | quota of the row | counted by | calls a minute |
//! |---|---|---|
//! | `SignIn` | client address, before anything is looked at | [`SIGN_IN`], or `RATE_LIMIT_PUBLIC` if that is less |
//! | `Token` | session, if it is a refresh token of ours | the same |
//! | `Token`, `Read` | user, if it is a good access token | `RATE_LIMIT_AUTHENTICATED`; `RATE_LIMIT_ADMIN` for ADMIN and above |
//! | `Write` | user, if the token is good | a tenth of that: each may cost a write to the disk |
//! | `Token`, `Read`, `Write` | else client address | `RATE_LIMIT_PUBLIC` |
//! | `Proxy` | client address, if it proves nothing | `RATE_LIMIT_AUTHENTICATED`: a proxy asks for each picture of a page |
//! | `Unlimited` | nobody | |
//!
//! So people behind one address do not use up each other's calls once they are signed in. What an address can do with
//! tokens that prove nothing is bounded: after `RATE_LIMIT_AUTHENTICATED` of them in a minute, no signature of a token from
//! there is checked. Tokens that were given out or seen lately are known without.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use hyper::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};

use super::{
    app::App,
    code::Code,
    problem::Problem,
    reply::Response,
    request::Head,
    route::{Grant, Quota},
    seldom::Seldom,
};
use crate::domain::{
    client::Network,
    id::SessionId,
    rate::{Exceeded, Limiter, Rate, Standing, Subject},
    role::Role,
    timestamp::Timestamp,
    user::User,
};

/// Calls a minute that ask for challenges or answer them: fifteen sign-ins.
pub const SIGN_IN: u32 = 30;

const X_RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const X_RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const X_RATELIMIT_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Callers that each limiter remembers: at most two megabytes each for clients, half of one for users.
const CLIENTS: usize = 65_536;
const USERS: usize = 16_384;

/// Calls a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// By client address.
    pub public: u32,
    /// By user.
    pub authenticated: u32,
    /// By ADMIN and above.
    pub admin: u32,
}

/// Counts the calls, or none.
#[derive(Debug)]
pub struct Quotas {
    limiters: Option<Limiters>,
    /// When something was last warned of that anybody can bring about.
    warned: Seldom,
}

#[derive(Debug)]
struct Limiters {
    public: Mutex<Limiter>,
    /// Calls that proved nothing.
    unproven: Mutex<Limiter>,
    sign_in: Mutex<Limiter>,
    refresh: Mutex<Limiter>,
    user: Tier,
    admin: Tier,
}

#[derive(Debug)]
struct Tier {
    reads: Mutex<Limiter>,
    writes: Mutex<Limiter>,
}

impl Tier {
    fn new(rate: u32) -> Self {
        Self { reads: limiter(rate, USERS), writes: limiter((rate / 10).max(1), USERS) }
    }
}

fn limiter(rate: u32, capacity: usize) -> Mutex<Limiter> {
    Mutex::new(Limiter::new(Rate::per_minute(rate), capacity))
}

/// How whoever a request was counted against stands, once it was counted.
#[derive(Debug, Clone, Default)]
pub(super) struct Counted(Arc<OnceLock<Standing>>);

impl Counted {
    /// Say it in `headers`, if the request was counted.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        if let Some(standing) = self.0.get() {
            headers.insert(X_RATELIMIT_LIMIT, standing.limit.into());
            headers.insert(X_RATELIMIT_REMAINING, standing.remaining.into());
            headers.insert(X_RATELIMIT_RESET, HeaderValue::from(standing.full_at.unix()));
        }
    }

    /// Count against `subject`, unless the request counts already.
    fn count(&self, limiter: &Mutex<Limiter>, subject: Subject, now: Timestamp) -> Result<(), Problem> {
        if self.0.get().is_some() {
            return Ok(());
        }
        let outcome = limiter.lock().unwrap_or_else(PoisonError::into_inner).count(subject, now);
        self.note(outcome)
    }

    /// Refuse if `subject` has no call left, without counting one.
    fn check(&self, limiter: &Mutex<Limiter>, subject: Subject, now: Timestamp) -> Result<(), Problem> {
        let checked = limiter.lock().unwrap_or_else(PoisonError::into_inner).check(&subject, now);
        checked.or_else(|exceeded| self.note(Err(exceeded)))
    }

    fn note(&self, outcome: Result<Standing, Exceeded>) -> Result<(), Problem> {
        let (standing, refusal) = match outcome {
            Ok(standing) => (standing, None),
            Err(Exceeded { standing, wait }) => {
                (standing, Some(Problem::new(Code::RateLimited).retry_after(wait)))
            }
        };
        // A request is answered by one task, so nobody else sets it in between.
        let _ = self.0.set(standing);
        refusal.map_or(Ok(()), Err)
    }
}

/// Whom a request counts against if it turns out to prove nothing.
pub(super) struct Pass(Option<(Counted, Subject, Quota)>);

impl Quotas {
    /// Count calls against these rates, or none.
    #[must_use]
    pub fn new(rates: Option<Rates>) -> Self {
        let limiters = rates.map(|rates| {
            let sign_in = rates.public.min(SIGN_IN);
            Limiters {
                public: limiter(rates.public, CLIENTS),
                unproven: limiter(rates.authenticated, CLIENTS),
                sign_in: limiter(sign_in, CLIENTS),
                refresh: limiter(sign_in, USERS),
                user: Tier::new(rates.authenticated),
                admin: Tier::new(rates.admin),
            }
        });
        Self { limiters, warned: Seldom::default() }
    }

    /// Whether to warn now of what anybody can bring about: a log must not fill the disk at their word.
    pub(super) fn may_warn(&self) -> bool {
        self.warned.is_due()
    }

    /// Let a request in by its client's address, before anything of it is looked at.
    pub(super) fn admit(&self, head: &Head, access: Grant, now: Timestamp) -> Result<Pass, Problem> {
        let quota = head.quota;
        let Some(limiters) = self.limiters.as_ref().filter(|_| quota != Quota::Unlimited) else {
            return Ok(Pass(None));
        };
        let client = Subject::Client(Network::of(head.client.address));
        if quota == Quota::SignIn {
            head.counted.count(&limiters.sign_in, client, now)?;
            return Ok(Pass(None));
        }
        // What looks at no token counts as its client's call, whatever comes along: before it uses anything up.
        if access == Grant::Public {
            head.counted.count(&limiters.public, client, now)?;
            return Ok(Pass(None));
        }
        // Whoever brings no token cannot count as anybody else.
        if !matches!(quota, Quota::Token | Quota::Proxy) && !head.brings_token() {
            head.counted.check(&limiters.public, client, now)?;
        }
        Ok(Pass(Some((head.counted.clone(), client, quota))))
    }

    /// Refuse to check the signature of a token if its client has sent too many that proved nothing.
    pub(super) fn check_unproven(&self, head: &Head, now: Timestamp) -> Result<(), Problem> {
        let Some(limiters) = &self.limiters else { return Ok(()) };
        head.counted.check(&limiters.unproven, Subject::Client(Network::of(head.client.address)), now)
    }

    /// Count a request as one of `user`, who proved to have made it.
    pub(super) fn count_user(&self, head: &Head, user: &User, now: Timestamp) -> Result<(), Problem> {
        let Some(limiters) = self.limiters.as_ref().filter(|_| head.quota != Quota::Proxy) else {
            return Ok(());
        };
        let tier = if user.role >= Role::Admin { &limiters.admin } else { &limiters.user };
        let limiter = if head.quota == Quota::Write { &tier.writes } else { &tier.reads };
        head.counted.count(limiter, Subject::User(user.id), now)
    }

    /// Count a request as one of whoever holds the refresh token of `session`.
    pub(super) fn count_session(
        &self,
        head: &Head,
        session: SessionId,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let Some(limiters) = &self.limiters else { return Ok(()) };
        head.counted.count(&limiters.refresh, Subject::Session(session), now)
    }
}

impl Pass {
    /// Count a request that is answered and proved nothing against its client.
    pub(super) fn settle(self, app: &App, outcome: Result<Response, Problem>) -> Result<Response, Problem> {
        let (Some(limiters), Some((counted, client, quota))) = (&app.quotas.limiters, self.0) else {
            return outcome;
        };
        let proven =
            quota == Quota::Proxy && outcome.as_ref().is_ok_and(|response| response.status().is_success());
        if counted.0.get().is_some() || proven {
            return outcome;
        }
        let now = app.clock.now();
        if quota == Quota::Proxy {
            counted.count(&limiters.unproven, client, now)?;
            return outcome;
        }
        // Only how many there are matters, not whether this one is still within them.
        let _ = limiters.unproven.lock().unwrap_or_else(PoisonError::into_inner).count(client, now);
        counted.count(&limiters.public, client, now)?;
        outcome
    }
}
