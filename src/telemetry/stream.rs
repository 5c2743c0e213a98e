//! Where log lines go: at once while there are few, many together when there are many.

use std::{
    io::{self, Write},
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line may wait for others, if the one before it was written less than that ago.
const GAP: Duration = Duration::from_millis(5);
/// The most bytes that wait.
const WAITING: usize = 64 * 1024;

/// A stream of lines. A copy writes to the same stream.
///
/// Writing a line is a call to the system, which costs a busy service more than most requests do otherwise. So lines that
/// follow closely on each other share one. A warning or an error is written at once, and so is all that came before it.
#[derive(Clone)]
pub(super) struct Stream(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Told when lines begin to wait.
    waits: Condvar,
}

struct State {
    to: Box<dyn Write + Send>,
    waiting: Vec<u8>,
    written_at: Option<Instant>,
}

impl State {
    /// Write all that waits. What cannot be written is lost.
    fn write(&mut self) {
        let mut lines = mem::take(&mut self.waiting);
        drop(self.to.write_all(&lines));
        drop(self.to.flush());
        self.written_at = Some(Instant::now());
        lines.clear();
        self.waiting = lines;
    }
}

impl Stream {
    pub(super) fn new(to: impl Write + Send + 'static) -> io::Result<Self> {
        let state = State { to: Box::new(to), waiting: Vec::new(), written_at: None };
        let stream = Self(Arc::new(Shared { state: Mutex::new(state), waits: Condvar::new() }));
        let shared = Arc::clone(&stream.0);
        // As long as the process, as the log does.
        let run = move || {
            loop {
                shared.write_what_waits();
            }
        };
        thread::Builder::new().name("log".into()).spawn(run)?;
        Ok(stream)
    }

    /// Write all that waits.
    pub(super) fn flush(&self) {
        self.0.state().write();
    }

    fn take(&self, line: &[u8], at_once: bool) {
        let mut state = self.0.state();
        let begins = state.waiting.is_empty();
        state.waiting.extend_from_slice(line);
        let alone = begins && state.written_at.is_none_or(|before| before.elapsed() >= GAP);
        if at_once || alone || state.waiting.len() >= WAITING {
            state.write();
        } else if begins {
            self.0.waits.notify_one();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_what_waits(&self) {
        let idle = |state: &mut State| state.waiting.is_empty();
        drop(self.waits.wait_while(self.state(), idle).unwrap_or_else(PoisonError::into_inner));
        thread::sleep(GAP);
        self.state().write();
    }
}

/// One event's place in a [`Stream`].
pub(super) struct Line<'a> {
    stream: &'a Stream,
    at_once: bool,
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.take(bytes, self.at_once);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Stream {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { stream: self, at_once: true }
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Line<'a> {
        Line { stream: self, at_once: *meta.level() <= Level::WARN }
    }
}
