//! Queries and the parts of paths that vary, by the reader of each row of the table.

use std::{collections::BTreeSet, sync::LazyLock};

use lucid_auth::http::{
    Code,
    openapi::document,
    route::{Description, Route},
    routes::described,
};
use url::form_urlencoded;

/// A row that reads its target, and the parameters that the published document names.
struct Row {
    route: Route<Description>,
    /// Whether it reads a query; one that does not is not disturbed by it.
    reads: bool,
    known: BTreeSet<String>,
    required: Vec<String>,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let document = document(&described());
    let row = |route: Route<Description>| {
        let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
        let parameters = operation["parameters"].as_array()?;
        let of_query = || parameters.iter().filter(|parameter| parameter["in"] == "query");
        let name = |parameter: &serde_json::Value| parameter["name"].as_str().unwrap_or_default().to_owned();
        let known: BTreeSet<_> = of_query().map(name).collect();
        let required = of_query().filter(|parameter| parameter["required"] == true).map(name).collect();
        Some(Row { route, reads: !known.is_empty(), known, required })
    };
    let rows: Vec<_> = described().into_iter().filter_map(row).collect();
    assert!(rows.iter().any(|row| row.reads) && rows.iter().any(|row| row.route.path.contains('{')));
    rows
});

/// The first byte says for which row; a line break parts what varies in the path from the query.
pub fn run(data: &[u8]) {
    let Some((row, rest)) = data.split_first() else { return };
    let Ok(text) = str::from_utf8(rest) else { return };
    let Row { route, reads, known, required } = &ROWS[usize::from(*row) % ROWS.len()];
    let (variable, query) = text.split_once('\n').unwrap_or((text, ""));
    let variable = route.path.contains('{').then_some(variable);
    let outcome = route.reads_target(variable, query);
    match outcome.map_err(|problem| problem.code()) {
        Ok(()) if *reads => {
            // A browser reads the same parameters from it, each of them once.
            let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
            let names: BTreeSet<_> = pairs.iter().map(|(name, _)| name.to_string()).collect();
            assert_eq!(names.len(), pairs.len(), "{}: {query}", route.operation);
            assert!(names.is_subset(known), "{}: {query}", route.operation);
            assert!(required.iter().all(|name| names.contains(name)), "{}: {query}", route.operation);
            // And it is taken when it is written in another way.
            let anew = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            assert!(route.reads_target(variable, &anew).is_ok(), "{}: {query}, {anew}", route.operation);
        }
        Ok(()) => {
            let other = route.reads_target(variable, "");
            assert!(other.is_ok(), "{}: taken for its query alone", route.operation);
        }
        Err(Code::PathUnknown) => assert!(variable.is_some(), "{}", route.operation),
        Err(Code::FieldInvalid) => assert!(reads, "{}: {query}", route.operation),
        Err(code) => panic!("{}: {code:?} is no answer to a target", route.operation),
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    const ID: &str = "0199b9a2-6c00-7abc-8def-0123456789ab";
    let value = |name: &str| match name {
        "limit" => "10",
        "user" | "user_id" => ID,
        "role" => "ADMIN",
        "from" | "to" => "2026-11-23T12%3A00%3A00Z",
        "code" | "state" => "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "permission" => "view_audit_logs",
        _ => "%2Fx+y",
    };
    let mut seeds = Vec::new();
    for (index, row) in ROWS.iter().enumerate() {
        let index = char::from(u8::try_from(index).unwrap());
        let pairs: Vec<_> = row.known.iter().map(|name| format!("{name}={}", value(name))).collect();
        seeds.push(format!("{index}{ID}\n{}", pairs.join("&")));
        for pair in &pairs {
            seeds.push(format!("{index}{ID}\n{pair}"));
        }
    }
    seeds.push("\0me\n%&&=&+%zz".to_owned());
    seeds.into_iter().map(String::into_bytes).collect()
}
