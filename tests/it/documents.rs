//! Documents that are made from the code, `UPDATE=1 cargo test` writes them anew; and that what others name is there.

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

/// What SECURITY.md names as `FILE: NAME`, a test or what a fuzz target runs.
fn named_tests(text: &str) -> Vec<(&str, &str)> {
    let spans = text.split('`').skip(1).step_by(2);
    let named = spans.filter_map(|span| span.split_once(": "));
    named.filter(|(path, _)| [".rs", ".mjs", ".py"].iter().any(|end| path.ends_with(end))).collect()
}

#[test]
fn each_test_that_the_promises_of_security_md_name_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let named = named_tests(&text);
    assert!(named.len() > 80, "only {} tests are named", named.len());
    for (path, name) in named {
        let source = fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let declared = match path.rsplit_once('.').unwrap().1 {
            "rs" => format!("fn {name}("),
            "py" => format!("def {name}("),
            _ => format!("test('{name}'"),
        };
        let at = source.find(&declared).unwrap_or_else(|| panic!("{path} has no {name}"));
        let (_, above) = source[..at].rsplit_once("\n\n").unwrap_or_default();
        let is_left_out = |line: &str| {
            let attribute = line.trim().trim_start_matches(['#', '[', '@']);
            attribute.starts_with("ignore") || attribute.starts_with("pytest.mark.skip")
        };
        assert!(!above.lines().any(is_left_out), "{path} does not run {name}");
    }
    // And each promise names one.
    let (_, promises) = text.split_once("| promise | held by |\n|---|---|\n").unwrap();
    for row in promises.lines().take_while(|line| line.starts_with('|')) {
        assert!(!named_tests(row).is_empty(), "nothing holds: {row}");
    }
}
