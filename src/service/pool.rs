//! Threads for cryptography, apart from the one that answers requests, and one fewer than there are processors, so that a
//! crowd that signs in keeps nobody else waiting.
//!
//! Work that waits is taken up by whichever thread has just finished, without being woken for it. On a busy machine to wake a
//! thread, and be woken by it, costs a third of what a signature does.

use std::{
    collections::VecDeque,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

/// How long a thread works, while long work waits, before it lets others have its processor. By itself the system lets it go
/// on for milliseconds, for which everybody waits who asks for something light.
const SLICE: Duration = Duration::from_micros(100);

/// The threads. They end once this is dropped and nothing waits.
pub(super) struct Pool(Arc<Shared>);

struct Shared {
    queue: Mutex<Queue>,
    /// Told when work comes, or no more will.
    comes: Condvar,
}

#[derive(Default)]
struct Queue {
    /// What goes before all else, in the order in which it came.
    next: VecDeque<Work>,
    waiting: VecDeque<Work>,
    /// Threads that wait for work.
    idle: usize,
    closed: bool,
}

type Work = Box<dyn FnOnce() + Send>;

/// When work is done.
#[derive(Debug, Clone, Copy)]
pub(super) enum Turn {
    /// After all that waits.
    Last,
    /// Before all that takes the last turn: for what is short, and is all that somebody still waits for.
    Next,
}

impl Pool {
    /// Start so many threads, one at least.
    ///
    /// # Errors
    ///
    /// That the system gives no thread.
    pub(super) fn start(threads: usize) -> io::Result<Self> {
        let pool = Self(Arc::new(Shared { queue: Mutex::default(), comes: Condvar::new() }));
        for _ in 0..threads.max(1) {
            let shared = Arc::clone(&pool.0);
            thread::Builder::new().name("compute".into()).spawn(move || shared.work())?;
        }
        Ok(pool)
    }

    /// Do `work` when its `turn` comes; `None` if it panicked. If nobody waits for it by then, it is left undone.
    pub(super) fn run<T: Send + 'static>(
        &self,
        turn: Turn,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send {
        let (reply, answer) = oneshot::channel();
        // Boxed before anything is waited for, so that those who wait need not hold it, too.
        let work: Work = Box::new(move || {
            if !reply.is_closed() {
                // Whoever waited may have gone meanwhile.
                drop(reply.send(work()));
            }
        });
        async move {
            self.0.add(turn, work);
            answer.await.ok()
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.0.queue().closed = true;
        self.0.comes.notify_all();
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, turn: Turn, work: Work) {
        let mut queue = self.queue();
        match turn {
            Turn::Last => queue.waiting.push_back(work),
            Turn::Next => queue.next.push_back(work),
        }
        let wake = queue.idle > 0;
        drop(queue);
        if wake {
            self.comes.notify_one();
        }
    }

    fn work(&self) {
        let mut began = Instant::now();
        while let Some(work) = self.next(&mut began) {
            // A panic is that of one request: who waits for it learns of it, as the answer is dropped with it.
            drop(catch_unwind(AssertUnwindSafe(work)));
        }
    }

    /// What is to be done next, by a thread that `began` to work then since others last had its processor.
    fn next(&self, began: &mut Instant) -> Option<Work> {
        let mut queue = self.queue();
        loop {
            let is_crowded = !queue.waiting.is_empty();
            if let Some(work) = queue.next.pop_front().or_else(|| queue.waiting.pop_front()) {
                drop(queue);
                if is_crowded && began.elapsed() >= SLICE {
                    thread::yield_now();
                    *began = Instant::now();
                }
                return Some(work);
            }
            if queue.closed {
                return None;
            }
            queue.idle += 1;
            queue = self.comes.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.idle -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    };

    use super::*;

    #[tokio::test]
    async fn all_that_is_asked_for_is_done_and_a_panic_is_of_one_alone() {
        let pool = Arc::new(Pool::start(2).unwrap());
        let asked: Vec<_> = (0..200)
            .map(|number| {
                let pool = Arc::clone(&pool);
                tokio::spawn(async move {
                    pool.run(Turn::Last, move || if number % 50 == 7 { panic!("test") } else { number }).await
                })
            })
            .collect();
        for (number, asked) in (0..).zip(asked) {
            assert_eq!(asked.await.unwrap(), (number % 50 != 7).then_some(number));
        }
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_left_undone_and_the_threads_end() {
        let pool = Pool::start(1).unwrap();
        let (release, held) = mpsc::channel::<()>();
        let done = Arc::new(AtomicUsize::new(0));
        let first = pool.run(Turn::Last, move || held.recv().is_err());
        let abandoned = {
            let done = Arc::clone(&done);
            pool.run(Turn::Last, move || done.fetch_add(1, SeqCst))
        };
        let (mut first, mut abandoned) = (Box::pin(first), Box::pin(abandoned));
        for pending in [waits(first.as_mut()).await, waits(abandoned.as_mut()).await] {
            assert!(pending);
        }
        drop(abandoned);
        drop(release);
        assert_eq!(first.await, Some(true));
        assert_eq!(pool.run(Turn::Next, || 7).await, Some(7));
        assert_eq!(done.load(SeqCst), 0);
        let shared = Arc::clone(&pool.0);
        drop(pool);
        while Arc::strong_count(&shared) > 1 {
            thread::yield_now();
        }
    }

    #[tokio::test]
    async fn what_is_done_next_goes_before_what_waited_longer() {
        let pool = Pool::start(1).unwrap();
        let (release, held) = mpsc::channel::<()>();
        let mut first = Box::pin(pool.run(Turn::Last, move || held.recv().is_err()));
        assert!(waits(first.as_mut()).await);
        let done = Arc::new(AtomicUsize::new(0));
        let place = || {
            let done = Arc::clone(&done);
            move || done.fetch_add(1, SeqCst)
        };
        let mut asked =
            [Turn::Last, Turn::Last, Turn::Next, Turn::Next].map(|turn| Box::pin(pool.run(turn, place())));
        for one in &mut asked {
            assert!(waits(one.as_mut()).await);
        }
        drop(release);
        assert_eq!(first.await, Some(true));
        for (one, place) in asked.into_iter().zip([2, 3, 0, 1]) {
            assert_eq!(one.await, Some(place));
        }
    }

    /// Ask once whether `work` still waits.
    async fn waits(work: impl Future) -> bool {
        let mut work = std::pin::pin!(work);
        std::future::poll_fn(|context| std::task::Poll::Ready(work.as_mut().poll(context).is_pending())).await
    }
}
