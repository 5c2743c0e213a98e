//! A point in time.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A point in time, in whole seconds since the Unix epoch, UTC.
///
/// Seconds are the resolution of a JWT's `NumericDate` ([RFC 7519 §2]). It is written as [RFC 3339] with `Z`, in
/// JSON too.
///
/// [RFC 7519 §2]: https://www.rfc-editor.org/rfc/rfc7519#section-2
/// [RFC 3339]: https://www.rfc-editor.org/rfc/rfc3339
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

/// The last second that [RFC 3339] can write: 9999-12-31T23:59:59Z.
///
/// [RFC 3339]: https://www.rfc-editor.org/rfc/rfc3339
const LAST: u64 = 253_402_300_799;

impl Timestamp {
    /// The point `seconds` after the Unix epoch; the end of year 9999 if that is later.
    #[must_use]
    pub const fn from_unix(seconds: u64) -> Self {
        Self(if seconds > LAST { LAST } else { seconds })
    }

    /// Whole seconds since the Unix epoch.
    #[must_use]
    pub const fn unix(self) -> u64 {
        self.0
    }

    /// This point and `length` more; the end of year 9999 if that is later.
    #[must_use]
    pub const fn plus(self, length: Duration) -> Self {
        Self::from_unix(self.0.saturating_add(length.as_secs()))
    }

    /// This point less `length`; the Unix epoch if that is earlier.
    #[must_use]
    pub const fn minus(self, length: Duration) -> Self {
        Self(self.0.saturating_sub(length.as_secs()))
    }

    /// How long after `earlier` this point is; zero if it is not after it.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_rfc3339_seconds(std::time::UNIX_EPOCH + Duration::from_secs(self.0)).fmt(f)
    }
}

/// The text is not a point in time as this service writes it: `YYYY-MM-DDTHH:MM:SSZ`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a time like 2026-11-01T12:00:00Z")]
pub struct TimestampError;

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The parser takes fractions and offsets too; only the one form that we write is read back.
        let time = humantime::parse_rfc3339(text).map_err(|_| TimestampError)?;
        let seconds = time.duration_since(std::time::UNIX_EPOCH).map_err(|_| TimestampError)?.as_secs();
        let timestamp = Self::from_unix(seconds);
        if timestamp.to_string() == text { Ok(timestamp) } else { Err(TimestampError) }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_writes_and_nothing_else() {
        for seconds in [0, 1, 951_782_400, 1_793_000_000, LAST] {
            let at = Timestamp::from_unix(seconds);
            assert_eq!(at.to_string().parse(), Ok(at), "{at}");
        }
        for text in
            ["", "2026-11-01", "2026-11-01T12:00:00", "2026-11-01T12:00:00+00:00", "2026-11-01T12:00:00.0Z"]
        {
            assert_eq!(text.parse::<Timestamp>(), Err(TimestampError), "{text}");
        }
    }

    #[test]
    fn arithmetic_stops_at_both_ends() {
        assert_eq!(Timestamp::from_unix(5).minus(Duration::from_secs(9)), Timestamp::from_unix(0));
        assert_eq!(Timestamp::from_unix(LAST).plus(Duration::from_secs(1)), Timestamp::from_unix(LAST));
        assert_eq!(Timestamp::from_unix(3).since(Timestamp::from_unix(7)), Duration::ZERO);
    }
}
