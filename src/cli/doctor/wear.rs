//! What holds the data, and how worn it says it is.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use rustix::fs::{StatVfsMountFlags, major, minor, statvfs};

use super::{Finding, disk::existing};

const NAME: &str = "disk-wear";

/// `sys` is where sysfs is mounted.
pub(super) fn check(data_dir: &Path, sys: &Path) -> Finding {
    let folder = existing(data_dir);
    if statvfs(folder).is_ok_and(|told| told.f_flag.contains(StatVfsMountFlags::RDONLY)) {
        let seen = format!("The file system at {} is mounted read-only.", folder.display());
        let advice = "Look into `dmesg`: a failing disk is mounted so. Replace it, and `lucid-auth restore` a backup; \
                      or mount it writable.";
        return Finding::problem(NAME, seen, advice);
    }
    match fs::metadata(folder) {
        Ok(metadata) => judge(sys, (major(metadata.dev()), minor(metadata.dev()))),
        Err(error) => Finding::warning(
            NAME,
            format!("What holds {} cannot be told: {error}.", folder.display()),
            "Run it as the service's user.",
        ),
    }
}

/// The whole disk of a device: the folder of sysfs for it.
fn disk(sys: &Path, (major, minor): (u32, u32)) -> Option<PathBuf> {
    let device = fs::canonicalize(sys.join(format!("dev/block/{major}:{minor}"))).ok()?;
    if device.join("partition").exists() { device.parent().map(Path::to_owned) } else { Some(device) }
}

fn judge(sys: &Path, device: (u32, u32)) -> Finding {
    let Some(disk) = disk(sys, device) else {
        return Finding::ok(
            NAME,
            "Which disk holds the data is not told here; nothing is known of its wear.",
        );
    };
    let name = disk.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let read = |file: &str| fs::read_to_string(disk.join("device").join(file)).ok();
    if name.starts_with("nvme") {
        let seen = format!("The data is on {name}, whose wear is not told here.");
        return Finding::ok(NAME, format!("{seen} `sudo smartctl -a /dev/{name}` tells it."));
    }
    if !name.starts_with("mmcblk") {
        return Finding::ok(NAME, format!("The data is on {name}, which tells nothing of its wear here."));
    }
    if let Some(worn) = read("life_time").and_then(|text| worn(&text)) {
        let seen = format!("The eMMC {name} has used up to {worn} % of its life.");
        let near_end = read("pre_eol_info").is_some_and(|text| matches!(text.trim(), "0x02" | "0x03"));
        return if near_end || worn > 100 {
            let advice = "Take a backup elsewhere (`lucid-auth backup FILE`), and move to another disk soon.";
            Finding::problem(NAME, seen, advice)
        } else if worn > 80 {
            Finding::warning(NAME, seen, "Plan for another disk, and keep backups on one.")
        } else {
            Finding::ok(NAME, seen)
        };
    }
    Finding::warning(
        NAME,
        format!("The data is on the SD card {name}."),
        "An SSD lasts longer. Until then set BACKUP_DIR to another disk, or take copies elsewhere: those on the card die with it.",
    )
}

/// The worse of the two estimates of eMMC 5.0 and later, in percent: 1 is up to 10 %, 11 beyond its life.
fn worn(life_time: &str) -> Option<u32> {
    let parts =
        life_time.split_whitespace().map(|part| u32::from_str_radix(part.trim_start_matches("0x"), 16));
    let worst = parts.filter_map(Result::ok).max()?;
    // 0 is what is not told.
    (1..=11).contains(&worst).then_some(worst * 10)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::cli::doctor::Level;

    #[test]
    fn each_kind_of_disk_is_told_by_sysfs() {
        for (name, life, end, level, said) in [
            ("mmcblk0", None, None, Level::Warning, "SD card mmcblk0"),
            ("mmcblk0", Some("0x01 0x02\n"), Some("0x01\n"), Level::Ok, "20 %"),
            ("mmcblk0", Some("0x09 0x01\n"), Some("0x01\n"), Level::Warning, "90 %"),
            ("mmcblk0", Some("0x0b 0x01\n"), None, Level::Problem, "110 %"),
            ("mmcblk0", Some("0x01 0x01\n"), Some("0x03\n"), Level::Problem, "10 %"),
            ("nvme0n1", None, None, Level::Ok, "smartctl -a /dev/nvme0n1"),
            ("sda", None, None, Level::Ok, "sda"),
        ] {
            let sys = tempfile::tempdir().unwrap();
            let disk = sys.path().join("devices").join(name);
            fs::create_dir_all(disk.join("device")).unwrap();
            fs::create_dir_all(disk.join("part")).unwrap();
            fs::create_dir_all(sys.path().join("dev/block")).unwrap();
            fs::write(disk.join("part/partition"), "2").unwrap();
            symlink(disk.join("part"), sys.path().join("dev/block/179:2")).unwrap();
            for (file, text) in [("life_time", life), ("pre_eol_info", end)] {
                if let Some(text) = text {
                    fs::write(disk.join("device").join(file), text).unwrap();
                }
            }
            let found = judge(sys.path(), (179, 2));
            assert_eq!(found.level, level, "{found:?}");
            assert!(found.seen.contains(said), "{found:?}");
            assert_eq!(judge(sys.path(), (0, 30)).level, Level::Ok);
        }
    }
}
