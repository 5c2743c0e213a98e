//! Whose the files are, and who else may read them.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use super::Finding;
use crate::{
    cli::admin,
    config::{Config, Loaded, Source},
    domain::backup::made_at,
    http::tls::local::{folder, server_file},
};

const NAME: &str = "permissions";

pub(super) fn check(loaded: &Loaded) -> Finding {
    let config = &loaded.config;
    let uid = rustix::process::geteuid().as_raw();
    let data = &config.data_dir;
    if let Some((name, file)) = secrets(loaded).find(|(_, file)| is_open(file)) {
        let shown = file.display();
        return Finding::problem(
            NAME,
            format!("{name} is in {shown}, which everyone on this machine may read."),
            format!(
                "Keep it in a file of its own ({name}_FILE) or a credential of systemd, or `chmod o= {shown}`."
            ),
        );
    }
    let owner = match fs::metadata(data) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Finding::ok(
                NAME,
                format!("{} is not there yet: the first start makes it.", data.display()),
            );
        }
        Err(error) => {
            let advice = "Run it as the service's user, or as root.";
            return Finding::problem(NAME, format!("{}: {error}.", data.display()), advice);
        }
        Ok(metadata) => metadata.uid(),
    };
    if uid != 0 && owner != uid {
        let seen = format!("{} belongs to user {owner}, and this runs as user {uid}.", data.display());
        let advice = format!(
            "If user {uid} runs the service, `chown -R {uid} {}`; else run this as user {owner}.",
            data.display()
        );
        return Finding::problem(NAME, seen, advice);
    }
    for path in paths(config) {
        // What is not there is open to nobody.
        let Ok(metadata) = fs::metadata(&path) else { continue };
        let (shown, mode, theirs) = (path.display(), metadata.mode() & 0o777, metadata.uid());
        if theirs != owner {
            let seen = format!("{shown} belongs to user {theirs}, and {} to user {owner}.", data.display());
            return Finding::problem(NAME, seen, format!("`chown {owner} {shown}`"));
        }
        let wanted = if metadata.is_dir() { 0o700 } else { 0o600 };
        if mode & 0o077 != 0 {
            let seen = format!("{shown} has mode {mode:04o}: others may read the keys in it.");
            return Finding::problem(NAME, seen, format!("`chmod {wanted:o} {shown}`"));
        }
        if mode & wanted != wanted {
            let seen = format!("{shown} has mode {mode:04o}: its owner cannot use it.");
            return Finding::problem(NAME, seen, format!("`chmod {wanted:o} {shown}`"));
        }
    }
    Finding::ok(NAME, format!("{} and what is in it is for user {owner} alone.", data.display()))
}

/// The secrets that come from files, and these.
fn secrets(loaded: &Loaded) -> impl Iterator<Item = (&'static str, &Path)> {
    loaded.values.iter().filter(|value| value.setting.secret).filter_map(|value| match &value.source {
        Source::File(file) | Source::Settings(file) => Some((value.setting.name, file.as_path())),
        _ => None,
    })
}

fn is_open(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|metadata| metadata.mode() & 0o004 != 0)
}

/// What must be for its owner alone.
fn paths(config: &Config) -> Vec<PathBuf> {
    let database = admin::database(&config.data_dir);
    let tls = folder(&config.data_dir);
    let mut paths = vec![
        config.data_dir.clone(),
        database.with_extension("guard"),
        database,
        tls.join("ca.key"),
        server_file(&tls),
    ];
    paths.extend(copies(&config.backup.dir));
    paths
}

fn copies(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| made_at(name).is_some()))
        .map(|entry| entry.path())
}
