//! What a process holds, as the kernel counts it.

use std::{fmt, fs};

/// What a process holds now.
#[derive(Debug, Clone, Copy)]
pub struct Resources {
    /// Bytes in memory.
    pub memory: u64,
    /// Files, sockets and the like.
    pub descriptors: u64,
    pub threads: u64,
}

impl Resources {
    pub fn of(process: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim_start_matches([':', '\t', ' ']).split(' ').next().unwrap().parse::<u64>().unwrap()
        };
        let descriptors = fs::read_dir(format!("/proc/{process}/fd")).unwrap().count() as u64;
        Self { memory: number("VmRSS") * 1024, descriptors, threads: number("Threads") }
    }
}

impl fmt::Display for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { memory, descriptors, threads } = self;
        write!(f, "{} KiB, {descriptors} descriptors, {threads} threads", memory / 1024)
    }
}

/// The one in the middle.
pub fn median(mut numbers: Vec<u64>) -> u64 {
    numbers.sort_unstable();
    numbers[numbers.len() / 2]
}
