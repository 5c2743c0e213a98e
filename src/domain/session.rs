//! A session: one sign-in, on one device.

use std::{net::IpAddr, time::Duration};

use super::{
    client::UserAgent,
    id::{SessionId, UserId},
    refresh_token::Rotation,
    timestamp::Timestamp,
    wallet::{Address, WalletType},
};

/// One sign-in, on one device, kept up by refreshing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The `sid` of its tokens.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// The address that signed.
    pub address: Address,
    /// How it signed, as the client said when it asked for the challenge.
    pub wallet_type: WalletType,
    /// Where the client was when it last signed in or refreshed.
    pub ip: IpAddr,
    /// What the client called itself then.
    pub user_agent: UserAgent,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub refreshed_at: Timestamp,
    /// From when on it is over unless it is refreshed.
    pub expires_at: Timestamp,
    /// The refresh tokens that it takes.
    pub rotation: Rotation,
}

impl Session {
    /// From when on it is over unless it is refreshed: also for being `idle` too long, if there is such a limit.
    #[must_use]
    pub fn ends_at(&self, idle: Option<Duration>) -> Timestamp {
        idle.map_or(self.expires_at, |idle| self.expires_at.min(self.refreshed_at.plus(idle)))
    }

    /// Whether it still holds at `now`: not expired, and refreshed within `idle` if there is such a limit.
    #[must_use]
    pub fn is_live(&self, now: Timestamp, idle: Option<Duration>) -> bool {
        now < self.ends_at(idle)
    }
}
