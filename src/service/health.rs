//! How the service stands.

use std::time::Duration;

use super::{BackupStatus, Service, blocking};
use crate::{
    domain::timestamp::Timestamp,
    store::{sessions, users},
};

/// How the service stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// When this was found.
    pub at: Timestamp,
    /// How long the service has been up.
    pub uptime: Duration,
    /// Whether users and sessions can be read.
    pub readable: bool,
    /// Whether the last commit succeeded.
    pub writable: bool,
    /// Whether a copy of the database that were put back now would be noticed.
    pub guarded: bool,
    /// How backups stand. Without them people can sign in all the same.
    pub backup: BackupStatus,
}

impl Health {
    /// Whether people can sign in.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.readable && self.writable
    }
}

impl Service {
    /// Try to write again, if the last commit failed. The health tells in a while whether it could.
    pub fn heal(&self) {
        if let Err(error) = self.0.store.heal() {
            tracing::warn!(%error, "the database cannot be tried again yet");
        }
    }

    /// How the service stands, by a real read of the database. Nothing is written: anybody may ask.
    pub async fn health(&self) -> Health {
        let service = self.clone();
        let read =
            move || Ok(service.0.store.read(|tx| users::count(tx).and_then(|_| sessions::count(tx)))?);
        let readable = blocking(read).await.is_ok();
        let at = self.now();
        let (uptime, writable) = (at.since(self.0.started_at), self.0.store.is_writable());
        Health {
            at,
            uptime,
            readable,
            writable,
            guarded: self.0.store.is_guarded(),
            backup: self.backup_status(),
        }
    }
}
