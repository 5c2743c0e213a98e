//! Sessions, as their users and admins see them and end them.

use std::sync::Arc;

use super::{Asker, Error, Principal, Service, blocking, flatten, users::end_sessions};
use crate::{
    domain::{
        audit::Action,
        client::Client,
        id::{SessionId, UserId},
        permission::Permission,
    },
    store::{LiveSession, Tx, audit, sessions, users},
};

impl Service {
    /// The live sessions of a user, oldest first. There are never more than a user may have.
    ///
    /// # Errors
    ///
    /// [`Error::PermissionMissing`] if they are another user's and the caller may not see those; or that the database
    /// fails.
    pub async fn sessions(&self, caller: &Principal, user: UserId) -> Result<Vec<Arc<LiveSession>>, Error> {
        if user != caller.user.id && !caller.holds(Permission::ViewAllSessions) {
            return Err(Error::PermissionMissing(Permission::ViewAllSessions));
        }
        let (service, now, idle) = (self.clone(), self.now(), self.0.rules.session_idle);
        blocking(move || {
            let store = &service.0.store;
            let ids = store.read(|tx| sessions::of_user(tx, user))?;
            let mut live = Vec::new();
            for id in ids {
                live.extend(store.live_session(id)?.filter(|live| live.session.is_live(now, idle)));
            }
            Ok(live)
        })
        .await
    }

    /// One live session.
    ///
    /// # Errors
    ///
    /// [`Error::SessionUnknown`] if there is none, or it is another user's and the caller may not see those: who may not
    /// look cannot tell the two apart.
    pub async fn session(&self, caller: &Principal, id: SessionId) -> Result<Arc<LiveSession>, Error> {
        let (service, now, idle) = (self.clone(), self.now(), self.0.rules.session_idle);
        let found = blocking(move || Ok(service.0.store.live_session(id)?)).await?;
        let may_see = |live: &Arc<LiveSession>| {
            live.session.user_id == caller.user.id || caller.holds(Permission::ViewAllSessions)
        };
        found.filter(|live| live.session.is_live(now, idle)).filter(may_see).ok_or(Error::SessionUnknown)
    }

    /// End one session: the caller's own, or another user's.
    ///
    /// # Errors
    ///
    /// [`Error::SessionUnknown`] as from [`Self::session`]; [`Error::Authority`] if its user's role is above the
    /// caller's; or that the database fails.
    pub async fn end_session(&self, caller: &Principal, id: SessionId, client: Client) -> Result<(), Error> {
        let now = self.now();
        let own = caller.user.id;
        let asker = Asker::user(caller.clone(), client, Permission::DeleteAnySession);
        let end = move |tx: &Tx| {
            let Some(session) = sessions::find(tx, id)? else { return Ok(Err(Error::SessionUnknown)) };
            let Some(owner) = users::find(tx, session.user_id)? else {
                return Ok(Err(Error::SessionUnknown));
            };
            if owner.id != own {
                match asker.authority(tx)? {
                    Err(Error::PermissionMissing(_)) => return Ok(Err(Error::SessionUnknown)),
                    Err(refusal) => return Ok(Err(refusal)),
                    Ok(authority) => {
                        if let Err(refusal) = authority.may_manage(&owner) {
                            return Ok(Err(refusal.into()));
                        }
                    }
                }
            }
            sessions::take(tx, id)?;
            let event = asker.event(now, Action::SessionRevoked).about(owner.id, owner.address);
            audit::append(tx, &event.with(format_args!("session {id}")))?;
            Ok(Ok(()))
        };
        flatten(self.0.store.write(end).await)
    }

    /// End all sessions of a user, and return how many there were.
    ///
    /// # Errors
    ///
    /// [`Error::UserUnknown`]; [`Error::Authority`] or [`Error::PermissionMissing`]; or that the database fails.
    pub async fn end_sessions_of(&self, asker: Asker, user: UserId) -> Result<usize, Error> {
        let now = self.now();
        let end = move |tx: &Tx| {
            let authority = match asker.authority(tx)? {
                Ok(authority) => authority,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let Some(owner) = users::find(tx, user)? else { return Ok(Err(Error::UserUnknown)) };
            if let Err(refusal) = authority.may_manage(&owner) {
                return Ok(Err(refusal.into()));
            }
            let ended = end_sessions(tx, user)?;
            let event = asker.event(now, Action::SessionRevoked).about(owner.id, owner.address);
            audit::append(tx, &event.with(format_args!("sessions ended: {ended}")))?;
            Ok(Ok(ended))
        };
        flatten(self.0.store.write(end).await)
    }
}
