//! How much the service takes: of memory, of time to start, and of the disk, with nobody and with a million users.
//!
//! `benches/footprint/run` builds what it needs and runs this; it prints lines of name, measured, budget and unit, and
//! exits with 1 if a budget was not held. A group alone: `benches/footprint/run memory`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::type_complexity,
    unreachable_pub,
    reason = "a bench fails by panicking, and its figures are for people"
)]

mod client;
#[path = "../figures.rs"]
mod figures;
mod fill;
mod process;
mod year;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    thread,
    time::Duration,
};

use client::{Client, refresh_all};
use figures::Figures;
use fill::Content;
use process::Service;

const USERS: Content = Content { users: 1_000_000, sessions: 1 };
const SESSIONS: Content = Content { users: 1_000_000, sessions: 100_000 };
/// How often each start is timed; the median counts.
const STARTS: usize = 5;
/// How long what a process does at its start is given to end before its memory is read.
const SETTLE: Duration = Duration::from_secs(2);
const CONNECTIONS: usize = 64;

type Group = fn(&Bench, &mut Figures);

const GROUPS: [(&str, Group); 5] =
    [("size", size), ("start", start), ("memory", memory), ("disk", disk), ("year", year::year)];

/// What is measured, and where.
pub struct Bench {
    binary: PathBuf,
    folder: tempfile::TempDir,
}

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let binary = arguments.next().unwrap_or_else(|| panic!("usage: footprint BINARY [GROUP]..."));
    let chosen: Vec<_> = arguments.collect();
    let unknown = chosen.iter().find(|name| GROUPS.iter().all(|(group, _)| group != name));
    assert!(unknown.is_none(), "{unknown:?} is none of the groups");
    // Not /tmp, which may be in memory.
    let bench = Bench { binary: binary.into(), folder: tempfile::tempdir_in(fill::kept()).unwrap() };
    let mut figures = Figures::new(Path::new("benches/budgets.tsv"));
    for (_, group) in
        GROUPS.iter().filter(|(name, _)| chosen.is_empty() || chosen.iter().any(|one| one == name))
    {
        group(&bench, &mut figures);
    }
    if figures.held() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Bench {
    /// An empty folder for a database.
    pub fn data(&self, name: &str) -> PathBuf {
        let data = self.folder.path().join(name);
        drop(fs::remove_dir_all(&data));
        fs::create_dir(&data).unwrap();
        data
    }

    /// A folder with a database of this content.
    fn filled(&self, content: Content) -> PathBuf {
        let data = self.data("data");
        fill::put(content, &data);
        // The first start makes a signing key.
        self.serve(&data).stop();
        data
    }

    fn serve(&self, data: &Path) -> Service {
        Service::start(&self.binary, data)
    }
}

/// The binary.
fn size(bench: &Bench, figures: &mut Figures) {
    figures.tell("binary, stripped", megabytes(&bench.binary));
}

/// From the start to the first answer.
fn start(bench: &Bench, figures: &mut Figures) {
    let first = || bench.serve(&bench.data("data")).started_in;
    figures.tell("start, no database yet", median(first));
    let empty = bench.data("data");
    bench.serve(&empty).stop();
    let again = |data: &Path| {
        let service = bench.serve(data);
        let took = service.started_in;
        service.stop();
        took
    };
    figures.tell("start, empty", median(|| again(&empty)));

    let data = bench.filled(SESSIONS);
    figures.tell("start, 1,000,000 users and 100,000 sessions, clean", median(|| again(&data)));
    let mut tokens = fill::tokens(SESSIONS);
    let mut chunks = tokens.chunks_mut(1000);
    let mut after_kill = |cold: bool| {
        let service = bench.serve(&data);
        // Its last commits are a second old, and none was asked to be its last.
        refresh_all(service.port, chunks.next().unwrap(), CONNECTIONS);
        service.kill();
        if cold {
            forget(&data.join("auth.redb"));
            forget(&bench.binary);
        }
        let service = bench.serve(&data);
        let took = service.started_in;
        service.stop();
        took
    };
    figures.tell("start, the same after kill -9", median(|| after_kill(false)));
    figures.tell("start, the same after kill -9, cold", median(|| after_kill(true)));
}

/// Have the system drop what it holds of a file in memory.
fn forget(file: &Path) {
    let option = format!("if={}", file.display());
    let dropped = Command::new("dd")
        .args([&option, "of=/dev/null", "iflag=nocache", "count=0", "status=none"])
        .status();
    assert!(dropped.unwrap().success());
}

/// What is resident with nobody, with a million users of whom each was read, and with 100,000 sessions that were all used.
fn memory(bench: &Bench, figures: &mut Figures) {
    let service = bench.serve(&bench.data("data"));
    thread::sleep(SETTLE);
    let idle = service.memory();
    figures.tell("idle, resident", idle.resident);
    figures.tell("idle, private", idle.private);
    service.stop();

    let data = bench.filled(USERS);
    figures.tell("database, 1,000,000 users", megabytes(&data.join("auth.redb")));
    let service = bench.serve(&data);
    read_each_user(service.port, &mut fill::tokens(USERS)[0]);
    figures.tell("resident, 1,000,000 users", service.memory().resident);
    service.stop();

    let data = bench.filled(SESSIONS);
    let mut tokens = fill::tokens(SESSIONS);
    let service = bench.serve(&data);
    refresh_all(service.port, &mut tokens, CONNECTIONS);
    read_each_user(service.port, &mut tokens[0]);
    figures.tell("resident, 1,000,000 users and 100,000 sessions", service.memory().resident);
    service.stop();
}

/// Have an admin walk through the list of users.
fn read_each_user(port: u16, admin: &mut String) {
    let mut client = Client::new(port);
    let token = client.refresh(admin);
    let (mut cursor, mut seen) = (String::new(), 0);
    loop {
        let page = client.get(&format!("/users?limit=100{cursor}"), Some(&token));
        seen += page["users"].as_array().unwrap().len();
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, USERS.users as usize);
}

/// What refreshing writes, and that it does not make the file grow.
fn disk(bench: &Bench, figures: &mut Figures) {
    let data = bench.filled(SESSIONS);
    let database = data.join("auth.redb");
    let mut tokens = fill::tokens(SESSIONS);
    let service = bench.serve(&data);
    let written = |share: &mut [String], connections| {
        let before = service.written();
        refresh_all(service.port, share, connections);
        (service.written() - before) / share.len() as f64 / 1024.0
    };
    // Apart in the file, as those who refresh are.
    let mut apart: Vec<_> = tokens.iter().step_by(20).cloned().collect();
    figures.tell("written for a refresh alone", written(&mut apart[..500], 1));
    figures.tell("written for a refresh, 64 at once", written(&mut apart[500..], CONNECTIONS));
    for (token, newer) in tokens.iter_mut().step_by(20).zip(apart) {
        *token = newer;
    }
    // Each session once: from then on, all pages were replaced.
    refresh_all(service.port, &mut tokens, CONNECTIONS);
    let settled = megabytes(&database);
    for _ in 0..2 {
        refresh_all(service.port, &mut tokens, CONNECTIONS);
    }
    figures.tell("growth by 200,000 refreshes", megabytes(&database) / settled);
    service.stop();
}

fn median(mut measure: impl FnMut() -> Duration) -> f64 {
    let mut times: Vec<_> = (0..STARTS).map(|_| measure()).collect();
    times.sort();
    times[STARTS / 2].as_secs_f64() * 1000.0
}

fn megabytes(file: &Path) -> f64 {
    fs::metadata(file).unwrap().len() as f64 / 1_000_000.0
}
