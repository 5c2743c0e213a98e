//! `/hw`: the caller's hardware wallets. The browser speaks to the device; this service only sees what it signed.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    app::App,
    auth::{Proof, answer},
    challenge::ChallengeReply,
    problem::Problem,
    reply::Created,
    request::Request,
    sessions::EndedReply,
    target::Path,
};
use crate::{
    domain::{
        hardware_wallet::HardwareWallet,
        id::WalletId,
        profile::DisplayName,
        timestamp::Timestamp,
        wallet::{Address, DerivationPath, DeviceId, DeviceType, WalletType},
    },
    service::{NewWallet, Principal},
};

/// A hardware wallet that signs in to the caller's account. Its address was proved; what is said of the device is as
/// the client said it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "HardwareWallet")]
pub(super) struct WalletBody {
    id: WalletId,
    #[serde(rename = "type")]
    kind: DeviceType,
    tron_address: Address,
    /// How it signed when it was connected, and how it is asked to sign again.
    wallet_type: WalletType,
    path: Option<DerivationPath>,
    label: Option<DisplayName>,
    device_id: Option<DeviceId>,
    connected_at: Timestamp,
    /// When it last signed a challenge.
    verified_at: Timestamp,
}

impl From<HardwareWallet> for WalletBody {
    fn from(wallet: HardwareWallet) -> Self {
        Self {
            id: wallet.id,
            kind: wallet.kind,
            tron_address: wallet.address,
            wallet_type: wallet.wallet_type,
            path: wallet.path,
            label: wallet.label,
            device_id: wallet.device_id,
            connected_at: wallet.connected_at,
            verified_at: wallet.verified_at,
        }
    }
}

/// Hardware wallets, in the order they were connected. A user has so few that they are not paged.
#[derive(Serialize, JsonSchema)]
pub(super) struct WalletsReply {
    wallets: Vec<WalletBody>,
}

/// List the caller's hardware wallets.
pub(super) async fn list(app: Arc<App>, request: Request<Principal, ()>) -> Result<WalletsReply, Problem> {
    let wallets = app.service.hardware_wallets(request.caller.user.id).await?;
    Ok(WalletsReply { wallets: wallets.into_iter().map(WalletBody::from).collect() })
}

/// A wallet to connect: a challenge of `/auth/challenge` that it signed, and what is said of it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConnectRequest {
    #[serde(rename = "type")]
    kind: DeviceType,
    tron_address: Address,
    message: String,
    signature: String,
    path: Option<DerivationPath>,
    label: Option<DisplayName>,
    device_id: Option<DeviceId>,
    /// Another challenge, signed by an address that signs in to the account already.
    proof: Option<Proof>,
}

/// Bind a wallet to the caller's account.
pub(super) async fn connect(
    app: Arc<App>,
    request: Request<Principal, ConnectRequest>,
) -> Result<Created<WalletBody>, Problem> {
    let ConnectRequest { kind, tron_address, message, signature, path, label, device_id, proof } =
        request.body;
    let answer = answer(&app, &request.head, tron_address, message, signature, None)?;
    let proof = proof.map(|proof| proof.answer(&app, &request.head)).transpose()?;
    let new = NewWallet { kind, device_id, path, label };
    Ok(Created(app.service.connect_wallet(&request.caller, new, answer, proof).await?.into()))
}

/// Which wallet is to sign.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WalletSignRequest")]
pub(super) struct SignRequest {
    id: WalletId,
}

/// Make a text for a wallet to sign.
pub(super) async fn sign(
    app: Arc<App>,
    request: Request<Principal, SignRequest>,
) -> Result<ChallengeReply, Problem> {
    let origin = request.head.origin(&app.settings)?;
    let challenge = app.service.wallet_challenge(&request.caller, request.body.id, &origin).await?;
    Ok(ChallengeReply::from(&challenge))
}

/// What a wallet signed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WalletVerifyRequest")]
pub(super) struct VerifyRequest {
    id: WalletId,
    message: String,
    signature: String,
}

/// A wallet that signed just now.
#[derive(Serialize, JsonSchema)]
pub(super) struct VerifiedReply {
    verified: bool,
    wallet: WalletBody,
}

/// Check what a wallet signed.
pub(super) async fn verify(
    app: Arc<App>,
    request: Request<Principal, VerifyRequest>,
) -> Result<VerifiedReply, Problem> {
    let VerifyRequest { id, message, signature } = request.body;
    let address = app.service.hardware_wallet(&request.caller, id).await?.address;
    let answer = answer(&app, &request.head, address, message, signature, None)?;
    let wallet = app.service.verify_wallet(&request.caller, id, answer).await?;
    Ok(VerifiedReply { verified: true, wallet: wallet.into() })
}

/// A wallet, and whether it can be used. Whether the device is plugged in, only the browser knows.
#[derive(Serialize, JsonSchema)]
pub(super) struct StatusReply {
    /// False if the operator switched this kind of wallet off.
    available: bool,
    wallet: WalletBody,
}

/// Read one wallet.
pub(super) async fn status(
    app: Arc<App>,
    request: Request<Principal, (), Path<WalletId>>,
) -> Result<StatusReply, Problem> {
    let wallet = app.service.hardware_wallet(&request.caller, request.target.0).await?;
    Ok(StatusReply { available: app.service.offers(wallet.kind), wallet: wallet.into() })
}

/// Take a wallet off the caller's account.
pub(super) async fn disconnect(
    app: Arc<App>,
    request: Request<Principal, (), Path<WalletId>>,
) -> Result<EndedReply, Problem> {
    let client = request.head.client_info();
    let sessions_revoked = app.service.disconnect_wallet(&request.caller, request.target.0, client).await?;
    Ok(EndedReply { sessions_revoked })
}
