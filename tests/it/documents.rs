//! Documents that are made from the code: `UPDATE=1 cargo test` writes them anew.

use std::{env, fs, path::Path};

use lucid_auth::{config, http::Code};

use crate::{exposition::Family, metrics::full_scrape};

/// Hold the file at `path` against `expected`, or write it if asked to by `UPDATE=1`.
fn assert_file(path: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if env::var_os("UPDATE").is_some_and(|value| value == "1") {
        fs::write(&path, expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap();
    assert_eq!(found, expected, "{} is out of date: UPDATE=1 cargo test rewrites it", path.display());
}

/// `text` with what stands between the marks of this name replaced.
fn with_part(text: &str, name: &str, part: &str) -> String {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let (before, rest) = text.split_once(&open).unwrap();
    let (_, after) = rest.split_once(&close).unwrap();
    format!("{before}{open}{part}{close}{after}")
}

fn problems() -> String {
    let row = |code: Code| {
        format!("| `{code}` | {} | {} | {} |\n", code.status().as_u16(), code.title(), code.advice())
    };
    "| code | status | title | what to do |\n|---|---|---|---|\n".to_owned()
        + &Code::all().map(row).collect::<String>()
}

/// What a scrape tells, as a table.
async fn metrics() -> String {
    let row = |metric: &Family| {
        let labels: Vec<_> = metric.labels().into_iter().map(|name| format!("`{name}`")).collect();
        let help = metric.help.trim_end_matches('.');
        format!("| `{}` | {} | {} | {help} |\n", metric.shown_name(), metric.kind, labels.join(", "))
    };
    "| metric | kind | labels | meaning |\n|---|---|---|---|\n".to_owned()
        + &full_scrape().await.0.iter().map(row).collect::<String>()
}

#[test]
fn the_environment_file_shows_every_setting() {
    assert_file("packaging/lucid-auth.env", &config::environment_file());
}

#[tokio::test]
async fn the_readme_shows_every_setting_every_metric_and_every_code() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let readme = with_part(&readme, "settings", &config::readme_table());
    let readme = with_part(&readme, "metrics", &metrics().await);
    assert_file("README.md", &with_part(&readme, "problems", &problems()));
}
