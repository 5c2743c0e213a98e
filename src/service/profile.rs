//! A user's own profile.

use super::{Error, Principal, Service, asker::present, flatten};
use crate::{
    domain::{
        audit::{Action, Actor, Event},
        client::Client,
        profile::Profile,
        user::User,
    },
    store::{Tx, audit, users},
};

impl Service {
    /// Change the caller's profile by `change`, and return the user as they are then.
    ///
    /// # Errors
    ///
    /// [`Error::SessionEnded`] if the session ended or the account was locked meanwhile, or that the database fails.
    pub async fn change_profile(
        &self,
        caller: &Principal,
        client: Client,
        change: impl Fn(Profile) -> Profile + Send + 'static,
    ) -> Result<User, Error> {
        let (now, id) = (self.now(), caller.user.id);
        let (session, caller) = (caller.session.session.id, caller.clone());
        let apply = move |tx: &Tx| {
            let Some(mut user) = present(tx, &caller)? else { return Ok(Err(Error::SessionEnded)) };
            let profile = change(user.profile.clone());
            if profile == user.profile {
                return Ok(Ok(user));
            }
            user.profile = profile;
            user.updated_at = now;
            users::update(tx, &user)?;
            let event = Event::new(now, Action::ProfileChanged, Actor::User(id)).about(id, user.address);
            audit::append(tx, &event.in_session(session).from_client(&client))?;
            Ok(Ok(user))
        };
        flatten(self.0.store.write(apply).await)
    }
}
