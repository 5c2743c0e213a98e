//! The JSON of replies that more than one route gives.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    domain::{
        id::{SessionId, UserId},
        profile::{AvatarUrl, DisplayName, Email, Metadata},
        role::Role,
        timestamp::Timestamp,
        user::User,
        wallet::{Address, WalletType},
    },
    service::TokenPair,
    store::LiveSession,
};

/// A user, as they and admins see them.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "User")]
pub(super) struct UserBody {
    user_id: UserId,
    tron_address: Address,
    role: Role,
    display_name: Option<DisplayName>,
    email: Option<Email>,
    avatar_url: Option<AvatarUrl>,
    metadata: Metadata,
    locked: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
    last_login_at: Option<Timestamp>,
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        Self {
            user_id: user.id,
            tron_address: user.address,
            role: user.role,
            display_name: user.profile.display_name,
            email: user.profile.email,
            avatar_url: user.profile.avatar_url,
            metadata: user.profile.metadata,
            locked: user.locked_at.is_some(),
            created_at: user.created_at,
            updated_at: user.updated_at,
            last_login_at: user.last_login_at,
        }
    }
}

/// A session, as its user sees it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Session")]
pub(super) struct SessionBody {
    id: SessionId,
    created_at: Timestamp,
    last_activity_at: Timestamp,
    expires_at: Timestamp,
    ip: IpAddr,
    user_agent: String,
    wallet_type: WalletType,
    tron_address: Address,
    /// Whether the request was made in it.
    current: bool,
}

impl SessionBody {
    pub(super) fn new(live: &LiveSession, current: SessionId) -> Self {
        let session = &live.session;
        Self {
            id: session.id,
            created_at: session.created_at,
            last_activity_at: live.last_activity(),
            expires_at: session.expires_at,
            ip: session.ip,
            user_agent: session.user_agent.to_string(),
            wallet_type: session.wallet_type,
            tron_address: session.address,
            current: session.id == current,
        }
    }
}

/// The pair of tokens that a sign-in or a refresh gives ([RFC 6749 §5.1]). Lengths of time are seconds.
///
/// [RFC 6749 §5.1]: https://www.rfc-editor.org/rfc/rfc6749#section-5.1
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Tokens")]
pub(super) struct TokensBody {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    /// Absent if it is in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    refresh_token: Option<String>,
    refresh_expires_in: u64,
    session_id: SessionId,
    user: UserBody,
}

impl TokensBody {
    /// For a browser that has the refresh token in a cookie.
    pub(super) fn without_refresh_token(pair: TokenPair) -> Self {
        Self { refresh_token: None, ..pair.into() }
    }
}

impl From<TokenPair> for TokensBody {
    fn from(pair: TokenPair) -> Self {
        Self {
            access_token: pair.access_token.to_string(),
            token_type: "Bearer",
            expires_in: pair.access_lifetime.as_secs(),
            refresh_token: Some(pair.refresh_token.to_text().to_string()),
            refresh_expires_in: pair.refresh_lifetime.as_secs(),
            session_id: pair.session.id,
            user: pair.user.into(),
        }
    }
}
