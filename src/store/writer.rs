//! The one writer: it takes all waiting changes, applies them in one transaction, commits once, and answers them all.
//!
//! A commit costs a wait for the disk whatever it holds, so sharing it is what makes a busy service fast.

use std::{
    cell::Cell,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use redb::{Durability, WriteTransaction};
use tokio::sync::{mpsc, oneshot};

use super::{
    StoreError,
    change::{Change, Pending},
    guard::{Changes, Content, Guard},
    handle::Handle,
    lineage,
    live::{Live, LiveSession},
    transaction::{Told, Tx, commit},
};
use crate::metrics::Commits;

/// The most changes that share a commit: beyond this, sharing gains nothing more.
const BATCH: usize = 64;
/// After how many of them others get the processor, if they wait for it.
const FEW: usize = 8;
/// How long a change waits for others to share its commit with, if the commit before was shared. Whoever comes alone does not
/// wait; among many, a commit takes from everybody more than this does.
const GATHER: Duration = Duration::from_millis(1);
/// The most changes that wait; more wait at the door.
const WAITING: usize = 1024;
/// The most changes that wait for somebody else's commit.
const LATER: usize = 256;

/// Changes that are made with the next that is asked for, before it.
type Later = Mutex<Vec<Box<dyn Change>>>;

pub(super) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Change>>>,
    later: Arc<Later>,
    thread: Option<thread::JoinHandle<()>>,
    writable: Arc<AtomicBool>,
}

impl Writer {
    pub(super) fn start(
        database: Arc<Handle>,
        live: Arc<Live>,
        guard: Option<Guard>,
        commits: Commits,
    ) -> io::Result<Self> {
        let (queue, waiting) = mpsc::channel(WAITING);
        let writable = Arc::new(AtomicBool::new(true));
        let later = Arc::<Later>::default();
        let worker = Worker {
            database,
            live,
            guard,
            commits,
            later: Arc::clone(&later),
            writable: Arc::clone(&writable),
            failed: Cell::default(),
        };
        let thread = thread::Builder::new().name("store-writer".into()).spawn(move || worker.run(waiting))?;
        Ok(Self { queue: Some(queue), later, thread: Some(thread), writable })
    }

    /// Make `change`, and wait until it is on disk.
    pub(super) fn write<T, F>(
        &self,
        change: F,
    ) -> impl Future<Output = Result<T, StoreError>> + Send + use<'_, T, F>
    where
        T: Send + 'static,
        F: Fn(&Tx) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        // Boxed before anything is waited for, so that those who wait need not hold it, too.
        let change: Box<dyn Change> = Box::new(Pending::new(change, reply));
        async move {
            let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
            queue.send(change).await.map_err(|_| StoreError::Closed)?;
            answer.await.map_err(|_| StoreError::Closed)?
        }
    }

    /// The same, without waiting for it. Nobody learns whether it succeeded.
    pub(super) fn submit<F>(&self, change: F) -> Result<(), StoreError>
    where
        F: Fn(&Tx) -> Result<(), StoreError> + Send + 'static,
    {
        let change = Pending::new(change, oneshot::channel().0);
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        queue.try_send(Box::new(change)).map_err(|_| too_many())
    }

    /// The same, with the next change that is asked for, or when the database closes.
    pub(super) fn later<F>(&self, change: F) -> Result<(), StoreError>
    where
        F: Fn(&Tx) -> Result<(), StoreError> + Send + 'static,
    {
        let change = Pending::new(change, oneshot::channel().0);
        let mut later = self.later.lock().unwrap_or_else(PoisonError::into_inner);
        if later.len() >= LATER {
            return Err(too_many());
        }
        later.push(Box::new(change));
        Ok(())
    }

    pub(super) fn is_writable(&self) -> bool {
        self.writable.load(SeqCst)
    }
}

fn too_many() -> StoreError {
    StoreError::Failed("too many changes wait for the disk".into())
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Closing the queue ends the thread once it has written what waits.
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // The worker may hold the last copy of what owns this writer only if it is this very thread.
            if thread.thread().id() != thread::current().id() {
                drop(thread.join());
            }
        }
    }
}

struct Worker {
    database: Arc<Handle>,
    live: Arc<Live>,
    /// Dropped with this, when all is committed and the database is still open. None for a database in memory.
    guard: Option<Guard>,
    commits: Commits,
    later: Arc<Later>,
    /// Whether the last commit succeeded.
    writable: Arc<AtomicBool>,
    /// Whether one failed since the database was opened: it must be opened again. Afterwards it can be looked at, though
    /// nobody knows yet whether it can be written.
    failed: Cell<bool>,
}

impl Worker {
    fn run(self, mut waiting: mpsc::Receiver<Box<dyn Change>>) {
        let (mut batch, mut is_busy) = (Vec::with_capacity(BATCH), false);
        while waiting.blocking_recv_many(&mut batch, BATCH) > 0 {
            if is_busy && batch.len() < BATCH {
                thread::sleep(GATHER);
                while batch.len() < BATCH
                    && let Ok(change) = waiting.try_recv()
                {
                    batch.push(change);
                }
            }
            is_busy = batch.len() > 1;
            batch.splice(..0, self.due());
            self.make(&mut batch);
        }
        self.make(&mut self.due());
    }

    /// What was put off until now.
    fn due(&self) -> Vec<Box<dyn Change>> {
        std::mem::take(&mut *self.later.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Make these changes, and answer them.
    fn make(&self, batch: &mut Vec<Box<dyn Change>>) {
        if batch.is_empty() {
            return;
        }
        if self.failed.get() {
            self.heal();
        }
        match self.commit(batch) {
            Ok(()) => batch.drain(..).for_each(|change| change.answer(Ok(()))),
            Err(error) if batch.len() == 1 => {
                batch.drain(..).for_each(|change| change.answer(Err(error.clone())));
            }

            // One bad change must not fail its neighbours.
            Err(_) => {
                for mut change in batch.drain(..) {
                    let outcome = self.commit(std::slice::from_mut(&mut change));
                    change.answer(outcome);
                }
            }
        }
    }

    /// Open the database again after it failed.
    fn heal(&self) {
        if let Err(error) = self.database.renew() {
            tracing::warn!(%error, "the database cannot be opened again yet");
            return;
        }
        // Whether the commit that failed is on disk after all, only the disk knows: nobody goes by what they were told.
        self.live.forget();
        let told = self.guard.iter().try_for_each(|guard| {
            guard.renewed(Content::of_database(&*self.database.get()?)?);
            Ok::<_, StoreError>(())
        });
        match told {
            Ok(()) => {
                self.failed.set(false);
                tracing::info!("the database was opened again after it had failed");
            }
            Err(error) => tracing::warn!(%error, "the database cannot be read yet"),
        }
    }

    fn commit(&self, changes: &mut [Box<dyn Change>]) -> Result<(), StoreError> {
        let committed = self.try_commit(changes);
        match &committed {
            Ok(true) => self.writable.store(true, SeqCst),
            Err(error @ StoreError::Failed(_)) => {
                self.failed.set(true);
                if self.writable.swap(false, SeqCst) {
                    tracing::error!(%error, "the database cannot be written");
                }
            }
            // Nothing was written, or the change was at fault: neither says anything of the disk.
            Ok(false) | Err(_) => {}
        }
        committed.map(|_| ())
    }

    /// Whether there was anything to commit.
    fn try_commit(&self, changes: &mut [Box<dyn Change>]) -> Result<bool, StoreError> {
        let mut started = Instant::now();
        let apply = |tx: &Tx| {
            for few in changes.chunks_mut(FEW) {
                few.iter_mut().try_for_each(|change| change.apply(tx))?;
                // A full batch takes longer than anybody who asks for something light should wait.
                thread::yield_now();
            }
            started = Instant::now();
            if tx.is_changed() { lineage::count_commit(tx).map(Some) } else { Ok(None) }
        };
        let (lineage, Told { sessions, users, guarded }) = commit(self.begin()?, Some(&self.live), apply)?;
        let Some(lineage) = lineage else { return Ok(false) };
        self.commits.committed(changes.len(), started.elapsed());
        self.live
            .sessions
            .commit(sessions.into_iter().map(|(id, session)| (id, session.map(LiveSession::new))));
        self.live.users.commit(users.into_iter().map(|(id, user)| (id, user.map(Arc::new))));
        if let Some(guard) = &self.guard {
            guard.committed(Changes { lineage, ..guarded });
        }
        Ok(true)
    }

    fn begin(&self) -> Result<WriteTransaction, StoreError> {
        let mut redb = self.database.get()?.begin_write()?;
        redb.set_durability(Durability::Immediate)?;
        // One phase relies on a checksum that a client who chooses the stored bytes could forge across a crash.
        redb.set_two_phase_commit(true);
        // Without it, the first start after a power cut reads the whole file: of a million users, for one second, and six if
        // the disk has to be asked. With it that start takes milliseconds, and a commit writes down which pages are free,
        // too: alone it takes twice as long, shared by 64 a tenth longer.
        redb.set_quick_repair(true);
        Ok(redb)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::mpsc as blocking;

    use redb::ReadableTable as _;

    use super::*;
    use crate::{
        domain::{id::UserId, role::Role, timestamp::Timestamp, user::User, wallet::Address},
        store::{Reads as _, Store, lineage::Lineage, users},
    };

    fn user(number: u8) -> User {
        let (id, address) = (UserId::new(number.into(), [number; 10]), Address::from_bytes([number; 20]));
        User::new(id, address, Role::User, Timestamp::from_unix(0))
    }

    fn add(number: u8) -> impl Fn(&Tx) -> Result<bool, StoreError> + Send + 'static {
        move |tx| users::insert(tx, &user(number))
    }

    /// Keep the writer at work until the other end is dropped, so that what is asked for meanwhile shares a commit.
    pub(in crate::store) async fn hold(store: &Store) -> blocking::Sender<()> {
        let (release, held) = blocking::channel::<()>();
        let (begun, begins) = oneshot::channel();
        let (held, begun) = (std::sync::Mutex::new(held), std::sync::Mutex::new(Some(begun)));
        let wait = move |tx: &Tx| {
            // A commit of its own.
            tx.changed();
            if let Some(begun) = begun.lock().unwrap().take() {
                begun.send(()).unwrap();
            }
            let _ = held.lock().unwrap().recv();
            Ok(())
        };
        let holder = store.clone();
        tokio::spawn(async move { holder.write(wait).await });
        begins.await.unwrap();
        release
    }

    async fn after<T>(release: blocking::Sender<()>, asked: tokio::task::JoinHandle<T>) -> T {
        // On one thread, what was spawned runs, and so waits in the queue, before this goes on.
        tokio::task::yield_now().await;
        drop(release);
        asked.await.unwrap()
    }

    #[tokio::test]
    async fn one_bad_change_fails_alone_and_leaves_nothing_behind() {
        let store = Store::in_memory([1; 32]).unwrap();
        let release = hold(&store).await;
        let writer = store.clone();
        let asked = tokio::spawn(async move {
            let fails = |tx: &Tx| add(2)(tx).and(Err::<bool, _>(StoreError::Inconsistent("test")));
            let panics = |tx: &Tx| -> Result<bool, StoreError> { add(3)(tx).map(|_| panic!("test")) };
            tokio::join!(
                writer.write(add(1)),
                writer.write(fails),
                writer.write(panics),
                writer.write(add(4))
            )
        });
        let (first, failed, panicked, last) = after(release, asked).await;
        assert_eq!((first, last), (Ok(true), Ok(true)));
        assert_eq!(failed, Err(StoreError::Inconsistent("test")));
        assert_eq!(panicked, Err(StoreError::Panicked));
        let kept =
            [1, 2, 3, 4].map(|number| store.read(|tx| users::find(tx, user(number).id)).unwrap().is_some());
        assert_eq!(kept, [true, false, false, true]);
        assert!(store.is_writable(), "nothing was wrong with the disk");
    }

    #[tokio::test]
    async fn what_a_change_finds_in_memory_is_what_the_rows_say_whatever_was_changed_or_failed_before() {
        let store = Store::in_memory([1; 32]).unwrap();
        let id = user(1).id;
        let roles = move |tx: &Tx| {
            let table = tx.table(users::USERS)?;
            let row = table.get(id.as_bytes().as_slice())?;
            let row = row.map(|row| users::from_bytes(id, row.value())).transpose()?;
            Ok((users::find(tx, id)?.map(|user| user.role), row.map(|user| user.role)))
        };
        let promote = move |role| move |tx: &Tx| users::update(tx, &User { role, ..user(1) });
        assert_eq!(store.write(roles).await, Ok((None, None)));
        let made = move |tx: &Tx| add(1)(tx).and_then(|_| roles(tx));
        assert_eq!(store.write(made).await, Ok((Some(Role::User), Some(Role::User))));
        let failed =
            move |tx: &Tx| promote(Role::Admin)(tx).and(Err::<(), _>(StoreError::Inconsistent("test")));
        assert!(store.write(failed).await.is_err());
        assert_eq!(
            store.write(roles).await,
            Ok((Some(Role::User), Some(Role::User))),
            "nothing of it is kept"
        );
        let changed = move |tx: &Tx| promote(Role::NodeOperator)(tx).and_then(|()| roles(tx));
        assert_eq!(store.write(changed).await, Ok((Some(Role::NodeOperator), Some(Role::NodeOperator))));
        assert_eq!(store.write(roles).await, Ok((Some(Role::NodeOperator), Some(Role::NodeOperator))));
        let removed = move |tx: &Tx| users::remove(tx, &user(1)).and_then(|()| roles(tx));
        assert_eq!(store.write(removed).await, Ok((None, None)));
        assert_eq!(store.write(roles).await, Ok((None, None)));
    }

    #[tokio::test]
    async fn what_changes_nothing_is_answered_without_a_commit() {
        let store = Store::in_memory([1; 32]).unwrap();
        let commits = || store.read(|tx| Ok(Lineage::read(tx)?.unwrap().commits)).unwrap();
        let before = commits();
        let there = |tx: &Tx| Ok(users::find(tx, user(1).id)?.is_some());
        assert_eq!(store.write(there).await, Ok(false));
        assert_eq!(commits(), before);
        assert_eq!(store.write(add(1)).await, Ok(true));
        assert_eq!(store.write(there).await, Ok(true));
        assert_eq!(commits(), before + 1);
        assert_eq!(store.write(add(1)).await, Ok(false), "the address is taken");
        assert_eq!(commits(), before + 1);
    }

    #[tokio::test]
    async fn what_is_put_off_is_made_before_the_next_change_with_its_commit_or_when_the_database_closes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("auth.redb");
        let store = Store::open(&path, [1; 32]).unwrap();
        let commits = || store.read(|tx| Ok(Lineage::read(tx)?.unwrap().commits)).unwrap();
        let before = commits();
        let put_off = |number| store.write_later(move |tx: &Tx| add(number)(tx).map(drop));
        put_off(1).unwrap();
        assert_eq!((store.read(users::count).unwrap(), commits()), (0, before));
        assert_eq!(store.write(|tx: &Tx| users::count(tx)).await, Ok(1), "the next sees it");
        assert_eq!(commits(), before + 1);
        (0..LATER).for_each(|_| put_off(2).unwrap());
        assert!(put_off(3).is_err(), "so many and no more");
        drop(store);
        assert_eq!(Store::open(&path, [1; 32]).unwrap().read(users::count).unwrap(), 2);
    }

    #[tokio::test]
    async fn what_was_asked_for_is_written_though_nobody_waits_and_the_database_closes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("auth.redb");
        let store = Store::open(&path, [1; 32]).unwrap();
        let release = hold(&store).await;
        let waiting: Vec<_> = (1..=40)
            .map(|number| {
                let store = store.clone();
                tokio::spawn(async move { store.write(add(number)).await })
            })
            .collect();
        tokio::task::yield_now().await;
        waiting.iter().for_each(tokio::task::JoinHandle::abort);
        for asked in waiting {
            assert!(asked.await.unwrap_err().is_cancelled());
        }
        drop((release, store));
        let store = loop {
            match Store::open(&path, [1; 32]) {
                Err(crate::store::OpenError::InUse { .. }) => tokio::task::yield_now().await,
                opened => break opened.unwrap(),
            }
        };
        assert_eq!(store.read(users::count).unwrap(), 40);
    }

    #[tokio::test]
    async fn a_lock_of_a_commit_that_failed_late_is_in_the_guard_before_it_is_answered() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("auth.redb");
        let store = Store::open(&path, [1; 32]).unwrap();
        store.write(add(1)).await.unwrap();
        let is_locked =
            |tx: &Tx| Ok(users::find(tx, user(1).id)?.is_some_and(|user| user.locked_at.is_some()));
        // As if its last sync had failed: it is on disk, and whoever asked was told that it failed.
        let redb = store.0.database.get().unwrap().begin_write().unwrap();
        let lock = |tx: &Tx| {
            users::update(tx, &User { locked_at: Some(Timestamp::from_unix(5)), ..user(1) })?;
            lineage::count_commit(tx)
        };
        drop(commit(redb, None, lock).unwrap());
        let fails = |_: &Tx| Err::<(), _>(StoreError::Failed("test".into()));
        store.write(fails).await.unwrap_err();
        assert_eq!(store.write(is_locked).await, Ok(true), "asked again, and answered without a change");
        let guard = std::fs::read_to_string(path.with_extension("guard")).unwrap();
        assert!(guard.contains("locked_at"), "{guard}");
    }

    /// A file whose disk fails while it is told to.
    #[derive(Debug)]
    struct Failing(redb::backends::FileBackend, Arc<AtomicBool>);

    impl Failing {
        fn check(&self) -> io::Result<()> {
            if self.1.load(SeqCst) { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }
    }

    impl redb::StorageBackend for Failing {
        fn len(&self) -> io::Result<u64> {
            self.0.len()
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.0.read(offset, out)
        }

        fn set_len(&self, length: u64) -> io::Result<()> {
            self.check()?;
            self.0.set_len(length)
        }

        fn sync_data(&self) -> io::Result<()> {
            self.check()?;
            self.0.sync_data()
        }

        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            self.check()?;
            self.0.write(offset, data)
        }
    }

    #[tokio::test]
    async fn when_the_disk_recovers_so_does_the_store_and_nothing_that_was_answered_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("auth.redb");
        drop(Store::open(&path, [1; 32]).unwrap());
        let full = Arc::new(AtomicBool::new(false));
        let open = {
            let (path, full) = (path.clone(), full.clone());
            move || {
                let file = std::fs::File::options().read(true).write(true).open(&path).unwrap();
                let backend = Failing(redb::backends::FileBackend::new(file).unwrap(), full.clone());
                let opened = redb::Database::builder().create_with_backend(backend);
                opened.map_err(|error| crate::store::OpenError::Damaged {
                    path: path.clone(),
                    why: error.to_string(),
                })
            }
        };
        let store = Store::start(open().unwrap(), None, open).unwrap();
        assert_eq!(store.write(add(1)).await, Ok(true));
        full.store(true, SeqCst);
        assert!(store.write(add(2)).await.is_err());
        assert!(!store.is_writable());
        assert!(store.write(add(3)).await.is_err(), "still full");
        full.store(false, SeqCst);
        // It is opened again once, however often it is looked at meanwhile.
        let look = |tx: &Tx| Ok(users::find(tx, user(1).id)?.is_some());
        let mut opened = Vec::new();
        for _ in 0..5 {
            assert_eq!(store.write(look).await, Ok(true));
            opened.push(Arc::downgrade(&store.0.database.get().unwrap()));
        }
        assert!(opened.iter().all(|one| one.ptr_eq(&opened[0])));
        assert!(!store.is_writable(), "nobody knows yet");
        store.heal().unwrap();
        assert_eq!(store.write(add(4)).await, Ok(true));
        assert!(store.is_writable());
        let kept = [1, 4].map(|number| store.read(|tx| users::find(tx, user(number).id)).unwrap().is_some());
        assert_eq!(kept, [true, true]);
    }
}
