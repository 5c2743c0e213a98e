//! The dashboard and the alerts in `packaging/`, held against what the service tells.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

use crate::{exposition::Family, metrics::full_scrape};

/// What a Grafana panel or an alert asks for: the names of metrics in its expressions.
fn names(expressions: &[String]) -> BTreeSet<String> {
    let words =
        expressions.iter().flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
    let ours = words.filter(|word| word.starts_with("lucid_auth_") || word.starts_with("process_"));
    ours.map(str::to_owned).collect()
}

fn packaged(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging").join(name)).unwrap()
}

/// All values under this key, wherever it stands.
fn values(json: &Value, key: &str, found: &mut Vec<String>) {
    match json {
        Value::Object(members) => members.iter().for_each(|(name, value)| match value {
            Value::String(text) if name == key => found.push(text.clone()),
            value => values(value, key, found),
        }),
        Value::Array(items) => items.iter().for_each(|item| values(item, key, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_dashboard_and_the_alerts_ask_for_what_is_there_and_the_dashboard_shows_all_of_it() {
    let scrape = full_scrape().await;
    let samples: BTreeSet<_> = scrape.samples().map(|sample| sample.name.clone()).collect();
    let dashboard: Value = serde_json::from_str(&packaged("grafana-dashboard.json")).unwrap();
    let mut expressions = Vec::new();
    values(&dashboard["panels"], "expr", &mut expressions);
    let shown = names(&expressions);
    let alerts = packaged("prometheus-alerts.yml");
    let asked: Vec<_> =
        alerts.lines().filter_map(|line| line.trim().strip_prefix("expr: ")).map(str::to_owned).collect();
    let alerted = names(&asked);
    assert!(alerted.len() >= 2 && asked.len() >= alerts.matches("- alert:").count(), "{asked:?}");
    let unknown: Vec<_> = shown.union(&alerted).filter(|name| !samples.contains(*name)).collect();
    assert!(unknown.is_empty(), "asked for, but not there: {unknown:?}");
    let is_shown = |family: &Family| family.samples.iter().any(|sample| shown.contains(&sample.name));
    let hidden = scrape.0.iter().filter(|family| !family.name.starts_with("process_") && !is_shown(family));
    let hidden: Vec<_> = hidden.map(|family| &family.name).collect();
    assert!(hidden.is_empty(), "not in the dashboard: {hidden:?}");
    let mut sources = Vec::new();
    values(&dashboard["panels"], "uid", &mut sources);
    assert!(!sources.is_empty() && sources.iter().all(|uid| uid == "${datasource}"), "{sources:?}");
}
