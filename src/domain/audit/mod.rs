//! What is remembered of what happened.

mod chain;
mod query;

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

pub use chain::{Break, Flaw, Mark, MarkError, Progress, Pruned, link};
pub use query::{Entry, Filter, Order, Page, Query};

use super::{
    client::Client,
    id::{SessionId, UserId},
    timestamp::Timestamp,
    wallet::Address,
};

/// One thing that happened. It never holds a token, a signature or a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What was done, or tried.
    pub action: Action,
    /// How it ended.
    pub outcome: Outcome,
    /// Who did it.
    pub actor: Actor,
    /// To whom.
    pub subject: Option<UserId>,
    /// The subject's address.
    pub address: Option<Address>,
    /// In which session, or to which.
    pub session: Option<SessionId>,
    /// From where, if it came over the network.
    pub ip: Option<IpAddr>,
    /// The request that asked for it.
    pub request_id: Option<String>,
    /// What else there is to say, such as the role before and after: at most [`DETAIL`] characters.
    pub detail: Option<String>,
}

/// The most characters of a detail; what is beyond them is cut off.
pub const DETAIL: usize = 500;

impl Event {
    /// That `action` succeeded at `at`, by `actor`, about nobody in particular.
    #[must_use]
    pub const fn new(at: Timestamp, action: Action, actor: Actor) -> Self {
        Self {
            at,
            action,
            outcome: Outcome::Success,
            actor,
            subject: None,
            address: None,
            session: None,
            ip: None,
            request_id: None,
            detail: None,
        }
    }

    /// The same, about a user.
    #[must_use]
    pub fn about(self, user: UserId, address: Address) -> Self {
        Self { subject: Some(user), address: Some(address), ..self }
    }

    /// The same, in or about a session.
    #[must_use]
    pub fn in_session(self, session: SessionId) -> Self {
        Self { session: Some(session), ..self }
    }

    /// The same, asked for by a request.
    #[must_use]
    pub fn from_client(self, client: &Client) -> Self {
        Self { ip: Some(client.ip), request_id: Some(client.request_id.clone()), ..self }
    }

    /// The same, refused.
    #[must_use]
    pub fn refused(self, why: impl fmt::Display) -> Self {
        Self { outcome: Outcome::Refused, ..self.with(why) }
    }

    /// The same, with something more to say.
    #[must_use]
    pub fn with(self, detail: impl fmt::Display) -> Self {
        Self { detail: Some(detail.to_string().chars().take(DETAIL).collect()), ..self }
    }
}

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Somebody who did not show a token.
    Anonymous,
    /// A signed-in user.
    User(UserId),
    /// Whoever runs this service's commands on its machine.
    Operator,
    /// This service by itself.
    Service,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::Operator => f.write_str("operator"),
            Self::Service => f.write_str("service"),
            Self::User(id) => id.fmt(f),
        }
    }
}

impl FromStr for Actor {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "anonymous" => Ok(Self::Anonymous),
            "operator" => Ok(Self::Operator),
            "service" => Ok(Self::Service),
            id => id
                .parse()
                .map(Self::User)
                .map_err(|_| NameError("anonymous, operator, service or a user's identifier")),
        }
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// An account was made.
    UserAdded,
    /// A wallet signed in.
    SignIn,
    /// A refresh token was used that had been replaced; its session ended.
    RefreshReuse,
    /// A user ended their session, or all of them.
    SignOut,
    /// A user changed their profile.
    ProfileChanged,
    /// A user was given another role.
    RoleChanged,
    /// A user was locked out.
    UserLocked,
    /// A user was let in again.
    UserUnlocked,
    /// A signing key was made.
    KeyAdded,
    /// A signing key was removed after its last token expired.
    KeyRetired,
    /// The keys in the database were sealed with the master key, and all sessions ended.
    KeysSealed,
    /// All keys were replaced, and all sessions ended.
    KeysReset,
    /// Somebody ended another session than the one they asked in.
    SessionRevoked,
    /// An account was erased.
    UserErased,
    /// Too many sign-ins as a user failed from one client; it is kept out for a while.
    SignInLocked,
    /// A user bound a hardware wallet to their account.
    WalletConnected,
    /// A user's hardware wallet signed a challenge again.
    WalletVerified,
    /// A user took a hardware wallet off their account; its sessions ended.
    WalletDisconnected,
    /// This log was switched off: nothing is recorded until it resumes.
    AuditStopped,
    /// This log was switched on again.
    AuditResumed,
    /// A backup was made and verified.
    BackupMade,
    /// The database was found to be a copy that was put back; its sessions ended.
    DatabaseRestored,
}

impl Action {
    const NAMES: [(Self, &str); 22] = [
        (Self::UserAdded, "user.added"),
        (Self::SignIn, "sign_in"),
        (Self::RefreshReuse, "refresh.reuse"),
        (Self::SignOut, "sign_out"),
        (Self::ProfileChanged, "user.profile_changed"),
        (Self::RoleChanged, "user.role_changed"),
        (Self::UserLocked, "user.locked"),
        (Self::UserUnlocked, "user.unlocked"),
        (Self::KeyAdded, "key.added"),
        (Self::KeyRetired, "key.retired"),
        (Self::KeysSealed, "keys.sealed"),
        (Self::KeysReset, "keys.reset"),
        (Self::SessionRevoked, "session.revoked"),
        (Self::UserErased, "user.erased"),
        (Self::SignInLocked, "sign_in.locked"),
        (Self::WalletConnected, "wallet.connected"),
        (Self::WalletVerified, "wallet.verified"),
        (Self::WalletDisconnected, "wallet.disconnected"),
        (Self::AuditStopped, "audit.stopped"),
        (Self::AuditResumed, "audit.resumed"),
        (Self::BackupMade, "backup.made"),
        (Self::DatabaseRestored, "database.restored"),
    ];

    /// The name in the log, such as `user.locked`.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].1
    }

    /// Every action.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::NAMES.into_iter().map(|row| row.0)
    }
}

impl FromStr for Action {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::all()
            .find(|action| action.name() == text)
            .ok_or(NameError("an action of the audit log, such as sign_in"))
    }
}

/// How something ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Success,
    /// A rule forbade it.
    Refused,
}

impl Outcome {
    /// The name in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Refused => "refused",
        }
    }
}

impl FromStr for Outcome {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Success, Self::Refused]
            .into_iter()
            .find(|outcome| outcome.name() == text)
            .ok_or(NameError("success or refused"))
    }
}

/// The log has no such actor, action or outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {0}")]
pub struct NameError(&'static str);

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

macro_rules! by_name {
    ($($name:ty),*) => {
        $(impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        })*
    };
}

by_name!(Actor, Action, Outcome);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_finds_its_own_name() {
        for (index, (action, name)) in Action::NAMES.into_iter().enumerate() {
            assert_eq!((action as usize, action.name()), (index, name));
            assert_eq!(name.parse(), Ok(action));
        }
    }

    #[test]
    fn a_detail_that_is_too_long_is_cut() {
        let event = Event::new(Timestamp::from_unix(0), Action::SignIn, Actor::Service);
        assert_eq!(event.with("ä".repeat(DETAIL + 1)).detail, Some("ä".repeat(DETAIL)));
    }
}
