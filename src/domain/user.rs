//! A user of the platform.

use super::{
    attempts::Lockout, id::UserId, profile::Profile, role::Role, timestamp::Timestamp, wallet::Address,
};

/// A user of the platform: somebody who holds the key of [`Self::address`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// What everything else of theirs hangs on. It never changes.
    pub id: UserId,
    /// The address that they registered with.
    pub address: Address,
    /// What they may do.
    pub role: Role,
    /// What they say about themselves.
    pub profile: Profile,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When role, profile or lock last changed.
    pub updated_at: Timestamp,
    /// When they last signed in; never, if an admin made the account.
    pub last_login_at: Option<Timestamp>,
    /// Since when an admin keeps them out.
    pub locked_at: Option<Timestamp>,
    /// From where sign-in was locked because it failed too often, for them to read; some of it may be over.
    pub lockouts: Vec<Lockout>,
}

impl User {
    /// A user who has not signed in yet.
    #[must_use]
    pub fn new(id: UserId, address: Address, role: Role, now: Timestamp) -> Self {
        Self {
            id,
            address,
            role,
            profile: Profile::default(),
            created_at: now,
            updated_at: now,
            last_login_at: None,
            locked_at: None,
            lockouts: Vec::new(),
        }
    }
}
