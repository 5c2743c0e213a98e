//! Requests and connections of one listener.

use std::{
    sync::{Arc, OnceLock, PoisonError, RwLock},
    time::Duration,
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

const SECONDS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// Requests and connections so far. A copy counts together with the original.
#[derive(Debug, Clone)]
pub struct Traffic {
    requests: Family<Answers, Counter>,
    seconds: Family<Durations, Histogram, fn() -> Histogram>,
    rate_limited: Counter,
    connections: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answers {
    operation: &'static str,
    route: &'static str,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Durations {
    operation: &'static str,
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            rate_limited: Counter::default(),
            connections: Gauge::default(),
        }
    }
}

impl Traffic {
    /// What counts the requests of one row of a route table. Labels come from the table, never from a request, so that
    /// their number is bounded.
    #[must_use]
    pub fn meter(&self, operation: &'static str, route: &'static str, method: &'static str) -> Meter {
        let meter = Meter(Arc::new(Inner {
            traffic: self.clone(),
            labels: Answers { operation, route, method, status: 0 },
            seconds: OnceLock::new(),
            statuses: RwLock::default(),
        }));
        // The first failure must be seen by an alert: it looks at how a series grows, so the series must be there.
        for status in [500, 503] {
            meter.0.add(status, 0);
        }
        meter
    }

    /// A request was refused because its caller makes too many.
    pub fn rate_limited(&self) {
        self.rate_limited.inc();
    }

    /// A connection is open until this is dropped.
    #[must_use]
    pub fn connection(&self) -> OpenConnection {
        self.connections.inc();
        OpenConnection(self.connections.clone())
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "lucid_auth_requests",
            "Requests by row of the route table and by status; unmatched are those of no row",
            self.requests.clone(),
        );
        registry.register(
            "lucid_auth_request_duration_seconds",
            "How long requests took, from their head to their answer",
            self.seconds.clone(),
        );
        registry.register(
            "lucid_auth_rate_limited_requests",
            "Requests refused because their caller makes too many",
            self.rate_limited.clone(),
        );
        registry.register("lucid_auth_connections", "Connections open", self.connections.clone());
    }
}

/// Counts the requests of one row of a route table. Nothing is looked up by name and nothing is allocated but at the
/// first request of each status.
#[derive(Debug, Clone)]
pub struct Meter(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    traffic: Traffic,
    labels: Answers,
    seconds: OnceLock<Histogram>,
    /// The statuses that occurred: a handful, which we choose and not the client.
    statuses: RwLock<Vec<(u16, Counter)>>,
}

impl Meter {
    /// A request was answered with `status`, which `took` so long.
    pub fn answered(&self, status: u16, took: Duration) {
        let Inner { traffic, labels, seconds, .. } = &*self.0;
        let seconds = seconds
            .get_or_init(|| traffic.seconds.get_or_create_owned(&Durations { operation: labels.operation }));
        seconds.observe(took.as_secs_f64());
        self.0.add(status, 1);
    }

    /// A request was refused with `status` before it could be read.
    pub fn refused_unread(&self, status: u16) {
        self.0.add(status, 1);
    }
}

impl Inner {
    fn add(&self, status: u16, count: u64) {
        let known = |counters: &[(u16, Counter)]| {
            let counter = counters.iter().find(|(known, _)| *known == status);
            counter.map(|(_, counter)| counter.inc_by(count)).is_some()
        };
        if known(&self.statuses.read().unwrap_or_else(PoisonError::into_inner)) {
            return;
        }
        let mut counters = self.statuses.write().unwrap_or_else(PoisonError::into_inner);
        // Another request may have been first.
        if !known(&counters) {
            let labels = Answers { status, ..self.labels.clone() };
            let counter = self.traffic.requests.get_or_create_owned(&labels);
            counter.inc_by(count);
            counters.push((status, counter));
        }
    }
}

/// One open connection.
#[derive(Debug)]
pub struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}
