//! What a test of attacks or faults has tried, for the table that `tests/run` prints at its end.

use std::{env, fs::OpenOptions, io::Write as _};

/// Note that of `cases` tries of `what`, a few words without tabs, `failures` went wrong. Nothing is checked here: the test
/// itself fails.
pub fn record(what: &str, cases: u64, failures: u64) {
    eprintln!("{what}: {cases} cases, {failures} failures");
    if let Some(file) = env::var_os("LUCID_FIGURES") {
        // One write, so that tests that run at the same time do not mix their lines.
        let line = format!("{what}\t{cases}\t{failures}\n");
        OpenOptions::new().append(true).create(true).open(file).unwrap().write_all(line.as_bytes()).unwrap();
    }
}
