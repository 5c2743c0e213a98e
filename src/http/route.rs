//! A row of the route table: what can be asked, by whom, and who answers.

use std::{pin::Pin, sync::Arc};

use hyper::{Method, body::Incoming};
use serde::de::DeserializeOwned;

use super::{
    app::App,
    body,
    code::Code,
    problem::Problem,
    reply::{Reply, Response},
    request::{Head, Request},
};
use crate::{domain::permission::Permission, service::Principal};

/// What can be asked, by whom, and who answers.
pub struct Route {
    /// The name of the operation in the OpenAPI document.
    pub operation: &'static str,
    /// The method. A `GET` answers `HEAD` too.
    pub method: Method,
    /// The path, with `{names}` for its variable parts. It is served under `/api/v1` too.
    pub path: &'static str,
    /// Who may call.
    pub access: Grant,
    /// How often.
    pub quota: Quota,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// The refusals to expect, besides those common to all.
    pub fails: &'static [Code],
    pub(super) handler: Handler,
}

pub(super) type Handler = Box<dyn Fn(Arc<App>, Head, Incoming) -> Answer + Send + Sync>;
pub(super) type Answer = Pin<Box<dyn Future<Output = Result<Response, Problem>> + Send>>;

impl Route {
    /// Say which refusals to expect.
    #[must_use]
    pub fn fails(mut self, codes: &'static [Code]) -> Self {
        self.fails = codes;
        self
    }
}

/// How often a caller may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    /// As often as they like.
    Unlimited,
    /// What signing in takes.
    SignIn,
    /// What reading takes.
    Read,
    /// What changing takes.
    Write,
}

/// Who may call, as a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// Anyone.
    Public,
    /// Whoever is signed in.
    SignedIn,
    /// Whoever holds this permission.
    Holds(Permission),
}

/// Who may call, as a type: it decides what a handler knows of its caller, so that one that wants to know cannot
/// stand in a public row.
///
/// ```
/// use std::sync::Arc;
/// use lucid_auth::{http::{App, Problem, Request, route::{Public, Quota, SignedIn, get}}, service::Principal};
///
/// async fn whoami(_: Arc<App>, request: Request<Principal, ()>) -> Result<String, Problem> {
///     Ok(request.caller.user.address.to_string())
/// }
/// get("whoami", "/whoami", SignedIn, Quota::Read, whoami, "Tell who calls");
/// ```
///
/// ```compile_fail
/// use std::sync::Arc;
/// use lucid_auth::{http::{App, Problem, Request, route::{Public, Quota, SignedIn, get}}, service::Principal};
///
/// async fn whoami(_: Arc<App>, request: Request<Principal, ()>) -> Result<String, Problem> {
///     Ok(request.caller.user.address.to_string())
/// }
/// get("whoami", "/whoami", Public, Quota::Read, whoami, "Tell who calls");
/// ```
pub trait Access: Copy + Send + Sync + 'static {
    /// What the handler is given.
    type Caller: Send;

    /// The same as a value.
    fn grant(self) -> Grant;

    /// Let the caller of a request in, or not.
    fn admit(self, app: &App, head: &Head) -> impl Future<Output = Result<Self::Caller, Problem>> + Send;
}

/// Anyone may call. A token that comes along is not looked at.
#[derive(Debug, Clone, Copy)]
pub struct Public;

impl Access for Public {
    type Caller = ();

    fn grant(self) -> Grant {
        Grant::Public
    }

    async fn admit(self, _: &App, _: &Head) -> Result<(), Problem> {
        Ok(())
    }
}

/// Whoever is signed in may call.
#[derive(Debug, Clone, Copy)]
pub struct SignedIn;

impl Access for SignedIn {
    type Caller = Principal;

    fn grant(self) -> Grant {
        Grant::SignedIn
    }

    async fn admit(self, app: &App, head: &Head) -> Result<Principal, Problem> {
        let token = head.bearer()?.ok_or_else(|| Problem::new(Code::TokenMissing))?;
        Ok(app.service.authenticate(token).await?)
    }
}

/// Whoever is signed in and holds this permission may call.
#[derive(Debug, Clone, Copy)]
pub struct Holds(pub Permission);

impl Access for Holds {
    type Caller = Principal;

    fn grant(self) -> Grant {
        Grant::Holds(self.0)
    }

    async fn admit(self, app: &App, head: &Head) -> Result<Principal, Problem> {
        let caller = SignedIn.admit(app, head).await?;
        if caller.holds(self.0) {
            Ok(caller)
        } else {
            Err(Problem::new(Code::PermissionMissing).detail("permission", self.0.name()))
        }
    }
}

/// A row for `GET`: read something.
pub fn get<A, B, R, F, Fut>(
    operation: &'static str,
    path: &'static str,
    access: A,
    quota: Quota,
    handler: F,
    summary: &'static str,
) -> Route
where
    A: Access,
    B: DeserializeOwned + Send,
    R: Reply,
    F: Fn(Arc<App>, Request<A::Caller, B>) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<R, Problem>> + Send,
{
    row(Method::GET, (operation, path, summary), access, quota, handler)
}

/// A row for `POST`: do or make something.
pub fn post<A, B, R, F, Fut>(
    operation: &'static str,
    path: &'static str,
    access: A,
    quota: Quota,
    handler: F,
    summary: &'static str,
) -> Route
where
    A: Access,
    B: DeserializeOwned + Send,
    R: Reply,
    F: Fn(Arc<App>, Request<A::Caller, B>) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<R, Problem>> + Send,
{
    row(Method::POST, (operation, path, summary), access, quota, handler)
}

/// A row for `PUT`: change something.
pub fn put<A, B, R, F, Fut>(
    operation: &'static str,
    path: &'static str,
    access: A,
    quota: Quota,
    handler: F,
    summary: &'static str,
) -> Route
where
    A: Access,
    B: DeserializeOwned + Send,
    R: Reply,
    F: Fn(Arc<App>, Request<A::Caller, B>) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<R, Problem>> + Send,
{
    row(Method::PUT, (operation, path, summary), access, quota, handler)
}

/// A row for `DELETE`: end something.
pub fn delete<A, B, R, F, Fut>(
    operation: &'static str,
    path: &'static str,
    access: A,
    quota: Quota,
    handler: F,
    summary: &'static str,
) -> Route
where
    A: Access,
    B: DeserializeOwned + Send,
    R: Reply,
    F: Fn(Arc<App>, Request<A::Caller, B>) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<R, Problem>> + Send,
{
    row(Method::DELETE, (operation, path, summary), access, quota, handler)
}

/// A row whose handler is asked once the caller was admitted and the body read, in that order.
fn row<A, B, R, F, Fut>(
    method: Method,
    (operation, path, summary): (&'static str, &'static str, &'static str),
    access: A,
    quota: Quota,
    handler: F,
) -> Route
where
    A: Access,
    B: DeserializeOwned + Send,
    R: Reply,
    F: Fn(Arc<App>, Request<A::Caller, B>) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<R, Problem>> + Send,
{
    let handler: Handler = Box::new(move |app, head, body| {
        Box::pin(async move {
            let caller = match access.admit(&app, &head).await {
                Ok(caller) => caller,
                Err(problem) => return Err(problem.without_reading(&body)),
            };
            let body = body::read(&head.headers, body, &app.settings.limits).await?;
            handler(app, Request { caller, body, head }).await?.into_response()
        })
    });
    Route { operation, method, path, access: access.grant(), quota, summary, fails: &[], handler }
}
