//! Putting a copy back in place of the database, so that at every moment one of the two stands there whole.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use redb::Durability;

use super::{CheckReport, OpenError, StoreError, disk, lineage, open, probe};
use crate::domain::timestamp::Timestamp;

/// What a copy that is being put back is called beside the database.
const RESTORING: &str = "restoring";

/// What is there after a restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What the copy held.
    pub report: CheckReport,
    /// The database that was there before, if there was one.
    pub kept: Option<PathBuf>,
}

/// Put the copy `from` in place of `database`, which nobody may have open, and keep that under another name. The copy is
/// checked before and after it is brought here. Opening it then ends its sessions.
///
/// # Errors
///
/// [`OpenError`] naming the file that is at fault; the database is then as it was.
pub fn restore(from: &Path, database: &Path, now: Timestamp) -> Result<Restored, OpenError> {
    let report = probe::check(from)?;
    // A link that stands for the database goes on leading to it.
    let database = &fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
    let lock = lock(database)?;
    let fresh = disk::beside(database, RESTORING);
    let brought = bring(from, &fresh, database, now).and_then(|()| match &lock {
        Some(_) => publish(&fresh, database, now),
        None => open::publish_first(&fresh, database).map(|()| None),
    });
    if brought.is_err() {
        // It may not even be there.
        drop(fs::remove_file(&fresh));
    }
    Ok(Restored { report, kept: brought? })
}

/// The database, locked as redb would lock it; nothing if there is none.
fn lock(database: &Path) -> Result<Option<File>, OpenError> {
    let file = match OpenOptions::new().read(true).write(true).open(database) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(|source| open::io_error(database, source))?,
    };
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => OpenError::InUse { path: database.to_owned() },
        TryLockError::Error(source) => open::io_error(database, source),
    })?;
    Ok(Some(file))
}

/// Copy `from` to the new file `fresh`, mark it as a copy, and check it.
fn bring(from: &Path, fresh: &Path, database: &Path, now: Timestamp) -> Result<(), OpenError> {
    let folder = disk::folder_of(database);
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| open::io_error(&path, source)
    };
    disk::make_folders(folder).map_err(at(folder))?;
    // Left by a process that was killed.
    drop(fs::remove_file(fresh));
    let mut source = File::open(from).map_err(at(from))?;
    let new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(fresh);
    let mut file = new.map_err(at(fresh))?;
    let copied = disk::give(&file, if database.exists() { database } else { folder })
        .and_then(|()| io::copy(&mut source, &mut file))
        .and_then(|_| file.sync_all());
    copied.map_err(at(fresh))?;
    mark(fresh, now).map_err(|source| OpenError::Prepare { path: fresh.to_owned(), source })?;
    probe::check(fresh).map(drop)
}

/// Have the next who opens it see that it is a copy, also where it was made by other means than `backup`.
fn mark(fresh: &Path, now: Timestamp) -> Result<(), StoreError> {
    let failed = |error: redb::DatabaseError| StoreError::Failed(error.to_string());
    let database = open::builder().open(fresh).map_err(failed)?;
    let mut tx = database.begin_write()?;
    tx.set_durability(Durability::Immediate)?;
    tx.set_two_phase_commit(true);
    lineage::mark_copy(&tx, now)?;
    Ok(tx.commit()?)
}

fn publish(fresh: &Path, database: &Path, now: Timestamp) -> Result<Option<PathBuf>, OpenError> {
    let swap = || {
        // A second name for the old one, then one step for the new: a power cut never leaves the place empty.
        let kept = keep(database, now)?;
        fs::rename(fresh, database)?;
        disk::sync_folder_of(database)?;
        Ok(kept)
    };
    swap().map_err(|source| open::io_error(database, source))
}

/// Give `database`, if it is there, a second name that says when. The clock may stand at a time when one was made before.
fn keep(database: &Path, now: Timestamp) -> io::Result<Option<PathBuf>> {
    let name = format!("before-restore-{}", now.to_string().replace(':', "-"));
    for attempt in 1..100 {
        let name = if attempt == 1 { name.clone() } else { format!("{name}-{attempt}") };
        let kept = disk::beside(database, &name);
        match fs::hard_link(database, &kept) {
            Ok(()) => return Ok(Some(kept)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
