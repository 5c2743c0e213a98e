//! Use cases.

pub mod error;

use crate::domain::{
    id::{SessionId, UserId},
    role::Role,
    timestamp::Timestamp,
    wallet::Address,
};

pub use error::Error;

/// Who calls: what a good access token says.
#[derive(Debug, Clone)]
pub struct Principal {
    /// The user.
    pub user_id: UserId,
    /// The session that the token belongs to.
    pub session_id: SessionId,
    /// The user's address.
    pub tron_address: Address,
    /// The user's role.
    pub role: Role,
    /// When the token expires.
    pub expires_at: Timestamp,
}

/// The service: everything that a handler may ask for.
#[derive(Debug, Default)]
pub struct Service {
    principals: Vec<(String, Principal)>,
}

impl Service {
    /// A service that knows these tokens.
    #[must_use]
    pub fn new(principals: Vec<(String, Principal)>) -> Self {
        Self { principals }
    }

    /// Who the access token `token` speaks for.
    ///
    /// # Errors
    ///
    /// [`Error::TokenInvalid`] if it is no access token of this service.
    #[expect(clippy::unused_async, reason = "the one that takes its place waits")]
    pub async fn authenticate(&self, token: &str) -> Result<Principal, Error> {
        let known = self.principals.iter().find(|(name, _)| name == token);
        known.map(|(_, principal)| principal.clone()).ok_or(Error::TokenInvalid)
    }
}
