//! Users, as an operator on this machine looks after them.

use super::{Error, Service, blocking, flatten};
use crate::{
    domain::{
        audit::{Action, Actor, Event},
        id::UserId,
        profile::DisplayName,
        role::Role,
        timestamp::Timestamp,
        user::User,
        wallet::Address,
    },
    store::{Reads, StoreError, Tx, audit, sessions, users},
};

/// How an operator names a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserRef {
    /// By identifier.
    Id(UserId),
    /// By address.
    Address(Address),
}

/// An account that an operator makes.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Whose it is.
    pub address: Address,
    /// What they may do.
    pub role: Role,
    /// What to call them.
    pub display_name: Option<DisplayName>,
}

fn find(tx: &impl Reads, name: UserRef) -> Result<Option<User>, StoreError> {
    match name {
        UserRef::Id(id) => users::find(tx, id),
        UserRef::Address(address) => users::find_by_address(tx, &address),
    }
}

/// Whether somebody other than `user` is `SUPER_ADMIN` and can sign in.
fn another_super_admin(tx: &impl Reads, user: UserId) -> Result<bool, StoreError> {
    let mut after = None;
    loop {
        let page = users::list(tx, after, 1_000)?;
        if page
            .iter()
            .any(|other| other.role == Role::SuperAdmin && other.locked_at.is_none() && other.id != user)
        {
            return Ok(true);
        }
        after = page.last().map(|last| last.id);
        if after.is_none() {
            return Ok(false);
        }
    }
}

impl Service {
    /// Make an account.
    ///
    /// # Errors
    ///
    /// [`Error::AddressTaken`], or that the database fails.
    pub async fn add_user(&self, new: NewUser) -> Result<User, Error> {
        let (now, inner) = (self.now(), &self.0);
        let mut user = User::new(inner.ids.next(now, &inner.random)?, new.address, new.role, now);
        user.profile.display_name = new.display_name;
        let add = move |tx: &Tx| {
            if !users::insert(tx, &user)? {
                return Ok(Err(Error::AddressTaken));
            }
            let event = Event::new(now, Action::UserAdded, Actor::Operator).about(user.id, user.address);
            audit::append(tx, &event.with(user.role))?;
            Ok(Ok(user.clone()))
        };
        flatten(inner.store.write(add).await)
    }

    /// The user of this name.
    ///
    /// # Errors
    ///
    /// [`Error::UserUnknown`], or that the database fails.
    pub async fn user(&self, name: UserRef) -> Result<User, Error> {
        let service = self.clone();
        blocking(move || service.0.store.read(|tx| find(tx, name))?.ok_or(Error::UserUnknown)).await
    }

    /// At most `limit` users, oldest account first, after the user `after`.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] if the database fails.
    pub async fn users(&self, after: Option<UserId>, limit: usize) -> Result<Vec<User>, Error> {
        let service = self.clone();
        blocking(move || Ok(service.0.store.read(|tx| users::list(tx, after, limit))?)).await
    }

    /// Give a user another role.
    ///
    /// # Errors
    ///
    /// [`Error::UserUnknown`]; [`Error::LastSuperAdmin`]; or that the database fails.
    pub async fn set_role(&self, name: UserRef, role: Role) -> Result<User, Error> {
        self.change_user(name, move |tx, user, now| {
            if user.role == role {
                return Ok(Ok(None));
            }
            if user.role == Role::SuperAdmin && !another_super_admin(tx, user.id)? {
                return Ok(Err(Error::LastSuperAdmin));
            }
            let change = format!("{} to {role}", user.role);
            user.role = role;
            Ok(Ok(Some(Event::new(now, Action::RoleChanged, Actor::Operator).with(change))))
        })
        .await
    }

    /// Keep a user out, and end all their sessions.
    ///
    /// # Errors
    ///
    /// [`Error::UserUnknown`]; [`Error::LastSuperAdmin`]; or that the database fails.
    pub async fn lock_user(&self, name: UserRef) -> Result<User, Error> {
        self.change_user(name, move |tx, user, now| {
            if user.locked_at.is_some() {
                return Ok(Ok(None));
            }
            if user.role == Role::SuperAdmin && !another_super_admin(tx, user.id)? {
                return Ok(Err(Error::LastSuperAdmin));
            }
            user.locked_at = Some(now);
            for id in sessions::of_user(tx, user.id)? {
                sessions::take(tx, id)?;
            }
            Ok(Ok(Some(Event::new(now, Action::UserLocked, Actor::Operator))))
        })
        .await
    }

    /// Let a user in again, also where too many of their sign-ins failed.
    ///
    /// # Errors
    ///
    /// [`Error::UserUnknown`], or that the database fails.
    pub async fn unlock_user(&self, name: UserRef) -> Result<User, Error> {
        let unlocked = self
            .change_user(name, move |_, user, now| {
                let was_locked =
                    user.locked_at.take().is_some() | !std::mem::take(&mut user.lockouts).is_empty();
                Ok(Ok(was_locked.then(|| Event::new(now, Action::UserUnlocked, Actor::Operator))))
            })
            .await?;
        self.forgive(unlocked.address);
        Ok(unlocked)
    }

    /// Change a user by `change`, which returns the audit event, or `None` if all is as it should be already.
    async fn change_user(
        &self,
        name: UserRef,
        change: impl Fn(&Tx, &mut User, Timestamp) -> Result<Result<Option<Event>, Error>, StoreError>
        + Send
        + 'static,
    ) -> Result<User, Error> {
        let now = self.now();
        let apply = move |tx: &Tx| {
            let Some(mut user) = find(tx, name)? else { return Ok(Err(Error::UserUnknown)) };
            let event = match change(tx, &mut user, now)? {
                Ok(event) => event,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if let Some(event) = event {
                user.updated_at = now;
                users::update(tx, &user)?;
                audit::append(tx, &event.about(user.id, user.address))?;
            }
            Ok(Ok(user))
        };
        flatten(self.0.store.write(apply).await)
    }
}
