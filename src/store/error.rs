//! What the database refuses, or fails at.

use std::{io, path::PathBuf};

/// The database cannot be read or written. Nothing of the transaction was kept.
///
/// Its text is for the log, not for a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The disk or redb failed.
    #[error("the database failed: {0}")]
    Failed(String),
    /// A row is there that cannot be read.
    #[error("a row of {table} cannot be read: {why}")]
    Row {
        /// The table.
        table: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A rule that ties tables together does not hold.
    #[error("the database contradicts itself: {0}")]
    Inconsistent(&'static str),
    /// The keys are sealed, and there is no master key.
    #[error(
        "the keys in the database are sealed, and MASTER_KEY is not set. Set it to the key that sealed them; \
         if that is lost, `lucid-auth key reset` makes new keys, and everyone signs in again"
    )]
    Sealed,
    /// The keys are sealed with another master key, or damaged.
    #[error(
        "MASTER_KEY does not open the keys in the database. Set it to the key that sealed them; \
         if that is lost, `lucid-auth key reset` makes new keys, and everyone signs in again"
    )]
    OtherSeal,
    /// A change panicked: a fault of ours, not of the disk.
    #[error("a change panicked")]
    Panicked,
    /// The service is stopping.
    #[error("the database is closed")]
    Closed,
}

macro_rules! failed_from {
    ($($error:ty),*) => {
        $(impl From<$error> for StoreError {
            fn from(error: $error) -> Self {
                Self::Failed(error.to_string())
            }
        })*
    };
}

failed_from!(
    redb::TransactionError,
    redb::TableError,
    redb::StorageError,
    redb::CommitError,
    redb::SetDurabilityError
);

/// Why a database cannot be opened. The file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file is empty, or does not begin as a redb file does.
    #[error(
        "{path} is not a database of lucid-auth ({why}). It was left as it is. Move it away, or set DATA_DIR to another folder."
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        why: &'static str,
    },
    /// The file begins well, but does not hold together.
    #[error(
        "{path} is damaged ({why}). It was left as it is. A file that was copied with cp while the service ran may look like this: use one that \
         `lucid-auth backup` made. Restore a backup over it (`lucid-auth restore FILE`); to start anew, move it away."
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not hold.
        why: String,
    },
    /// A newer version of this service wrote the file.
    #[error(
        "{path} has schema {found}, which a newer version of lucid-auth wrote; this version knows schemas up to {known}. \
         It was left as it is. Install the newer version again, or restore a backup from before the upgrade."
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The newest schema that this version knows.
        known: u32,
    },
    /// There is none, and it was not asked to be made.
    #[error(
        "there is no database {path}. Check the path, or DATA_DIR (`lucid-auth config` shows where it comes from). \
         The service makes its database when it starts for the first time."
    )]
    Missing {
        /// The file that is not there.
        path: PathBuf,
    },
    /// Another process has it.
    #[error("{path} is in use by another process: another lucid-auth is running on the same DATA_DIR.")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The system does not let us.
    #[error(
        "{path}: {source}. Check that the folder exists, belongs to this service's user, and that the disk works."
    )]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The database was opened, but its schema could not be brought up to date.
    #[error("{path} could not be prepared: {source}")]
    Prepare {
        /// The file.
        path: PathBuf,
        /// What failed.
        source: StoreError,
    },
    /// The system gives no thread.
    #[error("the writer's thread cannot start: {0}")]
    Thread(io::Error),
}
