//! `/auth`: from a signed challenge to tokens, and back to none.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    app::App,
    bearer::Bearer,
    bodies::{SessionBody, TokensBody, UserBody},
    code::Code,
    cookie_session::{TokenDelivery, WithCookies, clear, clear_sent, deliver},
    cookies::Cookie,
    problem::Problem,
    reply::{Created, NoContent},
    request::{Head, Request},
    same_origin,
    written::Written,
};
use crate::{
    domain::{
        claims::Claims,
        id::{SessionId, UserId},
        origin::Origin,
        permission::Permission,
        profile::{DisplayName, Email, Profile},
        refresh_token::RefreshToken,
        role::Role,
        user::User,
        wallet::{Address, Device},
    },
    service::{Answer, Error, Principal, Registration, TokenPair},
};

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
    #[serde(default)]
    token_delivery: TokenDelivery,
}

/// Exchange a signed challenge for tokens.
pub(super) async fn login(
    app: Arc<App>,
    request: Request<(), LoginRequest>,
) -> Result<WithCookies<TokensBody>, Problem> {
    let LoginRequest { tron_address, message, signature, hardware_wallet, token_delivery } = request.body;
    let answer = answer(&app, &request.head, tron_address, message, signature, hardware_wallet)?;
    let origin = answer.origin.clone();
    if token_delivery == TokenDelivery::Cookie {
        // Else another site could sign this browser in as somebody else, without a word.
        same_origin::require(&request.head.headers, &origin)?;
    }
    deliver(&app, app.service.sign_in(answer).await?, token_delivery, &origin)
}

/// A signed challenge, as it came in.
pub(super) fn answer(
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
) -> Result<WithCookies<NoContent>, Problem> {
    let answer = request.body.answer(&app, &request.head)?;
    app.service.erase_own(&request.caller, answer).await?;
    Ok(WithCookies { reply: NoContent, cookies: clear_sent(&app, &request.head)? })
}

#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RefreshRequest {
    /// Left out, the one in the cookie.
    #[schemars(with = "Option<String>")]
    refresh_token: Option<Zeroizing<String>>,
}

/// Exchange a refresh token for the next pair: the one in the body, or else in the cookie. Each way answers as it was
/// asked.
pub(super) async fn refresh(
    app: Arc<App>,
    request: Request<(), Option<RefreshRequest>>,
) -> Result<WithCookies<TokensBody>, Problem> {
    let head = &request.head;
    let origin = head.origin(&app.settings)?;
    if let Some(token) = request.body.unwrap_or_default().refresh_token {
        return deliver(&app, rotate(&app, head, &origin, &token).await?, TokenDelivery::Body, &origin);
    }
    let https = origin.is_https();
    if !Cookie::Refresh.is_sent(&head.headers, https) {
        return Err(Problem::new(Code::RefreshTokenUnknown)
            .message("There is no refresh token, neither in the body nor in a cookie. Sign in again."));
    }
    same_origin::require(&head.headers, &origin)?;
    let token = Cookie::Refresh.find(&head.headers, https).unwrap_or_default();
    match rotate(&app, head, &origin, token).await {
        Ok(pair) => deliver(&app, pair, TokenDelivery::Cookie, &origin),
        // The token will not be good again.
        Err(problem) if matches!(problem.code().status().as_u16(), 401 | 423) => {
            Err(problem.cookies(clear(&origin)?))
        }
        Err(problem) => Err(problem),
    }
}

/// Exchange the refresh token with this text.
async fn rotate(app: &App, head: &Head, origin: &Origin, text: &str) -> Result<TokenPair, Problem> {
    // A malformed token is as unknown as one that was never given.
    let token: RefreshToken = text.parse().map_err(|_| Error::RefreshTokenUnknown)?;
    let session = app.service.session_of(&token)?;
    app.quotas.count_session(head, session, app.clock.now())?;
    Ok(app.service.refresh(token, origin, head.client_info()).await?)
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
) -> Result<WithCookies<LogoutReply>, Problem> {
    let LogoutRequest { logout_all_sessions } = request.body.unwrap_or_default();
    let client = request.head.client_info();
    let sessions_revoked = app.service.sign_out(&request.caller, logout_all_sessions, client).await?;
    let cookies = clear_sent(&app, &request.head)?;
    Ok(WithCookies { reply: LogoutReply { sessions_revoked }, cookies })
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
    request: Request<Option<Bearer>, Option<VerifyRequest>>,
) -> Result<Written<VerifyReply>, Problem> {
    let given = request.body.as_ref().map(|body| body.token.as_str());
    let token = given.or(request.caller.as_ref().map(Bearer::token));
    let token = token.ok_or_else(|| Problem::new(Code::TokenMissing))?;
    let Principal { user, token, .. } = app.authenticate(&request.head, token).await?;
    Written::of(&token.told, user.role, |role| VerifyReply::new(&token.claims, role))
}

impl VerifyReply {
    fn new(claims: &Claims, role: Role) -> Self {
        Self {
            valid: true,
            user_id: claims.user_id,
            tron_address: claims.tron_address,
            role,
            permissions: role.permissions().collect(),
            session_id: claims.sid,
            jti: claims.jti.clone(),
            exp: claims.exp,
        }
    }
}

/// The same for `GET`, whose body means nothing.
pub(super) async fn verify_bearer(
    app: Arc<App>,
    request: Request<Option<Bearer>, ()>,
) -> Result<Written<VerifyReply>, Problem> {
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
        user: User::clone(&user).into(),
        session: SessionBody::new(&session, session.session.id),
        access_token_expires_in: left.access_left.as_secs(),
        session_expires_in: left.session_left.as_secs(),
    })
}
