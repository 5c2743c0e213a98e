//! What is said once a minute at most, however often there is reason to.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

const EVERY: Duration = Duration::from_secs(60);

/// When something was last said.
#[derive(Debug, Default)]
pub(super) struct Seldom(Mutex<Option<Instant>>);

impl Seldom {
    /// Whether it may be said now; then it counts as said.
    pub(super) fn is_due(&self) -> bool {
        self.is_due_at(Instant::now())
    }

    fn is_due_at(&self, now: Instant) -> bool {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = said.is_none_or(|at| now.duration_since(at) >= EVERY);
        if is_due {
            *said = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_due_once_a_minute() {
        let (seldom, began) = (Seldom::default(), Instant::now());
        let due: Vec<_> =
            (0..=150).filter(|seconds| seldom.is_due_at(began + Duration::from_secs(*seconds))).collect();
        assert_eq!(due, [0, 60, 120]);
        assert!(
            !seldom.is_due_at(began),
            "a clock never goes back, and if it did nothing more would be said"
        );
    }
}
