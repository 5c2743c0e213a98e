//! `lucid-auth check`: whether a database holds together.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use serde_json::json;

use super::{Failure, admin, settings::SettingFlags};
use crate::store;

/// Check every page, row and link of a database that is not in use, without changing it
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The database; without it, that of the data folder
    file: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingFlags,
}

impl Arguments {
    /// Check, and print what was counted.
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        let file = match self.file {
            Some(file) => file,
            None => admin::database(&super::load(self.settings)?.config.data_dir),
        };
        print(&file, self.json, out)
    }
}

/// Check `file`, and print what was counted.
pub(super) fn print(file: &Path, json: bool, out: &mut impl Write) -> Result<(), Failure> {
    let report = store::check(file).map_err(Failure::refused)?;
    if json {
        let json = json!({
            "file": file, "schema": report.schema, "users": report.users,
            "hardware_wallets": report.hardware_wallets, "sessions": report.sessions,
            "signing_keys": report.signing_keys, "audit_entries": report.audit_entries,
            "copied_at": report.copied_at,
        });
        writeln!(out, "{json:#}")?;
        return Ok(());
    }
    let copied = report.copied_at.map_or_else(String::new, |at| format!(" It is a copy as of {at}."));
    writeln!(out, "{} is sound.{copied}", file.display())?;
    writeln!(
        out,
        "Schema {}, {} users, {} hardware wallets, {} sessions, {} signing keys, {} audit entries.",
        report.schema,
        report.users,
        report.hardware_wallets,
        report.sessions,
        report.signing_keys,
        report.audit_entries
    )?;
    Ok(())
}
