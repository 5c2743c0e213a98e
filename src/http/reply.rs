//! What handlers give back.

use hyper::{
    StatusCode,
    body::Bytes,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, LOCATION, VARY},
};
use serde::Serialize;

use super::{problem::Problem, security};

/// A response with its whole body.
pub type Response = hyper::Response<Bytes>;

/// Something that a handler may give back. Everything that serialises is: as JSON, 200, never stored by anyone.
pub trait Reply: Send {
    /// The response.
    ///
    /// # Errors
    ///
    /// [`Problem`] if it cannot be written.
    fn into_response(self) -> Result<Response, Problem>;
}

impl<T: Serialize + Send> Reply for T {
    fn into_response(self) -> Result<Response, Problem> {
        let body = serde_json::to_vec(&self).map_err(Problem::internal)?;
        let mut response = respond(StatusCode::OK, "application/json", body);
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }
}

/// Another reply with another status, such as 201.
#[derive(Debug)]
pub struct WithStatus<R>(pub StatusCode, pub R);

impl<R: Reply> Reply for WithStatus<R> {
    fn into_response(self) -> Result<Response, Problem> {
        let mut response = self.1.into_response()?;
        *response.status_mut() = self.0;
        Ok(response)
    }
}

/// Another reply, which caches may keep for so many seconds.
#[derive(Debug)]
pub struct CachedFor<R>(pub u32, pub R);

impl<R: Reply> Reply for CachedFor<R> {
    fn into_response(self) -> Result<Response, Problem> {
        let mut response = self.1.into_response()?;
        let value =
            HeaderValue::try_from(format!("public, max-age={}", self.0)).map_err(Problem::internal)?;
        response.headers_mut().insert(CACHE_CONTROL, value);
        Ok(response)
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
}

/// 204: done, and there is nothing to say.
#[derive(Debug)]
pub struct NoContent;

impl Reply for NoContent {
    fn into_response(self) -> Result<Response, Problem> {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NO_CONTENT;
        Ok(response)
    }
}

/// Plain text.
#[derive(Debug)]
pub struct Text(pub String);

impl Reply for Text {
    fn into_response(self) -> Result<Response, Problem> {
        Ok(respond(StatusCode::OK, "text/plain; charset=utf-8", self.0))
    }
}

/// A page made here. Whoever makes it escapes what others wrote.
#[derive(Debug)]
pub struct Html(pub String);

impl Reply for Html {
    fn into_response(self) -> Result<Response, Problem> {
        let mut response = respond(StatusCode::OK, "text/html; charset=utf-8", self.0);
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, security::PAGE_POLICY);
        Ok(response)
    }
}

/// 303: read that address instead.
#[derive(Debug)]
pub struct Redirect(pub String);

impl Reply for Redirect {
    fn into_response(self) -> Result<Response, Problem> {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::SEE_OTHER;
        response.headers_mut().insert(LOCATION, HeaderValue::try_from(self.0).map_err(Problem::internal)?);
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }
}

/// A response of `status` with `body`, which is of `media_type`.
pub(super) fn respond(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
