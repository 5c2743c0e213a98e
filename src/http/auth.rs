//! `/auth`: from a challenge to tokens, and back to none.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    app::App,
    bodies::{SessionBody, TokensBody, UserBody},
    code::Code,
    problem::Problem,
    reply::{Created, NoContent},
    request::{Head, Request},
};
use crate::{
    domain::{
        id::{SessionId, UserId},
        permission::Permission,
        profile::{DisplayName, Email, Profile},
        refresh_token::RefreshToken,
        role::Role,
        timestamp::Timestamp,
        wallet::{Address, Device, Scheme, WalletType},
    },
    service::{Answer, Error, Principal, Registration},
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
}

/// Make a text to sign.
pub(super) async fn challenge(
    app: Arc<App>,
    request: Request<(), ChallengeRequest>,
) -> Result<ChallengeReply, Problem> {
    let ChallengeRequest { tron_address, wallet_type } = request.body;
    let origin = request.head.origin(&app.settings)?;
    let challenge = app.service.challenge(wallet_type, tron_address, &origin)?;
    Ok(ChallengeReply {
        message: challenge.text(),
        scheme: challenge.scheme(),
        digest: HEXLOWER.encode(&challenge.digest()),
        nonce: challenge.nonce_text(),
        issued_at: challenge.issued_at(),
        expires_at: challenge.expires_at(),
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterRequest {
    tron_address: Address,
    message: String,
    signature: String,
    display_name: Option<DisplayName>,
    email: Option<Email>,
}

/// Make an account.
pub(super) async fn register(
    app: Arc<App>,
    request: Request<(), RegisterRequest>,
) -> Result<Created<UserBody>, Problem> {
    let RegisterRequest { tron_address, message, signature, display_name, email } = request.body;
    let answer = answer(&app, &request.head, tron_address, message, signature, None)?;
    let profile = Profile { display_name, email, ..Profile::default() };
    let user = app.service.register(Registration { answer, profile }).await?;
    Ok(Created(user.into()))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginRequest {
    tron_address: Address,
    message: String,
    signature: String,
    hardware_wallet: Option<Device>,
}

/// Exchange a signed challenge for tokens.
pub(super) async fn login(app: Arc<App>, request: Request<(), LoginRequest>) -> Result<TokensBody, Problem> {
    let LoginRequest { tron_address, message, signature, hardware_wallet } = request.body;
    let answer = answer(&app, &request.head, tron_address, message, signature, hardware_wallet)?;
    Ok(app.service.sign_in(answer).await?.into())
}

fn answer(
    app: &App,
    head: &Head,
    address: Address,
    message: String,
    signature: String,
    device: Option<Device>,
) -> Result<Answer, Problem> {
    let origin = head.origin(&app.settings)?;
    Ok(Answer { address, message, signature, device, origin, client: head.client_info() })
}

/// A challenge that the caller has just signed with the key of their account.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Proof {
    tron_address: Address,
    message: String,
    signature: String,
}

impl Proof {
    /// The same, as it came in with this request.
    pub(super) fn answer(self, app: &App, head: &Head) -> Result<Answer, Problem> {
        answer(app, head, self.tron_address, self.message, self.signature, None)
    }
}

/// Erase the caller's own account.
pub(super) async fn erase_own(
    app: Arc<App>,
    request: Request<Principal, Proof>,
) -> Result<NoContent, Problem> {
    let answer = request.body.answer(&app, &request.head)?;
    app.service.erase_own(&request.caller, answer).await?;
    Ok(NoContent)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefreshRequest {
    #[schemars(with = "String")]
    refresh_token: Zeroizing<String>,
}

/// Exchange a refresh token for the next pair.
pub(super) async fn refresh(
    app: Arc<App>,
    request: Request<(), RefreshRequest>,
) -> Result<TokensBody, Problem> {
    let origin = request.head.origin(&app.settings)?;
    // A malformed token is as unknown as one that was never given.
    let token: RefreshToken = request.body.refresh_token.parse().map_err(|_| Error::RefreshTokenUnknown)?;
    let session = app.service.session_of(&token)?;
    app.quotas.count_session(&request.head, session, app.clock.now())?;
    Ok(app.service.refresh(token, &origin, request.head.client_info()).await?.into())
}

#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct LogoutRequest {
    #[serde(default)]
    logout_all_sessions: bool,
}

/// How many sessions ended.
#[derive(Serialize, JsonSchema)]
pub(super) struct LogoutReply {
    sessions_revoked: usize,
}

/// End the caller's session, or all of theirs.
pub(super) async fn logout(
    app: Arc<App>,
    request: Request<Principal, Option<LogoutRequest>>,
) -> Result<LogoutReply, Problem> {
    let LogoutRequest { logout_all_sessions } = request.body.unwrap_or_default();
    let client = request.head.client_info();
    let sessions_revoked = app.service.sign_out(&request.caller, logout_all_sessions, client).await?;
    Ok(LogoutReply { sessions_revoked })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VerifyRequest {
    #[schemars(with = "String")]
    token: Zeroizing<String>,
}

/// Whom a token speaks for, now.
#[derive(Serialize, JsonSchema)]
pub(super) struct VerifyReply {
    valid: bool,
    user_id: UserId,
    tron_address: Address,
    role: Role,
    permissions: Vec<Permission>,
    session_id: SessionId,
    jti: String,
    /// Unix seconds, as in the token.
    exp: u64,
}

/// Tell whom a token speaks for: the one in the body, or else the bearer's.
pub(super) async fn verify(
    app: Arc<App>,
    request: Request<Option<Zeroizing<String>>, Option<VerifyRequest>>,
) -> Result<VerifyReply, Problem> {
    let token = request.body.map(|body| body.token).or(request.caller);
    let token = token.ok_or_else(|| Problem::new(Code::TokenMissing))?;
    let Principal { user, session, claims } = app.authenticate(&request.head, &token).await?;
    Ok(VerifyReply {
        valid: true,
        user_id: user.id,
        tron_address: claims.tron_address,
        role: user.role,
        permissions: user.role.permissions().collect(),
        session_id: session.session.id,
        jti: claims.jti,
        exp: claims.exp,
    })
}

/// The same for `GET`, whose body means nothing.
pub(super) async fn verify_bearer(
    app: Arc<App>,
    request: Request<Option<Zeroizing<String>>, ()>,
) -> Result<VerifyReply, Problem> {
    let Request { caller, target, head, .. } = request;
    verify(app, Request { caller, body: None, target, head }).await
}

/// How the caller stands. Lengths of time are seconds.
#[derive(Serialize, JsonSchema)]
pub(super) struct StatusReply {
    user: UserBody,
    session: SessionBody,
    access_token_expires_in: u64,
    session_expires_in: u64,
}

/// Tell the caller who they are and until when.
pub(super) async fn status(app: Arc<App>, request: Request<Principal, ()>) -> Result<StatusReply, Problem> {
    let left = app.service.status(&request.caller);
    let Principal { user, session, .. } = request.caller;
    Ok(StatusReply {
        user: user.into(),
        session: SessionBody::new(&session, session.session.id),
        access_token_expires_in: left.access_left.as_secs(),
        session_expires_in: left.session_left.as_secs(),
    })
}
