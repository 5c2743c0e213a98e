//! The published document, against the table and against `tests/openapi.json`.

use std::{collections::BTreeSet, env, fs};

use lucid_auth::http::{
    openapi::document,
    routes::{described, routes},
};
use serde_json::{Map, Value, json};

use crate::{rows::rows, support::TestServer};

const GOLDEN: &str = "tests/openapi.json";

fn published() -> Value {
    document(&described())
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
    let text = format!("{:#}\n", published());
    if env::var_os("UPDATE").is_some() {
        fs::write(GOLDEN, &text).unwrap();
    }
    let golden = fs::read_to_string(GOLDEN).unwrap();
    assert!(golden == text, "{GOLDEN} differs: 'UPDATE=1 cargo test' rewrites it; review the diff");
    let server = TestServer::start().await;
    let reply = server.get("/api/v1/openapi.json", "").await;
    assert_eq!((reply.status, reply.header("content-type").as_deref()), (200, Some("application/json")));
    assert!(golden == reply.text(), "the binary holds another {GOLDEN}: build it again");
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
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .contains("require-trusted-types-for 'script'; trusted-types 'none'")
    );
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

#[tokio::test]
async fn a_query_is_read_by_the_rules_of_a_body_and_described() {
    let server = TestServer::start().await;
    let path = "/test/users/0199f7a8-0000-7000-8000-000000000000/filter";
    let reply = server.get(&format!("{path}?limit=5&role=ADMIN"), "").await.expect(200);
    assert_eq!(reply["filter"], json!({"limit": 5, "role": "ADMIN"}));
    assert_eq!(server.get(path, "").await.expect(200)["filter"], json!({"limit": null, "role": null}));
    for (query, field) in
        [("limit=x", "limit"), ("limit=1&limit=1", "limit"), ("other=1", "other"), ("role=%ff", "role")]
    {
        let refused = server.get(&format!("{path}?{query}"), "").await.expect(422);
        assert_eq!(refused["error"]["details"]["field"], field, "{query}");
    }
    // A row that reads no query takes any: proxies and people add to addresses what they like.
    server.get("/health/live?limit=x&limit=%ff", "").await.expect(200);

    let described = document(&rows());
    let parameters = &described["paths"]["/test/users/{id}/filter"]["get"]["parameters"];
    let expected = json!([
        {"in": "path", "name": "id", "required": true, "schema": {"$ref": "#/components/schemas/Id"}},
        {"in": "query", "name": "limit", "required": false,
         "schema": {"type": "integer", "format": "uint8", "minimum": 0, "maximum": 255}},
        {"in": "query", "name": "role", "required": false, "schema": {"$ref": "#/components/schemas/Role"}},
    ]);
    assert_eq!(parameters, &expected);
}

#[test]
fn who_may_call_and_what_may_be_left_out_is_described() {
    let described = document(&rows());
    let operation = |path: &str, method: &str| described["paths"][path][method].clone();
    assert_eq!(operation("/test/admin", "get")["security"], json!([{"bearer": ["view_all_users"]}]));
    assert_eq!(operation("/test/caller", "get")["security"], json!([{"bearer": []}]));
    assert_eq!(operation("/test/echo", "post")["security"], json!([]));
    let forbidden = "#/components/responses/Forbidden";
    assert_eq!(operation("/test/admin", "get")["responses"]["403"]["$ref"], forbidden);
    for (path, required) in [("/test/echo", true), ("/test/optional", false)] {
        assert_eq!(operation(path, "post")["requestBody"]["required"], required, "{path}");
    }
    assert!(operation("/test/caller", "get").get("requestBody").is_none());
    assert!(operation("/test/echo", "post")["responses"]["201"].is_object());
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
