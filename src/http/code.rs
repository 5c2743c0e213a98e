//! Every refusal that a client can meet, with its stable number, status and advice.

use std::{borrow::Cow, fmt, str::FromStr};

use hyper::StatusCode;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// A refusal. Its number, once published, keeps its meaning.
///
/// 1001 to 1006 are what clients of the platform read already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is described by its row in the table, which is also what clients read")]
pub enum Code {
    SignatureInvalid,
    TokenExpired,
    PermissionMissing,
    HardwareWalletUnavailable,
    AccountLocked,
    RateLimited,
    ChallengeUnknown,
    ChallengeExpired,
    ChallengeUsed,
    TokenMissing,
    TokenInvalid,
    SessionEnded,
    RefreshTokenUnknown,
    RefreshTokenReused,
    AddressTaken,
    RegistrationClosed,
    PathUnknown,
    MethodNotAllowed,
    BodyTooLarge,
    BodyNotJson,
    JsonInvalid,
    FieldInvalid,
    RequestTimeout,
    HostUnknown,
    Internal,
    Unavailable,
    UserUnknown,
    SessionUnknown,
    HeadersTooLarge,
    RequestMalformed,
    LastSuperAdmin,
    OwnAccount,
    RoleTooLow,
    FreshSignatureRequired,
    AddressBound,
    TooManyWallets,
    WalletUnknown,
    NotSameOrigin,
    ReturnNotAllowed,
}

struct Row {
    code: Code,
    number: u16,
    status: StatusCode,
    title: &'static str,
    advice: &'static str,
}

const fn row(code: Code, number: u16, status: StatusCode, title: &'static str, advice: &'static str) -> Row {
    Row { code, number, status, title, advice }
}

/// In the order of [`Code`], so that a code finds its row by its place.
#[rustfmt::skip]
static TABLE: [Row; 39] = [
    row(Code::SignatureInvalid, 1001, StatusCode::UNAUTHORIZED, "Invalid TRON signature",
        "The signature was not made by this address over this message. Ask for a new challenge and sign exactly its text with the wallet of that address."),
    row(Code::TokenExpired, 1002, StatusCode::UNAUTHORIZED, "Token expired",
        "Exchange the refresh token for a new pair at /auth/refresh, then repeat the request."),
    row(Code::PermissionMissing, 1003, StatusCode::FORBIDDEN, "Insufficient permissions",
        "This needs a permission that the caller's role does not hold. An administrator can assign another role."),
    row(Code::HardwareWalletUnavailable, 1004, StatusCode::CONFLICT, "Hardware wallet unavailable",
        "The hardware wallet is not known or not offered here. Connect it first, or use another wallet."),
    row(Code::AccountLocked, 1005, StatusCode::LOCKED, "Account locked",
        "Too many sign-ins failed, or an administrator locked the account. Wait for the seconds in Retry-After, or ask an administrator."),
    row(Code::RateLimited, 1006, StatusCode::TOO_MANY_REQUESTS, "Rate limit exceeded",
        "Wait for the seconds in Retry-After, then repeat the request."),
    row(Code::ChallengeUnknown, 1010, StatusCode::UNAUTHORIZED, "Unknown challenge",
        "This service did not make this message for this address, or was restarted since. Ask for a new challenge at /auth/challenge."),
    row(Code::ChallengeExpired, 1011, StatusCode::UNAUTHORIZED, "Challenge expired",
        "Ask for a new challenge at /auth/challenge and sign it in time."),
    row(Code::ChallengeUsed, 1012, StatusCode::UNAUTHORIZED, "Challenge already used",
        "A challenge is good once. Ask for a new one at /auth/challenge."),
    row(Code::TokenMissing, 1013, StatusCode::UNAUTHORIZED, "No token",
        "Sign in, then send the access token as 'Authorization: Bearer <token>'."),
    row(Code::TokenInvalid, 1014, StatusCode::UNAUTHORIZED, "Invalid token",
        "This is not an access token of this service. Sign in again."),
    row(Code::SessionEnded, 1015, StatusCode::UNAUTHORIZED, "Session ended",
        "The session was signed out or revoked. Sign in again."),
    row(Code::RefreshTokenUnknown, 1016, StatusCode::UNAUTHORIZED, "Unknown refresh token",
        "The refresh token is not of a living session. Sign in again."),
    row(Code::RefreshTokenReused, 1017, StatusCode::UNAUTHORIZED, "Refresh token used twice",
        "A refresh token is good once. Its second use ended the session, because one of the two users may be a thief. Sign in again."),
    row(Code::AddressTaken, 1018, StatusCode::CONFLICT, "Address already registered",
        "The address has an account. Sign in at /auth/login instead."),
    row(Code::RegistrationClosed, 1019, StatusCode::FORBIDDEN, "Registration closed",
        "Only addresses that an administrator added may sign in. Ask an administrator to add yours."),
    row(Code::PathUnknown, 1020, StatusCode::NOT_FOUND, "Unknown path",
        "Nothing is at this path. /openapi.json lists what is."),
    row(Code::MethodNotAllowed, 1021, StatusCode::METHOD_NOT_ALLOWED, "Method not allowed",
        "The Allow header lists the methods of this path."),
    row(Code::BodyTooLarge, 1022, StatusCode::PAYLOAD_TOO_LARGE, "Body too large",
        "Send a shorter body; no request of this service needs one so long."),
    row(Code::BodyNotJson, 1023, StatusCode::UNSUPPORTED_MEDIA_TYPE, "Body not declared as JSON",
        "Send the body as JSON with 'Content-Type: application/json'."),
    row(Code::JsonInvalid, 1024, StatusCode::BAD_REQUEST, "Invalid JSON",
        "The body is not JSON (RFC 8259) in UTF-8."),
    row(Code::FieldInvalid, 1025, StatusCode::UNPROCESSABLE_ENTITY, "Invalid field",
        "A field is missing, unknown, of the wrong type or out of range; details.field names it."),
    row(Code::RequestTimeout, 1026, StatusCode::REQUEST_TIMEOUT, "Request took too long",
        "The body did not arrive in time. Repeat the request."),
    row(Code::HostUnknown, 1027, StatusCode::MISDIRECTED_REQUEST, "Unknown host",
        "This service does not know that browsers reach it under this host. Its operator sets PUBLIC_URL to say so."),
    row(Code::Internal, 1028, StatusCode::INTERNAL_SERVER_ERROR, "Internal error",
        "The service failed. Its log has the cause under this request id."),
    row(Code::Unavailable, 1029, StatusCode::SERVICE_UNAVAILABLE, "Unavailable",
        "The service cannot do this now. Repeat the request later."),
    row(Code::UserUnknown, 1030, StatusCode::NOT_FOUND, "Unknown user",
        "No user has this identifier."),
    row(Code::SessionUnknown, 1031, StatusCode::NOT_FOUND, "Unknown session",
        "No living session has this identifier."),
    row(Code::HeadersTooLarge, 1032, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "Headers too large",
        "Send fewer and shorter header fields, and a shorter path."),
    row(Code::RequestMalformed, 1033, StatusCode::BAD_REQUEST, "Malformed request",
        "The request is not well-formed HTTP/1.1 (RFC 9112)."),
    row(Code::LastSuperAdmin, 1034, StatusCode::CONFLICT, "Last SUPER_ADMIN",
        "Nobody could give out roles any more. Make another SUPER_ADMIN first."),
    row(Code::OwnAccount, 1040, StatusCode::FORBIDDEN, "Own account",
        "Nobody changes their own role, or locks or erases themselves here. Another administrator can."),
    row(Code::RoleTooLow, 1041, StatusCode::FORBIDDEN, "Role too low",
        "The user, or the role to grant, is above the caller's own role."),
    row(Code::FreshSignatureRequired, 1042, StatusCode::FORBIDDEN, "Fresh signature required",
        "Who is SUPER_ADMIN, and another wallet for an account, take more than a token. Ask for a challenge for your own address at /auth/challenge, sign it, and repeat the request with {tron_address, message, signature} as its member 'proof'."),
    row(Code::AddressBound, 1050, StatusCode::CONFLICT, "Address already bound",
        "An address belongs to one account, as its own or as one of its hardware wallets. Disconnect it there first."),
    row(Code::TooManyWallets, 1051, StatusCode::CONFLICT, "Too many hardware wallets",
        "The account has as many hardware wallets as it may have. Disconnect one first."),
    row(Code::WalletUnknown, 1052, StatusCode::NOT_FOUND, "Unknown hardware wallet",
        "No hardware wallet of the caller has this identifier. GET /hw lists them."),
    row(Code::NotSameOrigin, 1065, StatusCode::FORBIDDEN, "Not this service's own page",
        "With cookies, only this service's own pages may ask this. Other programs and pages send tokens instead."),
    row(Code::ReturnNotAllowed, 1066, StatusCode::FORBIDDEN, "Return address not allowed",
        "Browsers are sent back only to this service's own origin and to those that its operator lists in ALLOWED_REDIRECT_ORIGINS, each exactly: scheme, host and port."),
];

impl Code {
    /// Every code, by number.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.code)
    }

    /// The number after `LUCID_AUTH_`.
    #[must_use]
    pub fn number(self) -> u16 {
        self.row().number
    }

    /// The status of a response that carries it.
    #[must_use]
    pub fn status(self) -> StatusCode {
        self.row().status
    }

    /// What it is, in a few words that do not change from case to case.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.row().title
    }

    /// What happened, and what to do.
    #[must_use]
    pub fn advice(self) -> &'static str {
        self.row().advice
    }

    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LUCID_AUTH_{}", self.number())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Code {
    fn schema_name() -> Cow<'static, str> {
        "Code".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let listed: Vec<_> = Self::all().map(|code| format!("- `{code}`: {}", code.title())).collect();
        let names: Vec<_> = Self::all().map(|code| code.to_string()).collect();
        let description = format!("A refusal. Its number keeps its meaning.\n\n{}", listed.join("\n"));
        json_schema!({"type": "string", "description": description, "enum": names})
    }
}

/// The text is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a code such as LUCID_AUTH_1001")]
pub struct CodeError;

impl FromStr for Code {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::all().find(|code| code.to_string() == text).ok_or(CodeError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_finds_its_own_row_and_no_number_is_given_twice() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.code as usize, index, "{}", row.title);
            assert_eq!(row.code.to_string().parse(), Ok(row.code));
            assert!(index == 0 || TABLE[index - 1].number < row.number, "{}", row.number);
            assert!(row.status.is_client_error() || row.status.is_server_error());
        }
    }

    #[test]
    fn what_clients_of_the_platform_read_stays() {
        let published = [
            (Code::SignatureInvalid, 1001, 401),
            (Code::TokenExpired, 1002, 401),
            (Code::PermissionMissing, 1003, 403),
            (Code::HardwareWalletUnavailable, 1004, 409),
            (Code::AccountLocked, 1005, 423),
            (Code::RateLimited, 1006, 429),
        ];
        for (code, number, status) in published {
            assert_eq!((code.number(), code.status().as_u16()), (number, status), "{code}");
        }
    }
}
