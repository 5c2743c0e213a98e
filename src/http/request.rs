//! What a handler is told of a request.

use hyper::{
    HeaderMap, Method, Uri,
    header::{ACCEPT, AUTHORIZATION, COOKIE, HOST, USER_AGENT},
};

use super::{
    app::Settings, client::Client, code::Code, problem::Problem, quotas::Counted, request_id::RequestId,
    route::Quota,
};
use crate::domain::{
    self,
    client::UserAgent,
    origin::{Origin, OriginError},
};

/// A request that was admitted and read.
///
/// What a handler takes and gives is described to clients by its types, so a body without a schema does not compile:
///
/// ```
/// use std::sync::Arc;
/// use lucid_auth::http::{App, Problem, Request, route::{Public, Quota, Route, post}};
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Body {}
///
/// async fn take(_: Arc<App>, _: Request<(), Body>) -> Result<(), Problem> {
///     Ok(())
/// }
/// let row: Route = post("take", "/take", Public, Quota::Write, take, "Take something");
/// ```
///
/// ```compile_fail
/// use std::sync::Arc;
/// use lucid_auth::http::{App, Problem, Request, route::{Public, Quota, Route, post}};
///
/// #[derive(serde::Deserialize)]
/// struct Body {}
///
/// async fn take(_: Arc<App>, _: Request<(), Body>) -> Result<(), Problem> {
///     Ok(())
/// }
/// let row: Route = post("take", "/take", Public, Quota::Write, take, "Take something");
/// ```
///
/// `C` is who calls: `()` in a public row of the table, else a [`Principal`](crate::service::Principal). `B` is the
/// body, parsed. `T` is what the [target](super::target::Target) says, parsed.
#[derive(Debug)]
pub struct Request<C, B, T = ()> {
    /// Who calls.
    pub caller: C,
    /// What they sent.
    pub body: B,
    /// What they named.
    pub target: T,
    /// All that came before the body.
    pub head: Box<Head>,
}

/// All of a request but its body.
#[derive(Debug)]
pub struct Head {
    /// The method, in capitals.
    pub method: Method,
    /// The target.
    pub uri: Uri,
    /// The header fields.
    pub headers: HeaderMap,
    /// Where it came from.
    pub client: Client,
    /// Its name in the log.
    pub request_id: RequestId,
    /// How often such a request may come.
    pub(super) quota: Quota,
    /// What it was counted against.
    pub(super) counted: Counted,
    /// The part of the path that varies, if one does.
    pub(super) variable: Option<String>,
}

impl Head {
    /// Who is at the other end, for the session and the audit log.
    #[must_use]
    pub fn client_info(&self) -> domain::client::Client {
        let agent = self.headers.get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
        domain::client::Client {
            ip: self.client.address,
            user_agent: agent.map(|text| UserAgent::from_header(&text)).unwrap_or_default(),
            request_id: self.request_id.to_string(),
        }
    }

    /// Whether something is there that may prove who calls.
    pub(super) fn brings_token(&self) -> bool {
        self.headers.contains_key(AUTHORIZATION) || self.headers.contains_key(COOKIE)
    }

    /// Whether the client names `media_type` among what it takes.
    #[must_use]
    pub fn accepts(&self, media_type: &str) -> bool {
        let listed = |text: &str| text.split(',').any(|part| names(part, media_type));
        self.headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).any(listed)
    }

    /// Where browsers see this service: `PUBLIC_URL`, or else what the request calls it.
    ///
    /// # Errors
    ///
    /// [`Code::HostUnknown`] if the request calls it by a name that any site's owner could have led here: such a
    /// name must not come to stand in a message to sign because a stranger said so.
    pub fn origin(&self, settings: &Settings) -> Result<Origin, Problem> {
        if let Some(origin) = &settings.public_url {
            return Ok(origin.clone());
        }
        let unknown = |why: &str| {
            Problem::new(Code::HostUnknown).message(format!(
                "{why} If browsers should reach this service so, its operator sets PUBLIC_URL, for example \
                 PUBLIC_URL=https://auth.example.org."
            ))
        };
        let authority = self.authority().map_err(Problem::new)?;
        let authority = authority.ok_or_else(|| unknown("The request names no host."))?;
        match Origin::from_authority(self.client.https, authority) {
            Ok(origin) if origin.is_private() => Ok(origin),
            Ok(_) => Err(unknown("This service was not told that it has this public name or address.")),
            Err(OriginError::TooLong) => Err(unknown("The host name is too long for a wallet to show.")),
            Err(OriginError::Form) => Err(Problem::new(Code::RequestMalformed)),
        }
    }

    /// The host and port that the request is for: of an absolute target, or else of `Host` (RFC 9112 §3.2.2).
    ///
    /// # Errors
    ///
    /// [`Code::RequestMalformed`] if `Host` is there twice or is no host.
    pub(super) fn authority(&self) -> Result<Option<&str>, Code> {
        let mut values = self.headers.get_all(HOST).iter();
        let host = match (values.next(), values.next()) {
            (None, _) => None,
            (Some(value), None) => Some(value.to_str().map_err(|_| Code::RequestMalformed)?),
            (Some(_), Some(_)) => return Err(Code::RequestMalformed),
        };
        let authority = self.uri.authority().map(hyper::http::uri::Authority::as_str).or(host);
        if authority.is_none_or(Origin::is_authority) { Ok(authority) } else { Err(Code::RequestMalformed) }
    }
}

/// Whether this part of an `Accept` is `media_type` with a weight over zero.
fn names(part: &str, media_type: &str) -> bool {
    let mut pieces = part.split(';').map(str::trim);
    pieces.next().is_some_and(|name| name.eq_ignore_ascii_case(media_type))
        && !pieces.any(|piece| {
            piece.strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok()).is_some_and(|w| w <= 0.0)
        })
}
