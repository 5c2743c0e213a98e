//! `/auth/challenge`: a text to sign, and how.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{app::App, problem::Problem, request::Request, transfer::TransferBody};
use crate::domain::{
    challenge::Challenge,
    timestamp::Timestamp,
    wallet::{Address, Scheme, WalletType},
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChallengeRequest {
    tron_address: Address,
    #[serde(default)]
    wallet_type: WalletType,
}

/// What to sign, and how.
#[derive(Serialize, JsonSchema)]
pub(super) struct ChallengeReply {
    message: String,
    scheme: Scheme,
    /// What is signed for the message, in hex; a Ledger shows it.
    digest: String,
    nonce: String,
    issued_at: Timestamp,
    expires_at: Timestamp,
    /// What a Trezor signs in place of the message: only under `trezor-tx`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "TransferBody")]
    trezor_tx: Option<TransferBody>,
}

/// Make a text to sign.
pub(super) async fn post(
    app: Arc<App>,
    request: Request<(), ChallengeRequest>,
) -> Result<ChallengeReply, Problem> {
    let ChallengeRequest { tron_address, wallet_type } = request.body;
    let origin = request.head.origin(&app.settings)?;
    let challenge = app.service.challenge(wallet_type, tron_address, &origin)?;
    Ok(ChallengeReply::from(&challenge))
}

impl From<&Challenge> for ChallengeReply {
    fn from(challenge: &Challenge) -> Self {
        Self {
            message: challenge.text(),
            scheme: challenge.scheme(),
            digest: HEXLOWER.encode(&challenge.digest()),
            nonce: challenge.nonce_text(),
            issued_at: challenge.issued_at(),
            expires_at: challenge.expires_at(),
            trezor_tx: challenge.transfer().map(TransferBody::from),
        }
    }
}
