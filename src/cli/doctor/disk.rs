//! Whether a copy of the database still fits on the disks.

use std::{fs, path::Path};

use super::Finding;
use crate::{cli::admin, config::Config};

const NAME: &str = "disk-space";
/// What is to be left besides copies, in bytes.
const SPARE: u64 = 64 << 20;

pub(super) fn check(config: &Config) -> Finding {
    let database = fs::metadata(admin::database(&config.data_dir)).map_or(0, |metadata| metadata.len());
    let folders = [&config.data_dir, &config.backup.dir].map(|folder| (folder, free(existing(folder))));
    let mut least = None;
    for (folder, free) in folders {
        match free {
            Ok(free) if least.is_none_or(|(_, other)| free < other) => least = Some((folder, free)),
            Ok(_) => {}
            Err(error) => {
                let seen = format!("The free space at {} cannot be told: {error}.", folder.display());
                return Finding::problem(NAME, seen, "Check that the disk works and is mounted.");
            }
        }
    }
    let Some((folder, free)) = least else { return Finding::ok(NAME, "No folder is configured.") };
    judge(folder, free, database)
}

fn judge(folder: &Path, free: u64, database: u64) -> Finding {
    let seen = format!(
        "{} MiB are free at {}; the database has {} KiB, and a backup and a restore each need as much.",
        free >> 20,
        folder.display(),
        database.div_ceil(1024)
    );
    let advice = "Free space on that disk, lower BACKUP_RETENTION_DAYS, or set BACKUP_DIR to another disk.";
    if free < database.saturating_add(SPARE / 4) {
        Finding::problem(NAME, seen, advice)
    } else if free < database.saturating_mul(2).saturating_add(SPARE) {
        Finding::warning(NAME, seen, advice)
    } else {
        Finding::ok(NAME, seen)
    }
}

/// `folder`, or the first above it that is there.
pub(super) fn existing(folder: &Path) -> &Path {
    folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."))
}

fn free(folder: &Path) -> std::io::Result<u64> {
    let told = rustix::fs::statvfs(folder)?;
    Ok(told.f_bavail.saturating_mul(told.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::Level;

    #[test]
    fn there_must_be_room_for_a_copy_and_should_be_for_two() {
        let mib = 1 << 20;
        for (free, database, level) in [
            (15 * mib, 0, Level::Problem),
            (16 * mib, 0, Level::Warning),
            (64 * mib, 0, Level::Ok),
            (115 * mib, 100 * mib, Level::Problem),
            (263 * mib, 100 * mib, Level::Warning),
            (264 * mib, 100 * mib, Level::Ok),
        ] {
            assert_eq!(judge(Path::new("/d"), free, database).level, level, "{free} {database}");
        }
    }
}
