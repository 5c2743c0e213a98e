//! Copies of the database: one read transaction, written in key order into a fresh file that is checked before it gets
//! its name.
//!
//! A file of a running service that something else copies is of many moments at once. This is of one.

use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use redb::{
    Durability, ReadTransaction, ReadableTable as _, ReadableTableMetadata as _, TableHandle as _,
    WriteTransaction,
};

use super::{
    CheckReport, OpenError, StoreError, audit, disk, hardware_wallets, keys, lineage, meta, open, probe,
    sessions, sign_ins, transaction::Table, users, users_index,
};
use crate::domain::timestamp::Timestamp;

/// What a copy in the making is called beside its name.
const PARTIAL: &str = "partial";

/// How far a copy is; whoever waits for it looks here, and may call it off.
#[derive(Debug, Default)]
pub struct CopyProgress {
    rows: AtomicU64,
    of: AtomicU64,
    stop: AtomicBool,
}

impl CopyProgress {
    /// How many rows were copied, and how many there are. When they are equal, the copy is being checked.
    #[must_use]
    pub fn rows(&self) -> (u64, u64) {
        (self.rows.load(Relaxed), self.of.load(Relaxed))
    }

    /// Call it off.
    pub fn stop(&self) {
        self.stop.store(true, Relaxed);
    }

    fn row(&self) -> Result<(), CopyError> {
        self.rows.fetch_add(1, Relaxed);
        if self.stop.load(Relaxed) { Err(CopyError::Stopped) } else { Ok(()) }
    }
}

/// Why there is no copy. What was made of it was removed.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The database cannot be read.
    #[error(transparent)]
    Source(#[from] StoreError),
    /// The copy cannot be written.
    #[error(
        "{path}: {source}. Check that the disk works and has room, and that the folder belongs to this service's user."
    )]
    Io {
        /// The copy or its folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// redb cannot write the copy.
    #[error("{path} cannot be written: {why}. Check that the disk works and has room.")]
    Write {
        /// The copy.
        path: PathBuf,
        /// What redb says.
        why: String,
    },
    /// What was written is not what was read.
    #[error("the copy did not hold when it was checked: {0}")]
    Unsound(String),
    /// Somebody called it off.
    #[error("it was called off, because the service stops")]
    Stopped,
}

/// Copy what `tx` sees to the new file `to`, marked as a copy made at `at`, and check it. `owner` is a file to whose user
/// it shall belong.
pub(super) fn copy(
    tx: &ReadTransaction,
    to: &Path,
    owner: Option<&Path>,
    at: Timestamp,
    progress: &CopyProgress,
) -> Result<CheckReport, CopyError> {
    let io = |source| CopyError::Io { path: to.to_owned(), source };
    if to.try_exists().map_err(io)? {
        return Err(io(io::ErrorKind::AlreadyExists.into()));
    }
    let partial = disk::beside(to, PARTIAL);
    // One that is there was left by a process that was killed: only one copy is made at a time.
    drop(fs::remove_file(&partial));
    let made = write(tx, &partial, owner, at, progress).and_then(|()| verify(tx, &partial));
    let published = made.and_then(|report| {
        fs::rename(&partial, to).and_then(|()| disk::sync_folder_of(to)).map_err(io)?;
        Ok(report)
    });
    if published.is_err() {
        // It may not even be there.
        drop(fs::remove_file(&partial));
    }
    published
}

fn write(
    tx: &ReadTransaction,
    partial: &Path,
    owner: Option<&Path>,
    at: Timestamp,
    progress: &CopyProgress,
) -> Result<(), CopyError> {
    let io = |source| CopyError::Io { path: partial.to_owned(), source };
    let failed =
        |error: &dyn std::fmt::Display| CopyError::Write { path: partial.to_owned(), why: error.to_string() };
    let file =
        OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(partial).map_err(io)?;
    if let Some(owner) = owner {
        disk::give(&file, owner).map_err(io)?;
    }
    let database = open::builder().create(partial).map_err(|error| failed(&error))?;
    let mut into = database.begin_write().map_err(|error| failed(&error))?;
    into.set_durability(Durability::Immediate).map_err(|error| failed(&error))?;
    into.set_two_phase_commit(true);
    Copying { tx, into: &into, path: partial, progress }.all()?;
    lineage::mark_copy(&into, at).map_err(|error| failed(&error))?;
    into.commit().map_err(|error| failed(&error))?;
    // Closing it writes that it was closed well.
    drop(database);
    file.sync_all().map_err(io)
}

/// Open it as a restore would, read all of it, and see that it holds as much.
fn verify(tx: &ReadTransaction, partial: &Path) -> Result<CheckReport, CopyError> {
    let report = probe::check(partial).map_err(|error: OpenError| CopyError::Unsound(error.to_string()))?;
    let held = (report.users, report.hardware_wallets, report.sessions, report.signing_keys);
    let expected = (users::count(tx)?, hardware_wallets::count(tx)?, sessions::count(tx)?, keys::check(tx)?);
    if held == expected {
        Ok(report)
    } else {
        Err(CopyError::Unsound(format!("it holds {held:?} instead of {expected:?}")))
    }
}

struct Copying<'a> {
    tx: &'a ReadTransaction,
    into: &'a WriteTransaction,
    path: &'a Path,
    progress: &'a CopyProgress,
}

impl Copying<'_> {
    fn all(&self) -> Result<(), CopyError> {
        let (mut names, mut of) = (Vec::new(), 0);
        for table in self.tx.list_tables().map_err(StoreError::from)? {
            names.push(table.name().to_owned());
            of += self
                .tx
                .open_untyped_table(table)
                .map_err(StoreError::from)?
                .len()
                .map_err(StoreError::from)?;
        }
        self.progress.of.store(of, Relaxed);
        self.progress.rows.store(0, Relaxed);
        let copied = [
            self.table(meta::META)?,
            self.table(users::USERS)?,
            self.table(users::BY_ADDRESS)?,
            self.table(users_index::BY_ROLE)?,
            self.table(users_index::LOCKED)?,
            self.table(hardware_wallets::WALLETS)?,
            self.table(hardware_wallets::BY_ADDRESS)?,
            self.table(sessions::SESSIONS)?,
            self.table(sessions::BY_USER)?,
            self.table(keys::KEYS)?,
            self.table(sign_ins::BY_HOUR)?,
            self.table(audit::AUDIT)?,
            self.table(audit::BY_USER)?,
        ];
        match names.iter().find(|name| !copied.contains(name)) {
            None => Ok(()),
            Some(name) => Err(CopyError::Unsound(format!("it lacks the table {name}"))),
        }
    }

    fn table(&self, definition: Table) -> Result<String, CopyError> {
        let failed = |error: &dyn std::fmt::Display| CopyError::Write {
            path: self.path.to_owned(),
            why: error.to_string(),
        };
        let rows = self.tx.open_table(definition).map_err(StoreError::from)?;
        let mut table = self.into.open_table(definition).map_err(|error| failed(&error))?;
        for row in rows.iter().map_err(StoreError::from)? {
            let (key, value) = row.map_err(StoreError::from)?;
            table.insert(key.value(), value.value()).map_err(|error| failed(&error))?;
            self.progress.row()?;
        }
        Ok(definition.name().to_owned())
    }
}
