//! The small file beside the database that remembers how far it had come and who was locked, so that a copy that is put
//! back is noticed, and revives nothing.
//!
//! It never tells of more than the database has on disk: it is written after the commit. For what must not come back (a
//! session that ended, a lock, a role) that is before anybody is answered; for the rest within [`GAP`], to spare the disk.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use data_encoding::HEXLOWER;
use redb::{Database, ReadableDatabase as _, ReadableTable as _};
use serde::{Deserialize, Serialize};

use super::{Reads, StoreError, disk, lineage::Lineage, row::fixed, users, users_index};
use crate::domain::{id::UserId, timestamp::Timestamp, wallet::Address};

/// The least time from one write that nobody waits for to the next.
const GAP: Duration = Duration::from_secs(2);
/// The form of the file.
const VERSION: u32 = 1;

/// Who is kept out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lock {
    pub(super) address: Address,
    pub(super) at: Timestamp,
}

/// What the file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) lineage: Lineage,
    pub(super) locked: BTreeMap<UserId, Lock>,
}

// What has more in it is of another form, or damaged.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileBody {
    version: u32,
    instance: String,
    commits: u64,
    locked: Vec<LockBody>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LockBody {
    user_id: UserId,
    tron_address: Address,
    locked_at: Timestamp,
}

impl Content {
    /// What the file is to hold about a database that says which it is.
    pub(super) fn of_database(database: &Database) -> Result<Self, StoreError> {
        let tx = database.begin_read()?;
        let lineage = Lineage::read(&tx)?.ok_or(StoreError::Inconsistent("it does not say which it is"))?;
        Self::of(&tx, lineage)
    }

    /// What the file is to hold about a database.
    pub(super) fn of(tx: &impl Reads, lineage: Lineage) -> Result<Self, StoreError> {
        let mut locked = BTreeMap::new();
        for row in tx.table(users_index::LOCKED)?.iter()? {
            let id = UserId::from_bytes(fixed(row?.0.value())?);
            let user = users::find(tx, id)?.ok_or(StoreError::Inconsistent("a lock of nobody"))?;
            locked.insert(id, Lock { address: user.address, at: user.locked_at.unwrap_or(user.updated_at) });
        }
        Ok(Self { lineage, locked })
    }

    fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let lock = |(id, lock): (&UserId, &Lock)| LockBody {
            user_id: *id,
            tron_address: lock.address,
            locked_at: lock.at,
        };
        Ok(serde_json::to_vec(&FileBody {
            version: VERSION,
            instance: HEXLOWER.encode(&self.lineage.instance),
            commits: self.lineage.commits,
            locked: self.locked.iter().map(lock).collect(),
        })?)
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let body: FileBody = serde_json::from_slice(bytes).ok()?;
        let instance = HEXLOWER.decode(body.instance.as_bytes()).ok()?.try_into().ok()?;
        let locks = body.locked.into_iter();
        let locked = locks.map(|one| (one.user_id, Lock { address: one.tron_address, at: one.locked_at }));
        (body.version == VERSION)
            .then(|| Self { lineage: Lineage { instance, commits: body.commits }, locked: locked.collect() })
    }
}

/// What is beside a database.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// No such file.
    Nothing,
    /// One that is not ours to understand.
    Unreadable,
    There(Content),
}

/// Where the file of the database at `path` is: beside it, as `auth.guard` beside `auth.redb`.
pub(super) fn path(database: &Path) -> PathBuf {
    database.with_extension("guard")
}

/// What the file of the database at `database` holds.
pub(super) fn read(database: &Path) -> io::Result<Seen> {
    match fs::read(path(database)) {
        Ok(bytes) => Ok(Content::from_bytes(&bytes).map_or(Seen::Unreadable, Seen::There)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Seen::Nothing),
        Err(error) => Err(error),
    }
}

/// Write the file of the database at `database`, and return when it is on disk.
pub(super) fn write(database: &Path, content: &Content) -> io::Result<()> {
    disk::replace(&path(database), &content.to_bytes()?, database)
}

/// What a commit changed that the file tells of.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) lineage: Option<Lineage>,
    /// Who is locked now, and who no longer.
    pub(super) locks: Vec<(UserId, Option<Lock>)>,
    /// Whether it must be in the file before anybody is answered.
    pub(super) at_once: bool,
}

/// Keeps the file up to date while the database is open. Dropping it writes what is left.
pub(super) struct Guard {
    shared: Arc<Shared>,
    thread: Option<thread::JoinHandle<()>>,
}

struct Shared {
    database: PathBuf,
    state: Mutex<State>,
    changed: Condvar,
    /// Held while the file is written.
    file: Mutex<()>,
    writable: Arc<AtomicBool>,
}

struct State {
    content: Content,
    /// Counts changes, and which of them the file has.
    change: u64,
    written: u64,
    stopping: bool,
}

impl Guard {
    /// Keep the file of the database at `database`, which is to hold `content`. If it holds something else, as after a process
    /// that ended between a commit and this, it is written first: what is there already nobody commits again. `writable` tells
    /// whether it could be written.
    pub(super) fn start(database: PathBuf, content: Content, writable: Arc<AtomicBool>) -> io::Result<Self> {
        let is_there =
            read(&database).is_ok_and(|seen| matches!(&seen, Seen::There(seen) if *seen == content));
        let state = Mutex::new(State { content, change: u64::from(!is_there), written: 0, stopping: false });
        let shared =
            Arc::new(Shared { database, state, changed: Condvar::new(), file: Mutex::default(), writable });
        shared.write();
        let worker = Arc::clone(&shared);
        let thread = thread::Builder::new().name("store-guard".into()).spawn(move || worker.run())?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Learn what a commit changed.
    pub(super) fn committed(&self, changes: Changes) {
        let Some(lineage) = changes.lineage else { return };
        {
            let mut state = self.shared.state();
            state.content.lineage = lineage;
            for (id, lock) in changes.locks {
                match lock {
                    Some(lock) => state.content.locked.insert(id, lock),
                    None => state.content.locked.remove(&id),
                };
            }
            state.change += 1;
        }
        if changes.at_once {
            self.shared.write();
        } else {
            self.shared.changed.notify_one();
        }
    }

    /// Learn what the database holds, as after a commit that failed and may be on disk all the same.
    pub(super) fn renewed(&self, content: Content) {
        {
            let mut state = self.shared.state();
            if state.content == content {
                return;
            }
            state.content = content;
            state.change += 1;
        }
        self.shared.write();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.shared.state().stopping = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // It panics nowhere; if it did, what is left is written here all the same.
            drop(thread.join());
        }
        self.shared.write();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut state = self.state();
        loop {
            let idle = |state: &mut State| state.change == state.written && !state.stopping;
            state = self.changed.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner);
            if state.stopping {
                return;
            }
            drop(state);
            self.write();
            let waiting = self.changed.wait_timeout_while(self.state(), GAP, |state| !state.stopping);
            state = waiting.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Write the file, if it lacks something. A disk that does not take it keeps nobody out: what was answered is in the
    /// database. It is tried again.
    fn write(&self) {
        let _turn = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let (content, change) = {
            let state = self.state();
            if state.change == state.written {
                return;
            }
            (state.content.clone(), state.change)
        };
        match write(&self.database, &content) {
            Ok(()) => {
                self.state().written = change;
                if !self.writable.swap(true, SeqCst) {
                    tracing::info!("the restore guard is up to date again");
                }
            }
            Err(error) => {
                if self.writable.swap(false, SeqCst) {
                    let file = path(&self.database);
                    tracing::error!(
                        file = %file.display(), %error,
                        "the restore guard cannot be written; a copy of the database that is put back now would not be noticed"
                    );
                }
                // The thread that keeps it may not know yet that something is left to write.
                self.changed.notify_one();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_reads_back_and_anything_else_is_unreadable() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("auth.redb");
        fs::write(&database, "").unwrap();
        assert_eq!(read(&database).unwrap(), Seen::Nothing);
        let lock = Lock { address: Address::from_bytes([3; 20]), at: Timestamp::from_unix(5) };
        let content = Content {
            lineage: Lineage { instance: [7; 16], commits: 9 },
            locked: [(UserId::new(1, [1; 10]), lock)].into(),
        };
        write(&database, &content).unwrap();
        assert_eq!(read(&database).unwrap(), Seen::There(content.clone()));
        let bytes = fs::read(path(&database)).unwrap();
        for length in 0..bytes.len() {
            fs::write(path(&database), &bytes[..length]).unwrap();
            assert_eq!(read(&database).unwrap(), Seen::Unreadable, "{length}");
        }
        // Nor is one with more in it, which may be anything: here no text at all.
        let more = [&b"{\"x\":\"\xff\","[..], &bytes[1..]].concat();
        let in_a_lock = String::from_utf8(bytes).unwrap().replace("\"locked_at\"", "\"x\":1,\"locked_at\"");
        for changed in [more, in_a_lock.into_bytes()] {
            fs::write(path(&database), changed).unwrap();
            assert_eq!(read(&database).unwrap(), Seen::Unreadable);
        }
    }

    #[test]
    fn what_must_not_come_back_is_on_disk_when_it_is_told_and_the_rest_when_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("auth.redb");
        fs::write(&database, "").unwrap();
        let at = |commits| Lineage { instance: [7; 16], commits };
        let content = Content { lineage: at(1), locked: BTreeMap::new() };
        write(&database, &content).unwrap();
        let writable = Arc::new(AtomicBool::new(true));
        let guard = Guard::start(database.clone(), content, Arc::clone(&writable)).unwrap();
        let seen = || match read(&database).unwrap() {
            Seen::There(content) => content,
            other => panic!("{other:?}"),
        };
        let (id, lock) = (
            UserId::new(1, [1; 10]),
            Lock { address: Address::from_bytes([3; 20]), at: Timestamp::from_unix(5) },
        );
        let locks = vec![(id, Some(lock))];
        guard.committed(Changes { lineage: Some(at(2)), locks, at_once: true });
        assert_eq!((seen().lineage.commits, seen().locked.get(&id)), (2, Some(&lock)));
        guard.committed(Changes { lineage: Some(at(3)), ..Changes::default() });
        guard.committed(Changes { lineage: Some(at(4)), ..Changes::default() });
        drop(guard);
        assert_eq!(seen().lineage.commits, 4);
        assert!(writable.load(SeqCst));
    }
}
