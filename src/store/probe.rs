//! Reading a database without changing it: whether it is one of this service, and whether it is sound.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read as _},
    panic::catch_unwind,
    path::Path,
};

use redb::{Database, ReadTransaction, ReadableDatabase};

use super::{
    OpenError, StoreError, audit, hardware_wallets, keys,
    lineage::{self, Lineage},
    meta,
    open::{builder, damaged, io_error, missing, refusal},
    overlay::Overlay,
    schema, sessions, users,
};
use crate::domain::timestamp::Timestamp;

/// How every redb file begins.
const MAGIC: [u8; 9] = *b"redb\x1a\x0a\xa9\x0d\x0a";

/// What [`check`] counted in a sound database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckReport {
    /// The version of its schema.
    pub schema: u32,
    /// How many users it holds.
    pub users: u64,
    /// How many hardware wallets.
    pub hardware_wallets: u64,
    /// How many sessions.
    pub sessions: u64,
    /// How many signing keys.
    pub signing_keys: u64,
    /// How many audit entries.
    pub audit_entries: u64,
    /// When `backup` made it; nothing, if it is no copy.
    pub copied_at: Option<Timestamp>,
    /// Which database it is, and how far.
    pub(super) lineage: Option<Lineage>,
}

/// Check every page, row and link of the database at `path`, without changing it.
///
/// # Errors
///
/// [`OpenError`] saying what does not hold. A database in use cannot be checked.
pub fn check(path: &Path) -> Result<CheckReport, OpenError> {
    probe(path, regular(path).map_err(|error| missing(path, error))?, true)
}

/// A database that is not in use, to be read as it is: nothing is written to it, and what does not hold in its rows is
/// no obstacle.
pub struct Snapshot(Database);

impl Snapshot {
    /// Open the database at `path`. Until this is dropped, no service can start on it.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if it is in use, or no database of this service and this version.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let file = regular(path).map_err(|error| missing(path, error))?;
        unforeseen(path, || {
            let (database, schema) = read_only(path, file, false)?;
            if schema == schema::VERSION {
                Ok(Self(database))
            } else {
                let why =
                    StoreError::Inconsistent("the service has to start once to bring its schema up to date");
                Err(OpenError::Prepare { path: path.to_owned(), source: why })
            }
        })
    }

    /// Run `look` on it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if `look` returns one, or the database cannot be read.
    pub fn read<T>(
        &self,
        look: impl FnOnce(&ReadTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        look(&self.0.begin_read()?)
    }
}

/// The file at `path`, to be read.
pub(super) fn regular(path: &Path) -> Result<File, OpenError> {
    // Opening a pipe would wait for ever.
    if !fs::metadata(path).map_err(|source| io_error(path, source))?.is_file() {
        return Err(OpenError::Foreign { path: path.to_owned(), why: "it is no regular file" });
    }
    File::open(path).map_err(|source| io_error(path, source))
}

/// Say whether `file` is a sound database of this service, without writing to it. `fully` reads all of it.
pub(super) fn probe(path: &Path, file: File, fully: bool) -> Result<CheckReport, OpenError> {
    unforeseen(path, || {
        let (database, schema) = read_only(path, file, fully)?;
        let tx = database.begin_read().map_err(|error| damaged(path, error))?;
        // The rows of an older schema are its steps' to read.
        let rows = fully && schema == schema::VERSION;
        count(&tx, schema, rows).map_err(|error| damaged(path, error))
    })
}

/// redb may panic over a file that something else wrote to; that, too, is an answer.
fn unforeseen<T>(path: &Path, judge: impl FnOnce() -> Result<T, OpenError>) -> Result<T, OpenError> {
    let judged = catch_unwind(std::panic::AssertUnwindSafe(judge));
    judged.unwrap_or_else(|_| Err(damaged(path, "reading it fails in an unforeseen way")))
}

/// The database in `file`, and its schema, so that nothing that is written to it reaches the file. `fully` checks each
/// page.
fn read_only(path: &Path, mut file: File, fully: bool) -> Result<(Database, u32), OpenError> {
    // redb's own lock, so that no database is judged while somebody writes to it.
    file.try_lock_shared().map_err(|error| match error {
        TryLockError::WouldBlock => OpenError::InUse { path: path.to_owned() },
        TryLockError::Error(source) => io_error(path, source),
    })?;
    let foreign = |why| OpenError::Foreign { path: path.to_owned(), why };
    let mut magic = [0; MAGIC.len()];
    match file.read_exact(&mut magic) {
        Ok(()) if magic == MAGIC => {}
        Ok(()) => return Err(foreign("it does not begin as a redb file does")),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Err(foreign("it is empty or cut short"));
        }
        Err(source) => return Err(io_error(path, source)),
    }
    let overlay = Overlay::new(file).map_err(|source| io_error(path, source))?;
    let database = builder()
        .set_check_integrity_on_open(fully)
        .create_with_backend(overlay)
        .map_err(|error| refusal(path, error))?;
    let tx = database.begin_read().map_err(|error| damaged(path, error))?;
    let schema = match tx.open_table(meta::META) {
        Ok(_) => meta::schema(&tx).map_err(|error| damaged(path, error))?,
        Err(redb::TableError::Storage(error)) => return Err(damaged(path, error)),
        Err(_) => None,
    };
    let Some(schema) = schema else {
        return Err(OpenError::Foreign { path: path.to_owned(), why: "it is another program's redb file" });
    };
    if schema > schema::VERSION {
        return Err(OpenError::Newer { path: path.to_owned(), found: schema, known: schema::VERSION });
    }
    if let Err(redb::TableError::TableTypeMismatch { .. }) = tx.open_table(users::USERS) {
        return Err(foreign(
            "a build from before the first release wrote it, in a form that is read no more",
        ));
    }
    Ok((database, schema))
}

fn count(tx: &ReadTransaction, schema: u32, rows: bool) -> Result<CheckReport, StoreError> {
    let (users, hardware_wallets, sessions, audit_entries) = if rows {
        (users::check(tx)?, hardware_wallets::check(tx)?, sessions::check(tx)?, audit::check(tx)?)
    } else {
        (users::count(tx)?, hardware_wallets::count(tx)?, sessions::count(tx)?, 0)
    };
    let signing_keys = keys::check(tx)?;
    let (copied_at, lineage) = (lineage::copied_at(tx)?, Lineage::read(tx)?);
    Ok(CheckReport {
        schema,
        users,
        hardware_wallets,
        sessions,
        signing_keys,
        audit_entries,
        copied_at,
        lineage,
    })
}
