//! What the service tells systemd, and what SIGHUP changes. The units themselves are tested on a real systemd, by `tests/run`.

use std::{fs, os::unix::net::UnixDatagram, time::Duration};

use tempfile::TempDir;

use super::place;
use crate::process::{Process, Service};

/// Stands where systemd listens.
struct Manager {
    socket: UnixDatagram,
    folder: TempDir,
}

impl Manager {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Self { socket, folder }
    }

    fn address(&self) -> String {
        self.folder.path().join("notify").display().to_string()
    }

    fn hear(&self) -> String {
        let mut message = [0; 1024];
        let length = self.socket.recv(&mut message).unwrap();
        String::from_utf8(message[..length].to_vec()).unwrap().trim_end().to_owned()
    }

    /// Wait for a message that begins so.
    fn hear_of(&self, beginning: &str) -> String {
        loop {
            let message = self.hear();
            if message.starts_with(beginning) {
                return message;
            }
        }
    }
}

#[test]
fn systemd_hears_that_it_is_ready_lives_reloads_and_stops() {
    let (_folder, data) = place();
    let manager = Manager::new();
    let address = manager.address();
    let service = Service::with(&data, &[("NOTIFY_SOCKET", &address), ("WATCHDOG_USEC", "400000")]);
    manager.hear_of("READY=1");
    for _ in 0..2 {
        assert_eq!(manager.hear_of("STATUS="), "STATUS=0 users, 0 sessions\nWATCHDOG=1");
    }
    service.process.signal("HUP");
    let reloading = manager.hear_of("RELOADING=1");
    let time = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap();
    assert!(time.parse::<u64>().is_ok_and(|time| time > 0), "{reloading}");
    manager.hear_of("READY=1");
    service.stop();
    manager.hear_of("STOPPING=1");
}

#[test]
fn hangup_changes_the_log_level_and_names_what_waits_for_a_restart() {
    let (folder, data) = place();
    let file = folder.path().join("settings");
    fs::write(&file, "").unwrap();
    let service = Service::with(&data, &[("SETTINGS_FILE", file.to_str().unwrap())]);
    fs::write(&file, "LOG_LEVEL=DEBUG\nREGISTRATION=closed\nRATE_LIMIT_ADMIN=10000\n").unwrap();
    service.process.signal("HUP");
    service.process.logged(&["LOG_LEVEL=DEBUG from now on"]);
    service.process.logged(&["REGISTRATION was changed, which takes a restart"]);
    // A mistake leaves all as it was.
    fs::write(&file, "LOG_LEVEL=ERROR\nREGISTRATION=perhaps\n").unwrap();
    service.process.signal("HUP");
    service.process.logged(&["the old settings stay in force", "REGISTRATION", "settings in"]);
    let said = service.stop().err;
    // What is the same as before is not named.
    assert!(!said.contains("RATE_LIMIT_ADMIN") && !said.contains("LOG_LEVEL=ERROR"), "{said}");
}

#[test]
fn what_systemd_passes_on_must_be_a_socket() {
    let (_folder, data) = place();
    // Descriptor 3 is none here.
    let ended = Process::start(&data, &["serve"], &[("LISTEN_FDS", "1")]).end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains("cannot listen on"), "{}", ended.err);
}
