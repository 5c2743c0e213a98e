//! Erasing accounts. What was written down of them in the audit log stays, under the user's identifier.

use super::{
    Answer, Asker, Error, Principal, Service, UserRef, flatten,
    users::{end_sessions, is_last_super_admin},
};
use crate::{
    domain::{
        audit::{Action, Actor, Event},
        user::User,
        wallet::SignatureError,
    },
    store::{StoreError, Tx, audit, users},
};

/// Remove all of a user but the audit log.
fn erase(tx: &Tx, user: &User, event: Event) -> Result<Result<(), Error>, StoreError> {
    if is_last_super_admin(tx, user)? {
        return Ok(Err(Error::LastSuperAdmin));
    }
    let ended = end_sessions(tx, user.id)?;
    users::remove(tx, user)?;
    let event = event.about(user.id, user.address);
    audit::append(tx, &event.with(format_args!("role {}, sessions ended: {ended}", user.role)))?;
    Ok(Ok(()))
}

impl Service {
    /// Erase somebody's account.
    ///
    /// # Errors
    ///
    /// [`Error::UserUnknown`]; [`Error::Authority`] or [`Error::PermissionMissing`]; [`Error::LastSuperAdmin`]; or that
    /// the database fails.
    pub async fn erase_user(&self, asker: Asker, name: UserRef) -> Result<(), Error> {
        let now = self.now();
        let remove = move |tx: &Tx| {
            let authority = match asker.authority(tx)? {
                Ok(authority) => authority,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let found = match name {
                UserRef::Id(id) => users::find(tx, id)?,
                UserRef::Address(address) => users::find_by_address(tx, &address)?,
            };
            let Some(user) = found else { return Ok(Err(Error::UserUnknown)) };
            if let Err(refusal) = authority.may_remove(&user) {
                return Ok(Err(refusal.into()));
            }
            erase(tx, &user, asker.event(now, Action::UserErased))
        };
        flatten(self.0.store.write(remove).await)
    }

    /// Erase the caller's own account, which takes a challenge freshly signed with its address: a stolen token is not
    /// enough.
    ///
    /// # Errors
    ///
    /// As [`Service::sign_in`] if the proof fails; [`Error::LastSuperAdmin`]; or that the database fails.
    pub async fn erase_own(&self, caller: &Principal, answer: Answer) -> Result<(), Error> {
        let now = self.now();
        let proven = self.prove(&answer, now).await?.address();
        let (id, session) = (caller.user.id, caller.session.session.id);
        let event = Event::new(now, Action::UserErased, Actor::User(id)).in_session(session);
        let event = event.from_client(&answer.client);
        let remove = move |tx: &Tx| {
            // The address that signed must be this account's.
            match users::find_by_address(tx, &proven)?.filter(|user| user.id == id) {
                Some(user) => erase(tx, &user, event.clone()),
                None => Ok(Err(SignatureError::OtherAddress(proven).into())),
            }
        };
        flatten(self.0.store.write(remove).await)
    }
}
