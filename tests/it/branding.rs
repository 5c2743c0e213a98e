//! The name, the colour and the logo of whoever runs the service.

use std::{fs, path::Path, sync::Arc};

use lucid_auth::{
    domain::palette::{DARK, LIGHT},
    http::Branding,
};
use serde_json::json;
use tempfile::TempDir;

use crate::support::TestServer;

const SVG: &str = r#"<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"#;

#[tokio::test]
async fn without_a_brand_the_pages_keep_their_own_and_nothing_is_refused_but_the_logo() {
    let server = TestServer::start().await;
    let brand = server.get("/branding.json", "").await.expect(200);
    assert_eq!(brand, json!({"name": null, "accent": null, "logo": false}));
    let style = server.get("/branding.css", "").await;
    assert_eq!(
        (style.status, style.header("content-type").unwrap().as_str()),
        (200, "text/css; charset=utf-8")
    );
    assert!(!style.text().contains(".brand"), "its own name stays: {}", style.text());
    assert!(!style.text().contains("--accent"), "{}", style.text());
    assert_eq!(server.get("/branding/logo", "").await.problem(), (404, 1020));
}

#[tokio::test]
async fn a_brand_is_served_and_replaced_while_the_service_runs() {
    let folder = TempDir::new().unwrap();
    let put = |name: &str, content: &[u8]| fs::write(folder.path().join(name), content).unwrap();
    put("branding.json", br##"{"name": "Example & Sons", "accent": "#FFD400"}"##);
    put("logo.svg", SVG.as_bytes());
    let (branding, mistakes) = Branding::read(folder.path().to_owned());
    assert_eq!(mistakes, Vec::<String>::new());
    let branding = Arc::new(branding);
    let server = TestServer::with_branding(branding.clone()).await;

    let brand = server.get("/branding.json", "").await.expect(200);
    assert_eq!(brand, json!({"name": "Example & Sons", "accent": "#ffd400", "logo": true}));
    let style = server.get("/branding.css", "").await;
    for name in ["accent", "accent-hover", "on-accent", "tint"] {
        assert!(style.text().contains(&format!("\n  --{name}: light-dark(#")), "{}", style.text());
    }
    assert!(style.text().contains(".brand:not(.shown)"), "no other name is seen before: {}", style.text());
    assert!(style.text().contains("#ffd400);"), "it can be read on a dark page as it is: {}", style.text());
    let tag = style.header("etag").unwrap();
    assert_eq!(server.get("/branding.css", &format!("If-None-Match: {tag}\r\n")).await.status, 304);

    let logo = server.get("/branding/logo", "").await;
    assert_eq!((logo.status, logo.text().as_str()), (200, SVG));
    assert_eq!(logo.header("content-type").unwrap(), "image/svg+xml");
    assert_eq!(logo.header("x-content-type-options").unwrap(), "nosniff");
    let policy = logo.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none';") && policy.contains("; sandbox;"), "{policy}");
    assert!(!policy.contains("script-src") && !policy.contains("allow-"), "{policy}");
    let tag = logo.header("etag").unwrap();
    let known = server.get("/branding/logo", &format!("If-None-Match: {tag}\r\n")).await;
    assert_eq!((known.status, known.header("etag").unwrap()), (304, tag.clone()));

    fs::remove_file(folder.path().join("logo.svg")).unwrap();
    put("logo.png", b"\x89PNG\r\n\x1a\n and more");
    put("branding.json", br#"{"name": "Example", "accent": "yellow"}"#);
    let mistakes = branding.reload();
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    let brand = server.get("/branding.json", "").await.expect(200);
    assert_eq!(brand, json!({"name": "Example", "accent": null, "logo": true}));
    let logo = server.get("/branding/logo", &format!("If-None-Match: {tag}\r\n")).await;
    assert_eq!((logo.status, logo.header("content-type").unwrap().as_str()), (200, "image/png"));
}

/// The value of a custom property, wherever in the style sheets of `folder` it is set for light and dark.
fn values(folder: &Path, name: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            values(&path, name, found);
        } else if path.extension().is_some_and(|extension| extension == "css") {
            let text = fs::read_to_string(&path).unwrap();
            let lines = text.lines().filter_map(|line| line.trim().strip_prefix(&format!("--{name}: ")));
            found.extend(lines.map(str::to_owned));
        }
    }
}

/// The colours are computed to be read on what the style sheet puts them on.
#[test]
fn the_surfaces_of_the_palette_are_those_of_the_style_sheet() {
    let cases = [("page", [LIGHT, DARK].map(|on| on.page)), ("card", [LIGHT, DARK].map(|on| on.card))];
    for (name, [light, dark]) in cases {
        let mut found = Vec::new();
        values(Path::new("web"), name, &mut found);
        let expected = format!("light-dark({light}, {dark});");
        assert!(found.contains(&expected), "--{name}: {expected} is not among {found:?}");
    }
}
