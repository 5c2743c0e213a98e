//! What is kept in memory of the database tells nobody what a commit that was answered has changed, in whatever order
//! threads run.
//!
//! `src/store/kept.rs` itself, compiled with the locks of [loom], which tries every order. Around it, a database that shows
//! the last commit, and one writer that does as `src/store/writer.rs`: it commits, tells, and then answers.
//!
//! A few interruptions of threads; one more with `LUCID_LONG=1`.
//!
//! [loom]: https://docs.rs/loom
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "what tests share fails as tests do")]
#![expect(unreachable_pub, reason = "nothing of a test binary is reachable from elsewhere")]

#[path = "support/figures.rs"]
mod figures;
#[path = "../src/store/kept.rs"]
mod kept;

/// The locks that `kept.rs` takes from its parent.
mod sync {
    pub use loom::sync::{Mutex, MutexGuard};
    pub use std::sync::PoisonError;
}

use std::{
    collections::HashMap,
    convert::Infallible,
    env,
    sync::atomic::{AtomicU64, Ordering::SeqCst},
};

use loom::{
    sync::{Arc, Mutex, atomic::AtomicBool},
    thread,
};

use kept::{Kept, Map};

/// A version of a session, by number; nothing when it has ended.
type State = Option<u64>;

/// The cache, as one lock around a map: each of its calls is one step, as those of the real one are.
#[derive(Default)]
struct Cache(Mutex<HashMap<u8, u64>>);

impl Map for Cache {
    type Key = u8;
    type Value = u64;

    fn get(&self, key: &u8) -> Option<u64> {
        self.0.lock().unwrap().get(key).copied()
    }

    fn insert(&self, key: u8, value: u64) {
        self.0.lock().unwrap().insert(key, value);
    }

    fn remove(&self, key: &u8) {
        self.0.lock().unwrap().remove(key);
    }

    fn clear(&self) {
        self.0.lock().unwrap().clear();
    }
}

/// The database with one session in it, and what is kept of it.
struct Store {
    disk: Mutex<State>,
    kept: Kept<Cache>,
    /// Whether the change was answered.
    answered: AtomicBool,
}

impl Store {
    fn new() -> Arc<Self> {
        let kept = Kept::new(Cache::default());
        Arc::new(Self { disk: Mutex::new(Some(1)), kept, answered: AtomicBool::new(false) })
    }

    fn find(&self) -> State {
        let loaded = self.kept.find(1, || Ok::<_, Infallible>(*self.disk.lock().unwrap()));
        loaded.unwrap()
    }

    fn commit(&self, state: State) {
        *self.disk.lock().unwrap() = state;
        self.kept.tell([(1, state)]);
        self.answered.store(true, SeqCst);
    }

    /// The change failed, and is on disk or is not; then the database was opened again, and the next is answered.
    fn fail(&self, state: State) {
        *self.disk.lock().unwrap() = state;
        self.kept.forget();
        self.answered.store(true, SeqCst);
    }
}

fn is_long() -> bool {
    env::var_os("LUCID_LONG").is_some_and(|value| value == "1")
}

/// In every order of these threads with a few interruptions: whoever asks after the answer is told what was answered, however many others ask
/// meanwhile. Returns how many orders there were.
fn in_every_order(readers: usize, state: State, change: fn(&Store, State)) -> u64 {
    static ORDERS: AtomicU64 = AtomicU64::new(0);
    ORDERS.store(0, SeqCst);
    let mut orders = loom::model::Builder::new();
    // A race needs few interruptions; every order of all these threads takes hours.
    orders.preemption_bound = Some(if is_long() { 4 } else { 3 });
    orders.check(move || {
        ORDERS.fetch_add(1, SeqCst);
        let store = Store::new();
        let asking: Vec<_> = (0..readers)
            .map(|_| {
                let store = Arc::clone(&store);
                thread::spawn(move || {
                    let answered = store.answered.load(SeqCst);
                    let found = store.find();
                    assert!(!answered || found == state, "told {found:?} after {state:?} was answered");
                })
            })
            .collect();
        change(&store, state);
        assert_eq!(store.find(), state, "whoever was answered asks");
        for reader in asking {
            reader.join().unwrap();
        }
    });
    ORDERS.load(SeqCst)
}

#[test]
fn nobody_is_told_of_a_session_whose_end_was_answered() {
    let mut orders = 0;
    for state in [None, Some(2)] {
        for change in [Store::commit, Store::fail] {
            orders += in_every_order(2, state, change);
        }
    }
    assert!(orders > 1_000, "only {orders} orders");
    figures::record("orders of threads around what is kept in memory", orders, 0);
}
