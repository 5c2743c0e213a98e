//! Failed sign-ins: when they lock, and whom.
//!
//! Guessing a signature is hopeless, so this is no wall: it dampens noise, and makes it noticed. The rule:
//!
//! 1. A sign-in fails when its text is not a challenge of ours, or its signature is not the address's. Answering late or
//!    twice is no failure.
//! 2. Failures in a row are counted for each pair of a client and an address. After so many, sign-in of that address is
//!    locked for that client, for the cooldown. A good sign-in ends the row; so does a cooldown without a failure.
//! 3. Failures are counted for each client, whatever the addresses. One that fails often waits after each failure, on a
//!    [ladder](LADDER) that it leaves after two cooldowns without a failure. A good sign-in does not help: who has one
//!    wallet could else try all others for ever. It does not keep out an account that has a live session from there.
//! 4. Nothing is counted for an address alone. However much garbage strangers send, the owner signs in from any client
//!    that did not fail itself, and sessions go on.
//!
//! A client is an IPv4 address or an IPv6 network of 64 bits; people behind one address share its attempts.
//!
//! All of this is of addresses, whether or not they have an account, and ends with the process for all of them alike: what
//! lasted longer for an account would tell strangers which addresses have one.

use std::time::Duration;

use super::{bounded::Bounded, client::Network, timestamp::Timestamp, wallet::Address};

/// When failed sign-ins lock, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Failures in a row that lock; zero counts as one.
    pub in_a_row: u32,
    /// How long a lock lasts.
    pub cooldown: Duration,
}

/// How long a client waits after a failure, at once, twice, three and four times as many failures as lock. No wait is
/// longer than the cooldown.
pub const LADDER: [Duration; 4] =
    [Duration::from_secs(5), Duration::from_secs(30), Duration::from_secs(120), Duration::from_secs(600)];

/// How many pairs, and how many clients, are remembered at most: two and a half megabytes in all.
const REMEMBERED: usize = 16_384;

/// A lock of an address's sign-in for one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lockout {
    /// The client.
    pub client: Network,
    /// When it ends.
    pub until: Timestamp,
}

impl Lockout {
    /// How many are written for one account at a time, so that strangers with many addresses cannot fill the disk.
    pub const WRITTEN: usize = 8;
}

impl Policy {
    /// How long a lock that ends at `until` still lasts at `now`, if it does. One that would last longer than the
    /// cooldown is of another clock or another setting, and is over.
    #[must_use]
    pub fn left(&self, until: Timestamp, now: Timestamp) -> Option<Duration> {
        let left = until.since(now);
        (left > Duration::ZERO && left <= self.cooldown).then_some(left)
    }

    fn limit(&self) -> u32 {
        self.in_a_row.max(1)
    }

    /// How long a client waits that has failed so often.
    fn step(&self, failures: u32) -> Option<Duration> {
        let step = (failures / self.limit()).checked_sub(1)?;
        let step = usize::try_from(step).unwrap_or(usize::MAX).min(LADDER.len() - 1);
        LADDER.get(step).map(|wait| (*wait).min(self.cooldown))
    }
}

/// Failures that belong together. What is locked for longest matters most to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Run {
    /// No sign-in before this.
    until: Option<Timestamp>,
    failures: u32,
    last: Option<Timestamp>,
}

impl Run {
    /// Note a failure at `now`. Those before count if the last one was less than `memory` ago.
    fn fail(&mut self, now: Timestamp, memory: Duration) {
        if self.last.is_some_and(|last| now.since(last) >= memory) {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        self.last = Some(now);
    }
}

/// What failed lately.
#[derive(Debug)]
pub struct Attempts {
    policy: Policy,
    pairs: Bounded<(Network, Address), Run>,
    clients: Bounded<Network, Run>,
}

impl Attempts {
    /// Nothing failed yet.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self { policy, pairs: Bounded::new(REMEMBERED), clients: Bounded::new(REMEMBERED) }
    }

    /// When locks come and go.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// How long sign-in of `address` stays locked for `client`, if it is.
    #[must_use]
    pub fn locked(&self, client: Network, address: Address, now: Timestamp) -> Option<Duration> {
        self.policy.left(self.pairs.get(&(client, address))?.until?, now)
    }

    /// How long `client` waits before it may try again, if it must.
    #[must_use]
    pub fn slowed(&self, client: Network, now: Timestamp) -> Option<Duration> {
        self.policy.left(self.clients.get(&client)?.until?, now)
    }

    /// Note that `client` failed to sign in as `address`, and return when the lock ends if that was one too many.
    pub fn failed(&mut self, client: Network, address: Address, now: Timestamp) -> Option<Timestamp> {
        let policy = self.policy;
        self.clients.change(client, |run| {
            run.fail(now, policy.cooldown * 2);
            run.until = policy.step(run.failures).map(|wait| now.plus(wait));
        });
        // Attempts that began before the lock may end within it: they change nothing of it.
        if self.locked(client, address, now).is_some() {
            return None;
        }
        self.pairs.change((client, address), |run| {
            run.fail(now, policy.cooldown);
            run.until = (run.failures >= policy.limit()).then(|| now.plus(policy.cooldown));
            if run.until.is_some() {
                run.failures = 0;
            }
            run.until
        })
    }

    /// Note that `client` signed in as `address`.
    pub fn succeeded(&mut self, client: Network, address: Address) {
        self.pairs.remove(&(client, address));
    }

    /// Forget all that failed for `address`.
    pub fn forgive(&mut self, address: Address) {
        self.pairs.remove_all(|(_, failed)| *failed == address);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const POLICY: Policy = Policy { in_a_row: 5, cooldown: Duration::from_secs(900) };

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(1_793_000_000 + seconds)
    }

    fn client(number: u32) -> Network {
        Network::of(Ipv4Addr::from_bits(number).into())
    }

    fn address(number: u32) -> Address {
        let mut bytes = [0; 20];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        Address::from_bytes(bytes)
    }

    #[test]
    #[rustfmt::skip]
    fn so_many_failures_in_a_row_lock_the_address_for_that_client() {
        type Case = (&'static str, Vec<(u64, bool)>, u64, Option<u64>);
        let fails = |count: u64, from: u64, step: u64| (0..count).map(move |i| (from + i * step, false));
        let cases: Vec<Case> = vec![
            // case                               failures and successes                                     at      locked for
            ("nothing",                           vec![],                                                    0,      None),
            ("one less than lock",                fails(4, 0, 1).collect(),                                  4,      None),
            ("as many as lock",                   fails(5, 0, 1).collect(),                                  4,      Some(900)),
            ("a moment later",                    fails(5, 0, 1).collect(),                                  5,      Some(899)),
            ("in the last second",                fails(5, 0, 1).collect(),                                  903,    Some(1)),
            ("when it ends",                      fails(5, 0, 1).collect(),                                  904,    None),
            ("more, while it is locked",          fails(50, 0, 1).collect(),                                 49,     Some(855)),
            ("a success in between",              fails(4, 0, 1).chain([(4, true)]).chain(fails(4, 5, 1)).collect(), 9, None),
            ("and one more",                      fails(4, 0, 1).chain([(4, true)]).chain(fails(5, 5, 1)).collect(), 9, Some(900)),
            ("slowly, within a cooldown each",    fails(5, 0, 899).collect(),                                3_596,  Some(900)),
            ("so slowly that the row ends",       fails(50, 0, 900).collect(),                               44_100, None),
            ("after a lock, the row begins anew", fails(5, 0, 1).chain(fails(4, 904, 1)).collect(),          907,    None),
            ("and locks again",                   fails(5, 0, 1).chain(fails(5, 904, 1)).collect(),          908,    Some(900)),
            ("the clock was put back an hour",    fails(5, 3_600, 0).collect(),                              0,      None),
        ];
        for (case, history, now, expected) in cases {
            let mut attempts = Attempts::new(POLICY);
            for (when, good) in history {
                if good {
                    attempts.succeeded(client(1), address(1));
                } else {
                    attempts.failed(client(1), address(1), at(when));
                }
            }
            let locked = attempts.locked(client(1), address(1), at(now));
            assert_eq!(locked, expected.map(Duration::from_secs), "{case}");
        }
    }

    #[test]
    fn the_failure_that_locks_says_so_and_no_other() {
        let mut attempts = Attempts::new(POLICY);
        let said: Vec<_> = (0..8).map(|_| attempts.failed(client(1), address(1), at(0))).collect();
        let mut expected = vec![None; 8];
        expected[4] = Some(at(900));
        assert_eq!(said, expected);
    }

    #[test]
    fn strangers_lock_nobody_out_but_themselves() {
        let mut attempts = Attempts::new(POLICY);
        for stranger in 1_000..101_000 {
            for _ in 0..6 {
                attempts.failed(client(stranger), address(1), at(0));
            }
        }
        assert!(attempts.locked(client(100_999), address(1), at(0)).is_some());
        assert_eq!(attempts.locked(client(1), address(1), at(0)), None, "the owner, from elsewhere");
        assert_eq!(attempts.slowed(client(1), at(0)), None);
        let mut missed = (0..4).map(|_| attempts.failed(client(1), address(1), at(0)));
        assert!(missed.all(|locked| locked.is_none()), "who has all attempts still");
        assert_eq!(attempts.locked(client(100_999), address(2), at(0)), None, "a stranger's own address");
        assert!(attempts.pairs.len() <= REMEMBERED && attempts.clients.len() <= REMEMBERED);
        assert!(attempts.pairs.bytes() + attempts.clients.bytes() <= 5 << 19);
    }

    #[test]
    fn whoever_fails_often_waits_on_a_ladder() {
        let mut attempts = Attempts::new(POLICY);
        let mut now = 0;
        for failures in 1..=40_u32 {
            // Each time another address, so that none is locked; and a good sign-in does not help.
            attempts.failed(client(1), address(failures), at(now));
            attempts.succeeded(client(1), address(0));
            let wait = match failures {
                0..5 => None,
                5..10 => Some(5),
                10..15 => Some(30),
                15..20 => Some(120),
                _ => Some(600),
            };
            assert_eq!(
                attempts.slowed(client(1), at(now)),
                wait.map(Duration::from_secs),
                "after {failures}"
            );
            now += wait.unwrap_or(0);
            assert_eq!(attempts.slowed(client(1), at(now)), None, "after {failures}, having waited");
        }
        let last = now - 600;
        attempts.failed(client(1), address(99), at(last + 1_799));
        assert!(attempts.slowed(client(1), at(last + 1_799)).is_some(), "remembered");
        attempts.failed(client(1), address(99), at(last + 1_799 + 1_800));
        assert_eq!(attempts.slowed(client(1), at(last + 1_799 + 1_800)), None, "forgotten");
    }

    #[test]
    fn no_wait_is_longer_than_the_cooldown() {
        let mut attempts = Attempts::new(Policy { in_a_row: 1, cooldown: Duration::from_secs(60) });
        for failures in 0..9 {
            attempts.failed(client(1), address(failures), at(0));
            assert!(attempts.slowed(client(1), at(0)).unwrap() <= Duration::from_secs(60));
        }
    }

    #[test]
    fn what_is_forgiven_is_gone_for_every_client() {
        let mut attempts = Attempts::new(POLICY);
        for who in 1..=3 {
            for _ in 0..5 {
                attempts.failed(client(who), address(1), at(0));
                attempts.failed(client(who), address(2), at(0));
            }
        }
        attempts.forgive(address(1));
        for who in 1..=3 {
            assert_eq!(attempts.locked(client(who), address(1), at(0)), None);
            assert!(attempts.locked(client(who), address(2), at(0)).is_some());
        }
    }
}
