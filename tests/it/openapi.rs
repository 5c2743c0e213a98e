//! The published document, against the table and against `tests/openapi.json`.

use std::{collections::BTreeSet, env, fs};

use lucid_auth::http::{openapi::document, routes::routes};
use serde_json::{Map, Value};

use crate::support::TestServer;

const GOLDEN: &str = "tests/openapi.json";

fn published() -> Value {
    document(&routes())
}

/// Every object in `value`.
fn objects<'a>(value: &'a Value, found: &mut Vec<&'a Map<String, Value>>) {
    match value {
        Value::Object(members) => {
            found.push(members);
            members.values().for_each(|member| objects(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| objects(item, found)),
        _ => {}
    }
}

/// Each operation, with its path.
fn operations(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| item.as_object().unwrap().values().map(move |one| (path, one)))
}

#[tokio::test]
async fn the_service_serves_the_document_that_was_reviewed() {
    let server = TestServer::start().await;
    let reply = server.get("/api/v1/openapi.json", "").await;
    assert_eq!((reply.status, reply.header("content-type").as_deref()), (200, Some("application/json")));
    if env::var_os("UPDATE").is_some() {
        fs::write(GOLDEN, &reply.body).unwrap();
    }
    let golden = fs::read_to_string(GOLDEN).unwrap();
    assert!(golden == reply.text(), "{GOLDEN} differs: 'UPDATE=1 cargo test' rewrites it; review the diff");
    let tag = reply.header("etag").unwrap();
    assert_eq!(server.get("/openapi.json", &format!("If-None-Match: {tag}\r\n")).await.status, 304);
}

#[tokio::test]
async fn people_get_a_page() {
    let server = TestServer::start().await;
    let page = server.get("/docs", "").await;
    assert_eq!(
        (page.status, page.header("content-type").as_deref()),
        (200, Some("text/html; charset=utf-8"))
    );
    assert!(page.header("content-security-policy").unwrap().contains("require-trusted-types-for 'script'"));
}

#[test]
fn every_row_is_in_it_once() {
    let document = published();
    let described: BTreeSet<_> =
        operations(&document).map(|(_, one)| one["operationId"].as_str().unwrap().to_owned()).collect();
    let rows: BTreeSet<_> = routes().iter().map(|row| row.operation.to_owned()).collect();
    assert_eq!(described, rows);
    assert_eq!(operations(&document).count(), routes().len());
}

#[test]
fn every_part_of_a_path_that_varies_has_a_type() {
    for (path, operation) in operations(&published()) {
        let parts = path.split('/').filter(|part| part.starts_with('{')).count();
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let typed = parameters.filter(|parameter| parameter["in"] == "path").count();
        assert_eq!(typed, parts, "{path}: its handler takes a Path for each part in braces, and no other");
    }
}

#[test]
fn what_clients_send_is_refused_if_it_has_more_than_is_described() {
    let document = published();
    for (path, operation) in operations(&document) {
        let mut schemas = vec![&operation["requestBody"]["content"]["application/json"]["schema"]];
        let mut found = 0;
        while let Some(schema) = schemas.pop() {
            if let Some(target) = schema["$ref"].as_str() {
                schemas.push(document.pointer(target.strip_prefix('#').unwrap()).unwrap());
            }
            for choices in ["anyOf", "oneOf", "allOf"] {
                schemas.extend(schema[choices].as_array().into_iter().flatten());
            }
            if let Some(fields) = schema["properties"].as_object() {
                assert_eq!(schema["additionalProperties"], false, "{path}: #[serde(deny_unknown_fields)]");
                schemas.extend(fields.values());
                found += 1;
            }
        }
        assert_eq!(found > 0, operation.get("requestBody").is_some(), "{path}");
    }
}

#[test]
fn every_reference_leads_somewhere_and_nothing_is_left_over() {
    let document = published();
    let mut all = Vec::new();
    objects(&document, &mut all);
    let named: BTreeSet<_> =
        all.iter().filter_map(|object| object.get("$ref")?.as_str()?.strip_prefix('#')).collect();
    for target in &named {
        assert!(document.pointer(target).is_some(), "{target}");
    }
    for kind in ["schemas", "responses", "headers"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            assert!(named.contains(format!("/components/{kind}/{name}").as_str()), "{kind} {name}");
        }
    }
}
