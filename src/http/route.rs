//! A row of the route table: what can be asked, by whom, and who answers.

use std::{pin::Pin, sync::Arc};

use hyper::{
    Method,
    body::{Body as _, Incoming},
};

pub use super::access::{
    Access, Admitted, Grant, Holds, Public, SignedIn, WithCookie, WithRefreshCookie, WithToken,
};
pub use super::description::{Description, Detail};
use super::{
    app::App,
    body::{self, Body},
    code::Code,
    problem::Problem,
    reply::{Reply, Response},
    request::{Head, Request},
    target::Target,
};

/// What can be asked, by whom, and who answers; and what describes it, in a table that is described.
pub struct Route<D = ()> {
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
    /// Whether machines ask it again and again.
    pub often: bool,
    /// The refusals to expect, besides those common to all.
    pub fails: &'static [Code],
    /// What the handler takes and gives.
    pub(super) detail: D,
    pub(super) handler: Handler,
}

/// What reads the target of a request, and then answers it.
pub(super) type Handler = Box<dyn Fn(&Head) -> Result<Respond, Problem> + Send + Sync>;
/// What answers a request whose caller was let in and whose body was received.
pub(super) type Respond =
    Box<dyn FnOnce(Arc<App>, Admitted, Box<Head>, &[u8]) -> Result<Answer, Problem> + Send>;
pub(super) type Answer = Pin<Box<dyn Future<Output = Result<Response, Problem>> + Send>>;

impl<D> Route<D> {
    /// Say which refusals to expect.
    #[must_use]
    pub fn fails(mut self, codes: &'static [Code]) -> Self {
        self.fails = codes;
        self
    }

    /// Say that machines ask it again and again. That one was told what it asked is no news, and to write each on an SD
    /// card wears it: it is logged at DEBUG. A refusal is logged as any other.
    #[must_use]
    pub fn often(mut self) -> Self {
        self.often = true;
        self
    }

    /// Every refusal that a client can meet here, by number: those that the row says to expect, and those that follow
    /// from what stands in it.
    #[must_use]
    pub fn refusals(&self) -> Vec<Code> {
        let mut codes = [COMMON.as_slice(), self.fails].concat();
        match self.access {
            Grant::Public | Grant::WithToken | Grant::WithCookie | Grant::WithRefreshCookie => {}
            Grant::SignedIn => codes.extend(SIGNED_IN),
            Grant::Holds(_) => codes.extend(SIGNED_IN.into_iter().chain([Code::PermissionMissing])),
        }
        if self.path.contains('{') {
            codes.push(Code::PathUnknown);
        }
        if self.quota != Quota::Unlimited {
            codes.push(Code::RateLimited);
        }
        codes.sort_by_key(|code| code.number());
        codes.dedup();
        codes
    }
}

/// What every row may answer. A body is read whether the row wants one or not.
pub(super) const COMMON: [Code; 9] = [
    Code::BodyTooLarge,
    Code::BodyNotJson,
    Code::JsonInvalid,
    Code::FieldInvalid,
    Code::RequestTimeout,
    Code::Internal,
    Code::Unavailable,
    Code::HeadersTooLarge,
    Code::RequestMalformed,
];

/// What every row may answer that wants to know its caller.
pub(super) const SIGNED_IN: [Code; 5] =
    [Code::TokenMissing, Code::TokenInvalid, Code::TokenExpired, Code::SessionEnded, Code::AccountLocked];

/// How often a caller may call. What each comes to stands in [`quotas`](super::quotas).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    /// As often as they like.
    Unlimited,
    /// What signing in takes: counted by client address, before anything is looked at.
    SignIn,
    /// What showing a token in the body takes: counted by whose it is.
    Token,
    /// What reading takes: counted by user.
    Read,
    /// What a reverse proxy asks for each request that it passes on: not counted for who is let in.
    Proxy,
    /// What changing takes: counted by user, more tightly.
    Write,
}

/// A row for `GET`: read something.
pub fn get<A, B, T, R, F, Fut, D>(
    operation: &'static str,
    path: &'static str,
    access: A,
    quota: Quota,
    handler: F,
    summary: &'static str,
) -> Route<D>
where
    A: Access,
    B: Body,
    T: Target + 'static,
    R: Reply,
    F: Fn(Arc<App>, Request<A::Caller, B, T>) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<R, Problem>> + Send + 'static,
    D: Detail,
{
    row(Method::GET, (operation, path, summary), access, quota, handler)
}

/// A row for `POST`: do or make something.
pub fn post<A, B, T, R, F, Fut, D>(
    operation: &'static str,
    path: &'static str,
    access: A,
    quota: Quota,
    handler: F,
    summary: &'static str,
) -> Route<D>
where
    A: Access,
    B: Body,
    T: Target + 'static,
    R: Reply,
    F: Fn(Arc<App>, Request<A::Caller, B, T>) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<R, Problem>> + Send + 'static,
    D: Detail,
{
    row(Method::POST, (operation, path, summary), access, quota, handler)
}

/// A row for `PUT`: change something.
pub fn put<A, B, T, R, F, Fut, D>(
    operation: &'static str,
    path: &'static str,
    access: A,
    quota: Quota,
    handler: F,
    summary: &'static str,
) -> Route<D>
where
    A: Access,
    B: Body,
    T: Target + 'static,
    R: Reply,
    F: Fn(Arc<App>, Request<A::Caller, B, T>) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<R, Problem>> + Send + 'static,
    D: Detail,
{
    row(Method::PUT, (operation, path, summary), access, quota, handler)
}

/// A row for `DELETE`: end something.
pub fn delete<A, B, T, R, F, Fut, D>(
    operation: &'static str,
    path: &'static str,
    access: A,
    quota: Quota,
    handler: F,
    summary: &'static str,
) -> Route<D>
where
    A: Access,
    B: Body,
    T: Target + 'static,
    R: Reply,
    F: Fn(Arc<App>, Request<A::Caller, B, T>) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<R, Problem>> + Send + 'static,
    D: Detail,
{
    row(Method::DELETE, (operation, path, summary), access, quota, handler)
}

impl Route {
    /// Answer a request: let its caller in, read its target, receive its body, and ask the handler, in this order. All but
    /// the last is the same code for each row, as the binary has many of them.
    pub(super) async fn answer(
        &self,
        app: Arc<App>,
        head: Box<Head>,
        body: Incoming,
    ) -> Result<Response, Problem> {
        let begun = async { Ok((self.access.admit(&app, &head).await?, (self.handler)(&head)?)) };
        let (admitted, respond) = match begun.await {
            Ok(begun) => begun,
            Err(problem) => return Err(Problem::without_reading(problem, &body)),
        };
        let has_body = !body.is_end_stream();
        let bytes = body::receive(&head.headers, body, &app.settings.limits).await?;
        // A body may take seconds to come. Whoever was signed out or locked meanwhile is no longer let in.
        let admitted = if has_body { self.access.admit(&app, &head).await? } else { admitted };
        respond(app, admitted, head, &bytes)?.await
    }
}

/// A row whose handler is asked as [`Route::answer`] says.
fn row<A, B, T, R, F, Fut, D>(
    method: Method,
    (operation, path, summary): (&'static str, &'static str, &'static str),
    access: A,
    quota: Quota,
    handler: F,
) -> Route<D>
where
    A: Access,
    B: Body,
    T: Target + 'static,
    R: Reply,
    F: Fn(Arc<App>, Request<A::Caller, B, T>) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Result<R, Problem>> + Send + 'static,
    D: Detail,
{
    let handler: Handler = Box::new(move |head| {
        let target = T::read(head.variable.as_deref(), head.uri.query().unwrap_or_default())?;
        Ok(Box::new(move |app, admitted, head, bytes| {
            let (caller, body) = (A::caller(admitted)?, body::read(bytes)?);
            let request = Request { caller, body, target, head };
            Ok(Box::pin(async move { handler(app, request).await?.into_response() }))
        }))
    });
    let detail = D::of::<B, T, R>();
    Route {
        operation,
        method,
        path,
        access: access.grant(),
        quota,
        summary,
        often: false,
        fails: &[],
        detail,
        handler,
    }
}
