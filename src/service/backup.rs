//! Backups: made by schedule or because an operator asks, one at a time, and told of.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::Service;
use crate::{
    domain::{
        audit::{Action, Actor, Event},
        backup::{Schedule, Standing, file_name, handed_over_name, made_at, newest},
        timestamp::Timestamp,
    },
    store::{CheckReport, CopyError, CopyProgress, Tx, audit},
};

/// After this long, whatever was left half-made is nobody's.
const FORGOTTEN: Duration = Duration::from_secs(24 * 3600);
/// A backup whose name is taken gets that of one of the next seconds.
const NAMES: u64 = 60;

/// Where backups go, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Their folder.
    pub dir: PathBuf,
    /// When they are made; nothing if only by hand.
    pub schedule: Option<Schedule>,
}

/// A backup that was made and verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The file.
    pub file: PathBuf,
    /// As of when.
    pub at: Timestamp,
    /// How long the file is.
    pub bytes: u64,
    /// How long it took.
    pub took: Duration,
    /// What it holds.
    pub report: CheckReport,
}

/// How backups stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupStatus {
    /// Whether all is as it should be.
    pub standing: Standing,
    /// When the newest verified one was made.
    pub newest: Option<Timestamp>,
    /// How long its file is.
    pub bytes: Option<u64>,
    /// How long the last one took, of this process.
    pub took: Option<Duration>,
    /// How many failed, of this process.
    pub failures: u64,
}

/// What is remembered of backups.
pub(super) struct Backups {
    plan: Plan,
    /// Held while one is made.
    at_work: tokio::sync::Mutex<()>,
    progress: Mutex<Arc<CopyProgress>>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    newest: Option<(Timestamp, u64)>,
    took: Option<Duration>,
    failures: u64,
    failing: bool,
}

impl Backups {
    pub(super) fn new(plan: Plan, now: Timestamp) -> Self {
        let backups = Self {
            plan,
            at_work: tokio::sync::Mutex::default(),
            progress: Mutex::default(),
            known: Mutex::default(),
        };
        backups.look(now);
        backups
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn progress(&self) -> Arc<CopyProgress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// When the backups in the folder were made. Each has its name because it was verified.
    fn made(&self) -> Vec<Timestamp> {
        names(&self.plan.dir).iter().filter_map(|name| made_at(name)).collect()
    }

    /// See what is in the folder: whoever looks after the machine may have taken some away. One from the future is of a
    /// clock that ran ahead, and would hide for as long that none is made any more.
    fn look(&self, now: Timestamp) {
        let newest = newest(&self.made(), now);
        let bytes = |at| fs::metadata(self.plan.dir.join(file_name(at))).map_or(0, |metadata| metadata.len());
        self.known().newest = newest.map(|at| (at, bytes(at)));
    }

    /// Remove what is kept no longer, and what was left half-made.
    fn prune(&self, schedule: Schedule, now: Timestamp) {
        let old = schedule.expired(&self.made(), now).into_iter().map(file_name);
        let left = names(&self.plan.dir).into_iter().filter(|name| is_forgotten(name, now));
        for name in old.chain(left) {
            let path = self.plan.dir.join(name);
            match fs::remove_file(&path) {
                Ok(()) => tracing::info!(file = %path.display(), "removed an old backup"),
                Err(error) => {
                    tracing::warn!(file = %path.display(), %error, "an old backup cannot be removed");
                }
            }
        }
    }
}

/// The files of a folder; none if it is not there.
fn names(dir: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// Whether `name` is of a copy that nobody finished or fetched.
fn is_forgotten(name: &str, now: Timestamp) -> bool {
    let Some((stem, _)) = name.split_once(".redb.") else { return false };
    made_at(&format!("{stem}.redb")).is_some_and(|at| now.since(at) > FORGOTTEN)
}

impl Service {
    /// Make a backup in the folder for them. One to be handed over is not kept there: whoever asks takes it away.
    ///
    /// # Errors
    ///
    /// [`CopyError`] if there is none then.
    pub async fn back_up(&self, by: Actor, hand_over: bool) -> Result<Backup, CopyError> {
        let backups = &self.0.backups;
        let _turn = backups.at_work.lock().await;
        let progress = Arc::new(CopyProgress::default());
        *backups.progress.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&progress);
        // If nobody waits any more, the service stops: it is not to wait for this.
        let _guard = StopWhenDropped(Arc::clone(&progress));
        let (service, started) = (self.clone(), Instant::now());
        let made = tokio::task::spawn_blocking(move || service.copy(hand_over, &progress)).await;
        let made = made.unwrap_or_else(|_| Err(CopyError::Unsound("making it panicked".into())));
        match made {
            Ok((file, at, report)) => {
                let bytes = fs::metadata(&file).map_or(0, |metadata| metadata.len());
                let backup = Backup { file, at, bytes, took: started.elapsed(), report };
                self.note_backup(&backup, by, hand_over).await;
                Ok(backup)
            }
            Err(error) => {
                let mut known = backups.known();
                known.failures += 1;
                known.failing = true;
                Err(error)
            }
        }
    }

    fn copy(
        &self,
        hand_over: bool,
        progress: &CopyProgress,
    ) -> Result<(PathBuf, Timestamp, CheckReport), CopyError> {
        let (now, dir) = (self.now(), &self.0.backups.plan.dir);
        let name = |at| dir.join(if hand_over { handed_over_name(at) } else { file_name(at) });
        let free =
            (0..NAMES).map(|later| now.plus(Duration::from_secs(later))).find(|at| !name(*at).exists());
        let at = free.unwrap_or(now);
        self.0.store.copy(&name(at), at, progress).map(|report| (name(at), at, report))
    }

    async fn note_backup(&self, backup: &Backup, by: Actor, handed_over: bool) {
        {
            let mut known = self.0.backups.known();
            known.newest = Some((backup.at, backup.bytes));
            known.took = Some(backup.took);
            known.failing = false;
        }
        let Backup { file, at, bytes, took, report } = backup;
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        tracing::info!(file = %file.display(), bytes, duration_ms, users = report.users, "made a backup and verified it");
        let place = if handed_over { "handed over to a command" } else { "kept" };
        let detail = format!("as of {at}, {place}: {} users, {} sessions", report.users, report.sessions);
        let event = Event::new(self.now(), Action::BackupMade, by).with(detail);
        if let Err(error) = self.0.store.write(move |tx: &Tx| audit::append(tx, &event)).await {
            tracing::error!(%error, "a backup was made, but the audit log does not say so");
        }
    }

    /// Make a backup if one is due, and then remove those that are kept no longer.
    ///
    /// # Errors
    ///
    /// [`CopyError`] if one was due and could not be made; then none is removed.
    pub async fn back_up_if_due(&self) -> Result<(), CopyError> {
        let Some(schedule) = self.0.backups.plan.schedule else { return Ok(()) };
        let service = self.clone();
        let looked = tokio::task::spawn_blocking(move || {
            service.0.backups.look(service.now());
            service.0.backups.made()
        });
        let made = looked.await.unwrap_or_default();
        if !schedule.is_due(&made, self.now()) {
            return Ok(());
        }
        self.back_up(Actor::Service, false).await?;
        let service = self.clone();
        // That it could not be removed is in the log.
        drop(tokio::task::spawn_blocking(move || service.0.backups.prune(schedule, service.now())).await);
        Ok(())
    }

    /// How far the backup is that is being made: rows copied, of how many.
    #[must_use]
    pub fn backup_progress(&self) -> (u64, u64) {
        self.0.backups.progress().rows()
    }

    /// How backups stand.
    #[must_use]
    pub fn backup_status(&self) -> BackupStatus {
        self.backup_status_at(self.now())
    }

    /// The same at `now`.
    pub(super) fn backup_status_at(&self, now: Timestamp) -> BackupStatus {
        let known = self.0.backups.known();
        let newest = known.newest.map(|(at, _)| at);
        let standing = match self.0.backups.plan.schedule {
            None => Standing::Disabled,
            Some(_) if known.failing => Standing::Failing,
            Some(schedule) if schedule.is_overdue(newest, self.0.started_at, now) => Standing::Overdue,
            Some(_) => Standing::Healthy,
        };
        let bytes = known.newest.map(|(_, bytes)| bytes);
        BackupStatus { standing, newest, bytes, took: known.took, failures: known.failures }
    }
}

/// Calls a copy off when nobody waits for it any more.
struct StopWhenDropped(Arc<CopyProgress>);

impl Drop for StopWhenDropped {
    fn drop(&mut self) {
        self.0.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_half_made_is_forgotten_after_a_day() {
        let made = Timestamp::from_unix(1_793_000_000);
        let name = file_name(made);
        for (name, hours, forgotten) in [
            (format!("{name}.partial"), 25, true),
            (format!("{name}.partial"), 23, false),
            (format!("{name}.handover"), 25, true),
            (format!("{name}.handover.partial"), 25, true),
            (name.clone(), 99, false),
            ("notes.redb.partial".into(), 99, false),
        ] {
            let now = made.plus(Duration::from_secs(hours * 3600));
            assert_eq!(is_forgotten(&name, now), forgotten, "{name} after {hours} hours");
        }
    }
}
