//! `lucid-auth audit`, the real binary: beside a service that runs, and on a database that is not in use.

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
};

use lucid_auth::store::Store;
use redb::{Database, TableDefinition};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::wallet::Wallet;

const AUDIT: TableDefinition<&[u8], &[u8]> = TableDefinition::new("audit");

/// A data folder, in which the log has six entries: the first key, three accounts, a role, a lock.
struct Data(TempDir);

impl Data {
    fn new() -> Self {
        let data = Self(tempfile::tempdir().unwrap());
        drop(Store::open(&data.path(), [7; 32]).unwrap());
        let address = |number| Wallet::new(number).address.to_string();
        for number in [1, 2, 3] {
            data.done(&["user", "add", &address(number)]);
        }
        data.done(&["user", "set-role", &address(2), "ADMIN"]);
        data.done(&["user", "lock", &address(3)]);
        data
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lucid-auth"));
        command.args(arguments).env_clear().env("DATA_DIR", self.0.path()).env("METRICS_ENABLED", "false");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a command prints that succeeds.
    fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {out}{err}");
        out
    }

    /// What a command prints that ends with 1.
    fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.done(arguments)).unwrap()
    }

    fn export(&self, arguments: &[&str]) -> Vec<Value> {
        let out = self.done(&[&["audit", "export"], arguments].concat());
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn serve(&self) -> Service {
        self.serve_with("true")
    }

    /// Start a service that records what happens, or does not.
    fn serve_with(&self, recording: &str) -> Service {
        let mut command =
            self.command(&["serve", "--port", "0", "--bind", "127.0.0.1", "--log-format", "text"]);
        command.env("AUDIT_LOG_ENABLED", recording);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("is ready"), "{line}");
        Service(child)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("auth.redb")
    }

    /// Change the value of entry `number`, or remove it.
    fn tamper(&self, number: u64, change: impl Fn(&mut Vec<u8>) -> bool) {
        let database = Database::open(self.path()).unwrap();
        let tx = database.begin_write().unwrap();
        {
            let mut table = tx.open_table(AUDIT).unwrap();
            let mut value = table.remove(number.to_be_bytes().as_slice()).unwrap().unwrap().value().to_vec();
            if change(&mut value) {
                table.insert(number.to_be_bytes().as_slice(), value.as_slice()).unwrap();
            }
        }
        tx.commit().unwrap();
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A service that runs until this goes.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn the_log_is_the_same_whether_the_service_runs_or_not() {
    let data = Data::new();
    let before = std::fs::read(data.path()).unwrap();
    let ask = || {
        let mut listed = data.json(&["audit", "list", "--json"]);
        listed.as_array_mut().unwrap().reverse();
        let exported = data.export(&[]);
        assert_eq!(listed, Value::from(exported.clone()), "an export tells the same, oldest first");
        assert_eq!(data.done(&["audit", "list"]).lines().count(), exported.len());
        (exported, data.json(&["audit", "verify", "--json"]))
    };
    let stopped = ask();
    assert_eq!(std::fs::read(data.path()).unwrap(), before, "nothing was written");
    let actions: Vec<_> = stopped.0.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions,
        ["key.added", "user.added", "user.added", "user.added", "user.role_changed", "user.locked"]
    );
    assert_eq!((&stopped.1["sound"], &stopped.1["entries"]), (&json!(true), &json!(6)));
    let service = data.serve();
    assert_eq!(ask(), stopped);
    drop(service);
    assert_eq!(ask(), stopped, "after a kill too");
}

#[test]
#[rustfmt::skip]
fn a_list_and_an_export_give_what_fits() {
    let data = Data::new();
    let address = Wallet::new(3).address.to_string();
    let all = data.export(&[]);
    let id = all[3]["user_id"].as_str().unwrap();
    let cases: [(&[&str], &[u64]); 9] = [
        // arguments                               numbers
        (&["--user", &address],                    &[4, 6]),
        (&["--user", id],                          &[4, 6]),
        (&["--user", id, "--action", "user.locked"], &[6]),
        (&["--action", "user.added"],              &[2, 3, 4]),
        (&["--outcome", "refused"],                &[]),
        (&["--since", "2020-01-01T00:00:00Z"],     &[1, 2, 3, 4, 5, 6]),
        (&["--since", "2999-01-01T00:00:00Z"],     &[]),
        (&["--until", "2020-01-01T00:00:00Z"],     &[]),
        (&["--until", "2999-01-01T00:00:00Z"],     &[1, 2, 3, 4, 5, 6]),
    ];
    let check = || for (arguments, numbers) in cases {
        let of = |entries: &[Value]| entries.iter().map(|entry| entry["number"].as_u64().unwrap()).collect::<Vec<_>>();
        assert_eq!(of(&data.export(arguments)), numbers, "{arguments:?}");
        let mut listed = of(data.json(&[&["audit", "list", "--json"], arguments].concat()).as_array().unwrap());
        listed.reverse();
        assert_eq!(listed, numbers, "{arguments:?}");
    };
    check();
    let _service = data.serve();
    check();
    assert_eq!(data.done(&["audit", "list", "--limit", "2"]).lines().count(), 2);
    for bad in [["--user", "x"], ["--action", "dance"], ["--since", "now"], ["--limit", "0"]] {
        assert_eq!(data.run(&[&["audit", "list"], &bad[..]].concat()).status.code(), Some(2), "{bad:?}");
    }
    let stranger = Wallet::new(9).address.to_string();
    assert_eq!(data.fails(&["audit", "list", "--user", &stranger]), "");
}

#[test]
fn a_tampered_entry_is_found_at_its_place() {
    for number in 1..=6 {
        let data = Data::new();
        let byte = |value: &mut Vec<u8>| {
            let last = value.len() - 20;
            value[last] ^= 1;
            true
        };
        data.tamper(number, byte);
        let told = data.fails(&["audit", "verify"]);
        assert!(told.contains(&format!("BROKEN: entry {number} was changed")), "{told}");
        let report: Value = serde_json::from_str(&data.fails(&["audit", "verify", "--json"])).unwrap();
        assert_eq!((&report["sound"], &report["broken"]["number"]), (&json!(false), &json!(number)));
        assert_eq!(report["entries"], number - 1, "those before it hold");
        let checked = data.run(&["check"]);
        assert!(text(&checked.stderr).contains(&format!("entry {number} was changed")), "{checked:?}");

        data.tamper(number, |_| false);
        let told = data.fails(&["audit", "verify"]);
        assert!(told.contains(&format!("BROKEN: entry {number} was removed")), "{told}");
        if number < 6 {
            // What is left can be read.
            assert_eq!(data.export(&[]).len(), 5);
        }
    }
}

#[test]
fn a_head_that_was_noted_stays_and_another_one_is_told_apart() {
    let data = Data::new();
    let report = data.json(&["audit", "verify", "--json"]);
    let head = report["head"].as_str().unwrap().to_owned();
    assert!(data.done(&["audit", "verify"]).contains(&head));
    let address = Wallet::new(3).address.to_string();
    let service = data.serve();
    data.done(&["user", "unlock", &address]);
    let expected = |mark: &str| {
        let output = data.run(&["audit", "verify", "--json", "--expect", mark]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["sound"] == json!(true), output.status.success());
        report["expected"].as_str().unwrap().to_owned()
    };
    let zeroes = "0".repeat(64);
    let check = || {
        let export = data.export(&[]);
        for entry in &export {
            let mark = format!("{}:{}", entry["number"], entry["hash"].as_str().unwrap());
            assert_eq!(expected(&mark), "found", "each line of an export is a mark");
        }
        assert_eq!(expected(&head), "found");
        assert_eq!(expected(&format!("0:{zeroes}")), "found", "the empty log was before all of them");
        assert_eq!(expected(&format!("3:{zeroes}")), "different");
        assert_eq!(expected(&format!("8:{zeroes}")), "missing");
    };
    check();
    drop(service);
    check();
    assert_eq!(data.run(&["audit", "verify", "--expect", "6"]).status.code(), Some(2));
}

#[test]
fn a_service_that_is_told_to_records_nothing() {
    let data = Data::new();
    let service = data.serve_with("false");
    data.done(&["user", "unlock", &Wallet::new(3).address.to_string()]);
    let last = |entries: &[Value]| entries.last().unwrap()["action"].clone();
    assert_eq!((data.export(&[]).len(), last(&data.export(&[]))), (7, json!("audit.stopped")));
    drop(service);
    let _service = data.serve();
    assert_eq!((data.export(&[]).len(), last(&data.export(&[]))), (8, json!("audit.resumed")));
    data.done(&["user", "lock", &Wallet::new(3).address.to_string()]);
    assert_eq!(last(&data.export(&[])), json!("user.locked"));
    assert_eq!(data.json(&["audit", "verify", "--json"])["sound"], true);
}
