//! The audit log: read, checked, pruned, switched on and off.

use std::time::Duration;

use super::{Error, Service, blocking};
use crate::{
    domain::audit::{Mark, Page, Progress, Query},
    store::{Tx, audit},
};

/// How many entries are removed in one commit.
const PRUNE: usize = 500;

impl Service {
    /// A page of the log.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] if the database fails.
    pub async fn audit_page(&self, query: Query) -> Result<Page, Error> {
        let service = self.clone();
        blocking(move || Ok(service.0.store.read(|tx| audit::page(tx, &query))?)).await
    }

    /// Check at most `limit` entries after `after`, or from where the log begins.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] if the database fails. A log that does not hold is no error.
    pub async fn verify_audit(&self, after: Option<Mark>, limit: usize) -> Result<Progress, Error> {
        let service = self.clone();
        blocking(move || Ok(service.0.store.read(|tx| audit::verify(tx, after, limit))?)).await
    }

    /// Remove the entries that are older than `retention`, and return how many there were.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] if the database fails.
    pub async fn prune_audit(&self, retention: Duration) -> Result<usize, Error> {
        let now = self.now();
        let before = now.minus(retention);
        let mut pruned = 0;
        loop {
            let found = self.0.store.write(move |tx: &Tx| audit::prune(tx, before, PRUNE, now)).await?;
            pruned += found;
            if found < PRUNE {
                return Ok(pruned);
            }
        }
    }

    /// Record what happens from now on, or do not, and return whether it was the other way before. Either is recorded.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] if the database fails.
    pub async fn record_audit(&self, on: bool) -> Result<bool, Error> {
        let now = self.now();
        Ok(self.0.store.write(move |tx: &Tx| audit::set_recording(tx, on, now)).await?)
    }
}
