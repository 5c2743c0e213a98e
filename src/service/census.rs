//! What the service tells of itself to whoever watches over it.

use super::{Error, Service, blocking};
use crate::{
    metrics::{Backups, Commits, Stock, UseCases},
    store::{sessions, users},
};

impl Service {
    /// What is counted of the use cases.
    #[must_use]
    pub fn counts(&self) -> &UseCases {
        &self.0.counts
    }

    /// What is counted of the commits.
    #[must_use]
    pub fn commits(&self) -> &Commits {
        self.0.store.commits()
    }

    /// What is told of backups.
    #[must_use]
    pub fn backup_figures(&self) -> Backups {
        let (status, now) = (self.backup_status(), self.now());
        Backups {
            age: status.newest.map(|at| now.since(at)),
            bytes: status.bytes,
            took: status.took,
            failures: status.failures,
        }
    }

    /// Whether the last commit succeeded.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.0.store.is_writable()
    }

    /// How much there is. Costs the same however much that is.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] if the database cannot be read.
    pub async fn stock(&self) -> Result<Stock, Error> {
        let service = self.clone();
        blocking(move || {
            let store = &service.0.store;
            let (users, sessions) = store.read(|tx| Ok((users::count(tx)?, sessions::count(tx)?)))?;
            Ok(Stock { users, sessions, database_bytes: store.file_bytes() })
        })
        .await
    }
}
