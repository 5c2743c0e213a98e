//! One row of the table as an [Operation Object] of OpenAPI.
//!
//! [Operation Object]: https://spec.openapis.org/oas/v3.1.1.html#operation-object

use std::collections::BTreeMap;

use hyper::{
    StatusCode,
    header::{ALLOW, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde_json::{Map, Value, json};

use super::{
    body::{self, Body},
    code::Code,
    reply::{Outcome, Reply},
    route::{Description, Grant, Route},
    schemas::Schemas,
    target::Target,
};

/// What a row's handler takes and gives.
pub(super) struct Signature {
    parameters: Vec<Value>,
    body: Option<Value>,
    outcomes: Vec<Outcome>,
}

/// The signature of a handler of these types, at the `path` of the table.
pub(super) fn signature<B: Body, T: Target, R: Reply>(path: &str, schemas: &mut Schemas) -> Signature {
    let schema = schemas.request::<B>();
    // The schema of `()`: nothing is wanted.
    let body = (schema != json!({"type": "null"})).then(|| {
        json!({"required": !body::is_optional::<B>(), "content": {"application/json": {"schema": schema}}})
    });
    Signature { parameters: T::parameters(path, schemas), body, outcomes: R::outcomes(schemas) }
}

/// The operation of `route`.
pub(super) fn operation(route: &Route<Description>, schemas: &mut Schemas, shared: &Refusals) -> Value {
    let Signature { parameters, body, outcomes } = (route.detail.signature)(route.path, schemas);
    let mut operation = json!({
        "operationId": route.operation,
        "summary": route.summary,
        "security": security(route.access),
        "responses": responses(outcomes, &refusals(&route.refusals()), shared),
    });
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(body) = body {
        operation["requestBody"] = body;
    }
    operation
}

/// Each alternative is an object; an empty one stands for nobody in particular.
fn security(access: Grant) -> Value {
    match access {
        Grant::Public => json!([]),
        Grant::WithToken => json!([{}, {"bearer": []}]),
        Grant::WithCookie => json!([{}, {"bearer": []}, {"sessionCookie": []}]),
        Grant::WithRefreshCookie => json!([{}, {"refreshCookie": []}]),
        Grant::SignedIn => json!([{"bearer": []}]),
        // What the list means for bearer tokens is ours to say: the permissions that they must carry.
        Grant::Holds(permission) => json!([{"bearer": [permission.name()]}]),
    }
}

/// Refusals by their status.
pub(super) type Refusals = BTreeMap<u16, Vec<Code>>;

/// `codes` by their status.
pub(super) fn refusals(codes: &[Code]) -> Refusals {
    let mut all = Refusals::new();
    for code in codes {
        all.entry(code.status().as_u16()).or_default().push(*code);
    }
    all
}

fn responses(outcomes: Vec<Outcome>, refusals: &Refusals, shared: &Refusals) -> Value {
    let mut all = Map::new();
    for (status, codes) in refusals {
        let response = if shared.get(status) == Some(codes) {
            json!({"$ref": format!("#/components/responses/{}", name(*status))})
        } else {
            refusal(*status, codes)
        };
        all.insert(status.to_string(), response);
    }
    for Outcome { status, content, headers } in outcomes {
        let refused = refusals.get(&status.as_u16()).map(|codes| refusal(status.as_u16(), codes));
        let response = all
            .entry(status.as_str())
            .or_insert_with(|| json!({"description": reason(status.as_u16()), "headers": {}}));
        if let Some(refused) = refused.filter(|_| response.get("$ref").is_some()) {
            *response = refused;
        }
        if let Some((media_type, schema)) = content {
            response["content"][media_type] = json!({"schema": schema});
        }
        response["headers"]["X-Request-Id"] = json!({"$ref": "#/components/headers/X-Request-Id"});
        for (name, schema) in headers {
            let header = &mut response["headers"][canonical(name.as_str())];
            // One status may be a page or data, with its own value each.
            *header = match header.get("schema") {
                Some(known) if *known != schema => json!({"schema": {"anyOf": [known, schema]}}),
                _ => json!({"schema": schema}),
            };
        }
    }
    all.into()
}

/// The Response Object of refusals with this status.
pub(super) fn refusal(status: u16, codes: &[Code]) -> Value {
    let listed: Vec<_> = codes.iter().map(|code| format!("- `{code}`: {}", code.title())).collect();
    let names: Vec<_> = codes.iter().map(Code::to_string).collect();
    let mut headers = json!({
        "X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"},
        canonical(CACHE_CONTROL.as_str()): {"schema": {"const": "no-store"}},
    });
    let mut header = |name: &str, required: bool, schema: Value| {
        headers[canonical(name)] = json!({"required": required, "schema": schema});
    };
    match status {
        401 => header(WWW_AUTHENTICATE.as_str(), true, json!({"type": "string", "pattern": "^Bearer "})),
        405 => header(ALLOW.as_str(), true, json!({"type": "string"})),
        423 | 429 => header(RETRY_AFTER.as_str(), true, json!({"type": "integer", "minimum": 0})),
        503 => header(RETRY_AFTER.as_str(), false, json!({"type": "integer", "minimum": 0})),
        _ => {}
    }
    let schema = json!({
        "allOf": [{"$ref": "#/components/schemas/Problem"}],
        "properties": {
            "status": {"const": status},
            "error": {"type": "object", "properties": {"code": {"enum": names}}},
        },
    });
    json!({
        "description": format!("{}:\n\n{}", reason(status), listed.join("\n")),
        "headers": headers,
        "content": {"application/problem+json": {"schema": schema}},
    })
}

/// The name of the shared response with this status, such as `BadRequest`.
pub(super) fn name(status: u16) -> String {
    reason(status).split(' ').collect()
}

fn reason(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Other")
}

/// A header's name as documents write it: `Retry-After`.
fn canonical(name: &str) -> String {
    let capital =
        |part: &str| part.get(..1).map(|first| first.to_uppercase() + &part[1..]).unwrap_or_default();
    match name {
        "etag" => "ETag".to_owned(),
        "www-authenticate" => "WWW-Authenticate".to_owned(),
        name => name.split('-').map(capital).collect::<Vec<_>>().join("-"),
    }
}
