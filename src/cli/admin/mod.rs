//! What the commands for users and keys do, and how they reach the database.
//!
//! There is one truth: the process that has the database open. If the service runs, a command asks it over a socket in
//! the data folder, so that what is in its memory changes with what is on disk; if it does not, the command opens the
//! database itself. redb's modes for several processes would let both write, but would leave the service with sessions
//! in memory that the command had ended.

pub(super) mod audit;
mod open;
mod rows;
mod socket;
mod waiting;

use std::{fmt, net::IpAddr, path::Path, pin::pin, time::Duration};

use serde::{Deserialize, Serialize};

use super::Failure;
use crate::{
    config::Config,
    domain::{audit::Actor, id::UserId, profile::DisplayName, role::Role, user::User, wallet::Address},
    service::{Asker, Error, NewUser, Service, UserRef},
    store::{
        OpenError,
        users_index::{Filter, Place},
    },
};

pub(super) use open::{Absent, Start, open, reset_keys};
pub(super) use rows::{BackupRow, KeyRow, UserRow, WalletRow};
pub(super) use socket::listen;

/// The name of the database in the data folder.
pub(super) const DATABASE: &str = "auth.redb";

/// Something to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Command {
    AddUser {
        address: Address,
        role: Role,
        display_name: Option<DisplayName>,
    },
    ShowUser(UserName),
    ListUsers {
        after: Option<UserId>,
        limit: usize,
    },
    SetRole {
        user: UserName,
        role: Role,
    },
    LockUser(UserName),
    UnlockUser(UserName),
    ListKeys,
    RotateKey {
        at_once: bool,
    },
    Audit(audit::Question),
    /// Make a backup; one to be handed over is then taken away by whoever asked.
    Backup {
        hand_over: bool,
    },
    /// Tell whose word about clients was not taken.
    Proxies,
}

/// How a person names a user: by address or identifier.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum UserName {
    Address(Address),
    Id(UserId),
}

impl std::str::FromStr for UserName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address = text.parse().map(Self::Address);
        let name = address.or_else(|_| text.parse().map(Self::Id));
        name.map_err(|_| "expected a TRON address, or a user's identifier as `user list` shows it".to_owned())
    }
}

impl From<UserName> for UserRef {
    fn from(name: UserName) -> Self {
        match name {
            UserName::Address(address) => Self::Address(address),
            UserName::Id(id) => Self::Id(id),
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Users(Vec<UserRow>),
    Keys(Vec<KeyRow>),
    Audit(audit::Answer),
    Backup(BackupRow),
    /// It takes longer: so many rows are copied, of so many. Another outcome follows.
    Working {
        rows: u64,
        of: u64,
    },
    Proxies {
        ignored: Option<IpAddr>,
    },
    Refused(String),
}

/// Do it.
pub(super) async fn execute(service: &Service, command: Command) -> Outcome {
    let user = |outcome: Result<User, Error>| outcome.map(|user| Outcome::Users(vec![user.into()]));
    let users = |page: Vec<User>| Outcome::Users(page.into_iter().map(UserRow::from).collect());
    let done = match command {
        Command::AddUser { address, role, display_name } => {
            user(service.add_user(NewUser { address, role, display_name }).await)
        }
        Command::ShowUser(name) => show_user(service, name).await.map(|row| Outcome::Users(vec![row])),
        Command::ListUsers { after, limit } => service
            .users(Filter::default(), after.map(Place::User), limit)
            .await
            .map(|page| users(page.users)),
        Command::SetRole { user: name, role } => {
            user(service.set_role(Asker::Operator, name.into(), role).await)
        }
        Command::LockUser(name) => user(service.lock_user(Asker::Operator, name.into()).await),
        Command::UnlockUser(name) => user(service.unlock_user(Asker::Operator, name.into()).await),
        Command::ListKeys => Ok(Outcome::Keys(service.public_keys().into_iter().map(KeyRow::from).collect())),
        Command::RotateKey { at_once } => {
            service.rotate_key(Asker::Operator, at_once).await.map(|key| Outcome::Keys(vec![key.into()]))
        }
        Command::Backup { hand_over } => {
            let made = service.back_up(Actor::Operator, hand_over).await;
            return made.map_or_else(
                |error| Outcome::Refused(format!("no backup was made: {error}")),
                |backup| Outcome::Backup(backup.into()),
            );
        }
        // Where no service runs, nobody spoke.
        Command::Proxies => Ok(Outcome::Proxies { ignored: None }),
        Command::Audit(question) => audit::answer(service, question).await.map(Outcome::Audit),
    };
    done.unwrap_or_else(|refusal| Outcome::Refused(explain(&refusal)))
}

/// A user with the hardware wallets that sign in to their account.
async fn show_user(service: &Service, name: UserName) -> Result<UserRow, Error> {
    let user = service.user(name.into()).await?;
    let wallets = service.hardware_wallets(user.id).await?;
    let wallets = wallets.into_iter().map(WalletRow::from).collect();
    Ok(UserRow { hardware_wallets: Some(wallets), ..user.into() })
}

/// The operator on this machine may know why the database failed.
fn explain(refusal: &Error) -> String {
    match refusal {
        Error::Store(cause) => cause.to_string(),
        other => other.to_string(),
    }
}

/// Have `command` done by the running service, or else on the database itself.
pub(super) fn run(config: &Config, command: &Command) -> Result<Outcome, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        for _ in 0..50 {
            if let Some(outcome) = socket::ask(&config.data_dir, command).await.map_err(Failure::refused)? {
                return Ok(outcome);
            }
            match open(config, Absent::Refused).await {
                Ok(service) => return Ok(here(&service, command.clone()).await),
                // A service that is starting or stopping has the database but not the socket: a moment changes that.
                Err(Start::Open(OpenError::InUse { .. })) => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Err(other) => return Err(Failure::refused(other)),
            }
        }
        Err(Failure::Refused(format!(
            "{} is in use, but no service answers at {}. Is it starting, or run by another user?",
            config.data_dir.join(DATABASE).display(),
            socket::path(&config.data_dir).display()
        )))
    })
}

/// Whose word about clients the running service did not take, if it runs and says so.
pub(super) fn ignored_proxy(config: &Config) -> Option<IpAddr> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    match runtime.block_on(socket::ask(&config.data_dir, &Command::Proxies)) {
        Ok(Some(Outcome::Proxies { ignored })) => ignored,
        _ => None,
    }
}

/// Do it in this process.
async fn here(service: &Service, command: Command) -> Outcome {
    let mut work = pin!(execute(service, command));
    loop {
        match waiting::next(service, work.as_mut()).await {
            Outcome::Working { rows, of } => waiting::show(rows, of),
            outcome => return outcome,
        }
    }
}

/// The outcome as a table or as JSON; a refusal as a failure.
pub(super) fn print<T: Serialize>(
    rows: &[T],
    json: bool,
    out: &mut impl std::io::Write,
    line: impl Fn(&T) -> String,
) -> Result<(), Failure> {
    if json {
        serde_json::to_writer_pretty(&mut *out, rows).map_err(std::io::Error::from)?;
        writeln!(out)?;
    } else {
        for row in rows {
            writeln!(out, "{}", line(row))?;
        }
    }
    Ok(())
}

/// A value or a dash.
pub(super) fn or_dash(value: Option<&impl fmt::Display>) -> String {
    value.map_or_else(|| "-".to_owned(), ToString::to_string)
}

/// The path of the database that the settings name.
pub(super) fn database(data_dir: &Path) -> std::path::PathBuf {
    data_dir.join(DATABASE)
}
