//! `/openapi.json`: the table, and the types that its handlers take and give, as an [OpenAPI 3.1] document.
//!
//! [OpenAPI 3.1]: https://spec.openapis.org/oas/v3.1.1.html

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    app::App,
    code::Code,
    cookies::Cookie,
    operation::{self, Refusals},
    problem::{self, Problem},
    reply::{Outcome, Reply, Response},
    request::Request,
    route::{COMMON, Description, Route, SIGNED_IN},
    router::BASE,
    schemas::Schemas,
    web,
};

const ABOUT: &str = "Sign in with a TRON wallet.

Every path is served bare and under `/api/v1`. A `GET` answers `HEAD` too, and every path answers `OPTIONS`. A method \
that a path has not is refused with 405 and `Allow`. A query is ignored where none is described.

Every refusal is a problem (RFC 9457) with a stable code; `/problems/{code}` explains it.";

const REFRESH_COOKIE: &str = "Set by `/auth/login` with `token_delivery` `cookie`, and by each use; over plain HTTP its \
name is `lucid_refresh`. Good only if `Sec-Fetch-Site` and `Origin`, as far as they are there, say that a page of this \
service asks, and one of them is there. A refusal of the token removes both cookies.";

const SESSION_COOKIE: &str = "Set with the refresh cookie, and at an app's host by `/.lucid-auth/callback`; over plain HTTP \
its name is `lucid_session`. It counts at the host that it was set for: `/auth/forward` takes it where a reverse proxy says \
that a browser asked for that host.";

/// The document that is served: `tests/openapi.json`, put among the pages when the binary is built. A test holds it against
/// [`document`].
const DOCUMENT: &str = "openapi.json";

/// Describe `routes`.
#[must_use]
pub fn document(routes: &[Route<Description>]) -> Value {
    build(routes).0
}

/// The document, and the names of schemas that mean two things.
fn build(routes: &[Route<Description>]) -> (Value, Vec<String>) {
    let mut schemas = Schemas::new();
    let shared = shared();
    let mut paths = Map::<String, Value>::new();
    for route in routes {
        let path = paths.entry(route.path.replace("{*", "{")).or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation::operation(route, &mut schemas, &shared);
    }
    schemas.reply::<problem::Body>();
    let met: Vec<_> = routes.iter().map(|route| operation::refusals(&route.refusals())).collect();
    let responses: Map<_, _> = shared
        .iter()
        .filter(|(status, codes)| met.iter().any(|refusals| refusals.get(status) == Some(codes)))
        .map(|(status, codes)| (operation::name(*status), operation::refusal(*status, codes)))
        .collect();
    let (schemas, torn) = schemas.into_shared();
    let document = json!({
        "openapi": "3.1.1",
        "info": {
            "title": "lucid-auth",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "MIT or Apache 2.0", "identifier": env!("CARGO_PKG_LICENSE")},
        },
        "servers": [{"url": "/"}, {"url": BASE}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": responses,
            "headers": {
                "X-Request-Id": {
                    "description": "The name of the request in the log: the client's own, if it sent a sane one.",
                    "required": true,
                    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
                },
            },
            "securitySchemes": {
                "refreshCookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": Cookie::Refresh.name(true),
                    "description": REFRESH_COOKIE,
                },
                "sessionCookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": Cookie::Session.name(true),
                    "description": SESSION_COOKIE,
                },
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "An access token from `/auth/login` or `/auth/refresh`. Where a permission is named, the caller's role must hold it.",
                },
            },
        },
    });
    (document, torn)
}

/// The refusals that most rows have in common.
fn shared() -> Refusals {
    let mut codes = [COMMON.as_slice(), &SIGNED_IN, &[Code::PermissionMissing]].concat();
    codes.sort_by_key(|code| code.number());
    operation::refusals(&codes)
}

/// The document as a reply.
#[derive(Debug)]
pub(super) struct Document(web::File);

impl Reply for Document {
    fn into_response(self) -> Result<Response, Problem> {
        self.0.into_response()
    }

    fn outcomes(schemas: &mut Schemas) -> Vec<Outcome> {
        web::outcomes("application/json", schemas.reply::<Map<String, Value>>())
    }
}

/// Publish the document.
pub(super) async fn get(_: Arc<App>, request: Request<(), ()>) -> Result<Document, Problem> {
    web::file(DOCUMENT, &request.head).map(Document)
}

/// The document for people.
pub(super) async fn page(_: Arc<App>, request: Request<(), ()>) -> Result<web::Page, Problem> {
    web::english_page("docs/index.html", &request.head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::routes::described;

    #[test]
    fn no_name_stands_for_two_schemas() {
        let (_, torn) = build(&described());
        assert_eq!(
            torn, [""; 0],
            "used in a request and in a reply: give each a type or a #[schemars(rename)]"
        );
    }
}
