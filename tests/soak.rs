//! Under mixed load at half of what it can, the service stays as it was: in memory, descriptors, threads, file and answers.
//!
//! The real binary runs over a fresh data folder. First, clients work as fast as they are answered, which tells what the
//! service can do here; then they keep to half of that. They verify, refresh, sign in and out, and send what is refused. There is
//! a fixed number of users, each with few sessions, so that nothing but the audit log has a reason to grow. The run is cut into
//! parts; of the first quarter and the last, medians are compared:
//!
//! - memory may be [`NOISE_BYTES`] more, and [`ANSWER_BYTES`] for each answer since, [`MEMORY`] at most: used challenges are kept
//!   for ten minutes, and redb keeps up to 16 MiB of the file's pages, which the audit log makes more of. Of an hour, what is kept
//!   so is there in the first quarter already, and the most that is allowed is a few bytes an answer: a leak would be more;
//! - there are as many descriptors as connections, and a few threads;
//! - the file is longer by [`ENTRY_BYTES`] an audit entry at most, and a fixed [`FILE`];
//! - an answer costs the service [`DEARER`] times the processor's time at most. Where other programs slow the processor down, an
//!   answer costs the clients more, too, and as much more is allowed;
//! - the 99th percentile is [`SLOWER`] times as long at most, and [`NOISE`]. What an [`Echo`] beside it, which has nothing to do
//!   with the service, takes longer by then is the machine's, and counted as if it had been there from the beginning.
//!
//! On two cores that others kept busy, an answer of the release build was seen to cost 170 to 430 µs of the processor, which
//! between the quarters of one run differed by less than a quarter, and 50 to 100 bytes of memory in the first minute, 46 within a
//! quarter of an hour.
//!
//! `LUCID_SOAK_SECONDS` says how long: 20 if it does not. `LUCID_AUTH_BIN` names another binary than that of the tests.
#![expect(unreachable_pub, reason = "nothing of a test binary is reachable from elsewhere")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "what tests share fails as tests do"
)]

#[expect(dead_code, reason = "the crash test needs more of it")]
#[path = "crash/client.rs"]
mod client;
#[path = "soak/echo.rs"]
mod echo;
#[path = "support/figures.rs"]
mod figures;
#[path = "support/http.rs"]
mod http;
#[expect(dead_code, reason = "the tests of the commands need more of it")]
#[path = "support/process.rs"]
mod process;
#[path = "soak/resources.rs"]
mod resources;
#[path = "crash/session.rs"]
mod session;
#[path = "it/wallet.rs"]
mod wallet;
#[path = "soak/worker.rs"]
mod worker;

use std::{env, fs, path::Path, thread, time::Duration};

use echo::Echo;
use lucid_auth::store::{CheckReport, check};
use process::Service;
use resources::{Resources, median};
use worker::Worker;

/// How many clients work at the same time, each on a connection of its own.
const CLIENTS: u32 = 8;
/// The parts that the run is cut into.
const PARTS: u32 = 20;

const MEMORY: u64 = 8 << 20;
const NOISE_BYTES: u64 = 1 << 20;
const ANSWER_BYTES: u64 = 128;
const ENTRY_BYTES: u64 = 2048;
const FILE: u64 = 8 << 20;
const DEARER: f64 = 1.5;
const SLOWER: u32 = 2;
const NOISE: Duration = Duration::from_millis(2);
/// Besides the connections: listener, database, guard, logs and what the runtime has; a few may come and go.
const DESCRIPTORS: u64 = 8;
const THREADS: u64 = 48;

/// What one part of the run saw.
struct Part {
    /// How long each answer took, in order.
    took: Vec<Duration>,
    /// How long the echo took meanwhile, in order.
    echoed: Vec<Duration>,
    resources: Resources,
    /// The processor's time that the clients have had.
    asking: Duration,
}

/// The percentile of what is in order.
fn percentile(took: &[Duration], hundredth: usize) -> Duration {
    took[(took.len() - 1) * hundredth / 100]
}

#[test]
fn an_hour_of_mixed_load_leaves_nothing_behind() {
    let seconds = env::var("LUCID_SOAK_SECONDS").map_or(20, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let service = start(&data);
    let (port, process) = (service.port, service.process.id());
    let mut workers: Vec<_> = (0..CLIENTS).map(|number| Worker::new(number.into(), port)).collect();

    // Each user is made, and every path taken, before anything is compared.
    let measure = Duration::from_secs(5);
    let answered: usize = at_once(&mut workers, |worker| worker.work(measure, None).len()).into_iter().sum();
    let rate = u32::try_from(answered).unwrap() / u32::try_from(measure.as_secs()).unwrap() / 2;
    eprintln!("{} answers a second flat out; {rate} a second for {seconds} s", rate * 2);
    assert!(rate > CLIENTS, "too slow to measure: {rate} a second");
    let pace = Duration::from_secs(CLIENTS.into()) / rate;
    let length = Duration::from_secs(seconds) / PARTS;
    let mut echo = Echo::new(folder.path());
    let bytes = || fs::metadata(data.join("auth.redb")).unwrap().len();
    let before = bytes();

    let parts: Vec<_> = (0..PARTS)
        .map(|number| {
            let (mut took, mut echoed) = thread::scope(|scope| {
                let beside = scope.spawn(|| echo.work(length));
                let took = at_once(&mut workers, |worker| worker.work(length, Some(pace))).concat();
                (took, beside.join().unwrap())
            });
            took.sort_unstable();
            echoed.sort_unstable();
            let asking = Resources::of(std::process::id()).processor;
            let seen = Part { took, echoed, resources: Resources::of(process), asking };
            eprintln!(
                "  {number:>2}: {:>6} answers, p50 {:>6.2?}, p99 {:>7.2?} and {:>7.2?} of an echo, {}, {} KiB of file",
                seen.took.len(),
                percentile(&seen.took, 50),
                percentile(&seen.took, 99),
                percentile(&seen.echoed, 99),
                seen.resources,
                bytes() / 1024
            );
            seen
        })
        .collect();

    let grown = bytes() - before;
    service.stop();
    compare(&parts, grown, &check(&data.join("auth.redb")).unwrap());
    let answers: usize = parts.iter().map(|part| part.took.len()).sum();
    figures::record(&format!("mixed load at half of capacity, answers in {seconds} s"), answers as u64, 0);
}

/// Hold the last quarter against the first.
fn compare(parts: &[Part], grown: u64, report: &CheckReport) {
    let quarter = parts.len() / 4;
    // The very first part still fills caches.
    let (first, last) = (&parts[1..=quarter], &parts[parts.len() - quarter..]);
    let of = |parts: &[Part], what: fn(&Part) -> u64| median(parts.iter().map(what).collect());
    let memory = |part: &Part| part.resources.memory;
    let (was, is) = (of(first, memory), of(last, memory));
    let answers = parts[1..].iter().map(|part| part.took.len() as u64).sum::<u64>();
    let may = was + (NOISE_BYTES + answers * ANSWER_BYTES).min(MEMORY);
    assert!(
        is <= may,
        "memory went from {} to {} KiB, and {answers} answers explain {}",
        was / 1024,
        is / 1024,
        may / 1024
    );
    for part in parts {
        let Resources { descriptors, threads, .. } = part.resources;
        assert!(
            descriptors <= of(first, |part| part.resources.descriptors) + DESCRIPTORS,
            "{descriptors} open"
        );
        assert!(threads <= THREADS, "{threads} threads");
    }
    let end = parts.len() - 1;
    let cost = |spent: fn(&Part) -> Duration| {
        [(0, quarter), (end - quarter, end)].map(|(before, through)| {
            let answers = parts[before + 1..=through].iter().map(|part| part.took.len()).sum::<usize>();
            spent(&parts[through]).saturating_sub(spent(&parts[before])) / u32::try_from(answers).unwrap()
        })
    };
    let [was, is] = cost(|part| part.resources.processor);
    let [asking_was, asking_is] = cost(|part| part.asking);
    eprintln!(
        "{was:?} of the processor an answer in the first quarter, {is:?} in the last; {asking_was:?} and {asking_is:?} to ask"
    );
    assert!(was > Duration::ZERO && asking_was > Duration::ZERO, "nothing was measured");
    let slowed = (asking_is.as_secs_f64() / asking_was.as_secs_f64()).max(1.0);
    assert!(is <= was.mul_f64(DEARER * slowed), "an answer went from {was:?} of the processor to {is:?}");
    let both = |what: fn(&Part) -> u64| [first, last].map(|parts| Duration::from_micros(of(parts, what)));
    let [was, is] = both(|part| micros(&part.took));
    let [echo_was, echo_is] = both(|part| micros(&part.echoed));
    eprintln!(
        "p99 {was:?} in the first quarter, {is:?} in the last, of an echo {echo_was:?} and {echo_is:?}; the file grew by {} KiB",
        grown / 1024
    );
    let may = (was + echo_is.saturating_sub(echo_was)) * SLOWER + NOISE;
    assert!(
        is <= may,
        "the 99th percentile went from {was:?} to {is:?}, and at most {may:?} is the machine's"
    );
    let explained = FILE + report.audit_entries * ENTRY_BYTES;
    assert!(
        grown <= explained,
        "the file grew by {grown}, and {} audit entries explain {explained}",
        report.audit_entries
    );
    assert_eq!(report.users, u64::from(CLIENTS) * worker::USERS);
    assert!(report.sessions <= report.users * worker::SESSIONS as u64, "{} sessions", report.sessions);
}

/// Of what is in order, the 99th percentile in microseconds.
fn micros(took: &[Duration]) -> u64 {
    u64::try_from(percentile(took, 99).as_micros()).unwrap()
}

fn start(data: &Path) -> Service {
    const SETTINGS: [(&str, &str); 2] = [("RATE_LIMIT_ENABLED", "false"), ("MAX_LOGIN_ATTEMPTS", "1000")];
    let Some(binary) = env::var_os("LUCID_AUTH_BIN") else { return Service::with(data, &SETTINGS) };
    let like = process::command(data, &[], &SETTINGS);
    let mut command = std::process::Command::new(binary);
    command.env_clear().envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let child = command.stdin(std::process::Stdio::null()).stderr(std::process::Stdio::piped()).spawn();
    Service::of(process::Process::of(child.unwrap()))
}

fn at_once<T: Send>(workers: &mut [Worker], act: impl Fn(&mut Worker) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let running: Vec<_> = workers.iter_mut().map(|worker| scope.spawn(|| act(worker))).collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    })
}
