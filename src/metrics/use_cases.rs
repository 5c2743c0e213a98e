//! What people ask for, and how it ends.

use prometheus_client::{
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

use crate::domain::wallet::WalletType;

/// How a sign-in ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignIn {
    /// With tokens.
    Ok,
    /// The text is no challenge of ours, or no longer good.
    Challenge,
    /// The signature is not the address's.
    Signature,
    /// The client failed too often before.
    Throttled,
    /// An admin keeps the account out.
    AccountLocked,
    /// The address has no account, and may not make one.
    RegistrationClosed,
    /// The service failed.
    Failed,
}

impl SignIn {
    const ALL: [Self; 7] = [
        Self::Ok,
        Self::Challenge,
        Self::Signature,
        Self::Throttled,
        Self::AccountLocked,
        Self::RegistrationClosed,
        Self::Failed,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Challenge => "challenge",
            Self::Signature => "signature",
            Self::Throttled => "throttled",
            Self::AccountLocked => "account_locked",
            Self::RegistrationClosed => "registration_closed",
            Self::Failed => "failed",
        }
    }
}

/// How the exchange of a refresh token ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// With the next pair.
    Ok,
    /// The token is not one of ours.
    Unknown,
    /// It was used before, and its session ended for that.
    Reused,
    /// Its session was over.
    Ended,
    /// An admin keeps the account out.
    AccountLocked,
    /// The service failed.
    Failed,
}

impl Refresh {
    const ALL: [Self; 6] =
        [Self::Ok, Self::Unknown, Self::Reused, Self::Ended, Self::AccountLocked, Self::Failed];

    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Reused => "reused",
            Self::Ended => "ended",
            Self::AccountLocked => "account_locked",
            Self::Failed => "failed",
        }
    }
}

/// Why an access token does not say who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenRefusal {
    /// There is none.
    Missing,
    /// It is not one of ours.
    Invalid,
    /// It is too old.
    Expired,
    /// Its session is over.
    Ended,
    /// An admin keeps the account out.
    AccountLocked,
}

impl TokenRefusal {
    const ALL: [Self; 5] = [Self::Missing, Self::Invalid, Self::Expired, Self::Ended, Self::AccountLocked];

    const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Invalid => "invalid",
            Self::Expired => "expired",
            Self::Ended => "ended",
            Self::AccountLocked => "account_locked",
        }
    }
}

type Labels<const N: usize> = [(&'static str, &'static str); N];

/// What was asked for so far. A copy counts together with the original.
#[derive(Debug, Clone)]
pub struct UseCases {
    challenges: Counter,
    sign_ins: Family<Labels<2>, Counter>,
    refreshes: Family<Labels<1>, Counter>,
    lockouts: Counter,
    refused_tokens: Family<Labels<1>, Counter>,
}

impl Default for UseCases {
    /// Nothing yet. What can be counted stands there with 0: of a series that begins with its first event, Prometheus
    /// does not see that event.
    fn default() -> Self {
        let new = Self {
            challenges: Counter::default(),
            sign_ins: Family::default(),
            refreshes: Family::default(),
            lockouts: Counter::default(),
            refused_tokens: Family::default(),
        };
        for outcome in SignIn::ALL {
            for wallet in WalletType::ALL.into_iter().map(Some).chain([None]) {
                drop(new.sign_ins.get_or_create(&sign_in(outcome, wallet)));
            }
        }
        for outcome in Refresh::ALL {
            drop(new.refreshes.get_or_create(&[("outcome", outcome.name())]));
        }
        for reason in TokenRefusal::ALL {
            drop(new.refused_tokens.get_or_create(&[("reason", reason.name())]));
        }
        new
    }
}

fn sign_in(outcome: SignIn, wallet: Option<WalletType>) -> Labels<2> {
    [("outcome", outcome.name()), ("wallet", wallet.map_or("unknown", WalletType::name))]
}

impl UseCases {
    /// A challenge was given.
    pub fn challenge(&self) {
        self.challenges.inc();
    }

    /// A sign-in ended, by a `wallet` that is known if the challenge was ours.
    pub fn sign_in(&self, outcome: SignIn, wallet: Option<WalletType>) {
        self.sign_ins.get_or_create(&sign_in(outcome, wallet)).inc();
    }

    /// The exchange of a refresh token ended.
    pub fn refresh(&self, outcome: Refresh) {
        self.refreshes.get_or_create(&[("outcome", outcome.name())]).inc();
    }

    /// Failures locked the sign-in of an address for a client.
    pub fn lockout(&self) {
        self.lockouts.inc();
    }

    /// A caller did not prove who they are.
    pub fn refused_token(&self, reason: TokenRefusal) {
        self.refused_tokens.get_or_create(&[("reason", reason.name())]).inc();
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("lucid_auth_challenges", "Challenges given to sign", self.challenges.clone());
        registry.register(
            "lucid_auth_sign_ins",
            "Sign-ins by how they ended, and by the kind of wallet, which is unknown where the challenge is",
            self.sign_ins.clone(),
        );
        registry.register(
            "lucid_auth_refreshes",
            "Exchanges of refresh tokens by how they ended",
            self.refreshes.clone(),
        );
        registry.register(
            "lucid_auth_lockouts",
            "Times that failed sign-ins locked an address for a client",
            self.lockouts.clone(),
        );
        registry.register(
            "lucid_auth_authentication_failures",
            "Calls whose access token did not say who calls, by why",
            self.refused_tokens.clone(),
        );
    }
}
