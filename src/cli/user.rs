//! `lucid-auth user`: look after users.

use std::io::Write;

use clap::Subcommand;

use super::{
    Failure,
    admin::{self, Command, Outcome, UserName, UserRow, WalletRow, or_dash},
    settings::Common,
};
use crate::domain::{id::UserId, profile::DisplayName, role::Role, wallet::Address};

/// Look after users, whether the service runs or not. Each change is audited.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Make an account for an address
    Add {
        /// TRON address
        address: Address,
        /// `USER`, `NODE_OPERATOR`, `ADMIN` or `SUPER_ADMIN`
        #[arg(long, default_value_t = Role::User)]
        role: Role,
        /// What to call them
        #[arg(long, value_name = "TEXT")]
        name: Option<DisplayName>,
        #[command(flatten)]
        common: Common,
    },
    /// Give a user another role
    SetRole {
        /// TRON address or identifier
        user: UserName,
        /// `USER`, `NODE_OPERATOR`, `ADMIN` or `SUPER_ADMIN`
        role: Role,
        #[command(flatten)]
        common: Common,
    },
    /// List users, oldest account first
    List {
        /// At most so many, 1 to 10000
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=10_000))]
        limit: u16,
        /// Only those after this identifier: the last one of the page before
        #[arg(long, value_name = "ID")]
        after: Option<UserId>,
        #[command(flatten)]
        common: Common,
    },
    /// Show one user, and the hardware wallets that sign in to the account
    Show {
        /// TRON address or identifier
        user: UserName,
        #[command(flatten)]
        common: Common,
    },
    /// Keep a user out, and end all their sessions
    Lock {
        /// TRON address or identifier
        user: UserName,
        #[command(flatten)]
        common: Common,
    },
    /// Let a user in again
    Unlock {
        /// TRON address or identifier
        user: UserName,
        #[command(flatten)]
        common: Common,
    },
}

impl Arguments {
    /// Do it, and print who it was done to.
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        let mut page = None;
        let (command, common) = match self.what {
            What::Add { address, role, name, common } => {
                (Command::AddUser { address, role, display_name: name }, common)
            }
            What::SetRole { user, role, common } => (Command::SetRole { user, role }, common),
            What::List { limit, after, common } => {
                page = Some(usize::from(limit));
                (Command::ListUsers { after, limit: usize::from(limit) }, common)
            }
            What::Show { user, common } => (Command::ShowUser(user), common),
            What::Lock { user, common } => (Command::LockUser(user), common),
            What::Unlock { user, common } => (Command::UnlockUser(user), common),
        };
        let config = super::load(common.settings)?.config;
        match admin::run(&config, &command)? {
            Outcome::Users(users) => {
                admin::print(&users, common.json, out, line)?;
                if let Some(last) = users.last().filter(|_| page == Some(users.len()) && !common.json) {
                    writeln!(out, "There may be more: repeat with --after {}", last.user_id)?;
                }
                Ok(())
            }
            Outcome::Refused(why) => Err(Failure::Refused(why)),
            _ => Err(Failure::Refused("the service answered something else".into())),
        }
    }
}

fn line(user: &UserRow) -> String {
    let state = user.locked_at.map_or_else(|| "active".to_owned(), |since| format!("locked since {since}"));
    let wallets = user.hardware_wallets.iter().flatten().map(wallet_line).collect::<String>();
    format!(
        "{}  {}  {:13}  {state}  created {}  last sign-in {}  {}{wallets}",
        user.user_id,
        user.tron_address,
        user.role.name(),
        user.created_at,
        or_dash(user.last_login_at.as_ref()),
        or_dash(user.display_name.as_ref()),
    )
}

/// A line of its own, below the user's.
fn wallet_line(wallet: &WalletRow) -> String {
    format!(
        "\n  {}  {}  {:7}  connected {}  last proved {}  {}",
        wallet.id,
        wallet.tron_address,
        wallet.kind.name(),
        wallet.connected_at,
        wallet.verified_at,
        or_dash(wallet.label.as_ref()),
    )
}
