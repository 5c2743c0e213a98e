//! `GET /metrics`, on the listener for Prometheus, which serves nothing else.

use std::sync::Arc;

use hyper::{
    Method, Request, StatusCode,
    body::{Body as _, Incoming},
    header::{ALLOW, CACHE_CONTROL, HeaderValue},
};

use super::{
    app::App,
    code::Code,
    problem::Problem,
    reply::{Response, respond},
    request_id::{RequestId, X_REQUEST_ID},
};
use crate::metrics::Exposition;

/// Where the metrics are.
pub const PATH: &str = "/metrics";
/// How many connections this listener has at once, of everybody together.
pub(super) const CONNECTIONS: usize = 8;

/// Answer `request`.
pub(super) async fn answer(
    app: Arc<App>,
    exposition: Arc<Exposition>,
    request: Request<Incoming>,
) -> Response {
    let request_id = RequestId::of(request.headers(), &app.random);
    let outcome = match admit(&request) {
        Ok(()) => read(&app, exposition).await,
        Err(problem) => Err(problem.without_reading(request.body())),
    };
    let mut response = outcome.unwrap_or_else(|problem| {
        if let Some(cause) = problem.cause() {
            tracing::error!(%request_id, cause, "the metrics were not told");
        }
        problem.into_response(&request_id, app.clock.now())
    });
    response.headers_mut().insert(X_REQUEST_ID, request_id.to_value());
    response
}

fn admit(request: &Request<Incoming>) -> Result<(), Problem> {
    if request.uri().path() != PATH {
        return Err(Problem::new(Code::PathUnknown).message("Nothing but /metrics is on this port."));
    }
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        let allow = HeaderValue::from_static("GET, HEAD");
        return Err(Problem::new(Code::MethodNotAllowed).header(ALLOW, allow));
    }
    if !request.body().is_end_stream() {
        return Err(Problem::new(Code::BodyTooLarge).detail("limit_bytes", 0));
    }
    Ok(())
}

async fn read(app: &App, exposition: Arc<Exposition>) -> Result<Response, Problem> {
    // A database that cannot be read is what somebody who looks here wants to know: the rest is told all the same.
    let stock = app.service.stock().await.ok();
    let (writable, backups) = (app.service.is_writable(), app.service.backup_figures());
    // It reads files of the system.
    let text = tokio::task::spawn_blocking(move || exposition.text(stock, writable, backups)).await;
    let text = text.map_err(Problem::internal)?.map_err(Problem::internal)?;
    let mut response = respond(StatusCode::OK, Exposition::MEDIA_TYPE, text.into_bytes());
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
