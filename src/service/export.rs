//! Everything that is stored about a user.

use std::sync::Arc;

use super::{Error, Principal, Service, blocking};
use crate::{
    domain::{
        audit::{Filter, Order, Page, Query},
        hardware_wallet::HardwareWallet,
        timestamp::Timestamp,
        user::User,
    },
    store::{LiveSession, audit, hardware_wallets, sessions, users},
};

/// The most audit entries of an export, the newest ones: about two megabytes of JSON. It is made in memory, and the log
/// may hold ten years.
const ENTRIES: usize = 5_000;

/// Everything that is stored about a user.
#[derive(Debug)]
pub struct Export {
    /// When this was so.
    pub at: Timestamp,
    /// The account.
    pub user: User,
    /// Its hardware wallets, oldest first.
    pub hardware_wallets: Vec<HardwareWallet>,
    /// Its sessions, oldest first, also those that are over and were not removed yet.
    pub sessions: Vec<Arc<LiveSession>>,
    /// What the audit log says by or about it, newest first; `next` if there is more than is told.
    pub audit: Page,
}

impl Service {
    /// Everything that is stored about the caller.
    ///
    /// # Errors
    ///
    /// [`Error::UserUnknown`] if the account was erased meanwhile, or that the database fails.
    pub async fn export(&self, caller: &Principal) -> Result<Export, Error> {
        let (service, id, at) = (self.clone(), caller.user.id, self.now());
        let filter = Filter { user: Some(id), ..Filter::default() };
        let query = Query { filter, order: Order::NewestFirst, beyond: None, limit: ENTRIES };
        blocking(move || {
            let store = &service.0.store;
            let (user, ids, hardware_wallets, audit) = store.read(|tx| {
                let user = users::find(tx, id)?;
                let wallets = hardware_wallets::of_user(tx, id)?;
                Ok((user, sessions::of_user(tx, id)?, wallets, audit::page(tx, &query)?))
            })?;
            let mut sessions = Vec::new();
            for id in ids {
                sessions.extend(store.live_session(id)?);
            }
            Ok(Export { at, user: user.ok_or(Error::UserUnknown)?, hardware_wallets, sessions, audit })
        })
        .await
    }
}
