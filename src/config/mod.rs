//! The settings: from flags, environment and files to one checked [`Config`].
//!
//! [`SETTINGS`] lists them. [`Config::load`] reads them all, once, and reports all mistakes together.

mod document;
mod legacy;
mod load;
mod mistakes;
mod reader;
mod settings;
mod settings_file;
mod sources;
mod types;
mod values;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use ipnet::IpNet;
use tracing::Level;

use crate::domain::{
    origin::Origin,
    seal::MasterKey,
    wallet::{Address, DeviceType},
};

pub use document::{environment_file, readme_table};
pub use load::{Loaded, Notice};
pub use mistakes::{Mistake, Mistakes};
pub use reader::Value;
pub use settings::{Fallback, SETTINGS, Setting};
pub use sources::{MAX_FILE, Source, Sources};
pub use types::{
    Backup, Cors, CorsOrigins, Lockout, LogFormat, RateLimits, Registration, Sessions, Tls, Tokens,
    TronNetwork,
};

/// Every setting, checked. What the variables mean stands in [`SETTINGS`].
#[derive(Debug, Clone)]
pub struct Config {
    /// The name in `/health`, logs and metrics.
    pub service_name: String,
    /// Where to listen. Port 0 lets the system choose.
    pub listen: SocketAddr,
    /// What browsers see; without it, what a request's `Host` says.
    pub public_url: Option<Origin>,
    /// The folder that holds the database.
    pub data_dir: PathBuf,
    /// Who is `SUPER_ADMIN` from their first sign-in.
    pub super_admins: Vec<Address>,
    /// Who may have an account.
    pub registration: Registration,
    /// What tokens say, and how long they are good.
    pub tokens: Tokens,
    /// When failed sign-ins lock.
    pub lockout: Lockout,
    /// How many requests a minute are answered; without it, all.
    pub rate_limits: Option<RateLimits>,
    /// How many sessions a user has, and when an idle one ends.
    pub sessions: Sessions,
    /// Which pages of other origins may call the API.
    pub cors: Cors,
    /// Where the login page may send a browser back to.
    pub redirect_origins: Vec<Origin>,
    /// Whose word counts on where a request came from.
    pub trusted_proxies: Vec<IpNet>,
    /// What the login page offers; none if hardware wallets are off.
    pub hardware_wallets: Vec<DeviceType>,
    /// The network shown in `/meta/info`.
    pub tron_network: TronNetwork,
    /// Whether what happens is recorded. What was recorded before is kept for [`Self::audit_retention`] either way.
    pub audit_enabled: bool,
    /// How long the audit log is kept.
    pub audit_retention: Duration,
    /// HTTPS on the same port; without it, HTTP.
    pub tls: Option<Tls>,
    /// Where to serve metrics, if at all.
    pub metrics: Option<SocketAddr>,
    /// Copies of the database, if they are made.
    pub backup: Backup,
    /// Seals the signing keys in the database.
    pub master_key: Option<MasterKey>,
    /// The least that is logged.
    pub log_level: Level,
    /// How log lines look.
    pub log_format: LogFormat,
}
