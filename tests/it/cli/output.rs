//! Output that nobody takes.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use serde_json::Value;

use super::{done, place, started};
use crate::{
    http::Http,
    process::{Process, Service, command},
};

/// A pipe whose other end is closed.
fn closed() -> Stdio {
    std::io::pipe().unwrap().1.into()
}

#[test]
fn a_command_whose_output_nobody_reads_ends_quietly() {
    let (_folder, data) = started();
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["serve", "--help"],
        &["config"],
        &["config", "--json"],
        &["key", "list"],
        &["key", "list", "--json"],
        &["check"],
        &["user", "show", "nobody"],
        &["user", "unlock", "0190b5a0-0000-7000-8000-000000000000"],
    ] {
        for deaf in [false, true] {
            let mut command = command(&data, arguments, &[]);
            command.stdout(closed());
            if deaf {
                command.stderr(closed());
            }
            let ended = Process::of(command.spawn().unwrap()).end();
            let code = ended.code.unwrap();
            assert!([0, 1, 2].contains(&code), "{arguments:?} ends with {code}: {}", ended.err);
        }
    }
}

#[test]
fn a_service_goes_on_though_nobody_reads_its_words_or_its_log() {
    for format in ["text", "json"] {
        let (_folder, data) = place();
        let mut command = command(&data, &[], &[("LOG_FORMAT", format), ("LOG_LEVEL", "debug")]);
        let mut child = command.stdout(closed()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("ready") {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "it ended without being ready");
        }
        drop(log);
        let port =
            line.trim_end().trim_end_matches('}').rsplit(|c: char| !c.is_ascii_digit()).next().unwrap();
        let port = port.parse().unwrap();
        let service = Service { process: Process::of(child), port };
        for _ in 0..3 {
            assert_eq!(Http::new(port).get("/health", &Value::Null).unwrap().status, 200);
        }
        done(&data, &["user", "list"]);
        service.stop();
    }
}
