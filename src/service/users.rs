//! Users, as admins and operators look after them.

use super::{Asker, Error, Service, blocking, flatten};
use crate::{
    domain::{
        audit::{Action, Actor, Event},
        authority::Authority,
        id::UserId,
        profile::{DisplayName, Profile},
        role::Role,
        timestamp::Timestamp,
        user::User,
        wallet::Address,
    },
    store::{
        Reads, StoreError, Tx, audit, sessions, users,
        users_index::{self, Filter, Page, Place},
    },
};

/// How somebody names a user.
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

/// What a change did, and what else there is to say of it; nothing, if all was as it should be already.
type Changed = Result<Result<Option<(Action, Option<String>)>, Error>, StoreError>;

fn find(tx: &impl Reads, name: UserRef) -> Result<Option<User>, StoreError> {
    match name {
        UserRef::Id(id) => users::find(tx, id),
        UserRef::Address(address) => users::find_by_address(tx, &address),
    }
}

/// End every session of a user, and return how many there were.
pub(super) fn end_sessions(tx: &Tx, user: UserId) -> Result<usize, StoreError> {
    let ids = sessions::of_user(tx, user)?;
    for id in &ids {
        sessions::take(tx, *id)?;
    }
    Ok(ids.len())
}

/// Whether the platform would be left without anybody who gives out roles, if `user` were gone.
pub(super) fn is_last_super_admin(tx: &Tx, user: &User) -> Result<bool, StoreError> {
    let counts = user.role == Role::SuperAdmin && user.locked_at.is_none();
    Ok(counts && !users_index::another_super_admin(tx, user.id)?)
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

    /// At most `limit` users whom `filter` admits, oldest account first, after the user `after`.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] if the database fails.
    pub async fn users(&self, filter: Filter, after: Option<Place>, limit: usize) -> Result<Page, Error> {
        let service = self.clone();
        blocking(move || Ok(service.0.store.read(|tx| users_index::page(tx, &filter, after, limit))?)).await
    }

    /// Give a user another role.
    ///
    /// # Errors
    ///
    /// [`Error::UserUnknown`]; [`Error::Authority`] or [`Error::PermissionMissing`] if that is not theirs to do;
    /// [`Error::LastSuperAdmin`]; or that the database fails.
    pub async fn set_role(&self, asker: Asker, name: UserRef, role: Role) -> Result<User, Error> {
        self.change_user(asker, name, move |tx, user, authority, _| {
            if let Err(refusal) = authority.may_grant(user, role) {
                return Ok(Err(refusal.into()));
            }
            if user.role == role {
                return Ok(Ok(None));
            }
            if is_last_super_admin(tx, user)? {
                return Ok(Err(Error::LastSuperAdmin));
            }
            let change = format!("{} to {role}", user.role);
            user.role = role;
            Ok(Ok(Some((Action::RoleChanged, Some(change)))))
        })
        .await
    }

    /// Change a user's profile by `change`.
    ///
    /// # Errors
    ///
    /// [`Error::UserUnknown`]; [`Error::Authority`] or [`Error::PermissionMissing`]; or that the database fails.
    pub async fn change_user_profile(
        &self,
        asker: Asker,
        name: UserRef,
        change: impl Fn(Profile) -> Profile + Send + 'static,
    ) -> Result<User, Error> {
        self.change_user(asker, name, move |_, user, authority, _| {
            if let Err(refusal) = authority.may_manage(user) {
                return Ok(Err(refusal.into()));
            }
            let profile = change(user.profile.clone());
            let changed = profile != user.profile;
            user.profile = profile;
            Ok(Ok(changed.then_some((Action::ProfileChanged, None))))
        })
        .await
    }

    /// Keep a user out, and end all their sessions.
    ///
    /// # Errors
    ///
    /// [`Error::UserUnknown`]; [`Error::Authority`] or [`Error::PermissionMissing`]; [`Error::LastSuperAdmin`]; or that
    /// the database fails.
    pub async fn lock_user(&self, asker: Asker, name: UserRef) -> Result<User, Error> {
        self.change_user(asker, name, move |tx, user, authority, now| {
            if let Err(refusal) = authority.may_remove(user) {
                return Ok(Err(refusal.into()));
            }
            if user.locked_at.is_some() {
                return Ok(Ok(None));
            }
            if is_last_super_admin(tx, user)? {
                return Ok(Err(Error::LastSuperAdmin));
            }
            user.locked_at = Some(now);
            let ended = end_sessions(tx, user.id)?;
            Ok(Ok(Some((Action::UserLocked, Some(format!("sessions ended: {ended}"))))))
        })
        .await
    }

    /// Let a user in again, also where too many of their sign-ins failed.
    ///
    /// # Errors
    ///
    /// [`Error::UserUnknown`]; [`Error::Authority`] or [`Error::PermissionMissing`]; or that the database fails.
    pub async fn unlock_user(&self, asker: Asker, name: UserRef) -> Result<User, Error> {
        let unlock = |_: &Tx, user: &mut User, authority: Authority, _: Timestamp| {
            if let Err(refusal) = authority.may_remove(user) {
                return Ok(Err(refusal.into()));
            }
            let was_locked = user.locked_at.take().is_some() | !std::mem::take(&mut user.lockouts).is_empty();
            Ok(Ok(was_locked.then_some((Action::UserUnlocked, None))))
        };
        let unlocked = self.change_user(asker, name, unlock).await?;
        let bound = self.hardware_wallets(unlocked.id).await?;
        for address in bound.iter().map(|wallet| wallet.address).chain([unlocked.address]) {
            self.forgive(address);
        }
        Ok(unlocked)
    }

    /// Change a user by `change`, and write down who did it.
    async fn change_user(
        &self,
        asker: Asker,
        name: UserRef,
        change: impl Fn(&Tx, &mut User, Authority, Timestamp) -> Changed + Send + 'static,
    ) -> Result<User, Error> {
        let now = self.now();
        let apply = move |tx: &Tx| {
            let authority = match asker.authority(tx)? {
                Ok(authority) => authority,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let Some(mut user) = find(tx, name)? else { return Ok(Err(Error::UserUnknown)) };
            match change(tx, &mut user, authority, now)? {
                Err(refusal) => return Ok(Err(refusal)),
                Ok(None) => {}
                Ok(Some((action, detail))) => {
                    user.updated_at = now;
                    users::update(tx, &user)?;
                    audit::append(
                        tx,
                        &Event { detail, ..asker.event(now, action).about(user.id, user.address) },
                    )?;
                }
            }
            Ok(Ok(user))
        };
        flatten(self.0.store.write(apply).await)
    }
}
