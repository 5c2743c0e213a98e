//! `lucid-auth key`: look after the keys that sign tokens.

use std::io::Write;

use clap::Subcommand;

use super::{
    Failure,
    admin::{self, Command, KeyRow, Outcome},
    settings::Common,
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
}

impl Arguments {
    /// Do it, and print the keys.
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        let (command, common) = match self.what {
            What::List { common } => (Command::ListKeys, common),
            What::Rotate { now, common } => (Command::RotateKey { at_once: now }, common),
        };
        let config = super::load(common.settings)?.config;
        match admin::run(&config, &command)? {
            Outcome::Keys(keys) => admin::print(&keys, common.json, out, line),
            Outcome::Refused(why) => Err(Failure::Refused(why)),
            Outcome::Users(_) | Outcome::Audit(_) => {
                Err(Failure::Refused("the service answered something else".into()))
            }
        }
    }
}

fn line(key: &KeyRow) -> String {
    let state = if key.signs { "signs now" } else { "does not sign now" };
    format!("{}  made {}  signs from {}  {state}", key.kid, key.created_at, key.signs_from)
}
