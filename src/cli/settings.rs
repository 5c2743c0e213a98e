//! The flags of the settings, from their table.

use std::collections::BTreeMap;

use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches};

use crate::config::{SETTINGS, Setting};

/// Each setting that was given as a flag, by its variable. Goes into a subcommand with `#[command(flatten)]`.
#[derive(Clone, Default)]
pub(super) struct SettingFlags(BTreeMap<&'static str, String>);

impl SettingFlags {
    /// The values by variable, for [`Sources`](crate::config::Sources).
    pub(super) fn into_values(self) -> BTreeMap<&'static str, String> {
        self.0
    }
}

// The values may be secrets.
impl std::fmt::Debug for SettingFlags {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

/// What every command takes that answers about the database in the data folder.
#[derive(Args)]
pub(super) struct Common {
    /// Answer in JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) settings: SettingFlags,
}

impl Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        SETTINGS.iter().fold(command, |command, setting| command.arg(argument(setting)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        for setting in SETTINGS {
            if let Some(value) = matches.get_one::<String>(setting.name) {
                self.0.insert(setting.name, value.clone());
            }
        }
        Ok(())
    }
}

fn argument(setting: &'static Setting) -> Arg {
    let Setting { name, help, secret, .. } = setting;
    let secrecy =
        if *secret { "; others on this machine can see flags: prefer the variable or a file" } else { "" };
    Arg::new(*name)
        .long(setting.flag())
        .value_name(if *secret { "SECRET" } else { "VALUE" })
        .help(format!("{help} [variable: {name}, default: {}{secrecy}]", setting.default_text()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Host {
        #[command(flatten)]
        settings: SettingFlags,
    }

    #[test]
    fn every_setting_has_a_flag_with_its_variable_and_default_in_the_help() {
        let help = <Host as clap::CommandFactory>::command().render_long_help().to_string();
        for setting in SETTINGS {
            assert!(help.contains(&format!("--{} <", setting.flag())), "{}", setting.name);
            assert!(
                help.contains(&format!("[variable: {}, default: {}", setting.name, setting.default_text())),
                "{}",
                setting.name
            );
        }
    }

    #[test]
    fn flags_given_are_kept_by_variable_and_not_shown() {
        let host = Host::try_parse_from(["x", "--port", "0", "--master-key=-secret"]).unwrap();
        assert_eq!(format!("{host:?}"), "Host { settings: [\"AUTH_SERVICE_PORT\", \"MASTER_KEY\"] }");
        let expected = [("AUTH_SERVICE_PORT", "0"), ("MASTER_KEY", "-secret")];
        assert_eq!(
            host.settings.into_values(),
            expected.map(|(name, value)| (name, value.to_owned())).into()
        );
    }
}
