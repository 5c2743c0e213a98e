//! Holds each refusal against the row that it came from: it must be among those that the row says to expect.

use lucid_auth::http::{
    Code,
    route::{Grant, Route},
    routes::routes,
};

use crate::support::Reply;

/// What any row may answer.
const COMMON: [Code; 10] = [
    Code::BodyTooLarge,
    Code::BodyNotJson,
    Code::JsonInvalid,
    Code::FieldInvalid,
    Code::RequestTimeout,
    Code::MethodNotAllowed,
    Code::Internal,
    Code::Unavailable,
    Code::HeadersTooLarge,
    Code::RequestMalformed,
];

/// What any row may answer that wants to know its caller.
const SIGNED_IN: [Code; 6] = [
    Code::TokenMissing,
    Code::TokenInvalid,
    Code::TokenExpired,
    Code::SessionEnded,
    Code::AccountLocked,
    Code::PermissionMissing,
];

/// Check the reply to `request`.
pub fn check(request: &[u8], reply: &Reply) {
    let line = String::from_utf8_lossy(request).lines().next().unwrap_or_default().to_owned();
    let mut words = line.split(' ');
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return };
    let path = path.split('?').next().unwrap_or(path);
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    if reply.status < 400 || path.starts_with("/test/") {
        return;
    }
    let table = routes();
    let row = table.iter().find(|row| row.method.as_str() == method && matches(row, path));
    let Some(row) = row else { return };
    let code: Code = reply.json()["error"]["code"].as_str().unwrap().parse().unwrap();
    let expected = COMMON.contains(&code)
        || row.fails.contains(&code)
        || (row.access != Grant::Public && SIGNED_IN.contains(&code));
    assert!(expected, "{line} answers {code}, which its row does not say to expect");
}

fn matches(row: &Route, path: &str) -> bool {
    match row.path.split_once('{') {
        Some((fixed, _)) => path.starts_with(fixed),
        None => path == row.path,
    }
}
