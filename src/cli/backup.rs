//! `lucid-auth backup`: make a verified copy, or look at one.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use clap::Subcommand;
use rustix::{fs::OFlags, process::geteuid};
use serde_json::json;

use super::{
    Failure,
    admin::{self, BackupRow, Command, Outcome},
    check,
    settings::Common,
};
use crate::{
    domain::backup::{file_name, handed_over_name},
    store,
};

/// Make a verified copy of the database, whether the service runs or not
///
/// The service goes on meanwhile. The copy is of one moment: it holds all that was answered before it began. It holds the
/// signing keys as the database does, so keep it as safe as that.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    /// The copy, or a folder for it; without it, a new file in `BACKUP_DIR`
    file: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

#[derive(Subcommand)]
enum What {
    /// Check every page, row and link of a copy, without changing it
    Verify {
        /// The copy
        file: PathBuf,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
}

impl Arguments {
    /// Do it, and print what there is now.
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        if let Some(What::Verify { file, json }) = self.what {
            return check::print(&file, json, out);
        }
        // Before anybody works for nothing.
        if let Some(file) = self.file.as_deref().filter(|file| !file.is_dir() && file.exists()) {
            return Err(taken(file));
        }
        let config = super::load(self.common.settings)?.config;
        let made = match admin::run(&config, &Command::Backup { hand_over: self.file.is_some() })? {
            Outcome::Backup(made) => made,
            Outcome::Refused(why) => return Err(Failure::Refused(why)),
            _ => return Err(Failure::Refused("the service answered something else".into())),
        };
        let made = match self.file {
            None => made,
            Some(file) => take(&made, file, &admin::database(&config.data_dir))?,
        };
        print(&made, self.common.json, out)
    }
}

fn taken(file: &Path) -> Failure {
    Failure::Refused(format!("{} is there already; name another file, or a folder", file.display()))
}

/// Move the copy that the service of this `database` made for us to `to`, and check it where it is then.
fn take(made: &BackupRow, to: PathBuf, database: &Path) -> Result<BackupRow, Failure> {
    let to = if to.is_dir() { to.join(file_name(made.made_at)) } else { to };
    let mut copy = open(made, database).map_err(|why| {
        // Its name is anybody's, so it is shown without what steers a terminal.
        let name = made.file.display().to_string();
        let name = name.escape_debug();
        Failure::Refused(format!("the service says that its copy is {name}, which was left alone: {why}"))
    })?;
    let moved = bring(&mut copy, &to);
    // What is left here is removed by the service tomorrow.
    drop(fs::remove_file(&made.file));
    moved?;
    Ok(BackupRow { file: to, ..made.clone() })
}

/// Open the copy that the service made for us.
///
/// Whoever asks may be root, and then the service is not: one that was broken into could name a file of another's, to have
/// it shown or removed. So its name is that of such a copy, it is a file that has no other name, and the service's or ours.
fn open(made: &BackupRow, database: &Path) -> io::Result<File> {
    let refused = |why| Err(io::Error::other(why));
    if made.file.file_name() != Some(handed_over_name(made.made_at).as_ref()) {
        return refused("it has not the name of such a copy");
    }
    // A pipe would keep us waiting for who writes to it.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(&made.file)?;
    let found = file.metadata()?;
    if !found.is_file() || found.nlink() != 1 {
        return refused("it is no file of its own");
    }
    if !may_own(found.uid(), fs::metadata(database)?.uid(), geteuid().as_raw()) {
        return refused("it belongs to somebody else");
    }
    Ok(file)
}

/// Whether a copy of the user `uid` can be one that the service made, which is the user `service`, or this process, the user `own`.
const fn may_own(uid: u32, service: u32, own: u32) -> bool {
    uid == service || uid == own
}

fn bring(from: &mut File, to: &Path) -> Result<(), Failure> {
    let cannot = |error: io::Error| Failure::Refused(format!("{}: {error}", to.display()));
    let mut fresh = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(to) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(taken(to)),
        fresh => fresh.map_err(cannot)?,
    };
    let mut copy = || {
        io::copy(from, &mut fresh)?;
        fresh.sync_all()?;
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    };
    let done = copy().map_err(cannot).and_then(|()| store::check(to).map_err(Failure::refused));
    if done.is_err() {
        // Half a copy is none.
        drop(fs::remove_file(to));
    }
    done.map(|_| ())
}

fn print(made: &BackupRow, json: bool, out: &mut impl Write) -> Result<(), Failure> {
    if json {
        writeln!(out, "{:#}", json!(made))?;
    } else {
        writeln!(
            out,
            "{} is a verified copy as of {}: {} bytes, {} users, {} sessions, {} audit entries.",
            made.file.display(),
            made.made_at,
            made.bytes,
            made.users,
            made.sessions,
            made.audit_entries
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_service_and_whoever_asks_can_have_made_the_copy() {
        for (uid, service, own, expected) in
            [(998, 998, 0, true), (0, 998, 0, true), (1000, 998, 0, false), (0, 998, 998, false)]
        {
            assert_eq!(may_own(uid, service, own), expected, "{uid} of {service}, asked by {own}");
        }
    }
}
