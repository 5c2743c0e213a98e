//! Commits: how long each waits for the disk, and how many changes share it.

use std::time::Duration;

use prometheus_client::{metrics::histogram::Histogram, registry::Registry};

/// A good disk needs a millisecond, an SD card at work a second.
const SECONDS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];
/// Up to the most changes that share a commit.
const CHANGES: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

/// Commits so far. A copy counts together with the original.
#[derive(Debug, Clone)]
pub struct Commits {
    seconds: Histogram,
    changes: Histogram,
}

impl Default for Commits {
    fn default() -> Self {
        Self { seconds: Histogram::new(SECONDS), changes: Histogram::new(CHANGES) }
    }
}

impl Commits {
    /// `changes` changes are on disk, which `took` so long.
    pub fn committed(&self, changes: usize, took: Duration) {
        self.seconds.observe(took.as_secs_f64());
        self.changes.observe(f64::from(u32::try_from(changes).unwrap_or(u32::MAX)));
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "lucid_auth_commit_duration_seconds",
            "How long commits to the database waited for the disk",
            self.seconds.clone(),
        );
        registry.register("lucid_auth_commit_changes", "Changes that shared a commit", self.changes.clone());
    }
}
