//! Whether the clock can be right: a Pi 5 without a battery starts in the past.

use std::{fs, path::Path, time::UNIX_EPOCH};

use super::Finding;
use crate::{
    cli::admin,
    config::Config,
    domain::{backup::made_at, timestamp::Timestamp},
};

const NAME: &str = "clock";
/// When there was no such program yet: 2026-01-01.
const BEFORE_ALL: Timestamp = Timestamp::from_unix(1_767_225_600);
/// Seconds by which a file may be ahead of a clock that is right.
const GRACE: u64 = 60;

/// `timesync` is the folder in which systemd-timesyncd says whether it has set the clock.
pub(super) fn check(config: &Config, now: Timestamp, timesync: &Path) -> Finding {
    let synchronised = timesync.is_dir().then(|| timesync.join("synchronized").exists());
    judge(now, newest(config), synchronised)
}

/// The newest time at which this service wrote something, as the disk tells.
fn newest(config: &Config) -> Option<Timestamp> {
    let database = admin::database(&config.data_dir);
    let modified = |path: &Path| {
        let since = fs::metadata(path).ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(Timestamp::from_unix(since.as_secs()))
    };
    let copies = fs::read_dir(&config.backup.dir).into_iter().flatten().flatten();
    let copies = copies.filter_map(|entry| made_at(entry.file_name().to_str()?));
    copies.chain(modified(&database)).chain(modified(&database.with_extension("guard"))).max()
}

fn judge(now: Timestamp, newest: Option<Timestamp>, synchronised: Option<bool>) -> Finding {
    let set = "Set the clock: `timedatectl set-ntp true`, and give the Pi's clock a battery; tokens and challenges go by it.";
    if now < BEFORE_ALL {
        return Finding::problem(NAME, format!("The clock says {now}, before this program was made."), set);
    }
    if let Some(newest) = newest.filter(|newest| newest.since(now).as_secs() > GRACE) {
        let behind = newest.since(now).as_secs();
        let seen =
            format!("The clock says {now}, {behind} s before the newest that was written here ({newest}).");
        return Finding::problem(NAME, seen, set);
    }
    match synchronised {
        Some(true) => Finding::ok(NAME, format!("The clock says {now}, and is synchronised.")),
        Some(false) => {
            Finding::warning(NAME, format!("The clock says {now}, and is not synchronised yet."), set)
        }
        None => Finding::ok(NAME, format!("The clock says {now}; whether it is synchronised is not known.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::Level;

    #[test]
    fn a_clock_in_the_past_is_a_problem_and_one_not_yet_set_a_warning() {
        let at = Timestamp::from_unix;
        let now = 1_793_000_000;
        let cases = [
            (0, None, None, Level::Problem),
            (now, None, None, Level::Ok),
            (now, Some(now + 60), Some(true), Level::Ok),
            (now, Some(now + 61), Some(true), Level::Problem),
            (now, Some(now - 9), Some(false), Level::Warning),
        ];
        for (now, newest, synchronised, level) in cases {
            let found = judge(at(now), newest.map(at), synchronised);
            assert_eq!(found.level, level, "{found:?}");
        }
    }
}
