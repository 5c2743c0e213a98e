//! The steps of a request, in order.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use hyper::{
    Method, StatusCode, Version,
    body::{Body as _, Incoming},
    header::{ALLOW, CONNECTION, HOST, HeaderValue},
};
use tokio::time::Instant;

use super::{
    app::App,
    client::{Client, text},
    code::Code,
    framing,
    problem::Problem,
    quotas::Counted,
    reply::{NoContent, Reply, Response},
    request::Head,
    request_id::{RequestId, X_REQUEST_ID},
    route::{Quota, Route},
    router::{Resource, Router, known},
    socket::{Channel, Peer},
};
use crate::metrics::{Refresh, TokenRefusal, Traffic};

/// Answer `request`, which came over a connection from `peer`.
pub(super) async fn answer(
    app: Arc<App>,
    router: Arc<Router>,
    peer: Peer,
    request: hyper::Request<Incoming>,
) -> Response {
    let started = Instant::now();
    let (parts, body) = request.into_parts();
    let request_id = RequestId::of(&parts.headers, &app.random);
    let direct = Client { address: peer.address, https: peer.channel == Channel::Tls };
    let client = app.settings.trusted_proxies.client(direct, &parts.headers);
    let (resource, variable) = router.find(parts.uri.path()).unzip();
    let preflight = resource.filter(|_| parts.method == Method::OPTIONS).map(|resource| &resource.allow);
    let cors = app.settings.cors.permit(&parts.headers, preflight);
    let method = parts.method.clone();
    let coded = framing::is_coded(&parts.headers);
    let counted = Counted::default();

    // Boxed, as it is handed on from step to step.
    let head = Box::new(Head {
        method: parts.method,
        uri: parts.uri,
        headers: parts.headers,
        client,
        request_id: request_id.clone(),
        quota: Quota::Unlimited,
        counted: counted.clone(),
        variable: variable.flatten(),
    });
    let outcome = if peer.channel == Channel::PlainOnTlsPort {
        Err(Problem::new(Code::RequestMalformed)
            .message("This port speaks HTTPS: ask https:// instead.")
            .close())
    } else {
        isolate(pin!(dispatch(app.clone(), resource, parts.version, head, body))).await
    };

    let mut response = outcome.unwrap_or_else(|problem| {
        note(&app, router.traffic(), problem.code());
        if let Some(cause) = problem.cause() {
            tracing::error!(%request_id, cause, "request failed");
        }
        problem.into_response(&request_id, app.clock.now())
    });
    for (name, value) in &cors {
        response.headers_mut().append(name, value.clone());
    }
    counted.tell(response.headers_mut());
    response.headers_mut().insert(X_REQUEST_ID, request_id.to_value());
    if coded {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    let duration = started.elapsed();
    router.meter(resource, &method).answered(response.status().as_u16(), duration);
    let pattern = resource.map_or("-", |resource| resource.pattern);
    let bytes = if method == Method::HEAD { 0 } else { response.body().len() };
    let done = Done { method: known(&method), pattern, client, request_id: &request_id, duration, bytes };
    let is_often = resource.and_then(|resource| resource.route(&method)).is_some_and(|route| route.often);
    done.log(response.status(), is_often);
    response
}

/// A request that is answered, but for its status.
struct Done<'a> {
    method: &'static str,
    pattern: &'static str,
    client: Client,
    request_id: &'a RequestId,
    duration: Duration,
    /// Of the answer's body.
    bytes: usize,
}

impl Done<'_> {
    /// Write its line. One that comes often and is answered well has it at DEBUG.
    fn log(&self, status: StatusCode, is_often: bool) {
        let Self { method, pattern, client, request_id, duration, bytes } = *self;
        let duration = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    method,
                    route = pattern,
                    status = status.as_u16(),
                    duration_us = duration,
                    client = text(client.address).as_str(),
                    request_id = request_id.as_str(),
                    bytes,
                    "request"
                )
            };
        }
        if is_often && status.is_success() {
            line!(debug);
        } else {
            line!(info);
        }
    }
}

/// Count a refusal, if it is of a kind that is counted and that nobody else sees.
fn note(app: &App, traffic: &Traffic, code: Code) {
    match code {
        Code::RateLimited => traffic.rate_limited(),
        Code::TokenMissing => app.service.counts().refused_token(TokenRefusal::Missing),
        Code::RefreshTokenUnknown => app.service.counts().refresh(Refresh::Unknown),
        _ => {}
    }
}

/// From the head of a request to its row's handler.
async fn dispatch(
    app: Arc<App>,
    resource: Option<&Resource>,
    version: Version,
    mut head: Box<Head>,
    body: Incoming,
) -> Result<Response, Problem> {
    match find(resource, version, &head) {
        Ok(Found::Route(route)) => {
            head.quota = route.quota;
            let pass = match app.quotas.admit(&head, route.access, app.clock.now()) {
                Ok(pass) => pass,
                Err(problem) => return Err(problem.without_reading(&body)),
            };
            let outcome = route.answer(app.clone(), head, body).await;
            pass.settle(&app, outcome)
        }
        Ok(Found::Methods(allow)) => {
            let mut response = NoContent.into_response()?;
            response.headers_mut().insert(ALLOW, allow.clone());
            if !body.is_end_stream() {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(response)
        }
        Err(problem) => Err(problem.without_reading(&body)),
    }
}

/// What a request is for.
enum Found<'a> {
    Route(&'a Route),
    /// The methods of a path.
    Methods(&'a HeaderValue),
}

fn find<'a>(resource: Option<&'a Resource>, version: Version, head: &Head) -> Result<Found<'a>, Problem> {
    let malformed = |message: &str| Problem::new(Code::RequestMalformed).message(message);
    head.authority().map_err(|_| malformed("The Host header is no host, or is there twice."))?;
    if !framing::is_plain(&head.headers, &head.uri) {
        return Err(
            malformed("It can be read in two ways where the body ends, or what is asked for.").close()
        );
    }
    if version == Version::HTTP_11 && !head.headers.contains_key(HOST) {
        return Err(malformed("HTTP/1.1 needs a Host header."));
    }
    let resource = resource.ok_or_else(|| Problem::new(Code::PathUnknown))?;
    if head.method == Method::OPTIONS {
        return Ok(Found::Methods(&resource.allow));
    }
    let route = resource.route(&head.method).map(Found::Route);
    route.ok_or_else(|| Problem::new(Code::MethodNotAllowed).header(ALLOW, resource.allow.clone()))
}

/// Turn a panic in `work` into a failure of this request alone.
async fn isolate(
    mut work: Pin<&mut impl Future<Output = Result<Response, Problem>>>,
) -> Result<Response, Problem> {
    std::future::poll_fn(|context| {
        // What the panic left half done is dropped with this request; nothing of it is looked at again.
        catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)))
            .unwrap_or_else(|panic| Poll::Ready(Err(Problem::internal(told(&*panic)))))
    })
    .await
}

/// What a panic says.
fn told(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panic: {}", text.unwrap_or("without a message"))
}
