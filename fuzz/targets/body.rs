//! Bodies, by the reader of each row of the table.

use std::{collections::BTreeSet, sync::LazyLock};

use lucid_auth::http::{
    Code,
    openapi::document,
    route::{Description, Route},
    routes::described,
};
use serde_json::Value;

/// A row that takes a body, and what the published document says of it.
struct Row {
    route: Route<Description>,
    optional: bool,
    known: BTreeSet<String>,
    required: Vec<String>,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let document = document(&described());
    let row = |route: Route<Description>| {
        let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
        let body = operation.get("requestBody")?;
        let mut schema = &body["content"]["application/json"]["schema"];
        if let Some(options) = schema["anyOf"].as_array() {
            schema = options.iter().find(|option| option["type"] != "null")?;
        }
        if let Some(name) = schema["$ref"].as_str() {
            schema = document.pointer(name.strip_prefix('#')?)?;
        }
        let known = schema["properties"].as_object()?.keys().cloned().collect();
        let required = schema["required"].as_array().into_iter().flatten();
        let required = required.filter_map(|name| name.as_str().map(str::to_owned)).collect();
        Some(Row { optional: body["required"] == false, route, known, required })
    };
    let rows: Vec<_> = described().into_iter().filter_map(row).collect();
    assert!(rows.len() > 10, "only {} rows take a body", rows.len());
    rows
});

/// The first byte says which row the rest is a body for.
pub fn run(data: &[u8]) {
    let Some((row, bytes)) = data.split_first() else { return };
    let Row { route, optional, known, required } = &ROWS[usize::from(*row) % ROWS.len()];
    let operation = route.operation;
    let outcome = route.reads_body(bytes).map_err(|problem| problem.code());
    let value = serde_json::from_slice::<Value>(bytes);
    match (&outcome, &value) {
        // A body that was left out.
        (Ok(()), _) if bytes.is_empty() => assert!(optional, "{operation}: nothing is taken"),
        (Ok(()), Ok(Value::Null)) => assert!(optional, "{operation}: null is taken"),
        // What is taken is as the document says, and is still taken when it is written in another way.
        (Ok(()), Ok(Value::Object(members))) => {
            assert!(members.keys().all(|name| known.contains(name)), "{operation}: {members:?}");
            assert!(required.iter().all(|name| members.contains_key(name)), "{operation}: {members:?}");
            let again = route.reads_body(&serde_json::to_vec_pretty(members).unwrap());
            assert!(again.is_ok(), "{operation}: refused when written anew: {members:?}");
        }
        (Ok(()), other) => panic!("{operation}: taken though it is no object: {other:?}"),
        (Err(Code::FieldInvalid), _) => {}
        // What nests deeper than the second reading goes is no JSON to it.
        (Err(Code::JsonInvalid), Ok(value)) => panic!("{operation}: refused as no JSON, but is: {value}"),
        (Err(Code::JsonInvalid), Err(_)) => {}
        (Err(code), _) => panic!("{operation}: {code:?} is no answer to a body"),
    }
    if outcome == Err(Code::FieldInvalid)
        && !bytes.is_empty()
        && let Err(error) = value
    {
        // By the grammar it is JSON, as the service says; the second reading wants values that it can hold, too.
        let text = error.to_string();
        let holds = ["recursion limit", "out of range", "surrogate", "hex escape"]
            .iter()
            .any(|why| text.contains(why));
        assert!(holds, "{operation}: no JSON, but read as such: {text}");
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    const ADDRESS: &str = "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH";
    let members = |name: &str| match name {
        "tron_address" => format!(r#""{ADDRESS}""#),
        "wallet_type" => r#""ledger""#.to_owned(),
        "type" => r#""ledger""#.to_owned(),
        "device" => r#"{"type":"ledger","device_id":"x"}"#.to_owned(),
        "proof" => format!(r#"{{"tron_address":"{ADDRESS}","message":"m","signature":"s"}}"#),
        "role" => r#""ADMIN""#.to_owned(),
        "permission" => r#""view_audit_logs""#.to_owned(),
        "path" => r#""m/44'/195'/0'/0/0""#.to_owned(),
        "all" | "all_sessions" | "at_once" | "now" => "true".to_owned(),
        "return_to" => r#""https://auth.example.org/""#.to_owned(),
        "token_delivery" => r#""cookie""#.to_owned(),
        _ => r#""text""#.to_owned(),
    };
    let rows = ROWS.iter().enumerate();
    let seed = |(index, _): (usize, &Row), names: Vec<&String>| {
        let all: Vec<_> = names.into_iter().map(|name| format!(r#""{name}":{}"#, members(name))).collect();
        [&[u8::try_from(index).unwrap()], format!("{{{}}}", all.join(",")).as_bytes()].concat()
    };
    let mut seeds: Vec<_> = rows.clone().map(|row| seed(row, row.1.known.iter().collect())).collect();
    seeds.extend(rows.map(|row| seed(row, row.1.required.iter().collect())));
    seeds.extend([
        b"\0".to_vec(),
        b"\0null".to_vec(),
        b"\0[]".to_vec(),
        [&b"\0"[..], &b"[".repeat(200)].concat(),
    ]);
    seeds
}
