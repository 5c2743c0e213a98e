//! `lucid-auth key`: look after the keys that sign tokens.

use std::io::Write;

use clap::Subcommand;

use super::{
    Failure,
    admin::{self, Command, KeyRow, Outcome},
    settings::{Common, SettingFlags},
};

/// Look after the keys that sign tokens, whether the service runs or not.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List the keys, oldest first
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Print a public key as a PEM file, for services that verify tokens and read no JWKS
    ///
    /// A service that holds such a file refuses every token once the next key signs: give it the new file before that, or
    /// set `JWT_KEY_ROTATION_DAYS` to 0.
    Pem {
        /// Which key, as `key list` names it: the one that signs now if none is named
        // One of 64 begins with a hyphen.
        #[arg(allow_hyphen_values = true)]
        kid: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Make a new key
    ///
    /// It is published at once, signs ten minutes later, when every service has had time to fetch it, and the one before
    /// stays published until its last token has expired. If one waits for its turn already, it is that one.
    Rotate {
        /// Sign with it at once: services that kept the old keys refuse its tokens for up to five minutes
        #[arg(long)]
        now: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Replace all keys and end every session, for when `MASTER_KEY` is lost, known to others, or no longer wanted
    ///
    /// The service must be stopped. The new keys are sealed with the `MASTER_KEY` that is set now, or with none.
    /// Everyone signs in again; services that kept the old keys refuse new tokens for up to five minutes. Users, roles and
    /// wallets stay.
    Reset {
        #[command(flatten)]
        common: Common,
    },
}

impl Arguments {
    /// Do it, and print the keys.
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        match self.what {
            What::List { common } => {
                let keys = ask(common.settings, &Command::ListKeys)?;
                admin::print(&keys, common.json, out, line)
            }
            What::Pem { kid, common } => {
                let keys = ask(common.settings, &Command::ListKeys)?;
                let wanted = |key: &KeyRow| kid.as_ref().map_or(key.signs, |kid| key.kid == *kid);
                let found: Vec<_> = keys.into_iter().filter(wanted).collect();
                if found.is_empty() {
                    return Err(Failure::Refused(
                        "there is no such key; `key list` shows those there are".into(),
                    ));
                }
                // The file ends its own last line.
                admin::print(&found, common.json, out, |key| key.pem.trim_end().to_owned())
            }
            What::Rotate { now, common } => {
                let keys = ask(common.settings, &Command::RotateKey { at_once: now })?;
                admin::print(&keys, common.json, out, line)
            }
            What::Reset { common } => {
                let config = super::load(common.settings)?.config;
                let (kid, sessions_ended) = admin::reset_keys(&config)?;
                let done = Reset { kid, sealed: config.master_key.is_some(), sessions_ended };
                admin::print(&[done], common.json, out, Reset::line)
            }
        }
    }
}

/// What a reset did, as it is printed.
#[derive(serde::Serialize)]
struct Reset {
    kid: String,
    sealed: bool,
    sessions_ended: u64,
}

impl Reset {
    fn line(&self) -> String {
        let how = if self.sealed { "sealed with MASTER_KEY" } else { "not sealed" };
        format!("{}  signs now, {how}; sessions ended: {}", self.kid, self.sessions_ended)
    }
}

fn ask(settings: SettingFlags, command: &Command) -> Result<Vec<KeyRow>, Failure> {
    let config = super::load(settings)?.config;
    match admin::run(&config, command)? {
        Outcome::Keys(keys) => Ok(keys),
        Outcome::Refused(why) => Err(Failure::Refused(why)),
        _ => Err(Failure::Refused("the service answered something else".into())),
    }
}

fn line(key: &KeyRow) -> String {
    let state = if key.signs { "signs now" } else { "does not sign now" };
    format!("{}  made {}  signs from {}  {state}", key.kid, key.created_at, key.signs_from)
}
