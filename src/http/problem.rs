//! Refusals as they are sent: problems of RFC 9457.

use std::{fmt, time::Duration};

use hyper::{
    HeaderMap,
    body::{Body as _, Incoming},
    header::{CACHE_CONTROL, CONNECTION, HeaderName, HeaderValue, RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    code::Code,
    reply::{Response, respond},
    request_id::RequestId,
};
use crate::{
    domain::{authority::AuthorityError, challenge::ChallengeError, timestamp::Timestamp},
    service,
};

/// When to come back to an account that an admin locked: it has no end that is known.
const LOCKED: Duration = Duration::from_secs(3600);
/// When to come back to a database that failed.
const UNAVAILABLE: Duration = Duration::from_secs(5);

/// Why a request was refused: a [`Code`], and what is known of this case.
// Boxed, because every handler carries one in its result.
pub struct Problem(Box<Case>);

struct Case {
    code: Code,
    message: String,
    details: Map<String, Value>,
    headers: HeaderMap,
    cause: Option<String>,
}

impl Problem {
    /// A refusal with the code's own advice for a message.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self(Box::new(Case {
            code,
            message: code.advice().to_owned(),
            details: Map::new(),
            headers: HeaderMap::new(),
            cause: None,
        }))
    }

    /// A failure of ours. `cause` goes to the log, never to the client.
    #[must_use]
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::new(Code::Internal).because(cause)
    }

    /// Say why, to the log only.
    #[must_use]
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    /// The field at `path` of the body is not what was `expected`.
    #[must_use]
    pub fn field(path: &str, expected: &str) -> Self {
        Self::new(Code::FieldInvalid)
            .message(format!("The field '{path}' is refused: expected {expected}."))
            .detail("field", path)
            .detail("expected", expected)
    }

    /// Say `message` to the person, instead of the code's own advice.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.0.message = message.into();
        self
    }

    /// Add a member to `details`.
    #[must_use]
    pub fn detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.details.insert(name.to_owned(), value.into());
        self
    }

    /// Say when to come back: `Retry-After`, rounded up to a whole second.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.header(RETRY_AFTER, seconds.into())
    }

    /// Say that the connection ends with this response, because the rest of the request is not read.
    #[must_use]
    pub(super) fn close(self) -> Self {
        self.header(CONNECTION, HeaderValue::from_static("close"))
    }

    /// The request is refused on its head alone: if there is more of it, say that the connection ends.
    #[must_use]
    pub(super) fn without_reading(self, body: &Incoming) -> Self {
        if body.is_end_stream() { self } else { self.close() }
    }

    /// Add a header to the response.
    #[must_use]
    pub(super) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// Set or clear these cookies.
    #[must_use]
    pub(super) fn cookies(mut self, cookies: Vec<HeaderValue>) -> Self {
        for cookie in cookies {
            self.0.headers.append(SET_COOKIE, cookie);
        }
        self
    }

    /// Which refusal it is.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What the log should say of a failure of ours.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The response: `application/problem+json` with the member `error` that clients of the platform read.
    pub(super) fn into_response(self, request_id: &RequestId, now: Timestamp) -> Response {
        let Case { code, message, details, headers, cause: _ } = *self.0;
        let request_id = request_id.to_string();
        let body = Body {
            kind: format!("/problems/{code}"),
            title: code.title(),
            status: code.status().as_u16(),
            error: Member { code, message: &message, details, request_id: &request_id, timestamp: now },
        };
        // Its parts are texts, numbers and JSON; there is nothing in it that cannot be written.
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = respond(code.status(), "application/problem+json", body);
        response.headers_mut().extend(headers);
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = challenge(code) {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

/// The body of a problem, in the order of RFC 9457.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(super) struct Body<'a> {
    /// Where the refusal is explained.
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    error: Member<'a>,
}

/// The extension member that clients of the platform read.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ProblemError")]
struct Member<'a> {
    code: Code,
    /// For people.
    message: &'a str,
    /// What is known of this case, such as the `field` that is refused.
    details: Map<String, Value>,
    /// As in `X-Request-Id`.
    request_id: &'a str,
    timestamp: Timestamp,
}

/// What a 401 says of how to authenticate ([RFC 6750 §3]): `error` only if the access token was given and is bad.
///
/// [RFC 6750 §3]: https://www.rfc-editor.org/rfc/rfc6750#section-3
fn challenge(code: Code) -> Option<&'static str> {
    match code {
        Code::TokenExpired => {
            Some(r#"Bearer realm="lucid-auth", error="invalid_token", error_description="the token expired""#)
        }
        Code::TokenInvalid => Some(
            r#"Bearer realm="lucid-auth", error="invalid_token", error_description="the token is not valid""#,
        ),
        Code::SessionEnded => {
            Some(r#"Bearer realm="lucid-auth", error="invalid_token", error_description="the session ended""#)
        }
        code if code.status() == hyper::StatusCode::UNAUTHORIZED => Some(r#"Bearer realm="lucid-auth""#),
        _ => None,
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Problem({}: {})", self.0.code, self.0.message)
    }
}

impl From<service::Error> for Problem {
    fn from(error: service::Error) -> Self {
        use service::Error;
        let message = error.to_string();
        let code = match error {
            Error::Challenge(ChallengeError::Unknown) => Code::ChallengeUnknown,
            Error::Challenge(ChallengeError::Expired) => Code::ChallengeExpired,
            Error::ChallengeUsed => Code::ChallengeUsed,
            Error::Signature(_) => {
                return Self::new(Code::SignatureInvalid).message(message).detail("field", "signature");
            }
            Error::TokenInvalid => Code::TokenInvalid,
            Error::TokenExpired(_) => Code::TokenExpired,
            Error::SessionEnded => Code::SessionEnded,
            Error::RefreshTokenUnknown => Code::RefreshTokenUnknown,
            Error::RefreshTokenReused => Code::RefreshTokenReused,
            Error::AccountLocked => {
                return Self::new(Code::AccountLocked)
                    .detail("locked_by", "administrator")
                    .retry_after(LOCKED);
            }
            Error::PermissionMissing(permission) => {
                return Self::new(Code::PermissionMissing)
                    .message(message)
                    .detail("permission", permission.name());
            }
            Error::Authority(AuthorityError::OwnAccount) => Code::OwnAccount,
            Error::Authority(AuthorityError::Above(_)) => Code::RoleTooLow,
            // How to sign stands in the code's own advice.
            Error::Authority(AuthorityError::FreshSignatureRequired) => {
                return Self::new(Code::FreshSignatureRequired);
            }
            Error::AddressTaken => Code::AddressTaken,
            Error::RegistrationClosed => Code::RegistrationClosed,
            Error::UserUnknown => Code::UserUnknown,
            Error::SessionUnknown => Code::SessionUnknown,
            Error::WalletUnknown => Code::WalletUnknown,
            Error::WalletSwitchedOff(kind) => {
                return Self::new(Code::HardwareWalletUnavailable)
                    .message(message)
                    .detail("type", kind.name());
            }
            Error::AddressBound(_) => Code::AddressBound,
            Error::TooManyWallets(_) => Code::TooManyWallets,
            Error::LastSuperAdmin => Code::LastSuperAdmin,
            Error::Store(cause) => {
                return Self::new(Code::Unavailable).because(cause).retry_after(UNAVAILABLE);
            }
            Error::SignInLocked(left) => {
                return Self::new(Code::AccountLocked)
                    .message(message)
                    .detail("locked_by", "failed_sign_ins")
                    .retry_after(left);
            }
            Error::SignInSlowed(wait) => {
                return Self::new(Code::RateLimited).message(message).retry_after(wait);
            }
            Error::Internal(cause) => return Self::internal(cause),
        };
        Self::new(code).message(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(problem: Problem) -> Response {
        let id = RequestId::make(&crate::random::Random::new(|_| Ok(())));
        problem.into_response(&id, Timestamp::from_unix(1_793_000_000))
    }

    #[test]
    fn every_401_says_how_to_authenticate_and_no_other_does() {
        for code in Code::all() {
            let response = response(Problem::new(code));
            let challenge = response.headers().get(WWW_AUTHENTICATE).map(|value| value.to_str().unwrap());
            assert_eq!(challenge.is_some(), code.status().as_u16() == 401, "{code}");
            assert!(challenge.is_none_or(|text| text.starts_with("Bearer ")), "{code}");
            assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        }
    }

    #[test]
    fn a_wait_is_rounded_up() {
        for (wait, seconds) in
            [(Duration::ZERO, "0"), (Duration::from_millis(1), "1"), (Duration::from_secs(9), "9")]
        {
            let response = response(Problem::new(Code::RateLimited).retry_after(wait));
            assert_eq!(response.headers()[RETRY_AFTER], seconds);
        }
    }

    #[test]
    fn the_cause_of_a_failure_of_ours_is_not_sent() {
        let problem = Problem::internal("disk is on fire");
        assert_eq!(problem.cause(), Some("disk is on fire"));
        assert!(!format!("{:?}", response(problem)).contains("fire"));
    }
}
