//! How the service stands.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

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

    /// How the service stands, by a real read of the database, at most a second ago. Nothing is written: anybody may ask.
    pub async fn health(&self) -> Health {
        let at = self.now();
        let readable = self.is_readable(at).await;
        let (uptime, writable) = (at.since(self.0.started_at), self.0.store.is_writable());
        Health {
            at,
            uptime,
            readable,
            writable,
            guarded: self.0.store.is_guarded(),
            backup: self.backup_status_at(at),
        }
    }

    /// Whether users and sessions could be read in this second. Whoever asks often makes no more reads; after one that
    /// failed, everybody reads anew.
    async fn is_readable(&self, at: Timestamp) -> bool {
        let seen = &self.0.readable_at;
        if seen.load(SeqCst) == at.unix() {
            return true;
        }
        let service = self.clone();
        let read =
            move || Ok(service.0.store.read(|tx| users::count(tx).and_then(|_| sessions::count(tx)))?);
        let readable = blocking(read).await.is_ok();
        if readable {
            seen.store(at.unix(), SeqCst);
        }
        readable
    }
}
