//! Signing in, and registering.

use super::{Answer, Error, Service, TokenPair, blocking, flatten};
use crate::{
    domain::{
        audit::{Action, Actor, Event},
        client::Network,
        profile::Profile,
        refresh_token::{RefreshToken, Rotation},
        role::Role,
        session::Session,
        timestamp::Timestamp,
        user::User,
        wallet::Address,
    },
    metrics,
    store::{Tx, audit, sessions, sign_ins, users},
};

/// What somebody who registers says about themselves.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The signed challenge.
    pub answer: Answer,
    /// The profile to begin with.
    pub profile: Profile,
}

impl Service {
    /// Exchange a signed challenge for tokens. The first sign-in of an address makes its account, if that is allowed.
    ///
    /// # Errors
    ///
    /// [`Error::Challenge`], [`Error::ChallengeUsed`] or [`Error::Signature`] if the proof fails;
    /// [`Error::AccountLocked`]; [`Error::RegistrationClosed`]; or that the database fails.
    pub async fn sign_in(&self, answer: Answer) -> Result<TokenPair, Error> {
        let now = self.now();
        let outcome = self.begin_session(&answer, now).await;
        let wallet = match &outcome {
            Ok(pair) => Some(pair.session.wallet_type),
            Err(_) => self.wallet_of(&answer, now),
        };
        self.note_sign_in(&outcome);
        self.0.counts.sign_in(outcome.as_ref().err().map_or(metrics::SignIn::Ok, ended), wallet);
        outcome
    }

    async fn begin_session(&self, answer: &Answer, now: Timestamp) -> Result<TokenPair, Error> {
        let challenge = self.prove(answer, now).await?;
        self.may_come_in(challenge.address()).await?;
        let inner = &self.0;
        let fresh = User::new(
            inner.ids.next(now, &inner.random)?,
            challenge.address(),
            self.first_role(&challenge.address()),
            now,
        );
        let id = inner.ids.next(now, &inner.random)?;
        let refresh_token = RefreshToken::new(&inner.mac_key, id, inner.random.bytes()?);
        let session = Session {
            id,
            user_id: fresh.id,
            address: challenge.address(),
            wallet_type: challenge.wallet(),
            ip: answer.client.ip,
            user_agent: answer.client.user_agent.clone(),
            created_at: now,
            refreshed_at: now,
            expires_at: now.plus(inner.rules.refresh_token_lifetime),
            rotation: Rotation::first(refresh_token.hash()),
        };
        let service = self.clone();
        let client = answer.client.clone();
        let device = answer.device.clone();
        let begin = move |tx: &Tx| {
            let event = |user: &User| {
                Event::new(now, Action::SignIn, Actor::User(user.id))
                    .about(user.id, session.address)
                    .from_client(&client)
            };
            let known = users::find_by_address(tx, &session.address)?;
            let mut user = match known {
                Some(user) if user.locked_at.is_some() => {
                    audit::append(tx, &event(&user).refused("the account is locked"))?;
                    return Ok(Err(Error::AccountLocked));
                }
                Some(user) => user,
                None if !service.may_register(&session.address) => return Ok(Err(Error::RegistrationClosed)),
                None => {
                    users::insert(tx, &fresh)?;
                    let added = Event::new(now, Action::UserAdded, Actor::User(fresh.id));
                    let added = added.about(fresh.id, fresh.address).from_client(&client).with(fresh.role);
                    audit::append(tx, &added)?;
                    fresh.clone()
                }
            };
            service.promote(tx, &mut user, now)?;
            user.last_login_at = Some(now);
            let here = Network::of(client.ip);
            user.lockouts.retain(|lockout| lockout.client != here && service.is_in_force(lockout, now));
            users::update(tx, &user)?;
            if session.address != user.address {
                super::hardware_wallets::note_proof(tx, &session.address, now)?;
            }
            let session = Session { user_id: user.id, ..session.clone() };
            service.make_room(tx, &session, now)?;
            sessions::insert(tx, &session)?;
            sign_ins::count(tx, now)?;
            let how = match &device {
                Some(device) => format!("{}; says: {device}", session.wallet_type),
                None => session.wallet_type.to_string(),
            };
            audit::append(tx, &event(&user).in_session(session.id).with(how))?;
            Ok(Ok((user, session)))
        };
        let (user, session) = flatten(inner.store.write(begin).await)?;
        if user.role != Role::SuperAdmin && inner.rules.super_admins.contains(&session.address) {
            tracing::warn!(
                address = %session.address, user.id = %user.id,
                "SUPER_ADMIN_ADDRESSES names a hardware wallet of an account; the account is not promoted by it"
            );
        }
        self.pair(user, session, refresh_token, &answer.origin, now).await
    }

    /// Make an account with a profile, without signing in.
    ///
    /// # Errors
    ///
    /// As [`Self::sign_in`], and [`Error::AddressTaken`].
    pub async fn register(&self, registration: Registration) -> Result<User, Error> {
        let Registration { answer, profile } = registration;
        let now = self.now();
        let address = self.prove(&answer, now).await?.address();
        if !self.may_register(&address) {
            return Err(Error::RegistrationClosed);
        }
        let inner = &self.0;
        let user = User {
            profile,
            ..User::new(inner.ids.next(now, &inner.random)?, address, self.first_role(&address), now)
        };
        let added = Event::new(now, Action::UserAdded, Actor::User(user.id)).about(user.id, address);
        let added = added.from_client(&answer.client).with(user.role);
        let add = move |tx: &Tx| {
            if !users::insert(tx, &user)? {
                return Ok(Err(Error::AddressTaken));
            }
            audit::append(tx, &added)?;
            Ok(Ok(user.clone()))
        };
        flatten(inner.store.write(add).await)
    }

    /// Refuse who has no account and may not make one, before anything is written: keys cost nothing to make.
    async fn may_come_in(&self, address: Address) -> Result<(), Error> {
        if self.may_register(&address) {
            return Ok(());
        }
        let service = self.clone();
        let known =
            blocking(move || Ok(service.0.store.read(|tx| users::find_by_address(tx, &address))?)).await?;
        known.map(|_| ()).ok_or(Error::RegistrationClosed)
    }

    fn may_register(&self, address: &Address) -> bool {
        self.0.rules.registration_open || self.0.rules.super_admins.contains(address)
    }

    /// The role of an address that has no account yet.
    fn first_role(&self, address: &Address) -> Role {
        if self.0.rules.super_admins.contains(address) { Role::SuperAdmin } else { Role::User }
    }

    /// Whoever is named in the configuration is `SUPER_ADMIN`, also if the account was there before the name.
    fn promote(&self, tx: &Tx, user: &mut User, now: Timestamp) -> Result<(), crate::store::StoreError> {
        if user.role == Role::SuperAdmin || !self.0.rules.super_admins.contains(&user.address) {
            return Ok(());
        }
        let change = format!("{} to {}, by SUPER_ADMIN_ADDRESSES", user.role, Role::SuperAdmin);
        user.role = Role::SuperAdmin;
        user.updated_at = now;
        let event = Event::new(now, Action::RoleChanged, Actor::Service).about(user.id, user.address);
        audit::append(tx, &event.with(change))
    }

    /// End the oldest sessions of a user, so that one more is within the limit.
    fn make_room(&self, tx: &Tx, new: &Session, now: Timestamp) -> Result<(), crate::store::StoreError> {
        let mut live = Vec::new();
        for id in sessions::of_user(tx, new.user_id)? {
            // A session that is over takes no room from one that is not.
            match sessions::find(tx, id)? {
                Some(session) if session.is_live(now, self.0.rules.session_idle) => live.push(id),
                _ => drop(sessions::take(tx, id)?),
            }
        }
        let room = self.0.rules.sessions_per_user.saturating_sub(1);
        let over = live.len().saturating_sub(room);
        for id in live.into_iter().take(over) {
            sessions::take(tx, id)?;
        }
        Ok(())
    }
}

/// How it is counted that a sign-in was refused.
fn ended(error: &Error) -> metrics::SignIn {
    match error {
        Error::Challenge(_) | Error::ChallengeUsed => metrics::SignIn::Challenge,
        Error::Signature(_) => metrics::SignIn::Signature,
        Error::SignInLocked(_) | Error::SignInSlowed(_) => metrics::SignIn::Throttled,
        Error::AccountLocked => metrics::SignIn::AccountLocked,
        Error::RegistrationClosed => metrics::SignIn::RegistrationClosed,
        _ => metrics::SignIn::Failed,
    }
}
