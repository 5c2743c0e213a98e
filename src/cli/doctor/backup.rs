//! How old the last verified copy is.

use std::fs;

use serde_json::Value;

use super::Finding;
use crate::{
    config::Config,
    domain::{
        backup::{made_at, newest},
        timestamp::Timestamp,
    },
};

const NAME: &str = "backup";

pub(super) fn check(config: &Config, health: Option<&Value>, now: Timestamp) -> Finding {
    let folder = config.backup.dir.display();
    let Some(schedule) = config.backup.schedule else {
        return Finding::warning(
            NAME,
            "Backups are off.",
            "Set BACKUP_ENABLED=true, or run `lucid-auth backup FILE` by a timer.",
        );
    };
    if health.is_some_and(|health| health["backup"]["status"] == "failing") {
        let advice = "The service's log says why; `lucid-auth backup` tries again.";
        return Finding::problem(NAME, format!("The last backup to {folder} failed."), advice);
    }
    // Each has its name because it was verified.
    let entries = fs::read_dir(&config.backup.dir).into_iter().flatten().flatten();
    let made: Vec<_> = entries.filter_map(|entry| made_at(entry.file_name().to_str()?)).collect();
    let advice = "Run `lucid-auth backup`; while the service runs it makes them by itself.";
    let Some(last) = newest(&made, now) else {
        return Finding::warning(NAME, format!("There is no backup in {folder} yet."), advice);
    };
    let hours = |length: std::time::Duration| length.as_secs() / 3600;
    let seen = format!(
        "The last verified one in {folder} is of {last}, {} hours ago; one is made every {} hours.",
        hours(now.since(last)),
        hours(schedule.interval)
    );
    if schedule.is_overdue(Some(last), last, now) {
        Finding::warning(NAME, seen, advice)
    } else {
        Finding::ok(NAME, seen)
    }
}
