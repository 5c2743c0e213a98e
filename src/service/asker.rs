//! Who asks for a change to somebody else.

use super::{Error, Principal};
use crate::{
    domain::{
        audit::{Action, Actor, Event},
        authority::Authority,
        client::Client,
        permission::Permission,
        timestamp::Timestamp,
    },
    store::{Reads, StoreError, users},
};

/// Who asks for a change to somebody else, or to somebody else's sessions.
#[derive(Debug, Clone)]
pub enum Asker {
    /// Whoever runs this service's commands on its machine.
    Operator,
    /// A signed-in user.
    User {
        /// Who.
        caller: Box<Principal>,
        /// From where.
        client: Client,
        /// What the change takes.
        needs: Permission,
    },
}

impl Asker {
    /// A signed-in user, who needs this permission.
    #[must_use]
    pub fn user(caller: Principal, client: Client, needs: Permission) -> Self {
        Self::User { caller: Box::new(caller), client, needs }
    }

    /// What they may do, as of this transaction: a role that was taken away a moment ago is gone.
    pub(super) fn authority(&self, tx: &impl Reads) -> Result<Result<Authority, Error>, StoreError> {
        let Self::User { caller, needs, .. } = self else { return Ok(Ok(Authority::Operator)) };
        let Some(user) = users::find(tx, caller.user.id)?.filter(|user| user.locked_at.is_none()) else {
            return Ok(Err(Error::SessionEnded));
        };
        if user.role.holds(*needs) {
            Ok(Ok(Authority::User(user.id, user.role)))
        } else {
            Ok(Err(Error::PermissionMissing(*needs)))
        }
    }

    /// The audit entry of what they do.
    pub(super) fn event(&self, now: Timestamp, action: Action) -> Event {
        match self {
            Self::Operator => Event::new(now, action, Actor::Operator),
            Self::User { caller, client, .. } => Event::new(now, action, Actor::User(caller.user.id))
                .in_session(caller.session.session.id)
                .from_client(client),
        }
    }
}
