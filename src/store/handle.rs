//! The database that is open, and how to open it again.
//!
//! After one failed read or write redb answers nothing more until it is opened anew. A disk that was full an hour ago must
//! not keep people out until somebody restarts the service.

use std::{
    sync::{Arc, PoisonError, RwLock},
    thread,
    time::Duration,
};

use redb::Database;

use super::{OpenError, StoreError};

/// Opens the database again: the file that is there, never a new one.
type Reopen = dyn Fn() -> Result<Database, OpenError> + Send + Sync;

pub(super) struct Handle {
    /// Nothing while it is opened again, or after that failed.
    current: RwLock<Option<Arc<Database>>>,
    reopen: Box<Reopen>,
}

impl Handle {
    pub(super) fn new(
        database: Database,
        reopen: impl Fn() -> Result<Database, OpenError> + Send + Sync + 'static,
    ) -> Self {
        Self { current: RwLock::new(Some(Arc::new(database))), reopen: Box::new(reopen) }
    }

    /// The database. A copy keeps it open, so nobody keeps one for long.
    pub(super) fn get(&self) -> Result<Arc<Database>, StoreError> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.clone().ok_or_else(|| StoreError::Failed("it is being opened again".into()))
    }

    /// Close the database and open it again. Called by the writer alone, while it has no transaction.
    pub(super) fn renew(&self) -> Result<(), OpenError> {
        let old = self.current.write().unwrap_or_else(PoisonError::into_inner).take();
        // Reads that have begun end soon: none waits for anything but the disk. One that does not lets go in the end, and
        // until then the file is in use and opening it is refused.
        for _ in 0..200 {
            if old.as_ref().is_none_or(|old| Arc::strong_count(old) == 1) {
                break;
            }
            thread::sleep(Duration::from_millis(5));
        }
        drop(old);
        let database = (self.reopen)()?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(database));
        Ok(())
    }
}
