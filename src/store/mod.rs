//! The database: one redb file, one table a file here, and the live sessions and users in front of it.
//!
//! Reads see a snapshot. Writes go through one writer (`writer.rs`) that commits many at once; an answer comes only
//! when the disk has it.

pub mod audit;
mod change;
mod copy;
mod disk;
mod error;
mod guard;
mod handle;
pub mod hardware_wallets;
mod kept;
pub mod keys;
mod lineage;
mod live;
pub mod meta;
mod open;
mod overlay;
mod place;
#[cfg(test)]
mod power_cut;
mod probe;
mod restore;
mod row;
mod schema;
mod secret;
pub mod sessions;
pub mod sign_ins;
pub mod takeover;
mod transaction;
pub mod users;
#[cfg(test)]
mod users_cost;
pub mod users_index;
mod writer;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        self, Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use redb::{Database, ReadTransaction, ReadableDatabase};

pub use copy::{CopyError, CopyProgress};
pub use error::{OpenError, StoreError};
pub use live::LiveSession;
pub use probe::{CheckReport, Snapshot, check};
pub use restore::{Restored, restore};
pub use schema::VERSION as SCHEMA_VERSION;
pub use takeover::Takeover;
pub use transaction::{Reads, Tx};

use crate::{
    domain::{
        id::{SessionId, UserId},
        timestamp::Timestamp,
        user::User,
    },
    metrics::Commits,
};
use guard::{Content, Guard};
use handle::Handle;
use live::Live;
use writer::Writer;

/// The database. A copy is the same database; it is closed when the last copy goes.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    // Dropped first: its thread finishes what waits before the database closes.
    writer: Writer,
    database: Arc<Handle>,
    live: Arc<Live>,
    /// None for one in memory.
    path: Option<PathBuf>,
    /// Whether the guard beside it is up to date. None for one in memory.
    guarded: Option<Arc<AtomicBool>>,
    commits: Commits,
}

impl Store {
    /// Open the database at `path`, or make it if there is no file.
    ///
    /// `key` are 32 random bytes, used only when the database is made: they mark refresh tokens as ours.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if there is a file that is not a sound database of this service, of this version or an older one;
    /// the file is then left as it is.
    pub fn open(path: &Path, key: [u8; 32]) -> Result<Self, OpenError> {
        Self::guarded(path, open::open(path, key)?, key)
    }

    /// Open the database at `path`, as [`Self::open`] does, but never make one.
    ///
    /// # Errors
    ///
    /// [`OpenError::Missing`] if there is no file; else as [`Self::open`].
    pub fn open_existing(path: &Path, key: [u8; 32]) -> Result<Self, OpenError> {
        Self::guarded(path, open::open_if_there(path, key)?, key)
    }

    fn guarded(path: &Path, database: Database, key: [u8; 32]) -> Result<Self, OpenError> {
        let again = path.to_owned();
        let content = Content::of_database(&database)
            .map_err(|source| OpenError::Prepare { path: path.to_owned(), source })?;
        let guarded = Arc::new(AtomicBool::new(true));
        let guard =
            Guard::start(path.to_owned(), content, Arc::clone(&guarded)).map_err(OpenError::Thread)?;
        let reopen = move || open::open_existing(&again, key);
        Self::start(database, Some((path.to_owned(), guard, guarded)), reopen)
    }

    /// A database in memory, for tests.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if redb refuses.
    pub fn in_memory(key: [u8; 32]) -> Result<Self, OpenError> {
        let lost =
            || Err(OpenError::Io { path: "memory".into(), source: std::io::ErrorKind::Unsupported.into() });
        Self::start(open::in_memory(key)?, None, lost)
    }

    fn start(
        database: Database,
        file: Option<(PathBuf, Guard, Arc<AtomicBool>)>,
        reopen: impl Fn() -> Result<Database, OpenError> + Send + Sync + 'static,
    ) -> Result<Self, OpenError> {
        let database = Arc::new(Handle::new(database, reopen));
        let live = Arc::new(Live::new());
        let commits = Commits::default();
        let (path, guard, guarded) = match file {
            None => (None, None, None),
            Some((path, guard, guarded)) => (Some(path), Some(guard), Some(guarded)),
        };
        let writer = Writer::start(Arc::clone(&database), Arc::clone(&live), guard, commits.clone());
        let writer = writer.map_err(OpenError::Thread)?;
        Ok(Self(Arc::new(Inner { writer, database, live, path, guarded, commits })))
    }

    /// Apply `change` in a transaction, and return when it is on disk.
    ///
    /// Several changes share one commit; if none of them changes anything, there is none. If `change` fails, nothing of it is
    /// kept. It may run more than once: when another change of the same commit fails, each is tried again alone.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if `change` returns one, or the database cannot be written.
    pub fn write<T, F>(&self, change: F) -> impl Future<Output = Result<T, StoreError>> + Send + use<'_, T, F>
    where
        T: Send + 'static,
        F: Fn(&Tx) -> Result<T, StoreError> + Send + 'static,
    {
        self.0.writer.write(change)
    }

    /// Apply `change` in a transaction, soon, without waiting for the disk: for what is to be remembered, but must not
    /// show in how long an answer takes. What was submitted before the database is closed is written.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if too many changes wait already.
    pub fn submit<F>(&self, change: F) -> Result<(), StoreError>
    where
        F: Fn(&Tx) -> Result<(), StoreError> + Send + 'static,
    {
        self.0.writer.submit(change)
    }

    /// The same with the next commit that is made anyway, or when the database closes: for what must not show by a commit of its
    /// own either.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if too many changes wait already.
    pub fn write_later<F>(&self, change: F) -> Result<(), StoreError>
    where
        F: Fn(&Tx) -> Result<(), StoreError> + Send + 'static,
    {
        self.0.writer.later(change)
    }

    /// Run `look` on a snapshot of the last commit. Blocks for as long as the disk takes.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if `look` returns one, or the database cannot be read.
    pub fn read<T>(
        &self,
        look: impl FnOnce(&ReadTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        look(&self.0.database.get()?.begin_read()?)
    }

    /// The session `id` as of the last commit, from memory if it was seen lately. Blocks for as long as the disk takes.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database cannot be read.
    pub fn live_session(&self, id: SessionId) -> Result<Option<Arc<LiveSession>>, StoreError> {
        self.0.live.sessions.find(id, || Ok(self.read(|tx| sessions::find(tx, id))?.map(LiveSession::new)))
    }

    /// The user `id` as of the last commit, from memory if they were seen lately. Blocks for as long as the disk takes.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database cannot be read.
    pub fn live_user(&self, id: UserId) -> Result<Option<Arc<User>>, StoreError> {
        self.0.live.users.find(id, || Ok(self.read(|tx| users::find(tx, id))?.map(Arc::new)))
    }

    /// The session `id` and its user as of the last commit, if both are in memory. Asks no disk.
    #[must_use]
    pub fn remembered(&self, id: SessionId) -> Option<(Arc<LiveSession>, Arc<User>)> {
        let session = self.0.live.sessions.get(&id)?;
        let user = self.0.live.users.get(&session.session.user_id)?;
        Some((session, user))
    }

    /// Try to write again, if the last commit failed. Returns at once; [`Self::is_writable`] tells in a while.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if too much waits for the disk already.
    pub fn heal(&self) -> Result<(), StoreError> {
        if self.is_writable() { Ok(()) } else { self.submit(write_anyway) }
    }

    /// Copy the last commit to the new file `to`, whose folder is made if it is not there, and check the copy. Writes go
    /// on meanwhile. Blocks for as long as the disk takes: seconds for a million rows.
    ///
    /// # Errors
    ///
    /// [`CopyError`] if there is no copy then.
    pub fn copy(&self, to: &Path, at: Timestamp, progress: &CopyProgress) -> Result<CheckReport, CopyError> {
        let owner = self.0.path.as_deref();
        if let Some(owner) = owner {
            let folder = disk::folder_of(to);
            let refused = |source| CopyError::Io { path: folder.to_owned(), source };
            disk::make_folder(folder, owner).map_err(refused)?;
        }
        let tx = self.0.database.get()?.begin_read().map_err(StoreError::from)?;
        copy::copy(&tx, to, owner, at, progress)
    }

    /// How long the database's file is, in bytes; nothing for one in memory, or when it cannot be told. Asks the disk.
    #[must_use]
    pub fn file_bytes(&self) -> Option<u64> {
        fs::metadata(self.0.path.as_ref()?).ok().map(|metadata| metadata.len())
    }

    /// What is counted of its commits.
    #[must_use]
    pub fn commits(&self) -> &Commits {
        &self.0.commits
    }

    /// Whether the last commit succeeded. Nothing was lost if it did not: nobody was told that it had.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.0.writer.is_writable()
    }

    /// Whether a copy of the database that were put back now would be noticed.
    #[must_use]
    pub fn is_guarded(&self) -> bool {
        self.0.guarded.as_ref().is_none_or(|guarded| guarded.load(SeqCst))
    }
}

/// A change of nothing that is put on disk all the same.
#[expect(clippy::unnecessary_wraps, reason = "it is a change")]
fn write_anyway(tx: &Tx) -> Result<(), StoreError> {
    tx.changed();
    Ok(())
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}
