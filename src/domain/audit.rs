//! What is remembered of what happened.

use std::{fmt, net::IpAddr};

use sha2::{Digest, Sha256};

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
    /// What else there is to say, such as the role before and after.
    pub detail: Option<String>,
}

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
        Self { outcome: Outcome::Refused, detail: Some(why.to_string()), ..self }
    }

    /// The same, with something more to say.
    #[must_use]
    pub fn with(self, detail: impl fmt::Display) -> Self {
        Self { detail: Some(detail.to_string()), ..self }
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
    /// Somebody ended another session than the one they asked in.
    SessionRevoked,
    /// An account was erased.
    UserErased,
    /// Too many sign-ins as a user failed from one client; it is kept out for a while.
    SignInLocked,
}

impl Action {
    const NAMES: [(Self, &str); 13] = [
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
        (Self::SessionRevoked, "session.revoked"),
        (Self::UserErased, "user.erased"),
        (Self::SignInLocked, "sign_in.locked"),
    ];

    /// The name in the log, such as `user.locked`.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].1
    }

    /// The action of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|row| row.1 == name).map(|row| row.0)
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

/// The link of an entry to the one before: SHA-256 over the link before, the entry's number, and its text.
///
/// Whoever changes or removes an entry has to change every link after it.
#[must_use]
pub fn link(before: &[u8; 32], number: u64, text: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(before).chain_update(number.to_be_bytes()).chain_update(text).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_finds_its_own_name() {
        for (index, (action, name)) in Action::NAMES.into_iter().enumerate() {
            assert_eq!((action as usize, action.name()), (index, name));
            assert_eq!(Action::from_name(name), Some(action));
        }
    }
}
