//! What a process holds, as the kernel counts it.

use std::{fmt, fs, time::Duration};

/// What the kernel counts processor time in, whatever its own clock.
const TICK: Duration = Duration::from_millis(10);

/// What a process holds now.
#[derive(Debug, Clone, Copy)]
pub struct Resources {
    /// Bytes in memory.
    pub memory: u64,
    /// Files, sockets and the like.
    pub descriptors: u64,
    pub threads: u64,
    /// The processor's time that it has had, with that of threads that have ended.
    pub processor: Duration,
}

impl Resources {
    pub fn of(process: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim_start_matches([':', '\t', ' ']).split(' ').next().unwrap().parse::<u64>().unwrap()
        };
        let descriptors = fs::read_dir(format!("/proc/{process}/fd")).unwrap().count() as u64;
        let (memory, threads) = (number("VmRSS") * 1024, number("Threads"));
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
        // Counted from behind the name, which may hold anything: user and system time are the 14th and 15th of all.
        let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
        let ticks = fields.skip(11).take(2).map(|ticks| ticks.parse::<u32>().unwrap()).sum::<u32>();
        Self { memory, descriptors, threads, processor: TICK * ticks }
    }
}

impl fmt::Display for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { memory, descriptors, threads, .. } = self;
        write!(f, "{} KiB, {descriptors} descriptors, {threads} threads", memory / 1024)
    }
}

/// The one in the middle.
pub fn median(mut numbers: Vec<u64>) -> u64 {
    numbers.sort_unstable();
    numbers[numbers.len() / 2]
}
