//! The real binary, started as a shell or systemd would, and what it says.

use std::{
    io::Read,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Condvar, Mutex},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// No test waits longer than this for a process.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a process has written to one of its streams so far, and whether it has closed it.
#[derive(Clone, Default)]
struct Stream(Arc<(Mutex<(String, bool)>, Condvar)>);

impl Stream {
    fn collect(&self, mut from: impl Read + Send + 'static) -> JoinHandle<()> {
        let stream = self.clone();
        thread::spawn(move || {
            let (state, changed) = &*stream.0;
            let mut chunk = [0; 4096];
            loop {
                let length = from.read(&mut chunk).unwrap_or(0);
                let mut state = state.lock().unwrap();
                state.0.push_str(&String::from_utf8_lossy(&chunk[..length]));
                state.1 = length == 0;
                changed.notify_all();
                if length == 0 {
                    return;
                }
            }
        })
    }

    fn text(&self) -> String {
        self.0.0.lock().unwrap().0.clone()
    }

    /// What `look` finds in the text, as soon as it finds something; `None` if the stream ends before.
    fn wait_for<T>(&self, look: impl Fn(&str) -> Option<T>) -> Option<T> {
        let until = Instant::now() + PATIENCE;
        let (state, changed) = &*self.0;
        let mut state = state.lock().unwrap();
        loop {
            let found = look(&state.0);
            if found.is_some() || state.1 {
                return found;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "it does not say what it should: {}", state.0);
            state = changed.wait_timeout(state, left).unwrap().0;
        }
    }
}

/// A process of ours. Dropping it kills it.
pub struct Process {
    child: Child,
    started: Instant,
    out: Stream,
    err: Stream,
    readers: Vec<JoinHandle<()>>,
}

/// A process that has ended.
#[derive(Debug)]
pub struct Ended {
    /// `None` if a signal ended it.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
    pub took: Duration,
}

impl Process {
    /// Start the binary with this data folder; nothing of the tests' own environment reaches it.
    pub fn start(data: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let child = command(data, arguments, environment).stdout(Stdio::piped()).spawn().unwrap();
        Self::of(child)
    }

    /// Follow a child whose stdout and stderr may be pipes.
    pub fn of(mut child: Child) -> Self {
        let (out, err) = (Stream::default(), Stream::default());
        let from_out = child.stdout.take().map(|from| out.collect(from));
        let from_err = child.stderr.take().map(|from| err.collect(from));
        let readers = from_out.into_iter().chain(from_err).collect();
        Self { child, started: Instant::now(), out, err, readers }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to stdout and to stderr.
    pub fn text(&self) -> (String, String) {
        (self.out.text(), self.err.text())
    }

    /// Wait until stderr has a line with all of these, and return it.
    pub fn logged(&self, words: &[&str]) -> String {
        let line = |text: &str| {
            let complete = text.rsplit_once('\n')?.0;
            complete.lines().find(|line| words.iter().all(|word| line.contains(word))).map(str::to_owned)
        };
        let found = self.err.wait_for(line);
        found.unwrap_or_else(|| panic!("it ended without saying {words:?}: {:?}", self.text()))
    }

    /// Send it a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success(), "{kill}");
    }

    /// Wait until it ends.
    pub fn end(mut self) -> Ended {
        let until = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < until, "it does not end: {:?}", self.text());
            thread::sleep(Duration::from_millis(5));
        };
        let took = self.started.elapsed();
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        let (out, err) = self.text();
        assert!(!err.contains("panicked"), "{err}");
        Ended { code: status.code(), out, err, took }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The binary with this data folder, listening on a free port of this machine alone, and not for Prometheus: there is one
/// default port, and many tests.
pub fn command(data: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lucid-auth"));
    command
        .args(arguments)
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("DATA_DIR", data)
        .envs([("AUTH_SERVICE_BIND", "127.0.0.1"), ("AUTH_SERVICE_PORT", "0"), ("METRICS_ENABLED", "false")])
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .stderr(Stdio::piped());
    command
}

/// A service that is ready.
pub struct Service {
    pub process: Process,
    pub port: u16,
}

impl Service {
    pub fn start(data: &Path) -> Self {
        Self::with(data, &[])
    }

    pub fn with(data: &Path, environment: &[(&str, &str)]) -> Self {
        Self::of(Process::start(data, &[], environment))
    }

    /// Wait until `process` is ready, whichever way it logs.
    pub fn of(process: Process) -> Self {
        let line = process.logged(&["ready", "port"]);
        let digits = line.trim_end_matches('}').rsplit(|c: char| !c.is_ascii_digit()).next();
        let port = digits.unwrap().parse().unwrap_or_else(|_| panic!("no port in {line}"));
        Self { process, port }
    }

    /// Stop it as systemd would.
    pub fn stop(self) -> Ended {
        self.process.signal("TERM");
        let ended = self.process.end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended
    }
}
