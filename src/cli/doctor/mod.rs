//! `lucid-auth doctor`: what is wrong with this installation, and what to do about it. It changes nothing.

mod backup;
mod clock;
mod database;
mod disk;
mod finding;
mod permissions;
mod port;
mod proxy;
mod tls;
mod wear;

use std::{io::Write, path::Path};

use serde_json::json;

use super::{
    Failure, admin,
    settings::{Common, SettingFlags},
};
use crate::{
    clock::Clock,
    config::{Loaded, Mistakes},
};
use finding::{Finding, Level};

/// Look for what is wrong with this installation, whether the service runs or not; changes nothing
///
/// Run it as the service's user, with the service's settings. It exits with 1 if there is a problem.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    common: Common,
}

impl Arguments {
    /// Look, print what was found, and return whether nothing is a problem.
    pub(super) fn run(self, out: &mut impl Write) -> Result<bool, Failure> {
        let findings = examine(self.common.settings);
        if self.common.json {
            writeln!(out, "{:#}", json!({ "findings": findings }))?;
        } else {
            for Finding { name, level, seen, advice } in &findings {
                writeln!(out, "{:<8} {name:<12} {seen}", level.word())?;
                if let Some(advice) = advice {
                    writeln!(out, "         do: {advice}")?;
                }
            }
        }
        Ok(findings.iter().all(|finding| finding.level != Level::Problem))
    }
}

fn examine(flags: SettingFlags) -> Vec<Finding> {
    let loaded = match super::load(flags) {
        Ok(loaded) => loaded,
        // Without settings it is not known where to look.
        Err(mistakes) => return vec![wrong(&mistakes)],
    };
    let (config, now) = (&loaded.config, Clock::system().now());
    let service = port::Service::ask(config);
    vec![
        settings(&loaded),
        clock::check(config, now, Path::new("/run/systemd/timesync")),
        Finding::ok("page-size", format!("Memory pages are of {} bytes.", rustix::param::page_size())),
        disk::check(config),
        wear::check(&config.data_dir, Path::new("/sys")),
        permissions::check(&loaded),
        port::check(config, &service),
        tls::check(config, now, service.health().is_some()),
        proxy::check(config, admin::ignored_proxy(config)),
        backup::check(config, service.health(), now),
        database::check(config, service.health()),
    ]
}

fn wrong(mistakes: &Mistakes) -> Finding {
    let seen = mistakes.to_string().replace('\n', "; ");
    Finding::problem("settings", seen, "Correct these settings; nothing else was looked at.")
}

fn settings(loaded: &Loaded) -> Finding {
    let notices: Vec<_> = loaded.notices.iter().map(ToString::to_string).collect();
    if notices.is_empty() {
        Finding::ok("settings", "All settings can be read.")
    } else {
        Finding::warning(
            "settings",
            format!("{}.", notices.join("; ")),
            "Remove them, or correct their names.",
        )
    }
}
