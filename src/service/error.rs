//! Why a use case is refused.

use std::time::Duration;

use crate::{
    domain::{
        authority::AuthorityError,
        challenge::ChallengeError,
        permission::Permission,
        timestamp::Timestamp,
        wallet::{DeviceType, SignatureError},
    },
    random::RandomError,
    store::StoreError,
};

/// Why a use case is refused. `http/problem.rs` gives each its status and code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The message is not a challenge of ours, or no longer good.
    #[error(transparent)]
    Challenge(#[from] ChallengeError),
    /// The challenge was answered before.
    #[error("the challenge was answered before; ask for another one")]
    ChallengeUsed,
    /// The signature is malformed, or not the address's.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The token is not one of ours.
    #[error("the token is not one that this service issued")]
    TokenInvalid,
    /// The token was good until then.
    #[error("the token expired at {0}")]
    TokenExpired(Timestamp),
    /// The token's session is over: signed out, expired, revoked, or its refresh token was used twice.
    #[error("the session has ended; sign in again")]
    SessionEnded,
    /// The refresh token is not one of ours.
    #[error("the refresh token is not one that this service issued")]
    RefreshTokenUnknown,
    /// The refresh token was replaced before: somebody else has a copy. Its session has ended.
    #[error("the refresh token was used before; the session was ended for safety; sign in again")]
    RefreshTokenReused,
    /// An admin keeps the account out.
    #[error("the account is locked")]
    AccountLocked,
    /// The caller's role does not hold this.
    #[error("this needs the permission {0}")]
    PermissionMissing(Permission),
    /// That is not theirs to change.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The address has an account already.
    #[error("this address has an account; sign in instead")]
    AddressTaken,
    /// Only an admin makes accounts here.
    #[error("this address has no account, and registration is closed; ask an admin to add it")]
    RegistrationClosed,
    /// Nobody has this identifier or address.
    #[error("there is no such user")]
    UserUnknown,
    /// No live session has this identifier, or it is not the caller's to know of.
    #[error("there is no such session")]
    SessionUnknown,
    /// No hardware wallet of the caller has this identifier.
    #[error("there is no such hardware wallet")]
    WalletUnknown,
    /// The operator switched this kind of hardware wallet off.
    #[error("{} wallets are switched off here; use another wallet, or ask the operator", .0.name())]
    WalletSwitchedOff(DeviceType),
    /// The address cannot be bound to the caller's account, because it is bound already or is meant for its own.
    #[error("{0}")]
    AddressBound(&'static str),
    /// The account has as many hardware wallets as one may have.
    #[error("an account has at most {0} hardware wallets; disconnect one first")]
    TooManyWallets(usize),
    /// It would leave nobody who can give out roles.
    #[error("this is the last SUPER_ADMIN who can sign in; make another one first")]
    LastSuperAdmin,
    /// The database failed; nothing was changed.
    #[error("the database failed")]
    Store(#[from] StoreError),
    /// Too many sign-ins of this address failed from this client; for so long it is kept out.
    #[error(
        "too many sign-ins with this address failed from where you are; its sessions and other places are not touched"
    )]
    SignInLocked(Duration),
    /// Too many sign-ins failed from this client; it may try again after so long.
    #[error("too many sign-ins failed from where you are")]
    SignInSlowed(Duration),
    /// The system failed otherwise.
    #[error("the service failed: {0}")]
    Internal(&'static str),
}

impl From<RandomError> for Error {
    fn from(_: RandomError) -> Self {
        Self::Internal("the system gives no random bytes")
    }
}
