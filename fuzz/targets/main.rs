//! All fuzz targets in one program, so that there is one to build. `LUCID_FUZZ` names the one that runs.
//!
//! Each is two functions: `run` holds what the service makes of some bytes against a rule or a second reading, and panics
//! where they differ; `seeds` makes inputs to begin with, of vectors and of what clients really send. What fuzzing found
//! worth keeping is in `fuzz/corpus/NAME`, an input a line, in base64: `tests/fuzz/run --keep` adds to it.
//!
//! `LUCID_FUZZ_SEEDS=FOLDER` writes the seeds there and ends.
//!
//! The cases are the same at each run, as far as one thread decides: then one in CI fails for a change and not for bad luck.
//! `tests/fuzz/run` sees to that, and what is taken for chance here does.
#![no_main]

mod address;
mod body;
mod challenge;
mod config;
mod cookie;
mod database;
mod forwarded;
mod guard;
mod input;
mod jwt;
mod origin;
mod query;
mod request;
mod request_id;
mod restore;
mod rows;
mod seal;
mod signature;
mod transfer;
mod world;
mod x509;

use std::{
    env, fs,
    path::Path,
    process,
    sync::{
        OnceLock,
        atomic::{AtomicU8, Ordering::Relaxed},
    },
};

use libfuzzer_sys::fuzz_target;

/// One thing that is fuzzed.
struct Target {
    name: &'static str,
    run: fn(&[u8]),
    seeds: fn() -> Vec<Vec<u8>>,
}

macro_rules! targets {
    ($($name:ident)+) => { [$(Target { name: stringify!($name), run: $name::run, seeds: $name::seeds }),+] };
}

static TARGETS: [Target; 19] = targets! {
    address body challenge config cookie database forwarded guard jwt origin query request request_id restore rows
    seal signature transfer x509
};

static CHOSEN: OnceLock<&Target> = OnceLock::new();

fn choose() {
    let name = env::var("LUCID_FUZZ").unwrap_or_default();
    let Some(target) = TARGETS.iter().find(|target| target.name == name) else {
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        eprintln!("LUCID_FUZZ must be one of: {}", names.join(" "));
        process::exit(2);
    };
    if let Some(folder) = env::var_os("LUCID_FUZZ_SEEDS") {
        for (index, seed) in (target.seeds)().iter().enumerate() {
            fs::write(Path::new(&folder).join(format!("seed-{index:03}")), seed).unwrap();
        }
        process::exit(0);
    }
    CHOSEN.get_or_init(|| target);
}

fuzz_target!(init: choose(), |data: &[u8]| (CHOSEN.get().unwrap().run)(data));

/// In place of the C library's: the keys of a `HashMap` are the same at each run, and with them the ways through it.
///
/// # Safety
///
/// As of `getrandom(2)`: `buffer` is of `length` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn getrandom(buffer: *mut u8, length: usize, _flags: u32) -> isize {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    for place in 0..length {
        // SAFETY: these bytes are the caller's to have written, and nothing is read from them.
        unsafe { buffer.add(place).write(NEXT.fetch_add(167, Relaxed)) };
    }
    length as isize
}
