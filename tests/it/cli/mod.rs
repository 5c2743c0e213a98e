//! The real binary: every command, and how the service starts and stops.

mod backup;
mod backup_load;
mod check;
mod commands;
mod doctor;
mod healthcheck;
mod keys;
mod output;
mod refused;
mod restore;
mod sealed;
mod serve;
mod settings;
mod socket;
mod systemd;
mod tls;
mod users;

use std::{
    fs,
    path::{Path, PathBuf},
};

use lucid_auth::{
    domain::audit::{Action, Actor},
    store::Store,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Ended, Process};

/// A folder of the test's own, and in it the path of a data folder that is not there yet.
fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    (folder, data)
}

/// Make the database in `data`, as the first start of a service does.
fn first_start(data: &Path) {
    drop(Store::open(&data.join("auth.redb"), [7; 32]).unwrap());
}

/// A folder of the test's own, and in it a data folder with a new database.
fn started() -> (TempDir, PathBuf) {
    let (folder, data) = place();
    first_start(&data);
    (folder, data)
}

/// What a command that ends by itself did.
fn run(data: &Path, arguments: &[&str]) -> Ended {
    Process::start(data, arguments, &[]).end()
}

/// What a command printed that must succeed.
fn done(data: &Path, arguments: &[&str]) -> String {
    let ended = run(data, arguments);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{arguments:?}: {}", ended.out);
    ended.out
}

/// The same, in JSON.
fn json(data: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&done(data, &[arguments, &["--json"]].concat())).unwrap()
}

/// What a command said that must be refused with this code, without a word on stdout.
fn refused(data: &Path, arguments: &[&str], code: i32) -> String {
    let ended = run(data, arguments);
    assert_eq!((ended.code, ended.out.as_str()), (Some(code), ""), "{arguments:?}: {}", ended.err);
    ended.err
}

/// What is in a folder.
fn files(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

/// The audit log of a database that nobody uses, oldest first: what, and the detail, of what operators did.
fn audited(data: &Path) -> Vec<(Action, String)> {
    let events = crate::support::audit_log(&data.join("auth.redb")).into_iter();
    let by_operators = events.filter(|event| event.actor == Actor::Operator);
    by_operators.map(|event| (event.action, event.detail.unwrap_or_default())).collect()
}
