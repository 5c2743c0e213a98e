//! The service as a process: started, measured and ended.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::client::Client;

/// Nothing that is waited for here takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A service that answers.
pub struct Service {
    child: Child,
    pub port: u16,
    /// From its start to its first answer to `/health`.
    pub started_in: Duration,
}

/// What the kernel says of a process's memory, in MiB.
pub struct Memory {
    /// All that is resident: what it shares with files, such as the program itself, among it.
    pub resident: f64,
    /// What is in no file: it goes only when the process frees it or ends.
    pub private: f64,
}

impl Service {
    /// Start `binary` on the database in `data`, and wait for its first answer.
    pub fn start(binary: &Path, data: &Path) -> Self {
        let port = free_port();
        let mut command = Command::new(binary);
        command
            .env_clear()
            .env("DATA_DIR", data)
            .env("AUTH_SERVICE_BIND", "127.0.0.1")
            .env("AUTH_SERVICE_PORT", port.to_string())
            .env("METRICS_PORT", free_port().to_string())
            .env("RATE_LIMIT_ENABLED", "false")
            .env("BACKUP_ENABLED", "false")
            .env("LOG_LEVEL", "ERROR")
            .envs(std::env::vars().filter(|(name, _)| name.starts_with("MALLOC_")))
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let began = Instant::now();
        let child = command.spawn().unwrap();
        let mut client = loop {
            if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) {
                break Client::over(stream, port);
            }
            assert!(began.elapsed() < PATIENCE, "the service does not start");
            thread::sleep(Duration::from_micros(200));
        };
        client.get("/health", None);
        Self { child, port, started_in: began.elapsed() }
    }

    /// Its memory now.
    pub fn memory(&self) -> Memory {
        let text = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.child.id())).unwrap();
        let mebibytes = |field: &str| number(&text, field) / 1024.0;
        Memory { resident: mebibytes("Rss:"), private: mebibytes("Anonymous:") }
    }

    /// How many bytes it has had written to its disk so far.
    pub fn written(&self) -> f64 {
        number(&fs::read_to_string(format!("/proc/{}/io", self.child.id())).unwrap(), "write_bytes:")
    }

    /// Stop it as systemd would.
    pub fn stop(mut self) {
        self.signal("TERM");
        assert!(self.child.wait().unwrap().success());
    }

    /// End it as a power cut would.
    pub fn kill(mut self) {
        self.signal("KILL");
        self.child.wait().unwrap();
    }

    fn signal(&self, name: &str) {
        let kill = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The number after `field` in a file of `/proc`.
fn number(text: &str, field: &str) -> f64 {
    let value = text.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    value.split_whitespace().next().unwrap().parse().unwrap()
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
