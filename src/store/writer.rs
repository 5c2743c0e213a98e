//! The one writer: it takes all waiting changes, applies them in one transaction, commits once, and answers them all.
//!
//! A commit costs a wait for the disk whatever it holds, so sharing it is what makes a busy service fast.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
};

use redb::{Database, Durability};
use tokio::sync::{mpsc, oneshot};

use super::{StoreError, live::LiveSessions, transaction::Tx};

/// The most changes that share a commit: beyond this, sharing gains nothing more.
const BATCH: usize = 64;
/// The most changes that wait; more wait at the door.
const WAITING: usize = 1024;

pub(super) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Change>>>,
    thread: Option<thread::JoinHandle<()>>,
    writable: Arc<AtomicBool>,
}

impl Writer {
    pub(super) fn start(database: Arc<Database>, live: Arc<LiveSessions>) -> io::Result<Self> {
        let (queue, waiting) = mpsc::channel(WAITING);
        let writable = Arc::new(AtomicBool::new(true));
        let worker = Worker { database, live, writable: Arc::clone(&writable) };
        let thread = thread::Builder::new().name("store-writer".into()).spawn(move || worker.run(waiting))?;
        Ok(Self { queue: Some(queue), thread: Some(thread), writable })
    }

    pub(super) async fn write<T, F>(&self, change: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Tx) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let change = Pending { change, result: None, reply };
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        queue.send(Box::new(change)).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// The same, without waiting for it. Nobody learns whether it succeeded.
    pub(super) fn submit<F>(&self, change: F) -> Result<(), StoreError>
    where
        F: Fn(&Tx) -> Result<(), StoreError> + Send + 'static,
    {
        let change = Pending { change, result: None, reply: oneshot::channel().0 };
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        queue
            .try_send(Box::new(change))
            .map_err(|_| StoreError::Failed("too many changes wait for the disk".into()))
    }

    pub(super) fn is_writable(&self) -> bool {
        self.writable.load(SeqCst)
    }
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

/// A change that waits for its commit.
trait Change: Send {
    fn apply(&mut self, tx: &Tx) -> Result<(), StoreError>;
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

struct Pending<T, F> {
    change: F,
    result: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T: Send, F: Fn(&Tx) -> Result<T, StoreError> + Send> Change for Pending<T, F> {
    fn apply(&mut self, tx: &Tx) -> Result<(), StoreError> {
        // A panic in one change must not take the writer with it.
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.change)(tx)));
        self.result = Some(outcome.unwrap_or_else(|_| Err(StoreError::Failed("a change panicked".into())))?);
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self { change, result, reply } = *self;
        // What the change holds may be the service: whoever has the answer may count on it being let go of.
        drop(change);
        // Whoever asked may have gone; what they asked for is on disk all the same.
        drop(reply.send(outcome.and_then(|()| result.ok_or(StoreError::Closed))));
    }
}

struct Worker {
    database: Arc<Database>,
    live: Arc<LiveSessions>,
    writable: Arc<AtomicBool>,
}

impl Worker {
    fn run(self, mut waiting: mpsc::Receiver<Box<dyn Change>>) {
        let mut batch = Vec::with_capacity(BATCH);
        while waiting.blocking_recv_many(&mut batch, BATCH) > 0 {
            match self.commit(&mut batch) {
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
    }

    fn commit(&self, changes: &mut [Box<dyn Change>]) -> Result<(), StoreError> {
        let tx = self.begin()?;
        for change in changes {
            change.apply(&tx)?;
        }
        let committed = tx.commit();
        if let Err(error) = &committed
            && self.writable.load(SeqCst)
        {
            tracing::error!(%error, "the database cannot be written");
        }
        self.writable.store(committed.is_ok(), SeqCst);
        self.live.commit(committed?);
        Ok(())
    }

    fn begin(&self) -> Result<Tx, StoreError> {
        let begin = || {
            let mut redb = self.database.begin_write()?;
            redb.set_durability(Durability::Immediate)?;
            // One phase relies on a checksum that a client who chooses the stored bytes could forge across a crash.
            redb.set_two_phase_commit(true);
            // Without it, the first start after a power cut reads the whole file.
            redb.set_quick_repair(true);
            Ok(Tx::new(redb))
        };
        begin().inspect_err(|_: &StoreError| self.writable.store(false, SeqCst))
    }
}
