//! Hardware wallets: bound to an account by a signed challenge, and from then on another way into it.

use super::{Answer, Error, Principal, Service, asker::present, blocking, flatten};
use crate::{
    domain::{
        audit::{Action, Actor, Event},
        authority::AuthorityError,
        challenge::Challenge,
        client::Client,
        hardware_wallet::HardwareWallet,
        id::{UserId, WalletId},
        origin::Origin,
        profile::DisplayName,
        role::Role,
        timestamp::Timestamp,
        wallet::{Address, DerivationPath, DeviceId, DeviceType, SignatureError},
    },
    store::{StoreError, Tx, audit, hardware_wallets, sessions, users},
};

/// What somebody who connects a wallet says of it. Nothing of this is proved by the signature.
#[derive(Debug, Clone)]
pub struct NewWallet {
    /// What kind of device it is.
    pub kind: DeviceType,
    /// How the client tells it from others.
    pub device_id: Option<DeviceId>,
    /// Where in it the key lies.
    pub path: Option<DerivationPath>,
    /// What to call it.
    pub label: Option<DisplayName>,
}

/// Write down that the hardware wallet with `address`, if there is one, signed a challenge at `now`.
pub(super) fn note_proof(tx: &Tx, address: &Address, now: Timestamp) -> Result<(), StoreError> {
    match hardware_wallets::find_by_address(tx, address)? {
        Some(wallet) => hardware_wallets::update(tx, &HardwareWallet { verified_at: now, ..wallet }),
        None => Ok(()),
    }
}

impl Service {
    /// The hardware wallets of a user, in the order they were connected. There are never more than a user may have.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] if the database fails.
    pub async fn hardware_wallets(&self, user: UserId) -> Result<Vec<HardwareWallet>, Error> {
        let service = self.clone();
        blocking(move || Ok(service.0.store.read(|tx| hardware_wallets::of_user(tx, user))?)).await
    }

    /// One of the caller's hardware wallets.
    ///
    /// # Errors
    ///
    /// [`Error::WalletUnknown`] if there is none, or it is another user's; or that the database fails.
    pub async fn hardware_wallet(&self, caller: &Principal, id: WalletId) -> Result<HardwareWallet, Error> {
        let (service, user) = (self.clone(), caller.user.id);
        let found = blocking(move || Ok(service.0.store.read(|tx| hardware_wallets::find(tx, user, id))?));
        found.await?.ok_or(Error::WalletUnknown)
    }

    /// Whether wallets of this kind may be connected.
    #[must_use]
    pub fn offers(&self, kind: DeviceType) -> bool {
        self.0.rules.hardware_wallets.contains(&kind)
    }

    /// Bind the address that signed `answer` to the caller's account, which takes a `proof` by an address that it has
    /// already: whoever stole a token would otherwise stay for good.
    ///
    /// Whether the address is taken is told only to who holds its key.
    ///
    /// # Errors
    ///
    /// [`Error::WalletSwitchedOff`]; [`AuthorityError::FreshSignatureRequired`] if there is no proof; as
    /// [`Service::sign_in`] if it or the answer fails; [`Error::AddressBound`]; [`Error::TooManyWallets`];
    /// [`Error::SessionEnded`]; or that the database fails.
    pub async fn connect_wallet(
        &self,
        caller: &Principal,
        new: NewWallet,
        answer: Answer,
        proof: Option<Answer>,
    ) -> Result<HardwareWallet, Error> {
        if !self.offers(new.kind) {
            return Err(Error::WalletSwitchedOff(new.kind));
        }
        let proof = proof.ok_or(AuthorityError::FreshSignatureRequired)?;
        let now = self.now();
        let [proven, challenge] = self.prove_both(&proof, &answer, now).await?;
        let proven = proven.address();
        let inner = &self.0;
        let wallet = HardwareWallet {
            id: inner.ids.next(now, &inner.random)?,
            user_id: caller.user.id,
            address: challenge.address(),
            wallet_type: challenge.wallet(),
            kind: new.kind,
            device_id: new.device_id,
            path: new.path,
            label: new.label,
            connected_at: now,
            verified_at: now,
        };
        let named = inner.rules.super_admins.contains(&wallet.address);
        let event = event_of(caller, &wallet, &answer.client, Action::WalletConnected, now);
        let caller = caller.clone();
        let bind = move |tx: &Tx| {
            let Some(user) = present(tx, &caller)? else { return Ok(Err(Error::SessionEnded)) };
            if users::find_by_address(tx, &proven)?.is_none_or(|prover| prover.id != user.id) {
                return Ok(Err(SignatureError::OtherAddress(proven).into()));
            }
            if named && user.role != Role::SuperAdmin {
                // Bound to a lesser account, it could no longer make the one that the operator meant it to.
                return Ok(Err(Error::AddressBound(
                    "this address is named in SUPER_ADMIN_ADDRESSES; sign in with it by itself",
                )));
            }
            if hardware_wallets::of_user(tx, user.id)?.len() >= HardwareWallet::PER_USER {
                return Ok(Err(Error::TooManyWallets(HardwareWallet::PER_USER)));
            }
            if !hardware_wallets::insert(tx, &wallet)? {
                let owner = users::find_by_address(tx, &wallet.address)?;
                return Ok(Err(Error::AddressBound(if owner.is_some_and(|owner| owner.id == user.id) {
                    "this address signs in to this account already"
                } else {
                    "this address belongs to another account; erase that account or disconnect it there first"
                })));
            }
            audit::append(tx, &event)?;
            Ok(Ok(wallet.clone()))
        };
        flatten(inner.store.write(bind).await)
    }

    /// A text for one of the caller's hardware wallets to sign, in the way it signed before.
    ///
    /// # Errors
    ///
    /// [`Error::WalletUnknown`]; [`Error::WalletSwitchedOff`]; or that the database or the random source fails.
    pub async fn wallet_challenge(
        &self,
        caller: &Principal,
        id: WalletId,
        origin: &Origin,
    ) -> Result<Challenge, Error> {
        let wallet = self.hardware_wallet(caller, id).await?;
        if !self.offers(wallet.kind) {
            return Err(Error::WalletSwitchedOff(wallet.kind));
        }
        self.challenge(wallet.wallet_type, wallet.address, origin)
    }

    /// Check that one of the caller's hardware wallets signed a challenge just now, and write that down.
    ///
    /// # Errors
    ///
    /// [`Error::WalletUnknown`]; as [`Service::sign_in`] if the proof fails; [`Error::SessionEnded`]; or that the database
    /// fails.
    pub async fn verify_wallet(
        &self,
        caller: &Principal,
        id: WalletId,
        answer: Answer,
    ) -> Result<HardwareWallet, Error> {
        let now = self.now();
        self.prove(&answer, now).await?;
        let (user, caller, proved) = (caller.user.id, caller.clone(), answer.address);
        let note = move |tx: &Tx| {
            if present(tx, &caller)?.is_none() {
                return Ok(Err(Error::SessionEnded));
            }
            // It may have been disconnected since it was found.
            let wallet = hardware_wallets::find(tx, user, id)?.filter(|wallet| wallet.address == proved);
            let Some(wallet) = wallet else { return Ok(Err(Error::WalletUnknown)) };
            let wallet = HardwareWallet { verified_at: now, ..wallet };
            hardware_wallets::update(tx, &wallet)?;
            let event = event_of(&caller, &wallet, &answer.client, Action::WalletVerified, now);
            audit::append(tx, &event)?;
            Ok(Ok(wallet))
        };
        flatten(self.0.store.write(note).await)
    }

    /// Take a hardware wallet off the caller's account, end the sessions that it signed in, and return how many there
    /// were: it may have been lost.
    ///
    /// # Errors
    ///
    /// [`Error::WalletUnknown`]; [`Error::SessionEnded`]; or that the database fails.
    pub async fn disconnect_wallet(
        &self,
        caller: &Principal,
        id: WalletId,
        client: Client,
    ) -> Result<usize, Error> {
        let (now, user, caller) = (self.now(), caller.user.id, caller.clone());
        let unbind = move |tx: &Tx| {
            if present(tx, &caller)?.is_none() {
                return Ok(Err(Error::SessionEnded));
            }
            let Some(wallet) = hardware_wallets::find(tx, user, id)? else {
                return Ok(Err(Error::WalletUnknown));
            };
            hardware_wallets::remove(tx, &wallet)?;
            let mut ended = 0;
            for id in sessions::of_user(tx, user)? {
                if sessions::find(tx, id)?.is_some_and(|session| session.address == wallet.address) {
                    ended += usize::from(sessions::take(tx, id)?.is_some());
                }
            }
            let event = event_of(&caller, &wallet, &client, Action::WalletDisconnected, now);
            audit::append(tx, &event.with(format_args!("{}; sessions ended: {ended}", wallet.kind.name())))?;
            Ok(Ok(ended))
        };
        flatten(self.0.store.write(unbind).await)
    }
}

/// The audit entry of what the caller did to one of their wallets.
fn event_of(
    caller: &Principal,
    wallet: &HardwareWallet,
    client: &Client,
    action: Action,
    now: Timestamp,
) -> Event {
    let how = match &wallet.device_id {
        Some(id) => format!("{}; says: {}", wallet.kind.name(), id.as_str()),
        None => wallet.kind.name().to_owned(),
    };
    Event::new(now, action, Actor::User(caller.user.id))
        .about(caller.user.id, wallet.address)
        .in_session(caller.session.session.id)
        .from_client(client)
        .with(how)
}
