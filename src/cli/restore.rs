//! `lucid-auth restore`: put a copy of the database back.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use serde_json::json;

use super::{
    Failure,
    admin::{self, Absent, Start},
    settings::Common,
};
use crate::{
    clock::Clock,
    store::{self, OpenError},
};

/// Put a copy of the database back, while the service is stopped
///
/// The copy is checked first. The database that is there is kept beside it, as auth.redb.before-restore-TIME. All
/// sessions of the copy end, and who was locked since it was made is locked again; roles and profiles are as they were.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The copy
    file: PathBuf,
    #[command(flatten)]
    common: Common,
}

impl Arguments {
    /// Do it, and print what there is now.
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        let config = super::load(self.common.settings)?.config;
        let database = admin::database(&config.data_dir);
        let restored = store::restore(&self.file, &database, Clock::system().now()).map_err(|error| match error {
            OpenError::InUse { path } if path.file_name() == database.file_name() => Failure::Refused(format!(
                "{} is in use: stop the service (systemctl stop lucid-auth), restore, and start it again",
                path.display()
            )),
            other => Failure::refused(other),
        })?;
        // Opening it ends its sessions, here rather than at some later start.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let service =
            runtime.block_on(admin::open(&config, Absent::Refused)).map_err(|error| match error {
                Start::Open(OpenError::InUse { .. }) => Failure::Refused(
                    "the copy is in place, and a service was started on it, which ends its sessions".into(),
                ),
                other => Failure::Refused(unopened(&other, restored.kept.as_deref())),
            })?;
        let (sessions, locked) = service.taken_over().map_or((0, 0), |one| (one.sessions, one.locked));
        let report = restored.report;
        if self.common.json {
            let json = json!({
                "file": database, "copied_at": report.copied_at, "users": report.users,
                "sessions_ended": sessions, "accounts_locked_again": locked, "kept": restored.kept,
            });
            writeln!(out, "{json:#}")?;
            return Ok(());
        }
        writeln!(
            out,
            "{} is restored: {} users, {sessions} sessions ended, {locked} accounts locked again.",
            database.display(),
            report.users
        )?;
        if let Some(kept) = restored.kept {
            writeln!(out, "What was there before is {}.", kept.display())?;
        }
        Ok(())
    }
}

/// What to say where the copy took the place, and cannot be opened there, such as with another `MASTER_KEY`.
fn unopened(why: &Start, kept: Option<&Path>) -> String {
    let before = kept.map_or_else(String::new, |kept| {
        format!(" What was there before is {}: restore that to have it back.", kept.display())
    });
    format!("the copy is in place, but the service cannot start on it: {why}.{before}")
}
