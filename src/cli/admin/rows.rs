//! What the commands print, and what the running service sends them for it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        hardware_wallet::HardwareWallet,
        id::{UserId, WalletId},
        key,
        profile::{DisplayName, Email},
        role::Role,
        timestamp::Timestamp,
        user::User,
        wallet::{Address, DeviceType},
    },
    service::{Backup, PublicKey},
};

/// A user, as the commands print them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::cli) struct UserRow {
    pub(in crate::cli) user_id: UserId,
    pub(in crate::cli) tron_address: Address,
    pub(in crate::cli) role: Role,
    pub(in crate::cli) display_name: Option<DisplayName>,
    pub(in crate::cli) email: Option<Email>,
    pub(in crate::cli) created_at: Timestamp,
    pub(in crate::cli) last_login_at: Option<Timestamp>,
    pub(in crate::cli) locked_at: Option<Timestamp>,
    /// Only where one user is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) hardware_wallets: Option<Vec<WalletRow>>,
}

impl From<User> for UserRow {
    fn from(user: User) -> Self {
        Self {
            user_id: user.id,
            tron_address: user.address,
            role: user.role,
            display_name: user.profile.display_name,
            email: user.profile.email,
            created_at: user.created_at,
            last_login_at: user.last_login_at,
            locked_at: user.locked_at,
            hardware_wallets: None,
        }
    }
}

/// A hardware wallet, as the commands print it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::cli) struct WalletRow {
    pub(in crate::cli) id: WalletId,
    #[serde(rename = "type")]
    pub(in crate::cli) kind: DeviceType,
    pub(in crate::cli) tron_address: Address,
    pub(in crate::cli) label: Option<DisplayName>,
    pub(in crate::cli) connected_at: Timestamp,
    pub(in crate::cli) verified_at: Timestamp,
}

impl From<HardwareWallet> for WalletRow {
    fn from(wallet: HardwareWallet) -> Self {
        Self {
            id: wallet.id,
            kind: wallet.kind,
            tron_address: wallet.address,
            label: wallet.label,
            connected_at: wallet.connected_at,
            verified_at: wallet.verified_at,
        }
    }
}

/// A signing key, as the commands print it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::cli) struct KeyRow {
    pub(in crate::cli) kid: String,
    pub(in crate::cli) created_at: Timestamp,
    pub(in crate::cli) signs_from: Timestamp,
    pub(in crate::cli) signs: bool,
    pub(in crate::cli) pem: String,
}

impl From<PublicKey> for KeyRow {
    fn from(key: PublicKey) -> Self {
        let signs = key.state == key::State::Active;
        Self { kid: key.kid, created_at: key.created_at, signs_from: key.signs_from, signs, pem: key.pem }
    }
}

/// A backup, as the commands print it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::cli) struct BackupRow {
    pub(in crate::cli) file: PathBuf,
    pub(in crate::cli) made_at: Timestamp,
    pub(in crate::cli) bytes: u64,
    pub(in crate::cli) took_ms: u64,
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) users: u64,
    pub(in crate::cli) sessions: u64,
    pub(in crate::cli) audit_entries: u64,
}

impl From<Backup> for BackupRow {
    fn from(backup: Backup) -> Self {
        let Backup { file, at, bytes, took, report } = backup;
        Self {
            file,
            made_at: at,
            bytes,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            schema: report.schema,
            users: report.users,
            sessions: report.sessions,
            audit_entries: report.audit_entries,
        }
    }
}
