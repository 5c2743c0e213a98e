//! Files of the pages, and the pages of problems.

use lucid_auth::http::Code;

use crate::support::{TestServer, request};

const PAGE: &str = "/web/login/index.html";

#[tokio::test]
async fn a_page_comes_as_small_as_the_client_takes_it() {
    let server = TestServer::start().await;
    let plain = server.get(PAGE, "").await;
    assert_eq!(plain.header("content-type").unwrap(), "text/html; charset=utf-8");
    assert!(plain.header("content-encoding").is_none());
    assert!(plain.text().starts_with("<!doctype html>"));
    assert!(plain.header("content-security-policy").unwrap().contains("script-src 'self'"));
    let mut tags = vec![plain.header("etag").unwrap()];
    for (accepted, encoding) in [("gzip, br", "br"), ("gzip", "gzip")] {
        let reply = server.get(PAGE, &format!("Accept-Encoding: {accepted}\r\n")).await;
        assert_eq!(reply.header("content-encoding").unwrap(), encoding);
        assert_eq!(reply.header("vary").unwrap(), "Accept-Encoding");
        assert_eq!(reply.header("cache-control").unwrap(), "no-cache");
        assert!(reply.body.len() < plain.body.len());
        tags.push(reply.header("etag").unwrap());
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 3, "each encoding has its own tag");
}

#[tokio::test]
async fn a_page_that_the_client_has_is_not_sent_again() {
    let server = TestServer::start().await;
    let first = server.get(PAGE, "Accept-Encoding: gzip\r\n").await;
    let tag = first.header("etag").unwrap();
    for (known, encoding, status) in [
        (tag.clone(), "gzip", 304),
        (format!("\"x\", W/{tag}"), "gzip", 304),
        ("*".to_owned(), "gzip", 304),
        (tag.clone(), "br", 200),
        ("\"x\"".to_owned(), "gzip", 200),
    ] {
        let reply =
            server.get(PAGE, &format!("Accept-Encoding: {encoding}\r\nIf-None-Match: {known}\r\n")).await;
        assert_eq!(reply.status, status, "{known} {encoding}");
        assert!(reply.header("etag").is_some());
        assert_eq!(reply.header("vary").unwrap(), "Accept-Encoding");
    }
    let mut client = server.connect().await;
    client.send(request("HEAD", PAGE, "Accept-Encoding: gzip\r\n", "")).await;
    let head = client.head().await;
    assert_eq!((head.status, head.header("content-length")), (200, first.header("content-length")));
}

#[tokio::test]
async fn a_page_comes_with_the_name_of_the_words_that_its_reader_understands() {
    let server = TestServer::start().await;
    for (accepted, language) in [
        ("", "en"),
        ("de-CH,de;q=0.9,en;q=0.8", "de"),
        ("fr-FR, es;q=0.5", "es"),
        ("zh-Hans-CN", "zh"),
        ("fr", "en"),
        ("menu,words,../../tr,TR,\u{e4}", "en"),
    ] {
        let headers = format!("Accept: text/html\r\nAccept-Language: {accepted}\r\n");
        for path in ["/", "/account", "/admin"] {
            let page = server.get(path, &headers).await;
            let link = format!("</web/lib/i18n/{language}.js>; rel=modulepreload");
            assert_eq!(page.header("link").unwrap(), link, "{path} {accepted}");
            let vary = page.header("vary").unwrap();
            assert!(vary.contains("Accept-Language"), "{vary}");
            assert_eq!(server.get(&format!("/web/lib/i18n/{language}.js"), "").await.status, 200);
        }
    }
    assert_eq!(
        server.get("/docs", "Accept: text/html\r\n").await.header("link"),
        None,
        "it has no such words"
    );
}

#[tokio::test]
async fn nothing_else_is_a_file() {
    let server = TestServer::start().await;
    for path in [
        "/web/",
        "/web/login",
        "/web/login/",
        "/web/login/index.html.br",
        "/web/login/index.html.gz",
        "/web/../build.rs",
        "/web/login/../login/index.html",
        "/web/%2e%2e/Cargo.toml",
        "/web//etc/passwd",
    ] {
        assert_eq!(server.get(path, "").await.problem(), (404, 1020), "{path}");
    }
}

#[tokio::test]
async fn every_problem_is_explained_to_people_and_to_programs() {
    let server = TestServer::start().await;
    let mut client = server.connect().await;
    for code in Code::all() {
        let path = format!("/problems/{code}");
        client.send(request("GET", &path, "Accept: text/html, */*\r\n", "")).await;
        let page = client.reply().await;
        assert_eq!(page.header("content-type").unwrap(), "text/html; charset=utf-8");
        assert_eq!(page.header("vary").unwrap(), "Accept");
        assert!(page.text().contains(&format!("<h1>{}</h1>", code.title())));
        client.send(request("GET", &path, "Accept: application/json\r\n", "")).await;
        let data = client.reply().await.json();
        assert_eq!(
            (data["code"].as_str().unwrap(), data["title"].as_str().unwrap()),
            (code.to_string().as_str(), code.title())
        );
    }
    client.send(request("GET", "/problems/LUCID_AUTH_1", "", "")).await;
    assert_eq!(client.reply().await.problem(), (404, 1020));
}
