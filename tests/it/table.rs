//! Holds each refusal against the row that it came from: it must be among those that the row says to expect.

use std::sync::LazyLock;

use lucid_auth::http::{
    Code,
    openapi::document,
    route::Route,
    routes::{described, routes},
};
use serde_json::Value;

use crate::support::Reply;

/// Check the reply to `request`.
pub fn check(request: &[u8], reply: &Reply) {
    let line = String::from_utf8_lossy(request).lines().next().unwrap_or_default().to_owned();
    let mut words = line.split(' ');
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return };
    let path = path.split('?').next().unwrap_or(path);
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    if path.starts_with("/test/") {
        return;
    }
    let table = routes();
    let rows = table.iter().filter(|row| row.method.as_str() == method && matches(row, path));
    // A row whose path is all fixed stands before one that varies, as for the router.
    let row = rows.min_by_key(|row| row.path.contains('{'));
    let Some(row) = row else { return };
    if reply.status < 400 {
        check_described(row, reply);
        return;
    }
    let code: Code = reply.json()["error"]["code"].as_str().unwrap().parse().unwrap();
    assert!(row.refusals().contains(&code), "{line} answers {code}, which its row does not say to expect");
}

/// Check that the document knows of this status, and of what came with it.
fn check_described(row: &Route, reply: &Reply) {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(|| document(&described()));
    let path = row.path.replace("{*", "{");
    let operation = &DOCUMENT["paths"][path][row.method.as_str().to_lowercase()];
    let described = &operation["responses"][reply.status.to_string()];
    assert!(described.is_object(), "{} answers {}, which is not described", row.operation, reply.status);
    if let (Some(sent), Some(content)) = (reply.header("content-type"), described["content"].as_object()) {
        let known = content.contains_key(&sent) || content.contains_key("*/*");
        assert!(known, "{} answers {sent}, which is not described", row.operation);
    }
}

fn matches(row: &Route, path: &str) -> bool {
    if let Some((fixed, _)) = row.path.split_once("{*") {
        return path.starts_with(fixed);
    }
    let parts = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    let (known, asked) = (parts(row.path), parts(path));
    known.len() == asked.len()
        && known.iter().zip(&asked).all(|(known, asked)| known.starts_with('{') || known == asked)
}
