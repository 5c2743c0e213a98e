//! The processes that are measured: the service, and hyper alone.

use std::{
    env,
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// A server on loopback. Dropping it kills it.
pub struct Server {
    child: Child,
    pub port: u16,
    metrics: Option<u16>,
}

impl Server {
    /// This very program, as hyper alone.
    pub fn bare() -> Self {
        let mut child =
            Command::new(env::current_exe().unwrap()).arg("bare").stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, port: line.trim().parse().unwrap(), metrics: None }
    }

    /// The service, with its data in `folder`. It counts, limits and logs as it always does; only the limits are so high,
    /// and each client has an address of its own, that no request of the bench is refused.
    pub fn service(folder: &Path, admin: &str) -> Self {
        let log = folder.join("log");
        let binary = env::var_os("LUCID_AUTH_BIN").unwrap_or(env!("CARGO_BIN_EXE_lucid-auth").into());
        let child = Command::new(binary)
            .arg("serve")
            .env_clear()
            .env("DATA_DIR", folder)
            .env("AUTH_SERVICE_BIND", "127.0.0.1")
            .env("AUTH_SERVICE_PORT", "0")
            .env("METRICS_PORT", "0")
            .env("PUBLIC_URL", "http://localhost:8089")
            .env("TRUSTED_PROXIES", "127.0.0.1")
            .env("RATE_LIMIT_PUBLIC", "1000000")
            .env("RATE_LIMIT_AUTHENTICATED", "1000000")
            .env("RATE_LIMIT_ADMIN", "1000000")
            .env("SESSION_MAX_CONCURRENT_PER_USER", "1000")
            .env("SUPER_ADMIN_ADDRESSES", admin)
            .env("LOG_LEVEL", env::var("LUCID_BENCH_LOG").unwrap_or_else(|_| "INFO".into()))
            .env("BACKUP_ENABLED", "false")
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut server = Self { child, port: 0, metrics: None };
        let until = Instant::now() + Duration::from_secs(60);
        while server.port == 0 || server.metrics.is_none() {
            let text = fs::read_to_string(&log).unwrap();
            for line in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
                match line["message"].as_str() {
                    Some("ready") => server.port = line["port"].as_u64().unwrap().try_into().unwrap(),
                    Some("serving metrics to Prometheus") => {
                        let (_, rest) = line["url"].as_str().unwrap().rsplit_once(':').unwrap();
                        server.metrics = rest.split('/').next().unwrap().parse().ok();
                    }
                    _ => {}
                }
            }
            assert!(Instant::now() < until, "the service does not start: {text}");
            thread::sleep(Duration::from_millis(5));
        }
        server
    }

    /// How much processor time its threads have used, in microseconds. The kernel tells it for each to the nanosecond, and for
    /// the process only to the hundredth of a second, which is more than a short round takes.
    pub fn cpu(&self) -> f64 {
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        // One may end meanwhile.
        let stats =
            threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("schedstat")).ok());
        let nanoseconds =
            stats.map(|stat| stat.split_whitespace().next().unwrap().parse::<f64>().unwrap()).sum::<f64>();
        nanoseconds / 1000.0
    }

    /// How many changes and how many commits the database has had.
    pub fn commits(&self) -> (f64, f64) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.metrics.unwrap())).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let read = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("no {name}")).trim().parse::<f64>().unwrap()
        };
        (read("lucid_auth_commit_changes_sum "), read("lucid_auth_commit_changes_count "))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
