//! How often somebody may call.
//!
//! The generic cell rate algorithm ([GCRA]): each caller has as many calls as the limit says, and gets them back evenly
//! over a minute. Of the crate `governor` nothing but this rule would be used: its tables grow with the number of
//! callers until somebody sweeps them, and its clock is not ours.
//!
//! [GCRA]: https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm

use std::{num::NonZeroU32, time::Duration};

use super::{
    bounded::Bounded,
    client::Network,
    id::{SessionId, UserId},
    timestamp::Timestamp,
};

/// The seconds in which a caller who used up all calls gets them back.
const PERIOD: u64 = 60;

/// So many calls a minute, all of them at once if one likes.
///
/// In any `t` seconds at most `limit + limit × t / 60` calls are admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(NonZeroU32);

/// When a caller will have all calls back, in parts of a second: as many a second as the rate admits a minute, so that
/// nothing is rounded. Zero for one who never called.
///
/// The order is by that time: who spent the least is the first to be forgotten, and loses nothing or little by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Spent(u64);

/// How a caller stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How many calls there are a minute.
    pub limit: u32,
    /// How many are left now.
    pub remaining: u32,
    /// When all are back.
    pub full_at: Timestamp,
}

/// No call is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded {
    /// How the caller stands.
    pub standing: Standing,
    /// After how long one more is admitted, in whole seconds, at least one.
    pub wait: Duration,
}

impl Rate {
    /// So many calls a minute; one, if it says none.
    #[must_use]
    pub fn per_minute(limit: u32) -> Self {
        Self(NonZeroU32::new(limit).unwrap_or(NonZeroU32::MIN))
    }

    fn limit(self) -> u64 {
        self.0.get().into()
    }

    /// How much of a minute's parts `spent` takes at `now`. A clock that was put back costs nobody more than a minute.
    fn taken(self, spent: Spent, now: Timestamp) -> u64 {
        spent.0.saturating_sub(now.unix().saturating_mul(self.limit())).min(PERIOD * self.limit())
    }

    fn standing(self, taken: u64, now: Timestamp) -> Standing {
        let left = (PERIOD * self.limit() - taken) / PERIOD;
        Standing {
            limit: self.0.get(),
            remaining: u32::try_from(left).unwrap_or(u32::MAX),
            full_at: now.plus(Duration::from_secs(taken.div_ceil(self.limit()))),
        }
    }

    /// How somebody stands at `now` who spent so much, if they have a call left.
    fn check(self, spent: Spent, now: Timestamp) -> Result<u64, Exceeded> {
        let taken = self.taken(spent, now);
        // Each of the limit's calls takes a limit's part of the minute.
        let over = (taken + PERIOD).saturating_sub(PERIOD * self.limit());
        if over == 0 {
            return Ok(taken);
        }
        let wait = Duration::from_secs(over.div_ceil(self.limit()));
        Err(Exceeded { standing: self.standing(taken, now), wait })
    }

    fn count(self, spent: &mut Spent, now: Timestamp) -> Result<Standing, Exceeded> {
        let taken = self.check(*spent, now)? + PERIOD;
        *spent = Spent(now.unix().saturating_mul(self.limit()).saturating_add(taken));
        Ok(self.standing(taken, now))
    }
}

/// Whose calls are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Whoever is behind an address.
    Client(Network),
    /// A user, wherever they are.
    User(UserId),
    /// A session, wherever its holder is.
    Session(SessionId),
}

/// Counts the calls of many against one rate.
///
/// It remembers a bounded number of them, and when that is not enough forgets who spent the least: somebody who used
/// up their calls is forgotten only when sixteen who used up more stand in the same place of the table, and with so
/// many addresses one has as many times the calls anyway.
#[derive(Debug)]
pub struct Limiter {
    rate: Rate,
    spent: Bounded<Subject, Spent>,
}

impl Limiter {
    /// Nobody called yet. At most `capacity` are remembered.
    #[must_use]
    pub fn new(rate: Rate, capacity: usize) -> Self {
        Self { rate, spent: Bounded::new(capacity) }
    }

    /// Count a call of `subject` at `now`. One that is refused costs nothing.
    ///
    /// # Errors
    ///
    /// [`Exceeded`] if none is left.
    pub fn count(&mut self, subject: Subject, now: Timestamp) -> Result<Standing, Exceeded> {
        let rate = self.rate;
        self.spent.change(subject, |spent| rate.count(spent, now))
    }

    /// Whether `subject` has a call left at `now`, without counting one.
    ///
    /// # Errors
    ///
    /// [`Exceeded`] if none is left.
    pub fn check(&self, subject: &Subject, now: Timestamp) -> Result<(), Exceeded> {
        let spent = self.spent.get(subject).copied().unwrap_or_default();
        self.rate.check(spent, now).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    const START: u64 = 1_793_000_000;

    fn client(number: u32) -> Subject {
        Subject::Client(Network::of(Ipv4Addr::from_bits(number).into()))
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(START + seconds)
    }

    #[test]
    #[rustfmt::skip]
    fn calls_come_back_evenly_and_at_the_second_that_was_said() {
        let cases = [
            // a minute   after   admitted at once   then wait   and all are back after
            (1,           0,      1,                 60,         60),
            (5,           0,      5,                 12,         60),
            (5,           11,     0,                 1,          60),
            (5,           12,     1,                 12,         72),
            (5,           100,    5,                 12,         160),
            (60,          0,      60,                1,          60),
            (100,         0,      100,               1,          60),
            (100,         3,      5,                 1,          63),
            (10_000,      0,      10_000,            1,          60),
            (10_000,      1,      166,               1,          61),
        ];
        let mut limiter = Limiter::new(Rate::per_minute(1), 16);
        for (rate, after, admitted, wait, full) in cases {
            if after == 0 {
                limiter = Limiter::new(Rate::per_minute(rate), 16);
            }
            for left in (0..admitted).rev() {
                let standing = limiter.count(client(1), at(after)).unwrap();
                assert_eq!((standing.limit, standing.remaining), (rate, left), "{rate} a minute, after {after}");
            }
            for _ in 0..3 {
                let refused = limiter.count(client(1), at(after)).unwrap_err();
                let standing = Standing { limit: rate, remaining: 0, full_at: at(full) };
                assert_eq!(refused, Exceeded { standing, wait: Duration::from_secs(wait) }, "{rate}, after {after}");
                assert_eq!(limiter.check(&client(1), at(after)), Err(refused));
            }
            assert!(limiter.check(&client(1), at(after + wait - 1)).is_err(), "{rate}, after {after}: too early");
            assert!(limiter.check(&client(1), at(after + wait)).is_ok(), "{rate}, after {after}: as was said");
        }
    }

    #[test]
    fn each_has_calls_of_their_own() {
        let mut limiter = Limiter::new(Rate::per_minute(1), 1_024);
        let id = [7; 16];
        let network = |text: &str| Subject::Client(Network::of(text.parse().unwrap()));
        let subjects = [
            network("2001:db8::1"),
            network("2001:db8:0:1::1"),
            network("10.0.0.1"),
            Subject::User(UserId::from_bytes(id)),
            Subject::Session(SessionId::from_bytes(id)),
        ];
        for subject in subjects {
            assert!(limiter.count(subject, at(0)).is_ok(), "{subject:?}");
        }
        for subject in subjects.into_iter().chain([network("2001:db8::2"), network("::ffff:10.0.0.1")]) {
            assert!(limiter.count(subject, at(0)).is_err(), "{subject:?}");
        }
    }

    #[test]
    fn a_clock_that_is_put_back_costs_nobody_more_than_a_minute() {
        let mut limiter = Limiter::new(Rate::per_minute(5), 16);
        for _ in 0..5 {
            limiter.count(client(1), at(1_000_000)).unwrap();
        }
        assert_eq!(limiter.count(client(1), at(0)).unwrap_err().wait, Duration::from_secs(12));
    }

    #[test]
    fn a_million_addresses_take_no_more_room_than_the_table_has() {
        let capacity = 65_536;
        let mut limiter = Limiter::new(Rate::per_minute(100), capacity);
        let loud = client(u32::MAX);
        for _ in 0..100 {
            limiter.count(loud, at(0)).unwrap();
        }
        for number in 0..500_000 {
            assert!(limiter.count(client(number), at(0)).is_ok(), "a newcomer is never refused");
            let customer = Ipv6Addr::from_bits((0x2001_0db8 << 96) | (u128::from(number) << 64) | 1);
            assert!(limiter.count(Subject::Client(Network::of(customer.into())), at(0)).is_ok());
        }
        assert!(limiter.spent.len() <= capacity);
        assert!(limiter.spent.bytes() <= 3 << 20, "{} bytes", limiter.spent.bytes());
        assert!(
            limiter.count(loud, at(0)).is_err(),
            "who used up all calls was forgotten for the sake of quiet ones"
        );
    }

    proptest! {
        #[test]
        fn never_more_than_the_limit_and_what_comes_back(
            limit in 1_u32..200,
            calls in prop::collection::vec((0_u64..40, 1_usize..250), 1..60),
        ) {
            let mut limiter = Limiter::new(Rate::per_minute(limit), 16);
            let (mut now, mut admitted) = (0, Vec::new());
            for (pause, count) in calls {
                now += pause;
                let good = (0..count).filter(|_| limiter.count(client(1), at(now)).is_ok()).count();
                admitted.push((now, good));
            }
            for (index, (from, _)) in admitted.iter().enumerate() {
                let mut sum = 0;
                for (to, count) in &admitted[index..] {
                    sum += *count as u64;
                    prop_assert!(sum * 60 <= u64::from(limit) * (60 + to - from), "{sum} from {from} to {to}");
                }
            }
        }
    }
}
