//! The layers: what may use what. See `src/lib.rs`.

use std::{fs, path::Path};

/// A layer, and those of ours that it may use.
const LAYERS: [(&str, &[&str]); 10] = [
    ("domain", &[]),
    ("clock", &["domain"]),
    ("random", &[]),
    ("metrics", &["domain"]),
    ("config", &["domain"]),
    ("telemetry", &["clock"]),
    ("store", &["domain", "metrics"]),
    ("service", &["store", "domain", "metrics", "clock", "random"]),
    ("http", &["service", "store", "domain", "metrics", "clock", "random"]),
    ("cli", &["http", "service", "store", "domain", "config", "clock", "random", "telemetry"]),
];

/// A crate, and the only part of ours that names it.
const OWNED: [(&str, &str); 12] = [
    ("hyper", "src/http/"),
    ("matchit", "src/http/"),
    ("rustls", "src/http/"),
    ("tokio_rustls", "src/http/"),
    ("rcgen", "src/http/"),
    ("redb", "src/store/"),
    ("moka", "src/store/"),
    ("jsonwebtoken", "src/service/"),
    ("clap", "src/cli/"),
    ("listenfd", "src/cli/"),
    ("sd_notify", "src/cli/"),
    ("prometheus_client", "src/metrics/"),
];

/// The sources under `folder`, each with its code: without comments and without its tests.
fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let code: Vec<_> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            found.push((path.display().to_string(), code.join("\n")));
        }
    }
}

/// Our layers that `code` names, by `crate::…`.
fn used(code: &str) -> Vec<&'static str> {
    let flat: String = code.split_whitespace().collect();
    let mut used = Vec::new();
    for (layer, _) in LAYERS {
        let direct = flat.contains(&format!("crate::{layer}"));
        let grouped = flat.split("crate::{").skip(1).any(|rest| {
            // The group's own level only: `crate::{domain::{a, store}, x}` names domain and x.
            let mut depth = 0;
            let mut item = String::new();
            let mut items = Vec::new();
            for c in rest.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => items.push(std::mem::take(&mut item)),
                    c if depth == 0 => item.push(c),
                    _ => {}
                }
            }
            items.push(item);
            items.iter().any(|item| item.split("::").next() == Some(layer))
        });
        if direct || grouped {
            used.push(layer);
        }
    }
    used
}

#[test]
fn no_layer_looks_up() {
    let mut found = Vec::new();
    sources(Path::new("src"), &mut found);
    assert!(found.len() > 60, "only {} sources were found", found.len());
    for (path, code) in &found {
        let name = path.trim_start_matches("src/").split(['/', '.']).next().unwrap();
        let Some((_, allowed)) = LAYERS.iter().find(|(layer, _)| *layer == name) else { continue };
        for layer in used(code) {
            assert!(layer == name || allowed.contains(&layer), "{path} uses {layer}");
        }
    }
}

#[test]
fn each_great_crate_is_named_in_one_layer_only() {
    let mut found = Vec::new();
    sources(Path::new("src"), &mut found);
    for (krate, home) in OWNED {
        let users: Vec<_> = found
            .iter()
            .filter(|(_, code)| {
                code.contains(&format!("use {krate}::")) || code.contains(&format!(" {krate}::"))
            })
            .map(|(path, _)| path)
            .collect();
        assert!(!users.is_empty(), "{krate} is not used");
        for path in users {
            assert!(path.starts_with(home), "{path} names {krate}");
        }
    }
}

#[test]
fn an_import_is_found_however_it_is_written() {
    let code = "use crate::{\n    clock::Clock,\n    domain::{id::UserId, store},\n};\nuse crate::random;";
    assert_eq!(used(code), ["domain", "clock", "random"]);
}
