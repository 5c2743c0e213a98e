//! This process, by what Linux tells of it in `/proc`, under the [standard names].
//!
//! [standard names]: https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics

use std::fs;

use prometheus_client::{
    metrics::{counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};

/// Ticks a second of the times in `/proc` (`USER_HZ`): 100 on each architecture that Linux still runs on but alpha, which
/// we do not.
const TICKS: f64 = 100.0;

/// Add what can be read now; what a container or systemd hides is left out.
pub(super) fn register(registry: &mut Registry) {
    let read = |file: &str| fs::read_to_string(format!("/proc/{file}")).unwrap_or_default();
    let stat = read("self/stat");
    if let Some(seconds) = cpu_seconds(&stat) {
        registry.register("process_cpu_seconds", "Processor time used", ConstCounter::new(seconds));
    }
    let mut gauge = |name: &str, help: &str, value: Option<f64>| {
        if let Some(value) = value {
            registry.register(name, help, ConstGauge::new(value));
        }
    };
    let resident = resident_bytes(&read("self/status"));
    gauge("process_resident_memory_bytes", "Memory in use", resident);
    gauge("process_open_fds", "File descriptors open", open_fds());
    gauge("process_max_fds", "File descriptors that may be open", max_fds(&read("self/limits")));
    gauge(
        "process_start_time_seconds",
        "When the process began, since the Unix epoch",
        start_seconds(&stat, &read("stat")),
    );
}

/// The field `number` of `/proc/self/stat`, as proc(5) counts them. The second is the program's name, in brackets and with
/// any characters.
fn field(stat: &str, number: usize) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(number.checked_sub(3)?)?.parse().ok()
}

fn cpu_seconds(stat: &str) -> Option<f64> {
    Some((field(stat, 14)? + field(stat, 15)?) / TICKS)
}

fn start_seconds(stat: &str, machine: &str) -> Option<f64> {
    let booted: f64 = after(machine, "btime ")?.parse().ok()?;
    Some(booted + field(stat, 22)? / TICKS)
}

/// Not from `statm`, whose pages are of 4, 16 or 64 KiB by kernel.
fn resident_bytes(status: &str) -> Option<f64> {
    let kibibytes: f64 = after(status, "VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024.0)
}

fn open_fds() -> Option<f64> {
    // One of them reads the folder.
    let count = fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
    u32::try_from(count).ok().map(f64::from)
}

fn max_fds(limits: &str) -> Option<f64> {
    match after(limits, "Max open files")?.split_whitespace().next()? {
        "unlimited" => None,
        number => number.parse().ok(),
    }
}

/// The rest of the line that begins so.
fn after<'a>(text: &'a str, begin: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_tells_is_read_in_its_units() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 4194560 2021 0 0 0 150 25 0 0 20 0 9 0 4242 7 8 9";
        assert_eq!(cpu_seconds(stat), Some(1.75));
        assert_eq!(start_seconds(stat, "cpu 1 2\nbtime 1700000000\n"), Some(1_700_000_042.42));
        assert_eq!(resident_bytes("VmSize:\t 9 kB\nVmRSS:\t    1604 kB\n"), Some(1_642_496.0));
        let limits = "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 524288               files\n";
        assert_eq!(max_fds(limits), Some(1024.0));
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        for text in ["", "(", "7 (a) S", "btime x", "VmRSS: 7", "Max open files", "Max open files unlimited"]
        {
            let read = [cpu_seconds(text), start_seconds(text, text), resident_bytes(text), max_fds(text)];
            assert_eq!(read, [None; 4], "{text}");
        }
    }
}
