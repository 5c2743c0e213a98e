//! What handlers give back.

use hyper::{
    StatusCode,
    body::Bytes,
    header::{
        CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue,
        LOCATION, SET_COOKIE, VARY,
    },
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::{problem::Problem, schemas::Schemas, security};
use crate::domain::redirect::Location;

/// What most bodies fit into, in bytes: to make room bit by bit costs more than to write them.
const USUAL: usize = 1024;

/// A response with its whole body.
pub type Response = hyper::Response<Bytes>;

/// Something that a handler may give back. Everything that serialises and is described is: as JSON, 200, never stored
/// by anyone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a reply",
    note = "derive `serde::Serialize` and `schemars::JsonSchema` on it"
)]
pub trait Reply: Send {
    /// The response.
    ///
    /// # Errors
    ///
    /// [`Problem`] if it cannot be written.
    fn into_response(self) -> Result<Response, Problem>;

    /// What the response can be, for the OpenAPI document.
    fn outcomes(schemas: &mut Schemas) -> Vec<Outcome>;
}

/// One thing that a response can be.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub(super) status: StatusCode,
    /// The media type, and the schema of what is of it.
    pub(super) content: Option<(&'static str, Value)>,
    /// Header fields, and the schemas of their values.
    pub(super) headers: Vec<(HeaderName, Value)>,
}

impl Outcome {
    /// A response without a body.
    pub(super) fn empty(status: StatusCode) -> Self {
        Self { status, content: None, headers: Vec::new() }
    }

    /// A 200 with this content.
    pub(super) fn ok(media_type: &'static str, schema: Value) -> Self {
        Self { content: Some((media_type, schema)), ..Self::empty(StatusCode::OK) }
    }

    /// The same with this header, in place of one of its name.
    pub(super) fn with(mut self, name: HeaderName, schema: Value) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, schema));
        self
    }

    /// The same with this value in `Cache-Control`.
    pub(super) fn cached(self, how: &str) -> Self {
        self.with(CACHE_CONTROL, json!({"const": how}))
    }
}

/// The schema of an absolute address.
pub(super) fn address() -> Value {
    json!({"type": "string", "format": "uri"})
}

/// The schema of text, such as a page.
pub(super) fn text() -> Value {
    json!({"type": "string"})
}

impl<T: Serialize + JsonSchema + Send> Reply for T {
    fn into_response(self) -> Result<Response, Problem> {
        json(&self).map(|bytes| security::json(bytes.into()))
    }

    fn outcomes(schemas: &mut Schemas) -> Vec<Outcome> {
        vec![Outcome::ok("application/json", schemas.reply::<T>()).cached("no-store")]
    }
}

/// 201: another reply, about what was made.
#[derive(Debug)]
pub struct Created<R>(pub R);

impl<R: Reply> Reply for Created<R> {
    fn into_response(self) -> Result<Response, Problem> {
        let mut response = self.0.into_response()?;
        *response.status_mut() = StatusCode::CREATED;
        Ok(response)
    }

    fn outcomes(schemas: &mut Schemas) -> Vec<Outcome> {
        let made = |outcome| Outcome { status: StatusCode::CREATED, ..outcome };
        R::outcomes(schemas).into_iter().map(made).collect()
    }
}

/// Another reply, as 200 if all is well, or else as 503.
#[derive(Debug)]
pub enum Standing<R> {
    /// All is well.
    Well(R),
    /// It is not.
    Unwell(R),
}

impl<R: Reply> Reply for Standing<R> {
    fn into_response(self) -> Result<Response, Problem> {
        match self {
            Self::Well(reply) => reply.into_response(),
            Self::Unwell(reply) => {
                let mut response = reply.into_response()?;
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                Ok(response)
            }
        }
    }

    fn outcomes(schemas: &mut Schemas) -> Vec<Outcome> {
        let well = R::outcomes(schemas);
        let unwell = |outcome| Outcome { status: StatusCode::SERVICE_UNAVAILABLE, ..outcome };
        well.clone().into_iter().chain(well.into_iter().map(unwell)).collect()
    }
}

/// Another reply, which caches may keep for so many seconds.
#[derive(Debug)]
pub struct CachedFor<const SECONDS: u32, R>(pub R);

impl<const SECONDS: u32, R> CachedFor<SECONDS, R> {
    fn how() -> String {
        format!("public, max-age={SECONDS}")
    }
}

impl<const SECONDS: u32, R: Reply> Reply for CachedFor<SECONDS, R> {
    fn into_response(self) -> Result<Response, Problem> {
        let mut response = self.0.into_response()?;
        let how = HeaderValue::try_from(Self::how()).map_err(Problem::internal)?;
        response.headers_mut().insert(CACHE_CONTROL, how);
        Ok(response)
    }

    fn outcomes(schemas: &mut Schemas) -> Vec<Outcome> {
        R::outcomes(schemas).into_iter().map(|outcome| outcome.cached(&Self::how())).collect()
    }
}

/// Another reply, which a browser saves as a file of this name instead of showing it ([RFC 6266]).
///
/// [RFC 6266]: https://www.rfc-editor.org/rfc/rfc6266
#[derive(Debug)]
pub struct Attachment<R>(pub &'static str, pub R);

impl<R: Reply> Reply for Attachment<R> {
    fn into_response(self) -> Result<Response, Problem> {
        let Self(name, reply) = self;
        let mut response = reply.into_response()?;
        let how =
            HeaderValue::try_from(format!("attachment; filename=\"{name}\"")).map_err(Problem::internal)?;
        response.headers_mut().insert(CONTENT_DISPOSITION, how);
        Ok(response)
    }

    fn outcomes(schemas: &mut Schemas) -> Vec<Outcome> {
        let how = json!({"type": "string", "pattern": "^attachment; filename="});
        let saved = |outcome: Outcome| outcome.with(CONTENT_DISPOSITION, how.clone());
        R::outcomes(schemas).into_iter().map(saved).collect()
    }
}

/// A page for a browser, or data for a program, as `Accept` asks.
#[derive(Debug)]
pub enum PageOr<P, D> {
    /// For a browser.
    Page(P),
    /// For a program.
    Data(D),
}

impl<P: Reply, D: Reply> Reply for PageOr<P, D> {
    fn into_response(self) -> Result<Response, Problem> {
        let mut response = match self {
            Self::Page(page) => page.into_response()?,
            Self::Data(data) => data.into_response()?,
        };
        response.headers_mut().append(VARY, HeaderValue::from_static("Accept"));
        Ok(response)
    }

    fn outcomes(schemas: &mut Schemas) -> Vec<Outcome> {
        let mut all = P::outcomes(schemas);
        all.extend(D::outcomes(schemas));
        all
    }
}

/// 204: done, and there is nothing to say.
#[derive(Debug)]
pub struct NoContent;

impl Reply for NoContent {
    fn into_response(self) -> Result<Response, Problem> {
        Ok(security::empty(StatusCode::NO_CONTENT))
    }

    fn outcomes(_: &mut Schemas) -> Vec<Outcome> {
        vec![Outcome::empty(StatusCode::NO_CONTENT)]
    }
}

/// Plain text.
#[derive(Debug)]
pub struct Text(pub String);

impl Reply for Text {
    fn into_response(self) -> Result<Response, Problem> {
        Ok(respond(StatusCode::OK, "text/plain; charset=utf-8", self.0))
    }

    fn outcomes(_: &mut Schemas) -> Vec<Outcome> {
        vec![Outcome::ok("text/plain; charset=utf-8", text())]
    }
}

/// A page made here. Whoever makes it escapes what others wrote.
#[derive(Debug)]
pub struct Html(pub String);

impl Reply for Html {
    fn into_response(self) -> Result<Response, Problem> {
        let mut response = respond(StatusCode::OK, "text/html; charset=utf-8", self.0);
        let headers = response.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, security::PAGE_POLICY);
        // Or caches would decide for themselves how long it is good.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }

    fn outcomes(_: &mut Schemas) -> Vec<Outcome> {
        vec![Outcome::ok("text/html; charset=utf-8", text()).cached("no-store")]
    }
}

/// 302: go there instead. Only a GET is answered so.
#[derive(Debug)]
pub struct Redirect {
    /// Where to.
    pub to: Location,
    /// A cookie to set on the way.
    pub cookie: Option<HeaderValue>,
}

impl Reply for Redirect {
    fn into_response(self) -> Result<Response, Problem> {
        let mut response = security::empty(StatusCode::FOUND);
        let headers = response.headers_mut();
        headers.insert(LOCATION, HeaderValue::try_from(self.to.as_str()).map_err(Problem::internal)?);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.extend(self.cookie.map(|cookie| (SET_COOKIE, cookie)));
        Ok(response)
    }

    fn outcomes(_: &mut Schemas) -> Vec<Outcome> {
        let found = Outcome::empty(StatusCode::FOUND).with(LOCATION, address()).with(SET_COOKIE, text());
        vec![found.cached("no-store")]
    }
}

/// This as JSON.
pub(super) fn json(value: &impl Serialize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::with_capacity(USUAL);
    serde_json::to_writer(&mut bytes, value).map_err(Problem::internal)?;
    Ok(bytes)
}

/// A response of `status` with `body`, which is of `media_type`.
pub(super) fn respond(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Response {
    let mut response = security::empty(status);
    *response.body_mut() = body.into();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

#[cfg(test)]
mod tests {
    use hyper::header::X_FRAME_OPTIONS;

    use super::*;

    #[test]
    fn every_reply_protects_browsers_and_a_page_has_its_own_policy_alone() {
        let page = Html(String::new()).into_response().unwrap();
        let policies = |response: &Response| {
            response.headers().get_all(CONTENT_SECURITY_POLICY).iter().cloned().collect::<Vec<_>>()
        };
        assert_eq!(policies(&page), [security::PAGE_POLICY]);
        for reply in [page, NoContent.into_response().unwrap(), "data".into_response().unwrap()] {
            assert_eq!(reply.headers().get_all(X_FRAME_OPTIONS).iter().collect::<Vec<_>>(), ["DENY"]);
            assert_eq!(policies(&reply).len(), 1);
        }
    }
}
