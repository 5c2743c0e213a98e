//! When a backup is due, what it is called, and how long it is kept.

use std::time::Duration;

use super::timestamp::Timestamp;

/// How often backups are made, and how long each is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// From one to the next.
    pub interval: Duration,
    /// How long each is kept; the newest is kept in any case.
    pub retention: Duration,
}

/// How backups stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// None are made by schedule.
    Disabled,
    /// The newest is as new as it should be.
    Healthy,
    /// The last attempt failed.
    Failing,
    /// There is none as new as there should be.
    Overdue,
}

impl Standing {
    /// The word for it in `/health`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Healthy => "healthy",
            Self::Failing => "failing",
            Self::Overdue => "overdue",
        }
    }
}

impl Schedule {
    /// Whether a backup is due at `now`, after the newest of `made`. One from the future is of a clock that ran ahead.
    #[must_use]
    pub fn is_due(&self, made: &[Timestamp], now: Timestamp) -> bool {
        newest(made, now).is_none_or(|newest| now.since(newest) >= self.interval)
    }

    /// Which of `made` are kept no longer at `now`.
    #[must_use]
    pub fn expired(&self, made: &[Timestamp], now: Timestamp) -> Vec<Timestamp> {
        let newest = newest(made, now);
        let is_old = |at: &&Timestamp| now.since(**at) > self.retention && Some(**at) != newest;
        made.iter().filter(is_old).copied().collect()
    }

    /// Whether the newest backup is older than it should be, with some grace for making it. Where there is none yet, since
    /// `start`.
    #[must_use]
    pub fn is_overdue(&self, newest: Option<Timestamp>, start: Timestamp, now: Timestamp) -> bool {
        now.since(newest.unwrap_or(start)) > self.interval + self.interval / 4
    }
}

/// The newest of `made` that is not from the future.
#[must_use]
pub fn newest(made: &[Timestamp], now: Timestamp) -> Option<Timestamp> {
    made.iter().filter(|at| **at <= now).max().copied()
}

/// The name of the backup that was made at `at`, such as `auth-2026-11-24T07-25-31Z.redb`: sorted by name they are sorted
/// by age, and no file system minds it.
#[must_use]
pub fn file_name(at: Timestamp) -> String {
    format!("auth-{}.redb", at.to_string().replace(':', "-"))
}

/// The name of the copy that was made at `at` for a command to take elsewhere.
#[must_use]
pub fn handed_over_name(at: Timestamp) -> String {
    format!("{}.handover", file_name(at))
}

/// When the backup of this name was made; nothing if it is no backup's name.
#[must_use]
pub fn made_at(name: &str) -> Option<Timestamp> {
    let (day, time) = name.strip_prefix("auth-")?.strip_suffix(".redb")?.split_once('T')?;
    let at = format!("{day}T{}", time.replace('-', ":")).parse().ok()?;
    (file_name(at) == name).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600;

    fn at(hour: u64) -> Timestamp {
        Timestamp::from_unix(1_793_000_000 + hour * HOUR)
    }

    fn daily() -> Schedule {
        Schedule { interval: Duration::from_secs(24 * HOUR), retention: Duration::from_secs(72 * HOUR) }
    }

    #[test]
    fn one_is_due_an_interval_after_the_newest_and_a_clock_that_ran_ahead_stops_none() {
        let cases: [(&str, &[u64], bool); 6] = [
            ("none", &[], true),
            ("of now", &[100], false),
            ("a second too young", &[77], false),
            ("an interval old", &[76], true),
            ("an older one beside it", &[10, 90], false),
            ("only one of the future", &[9_999], true),
        ];
        for (case, made, due) in cases {
            let made: Vec<_> = made.iter().map(|hour| at(*hour)).collect();
            assert_eq!(daily().is_due(&made, at(100)), due, "{case}");
        }
    }

    #[test]
    fn what_is_too_old_goes_but_never_the_newest() {
        let cases: [(&str, &[u64], &[u64]); 4] = [
            ("young ones", &[50, 80, 100], &[]),
            ("two old ones", &[1, 27, 28, 100], &[1, 27]),
            ("nothing but old ones", &[1, 2, 3], &[1, 2]),
            ("one of the future beside them", &[1, 2, 9_999], &[1]),
        ];
        for (case, made, gone) in cases {
            let made: Vec<_> = made.iter().map(|hour| at(*hour)).collect();
            let gone: Vec<_> = gone.iter().map(|hour| at(*hour)).collect();
            assert_eq!(daily().expired(&made, at(100)), gone, "{case}");
        }
    }

    #[test]
    fn it_is_overdue_after_the_interval_and_some_grace() {
        for (newest, now, overdue) in
            [(Some(70), 100, false), (Some(69), 100, true), (None, 30, false), (None, 31, true)]
        {
            assert_eq!(daily().is_overdue(newest.map(at), at(0), at(now)), overdue, "{newest:?}, {now}");
        }
    }

    #[test]
    fn a_name_reads_back_and_other_files_are_nobodys_backup() {
        assert_eq!(file_name(Timestamp::from_unix(1_793_000_000)), "auth-2026-10-26T07-33-20Z.redb");
        assert_eq!(made_at(&file_name(at(5))), Some(at(5)));
        for other in [
            "auth.redb",
            "auth-2026-10-26T07-33-20Z.redb.partial",
            &handed_over_name(at(0)),
            "auth-2026-10-26T07:33:20Z.redb",
            "auth-2026-13-26T07-33-20Z.redb",
            "auth-.redb",
            "auth-T.redb",
            "notes.txt",
        ] {
            assert_eq!(made_at(other), None, "{other}");
        }
    }
}
