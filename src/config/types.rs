//! The values that settings choose from.

use std::{path::PathBuf, time::Duration};

use crate::domain::{backup::Schedule, origin::Origin};

/// Who may have an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// A first sign-in makes a user.
    Open,
    /// Only accounts that an admin added.
    Closed,
}

/// The TRON network that the platform runs on. Keys and addresses are the same on all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TronNetwork {
    /// The main network.
    Mainnet,
    /// The test network Shasta.
    Shasta,
    /// The test network Nile.
    Nile,
}

impl TronNetwork {
    /// The name in replies, such as `mainnet`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mainnet => "mainnet",
            Self::Shasta => "shasta",
            Self::Nile => "nile",
        }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// JSON unless a person reads along.
    Auto,
    /// One JSON object a line.
    Json,
    /// Short lines for people.
    Text,
}

impl LogFormat {
    /// Whether to write JSON, to what is or is not a terminal.
    #[must_use]
    pub const fn is_json(self, terminal: bool) -> bool {
        match self {
            Self::Auto => !terminal,
            Self::Json => true,
            Self::Text => false,
        }
    }
}

/// What tokens say, and how long they are good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// From issue to expiry of an access token.
    pub access_lifetime: Duration,
    /// From issue to expiry of a refresh token.
    pub refresh_lifetime: Duration,
    /// `iss`; without it, the public URL.
    pub issuer: Option<String>,
    /// `aud`; without it, the claim is left out.
    pub audience: Option<String>,
    /// Between new signing keys; without it, only by hand.
    pub key_rotation: Option<Duration>,
}

/// When failed sign-ins lock an account or a client out, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lockout {
    /// Failed sign-ins before it.
    pub attempts: u32,
    /// How long it lasts.
    pub length: Duration,
}

/// Requests a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// By client address.
    pub public: u32,
    /// By user.
    pub authenticated: u32,
    /// By ADMIN and above.
    pub admin: u32,
}

/// How many sessions a user has, and when an idle one ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sessions {
    /// The oldest ends when one more begins.
    pub max_per_user: u32,
    /// How long a session lives without a refresh; without it, until its refresh token expires.
    pub idle_timeout: Option<Duration>,
}

/// Which pages of other origins may call the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cors {
    /// The origins.
    pub origins: CorsOrigins,
    /// Whether they may send cookies. Never together with [`CorsOrigins::Any`].
    pub credentials: bool,
}

/// The origins that CORS admits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// Every origin: `*`.
    Any,
    /// Exactly these.
    These(Vec<Origin>),
}

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// From PEM files.
    Files {
        /// The certificate chain.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// From the service itself.
    SelfSigned,
}

/// Copies of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The folder that holds them.
    pub dir: PathBuf,
    /// When they are made while the service runs; nothing if they are not.
    pub schedule: Option<Schedule>,
}
