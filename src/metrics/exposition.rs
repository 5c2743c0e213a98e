//! The text that Prometheus reads: [OpenMetrics 1.0].
//!
//! [OpenMetrics 1.0]: https://prometheus.io/docs/specs/om/open_metrics_spec/

use std::{fmt, time::Duration};

use prometheus_client::{
    encoding::text::{encode_eof, encode_registry},
    metrics::{
        counter::ConstCounter,
        family::Family,
        gauge::{ConstGauge, Gauge},
    },
    registry::Registry,
};

use super::{Commits, Traffic, UseCases, process};

/// Everything that is counted, ready to be written.
#[derive(Debug)]
pub struct Exposition(Registry);

/// How much there is, and whether more can be: what is read when Prometheus asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stock {
    /// Users.
    pub users: u64,
    /// Sessions, those among them that are over and not yet removed.
    pub sessions: u64,
    /// How long the database's file is; nothing for one in memory.
    pub database_bytes: Option<u64>,
}

/// What is told of backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backups {
    /// How old the newest verified one is; nothing if there is none.
    pub age: Option<Duration>,
    /// How long its file is, in bytes.
    pub bytes: Option<u64>,
    /// How long the last one took, of this process.
    pub took: Option<Duration>,
    /// How many failed, of this process.
    pub failures: u64,
}

impl Exposition {
    /// The media type of [`Self::text`].
    pub const MEDIA_TYPE: &'static str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// What is counted by a store, by a service of this name and version, and by its listener.
    #[must_use]
    pub fn new(
        (service, version): (&str, &'static str),
        commits: &Commits,
        use_cases: &UseCases,
        traffic: &Traffic,
    ) -> Self {
        let mut registry = Registry::default();
        // Of the type info, as OpenMetrics has it for this, readers of the older format would refuse all of the text.
        let build = Family::<_, Gauge>::default();
        build.get_or_create(&[("service", service.to_owned()), ("version", version.to_owned())]).set(1);
        registry.register("lucid_auth_build_info", "What runs: its name and version", build);
        traffic.register(&mut registry);
        use_cases.register(&mut registry);
        commits.register(&mut registry);
        Self(registry)
    }

    /// All of it as text. `stock` is nothing if the database cannot be read. Asks the system about this process, so it
    /// may block for a moment.
    ///
    /// # Errors
    ///
    /// [`fmt::Error`] if a metric cannot be written.
    pub fn text(&self, stock: Option<Stock>, writable: bool, backups: Backups) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.0)?;
        let mut current = current(stock, writable);
        backups.register(&mut current);
        encode_registry(&mut text, &current)?;
        encode_eof(&mut text)?;
        Ok(text)
    }
}

impl Backups {
    fn register(self, registry: &mut Registry) {
        let mut gauge = |name: &str, help: &str, value: Option<f64>| {
            if let Some(value) = value {
                registry.register(name, help, ConstGauge::new(value));
            }
        };
        let seconds = |length: Option<Duration>| length.map(|length| length.as_secs_f64());
        gauge("lucid_auth_backup_age_seconds", "Age of the newest verified backup", seconds(self.age));
        gauge("lucid_auth_backup_duration_seconds", "How long the last backup took", seconds(self.took));
        #[expect(clippy::cast_precision_loss, reason = "nobody reads the bytes of a petabyte")]
        let bytes = self.bytes.map(|bytes| bytes as f64);
        gauge("lucid_auth_backup_bytes", "Length of the newest verified backup", bytes);
        let failures = ConstCounter::new(self.failures);
        registry.register(
            "lucid_auth_backup_failures",
            "Backups that could not be made or did not verify",
            failures,
        );
    }
}

/// What is not counted but read now. What cannot be read is left out, rather than told as it was.
fn current(stock: Option<Stock>, writable: bool) -> Registry {
    let mut registry = Registry::default();
    let mut gauge = |name: &str, help: &str, value: Option<u64>| {
        if let Some(value) = value {
            registry.register(name, help, ConstGauge::new(value));
        }
    };
    gauge("lucid_auth_users", "Users", stock.map(|stock| stock.users));
    gauge(
        "lucid_auth_sessions",
        "Sessions that are active; those that ran out count until they are removed, within the hour",
        stock.map(|stock| stock.sessions),
    );
    gauge(
        "lucid_auth_database_bytes",
        "Length of the database's file",
        stock.and_then(|stock| stock.database_bytes),
    );
    gauge(
        "lucid_auth_database_writable",
        "1 if the last commit succeeded, else 0",
        Some(u64::from(writable)),
    );
    process::register(&mut registry);
    registry
}
