//! The only reader of the system's clock.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::domain::timestamp::Timestamp;

/// Tells the time. A copy tells the same time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The system's clock. Before 1970 it tells the Unix epoch.
    #[must_use]
    pub fn system() -> Self {
        Self::new(|| Timestamp::from_unix(since_epoch().as_secs()))
    }

    /// A clock that tells what `tell` returns, for tests.
    #[must_use]
    pub fn new(tell: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// The time now. A use case reads it once and passes it down.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

/// How long ago the Unix epoch was, by the system's clock; nothing before 1970. For the log, which tells more than seconds.
#[must_use]
pub fn since_epoch() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO)
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}
