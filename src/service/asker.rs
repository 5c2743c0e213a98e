//! Who asks for a change to somebody else.

use super::{Answer, Error, Principal, Service};
use crate::{
    domain::{
        audit::{Action, Actor, Event},
        authority::Authority,
        client::Client,
        permission::Permission,
        timestamp::Timestamp,
        user::User,
        wallet::SignatureError,
    },
    store::{Reads, StoreError, sessions, users},
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
        /// Whether they have just signed for it with the key of their account.
        fresh: bool,
    },
}

/// The caller as they are now, unless they were locked or erased, or their session ended, since they were let in.
pub(super) fn present(tx: &impl Reads, caller: &Principal) -> Result<Option<User>, StoreError> {
    let user = users::find(tx, caller.user.id)?.filter(|user| user.locked_at.is_none());
    Ok(if sessions::find(tx, caller.session.session.id)?.is_some() { user } else { None })
}

impl Asker {
    /// A signed-in user, who needs this permission.
    #[must_use]
    pub fn user(caller: Principal, client: Client, needs: Permission) -> Self {
        Self::User { caller: Box::new(caller), client, needs, fresh: false }
    }

    /// What they may do, as of this transaction: a role that was taken away a moment ago is gone, and so is who signed
    /// out.
    pub(super) fn authority(&self, tx: &impl Reads) -> Result<Result<Authority, Error>, StoreError> {
        let Self::User { caller, needs, fresh, .. } = self else { return Ok(Ok(Authority::Operator)) };
        let Some(user) = present(tx, caller)? else { return Ok(Err(Error::SessionEnded)) };
        if user.role.holds(*needs) {
            Ok(Ok(Authority::User { id: user.id, role: user.role, fresh: *fresh }))
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

impl Service {
    /// The same who asks, once they have shown that the key of their account signed `answer`, if there is one.
    ///
    /// # Errors
    ///
    /// As [`Service::sign_in`] if the proof fails, or is another address's.
    pub async fn with_proof(&self, asker: Asker, answer: Option<Answer>) -> Result<Asker, Error> {
        match (asker, answer) {
            (Asker::User { caller, client, needs, .. }, Some(answer)) => {
                let proven = self.prove(&answer, self.now()).await?.address();
                if proven != caller.user.address {
                    return Err(SignatureError::OtherAddress(proven).into());
                }
                Ok(Asker::User { caller, client, needs, fresh: true })
            }
            (asker, _) => Ok(asker),
        }
    }
}
