//! An hour, to count by.

use super::timestamp::Timestamp;

/// An hour of UTC: so many since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hour(u32);

const SECONDS: u64 = 3_600;

impl Hour {
    /// How many hours of the past are told of, the one that runs among them.
    pub const TOLD: u32 = 24;

    /// The hour that `at` is in.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the year 9999 has hour 70 million")]
    pub const fn of(at: Timestamp) -> Self {
        Self((at.unix() / SECONDS) as u32)
    }

    /// The hour of this number.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// Its number, counted from the Unix epoch.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// When it begins.
    #[must_use]
    pub const fn begins(self) -> Timestamp {
        Timestamp::from_unix(self.0 as u64 * SECONDS)
    }

    /// The first of the [`Self::TOLD`] hours that end with this one.
    #[must_use]
    pub const fn first_told(self) -> Self {
        Self(self.0.saturating_sub(Self::TOLD - 1))
    }

    /// The hours that are told of while this one runs, oldest first.
    pub fn told(self) -> impl Iterator<Item = Self> {
        (self.first_told().0..=self.0).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_hours_ends_with_the_one_that_runs() {
        let at = Timestamp::from_unix(1_793_000_000);
        let hour = Hour::of(at);
        assert!(hour.begins() <= at && at.since(hour.begins()).as_secs() < SECONDS);
        assert_eq!(Hour::of(hour.begins()), hour);
        let told: Vec<_> = hour.told().collect();
        assert_eq!((told.len(), told[0], told[23]), (24, Hour(hour.0 - 23), hour));
        assert_eq!(Hour(3).told().count(), 4, "nothing is before the epoch");
    }
}
