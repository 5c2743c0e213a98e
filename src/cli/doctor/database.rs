//! Whether the database holds together: as `check` sees it, or as the service does that has it open.

use std::path::Path;

use serde_json::Value;

use super::Finding;
use crate::{
    cli::admin,
    config::Config,
    domain::seal::MasterKey,
    store::{self, OpenError, Snapshot, meta},
};

const NAME: &str = "database";

pub(super) fn check(config: &Config, health: Option<&Value>) -> Finding {
    let path = admin::database(&config.data_dir);
    match store::check(&path) {
        Ok(report) => keys(&path, config.master_key.as_ref()).unwrap_or_else(|| {
            Finding::ok(
                NAME,
                format!(
                    "{} is sound: schema {}, {} users, {} sessions, {} audit entries.",
                    path.display(),
                    report.schema,
                    report.users,
                    report.sessions,
                    report.audit_entries
                ),
            )
        }),
        Err(OpenError::InUse { path }) => in_use(&path.display().to_string(), health),
        Err(OpenError::Missing { path }) => Finding::warning(
            NAME,
            format!("There is no {} yet.", path.display()),
            "If there should be one, correct DATA_DIR or `lucid-auth restore FILE`; else the first start makes it.",
        ),
        Err(error) => Finding::problem(NAME, error.to_string(), advice(&error)),
    }
}

/// What is wrong if the service, with this master key, does not open the keys of the sound database at `path`.
fn keys(path: &Path, master: Option<&MasterKey>) -> Option<Finding> {
    // One that a service has taken meanwhile, or that is of an older schema, is that service's to judge.
    let snapshot = Snapshot::open(path).ok()?;
    // Keys in the clear are sealed at the next start.
    let opened =
        snapshot.read(|tx| if meta::is_sealed(tx)? { meta::mac_key(tx, master).map(drop) } else { Ok(()) });
    let error = opened.err()?;
    let advice = "Give the service the MASTER_KEY that sealed them, from where it is kept; `lucid-auth key reset` is for when it is lost.";
    Some(Finding::problem(NAME, format!("{} is sound, but {error}.", path.display()), advice))
}

fn in_use(path: &str, health: Option<&Value>) -> Finding {
    let Some(health) = health else {
        return Finding::problem(
            NAME,
            format!("{path} is in use by another process, and no service answers on the configured port."),
            "Run this with the settings of the service that runs; if it is starting or stopping, try again.",
        );
    };
    let part = |name: &str| health["dependencies"][name].as_str().unwrap_or("unknown");
    if part("database") != "healthy" {
        let advice = "Look for full or failing disks, and into the service's log.";
        return Finding::problem(NAME, format!("The running service cannot read or write {path}."), advice);
    }
    if part("restore_guard") != "healthy" {
        return Finding::warning(
            NAME,
            format!("The running service reads and writes {path}, but not auth.guard beside it."),
            "Check disk space and permissions: without it a copy that is put back is not noticed.",
        );
    }
    Finding::ok(
        NAME,
        format!("The running service reads and writes {path}; `lucid-auth backup` checks all of it."),
    )
}

const fn advice(error: &OpenError) -> &'static str {
    match error {
        OpenError::Foreign { .. } => "Move the file away, or set DATA_DIR to another folder.",
        OpenError::Damaged { .. } => {
            "Stop the service, and `lucid-auth restore FILE` with the newest backup."
        }
        OpenError::Newer { .. } => {
            "Install the newer version again, or restore a backup from before the upgrade."
        }
        _ => "Check that the folder belongs to the service's user and that the disk works.",
    }
}
