//! What an access token says.

use serde::{Deserialize, Serialize};

use super::{
    id::{SessionId, UserId},
    role::Role,
    wallet::Address,
};

/// The claims of an access token: the names of [RFC 9068 §2.2], and those that clients of the platform already read.
///
/// Times are Unix seconds ([RFC 7519 §2] `NumericDate`).
///
/// [RFC 9068 §2.2]: https://www.rfc-editor.org/rfc/rfc9068#section-2.2
/// [RFC 7519 §2]: https://www.rfc-editor.org/rfc/rfc7519#section-2
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it: the origin of this service, or what is configured.
    pub iss: String,
    /// Whom it speaks of: the user's identifier.
    pub sub: UserId,
    /// Whom it is meant for, if that is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
    /// From when on it is no longer valid.
    pub exp: u64,
    /// From when on it is valid.
    pub nbf: u64,
    /// When it was issued.
    pub iat: u64,
    /// What tells it from every other token.
    pub jti: String,
    /// The session that it belongs to.
    pub sid: SessionId,
    /// The same as `sub`.
    pub user_id: UserId,
    /// The address of the account, whichever of its wallets signed in.
    pub tron_address: Address,
    /// The role at the time of issue.
    pub role: Role,
    /// What kind of token it is.
    #[serde(rename = "type")]
    pub kind: TokenKind,
}

/// The kind of a token: there is one that is a JWT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenKind {
    /// Shown to services with each request.
    Access,
}
