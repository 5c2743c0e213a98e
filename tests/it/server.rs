//! What a request gets: routing, admission, bodies, problems, CORS.

use lucid_auth::http::{Settings, client::TrustedProxies, cors::Cors};

use lucid_auth::domain::role::Role;

use crate::support::{Client, TestServer, json, request};

#[tokio::test]
#[rustfmt::skip]
async fn each_bad_request_gets_its_code() {
    let server = TestServer::start().await;
    let user = server.bearer(Role::User).await;
    let typed = "Content-Type: application/json\r\n";
    let long = format!(r#"{{"text":"{}"}}"#, "x".repeat(16 * 1024));
    let chunked_long = format!("{typed}Transfer-Encoding: chunked\r\n\r\n4e20\r\n{}\r\n0\r\n", "x".repeat(20_000));
    let deep = format!(r#"{{"text":{}1{}}}"#, "[".repeat(7_000), "]".repeat(7_000));
    let cases = [
        // case                      request                                                                     status, code
        ("unknown path",             request("GET", "/nowhere", "", ""),                                         (404, 1020)),
        ("below the base",           request("GET", "/api/v1/nowhere", "", ""),                                  (404, 1020)),
        ("unknown path, body",       json("/nowhere", "{}"),                                                     (404, 1020)),
        ("OPTIONS of nothing",       request("OPTIONS", "/nowhere", "", ""),                                     (404, 1020)),
        ("malformed identifier",     request("GET", "/test/users/7", "", ""),                                    (404, 1020)),
        ("escaped path",             request("GET", "/health%2flive", "", ""),                                   (404, 1020)),
        ("CONNECT",                  request("CONNECT", "localhost:80", "", ""),                                 (404, 1020)),
        ("wrong method",             request("DELETE", "/health/live", "", ""),                                  (405, 1021)),
        ("invented method",          request("BREW", "/health/live", "", ""),                                    (405, 1021)),
        ("too long",                 json("/test/echo", &long),                                                  (413, 1022)),
        ("too long, not sent",       request("POST", "/test/echo", "Content-Length: 99999999999\r\n", ""),       (413, 1022)),
        ("too long, in chunks",      request("POST", "/test/echo", &chunked_long, ""),                           (413, 1022)),
        ("no type",                  request("POST", "/test/echo", "", "{}"),                                    (415, 1023)),
        ("a form",                   request("POST", "/test/echo", "Content-Type: text/plain\r\n", "{}"),        (415, 1023)),
        ("half JSON",                json("/test/echo", r#"{"text":"#),                                          (400, 1024)),
        ("no JSON",                  json("/test/echo", "text=1"),                                               (400, 1024)),
        ("a bomb",                   json("/test/echo", &deep),                                                  (422, 1025)),
        ("only brackets",            json("/test/echo", &"[".repeat(16_000)),                                    (400, 1024)),
        ("missing field",            json("/test/echo", "{}"),                                                   (422, 1025)),
        ("no body",                  request("POST", "/test/echo", "", ""),                                      (422, 1025)),
        ("unknown field",            json("/test/echo", r#"{"text":"","x":1}"#),                                 (422, 1025)),
        ("field twice",              json("/test/echo", r#"{"text":"","text":""}"#),                             (422, 1025)),
        ("out of range",             json("/test/echo", r#"{"text":"","count":256}"#),                           (422, 1025)),
        ("body where none is",       request("GET", "/health/live", typed, "{}"),                                (422, 1025)),
        ("bad chunks",               request("POST", "/test/echo", "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", ""), (400, 1033)),
        ("no Host",                  "GET /health/live HTTP/1.1\r\n\r\n".into(),                                 (400, 1033)),
        ("two Hosts",                request("GET", "/health/live", "Host: localhost\r\n", ""),                  (400, 1033)),
        ("malformed Host",           "GET /health/live HTTP/1.1\r\nHost: a/b\r\n\r\n".into(),                    (400, 1033)),
        ("two tokens",               request("GET", "/test/caller", "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n", ""), (400, 1033)),
        ("no token",                 request("GET", "/test/caller", "", ""),                                     (401, 1013)),
        ("another scheme",           request("GET", "/test/caller", "Authorization: Basic eDp5\r\n", ""),        (401, 1013)),
        ("bad token",                request("GET", "/test/caller", "Authorization: Bearer nonsense\r\n", ""),   (401, 1014)),
        ("lesser role",              request("GET", "/test/admin", &user, ""), (403, 1003)),
        ("a failure of ours",        request("GET", "/test/failure", "", ""),                                    (500, 1028)),
        // From here on hyper refuses before we are asked.
        ("no header",                "GET / HTTP/1.1\r\nno header\r\n\r\n".into(),                               (400, 1033)),
        ("no HTTP",                  "hello\r\n\r\n".into(),                                                     (400, 1033)),
        ("TLS",                      "\x16\x03\x01\x02\0\x01\0\x01\r\n\r\n".into(),                              (400, 1033)),
        ("another version",          "GET / HTTP/3.0\r\n\r\n".into(),                                            (400, 1033)),
        ("a space in the target",    "GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n".into(),                      (400, 1033)),
        ("bad length",               request("POST", "/test/echo", "Content-Length: x\r\n", ""),                 (400, 1033)),
        ("two lengths",              request("POST", "/test/echo", "Content-Length: 1\r\nContent-Length: 2\r\n", ""), (400, 1033)),
        ("unknown coding",           request("POST", "/test/echo", "Transfer-Encoding: gzip\r\n", ""),           (400, 1033)),
        ("65 headers",               request("GET", "/health/live", &"X: y\r\n".repeat(64), ""),                 (431, 1032)),
        ("long headers",             request("GET", "/health/live", &format!("X: {}\r\n", "y".repeat(16_384)), ""), (431, 1032)),
        ("long target",              request("GET", &"/x".repeat(40_000), "", ""),                               (431, 1032)),
    ];
    for (case, bytes, expected) in cases {
        let reply = server.ask(bytes).await;
        assert_eq!(reply.problem(), expected, "{case}: {}", reply.text());
    }
}

#[tokio::test]
async fn a_refused_field_is_named() {
    let server = TestServer::start().await;
    let reply = server.ask(json("/test/echo", r#"{"text":"x","count":-1}"#)).await;
    assert_eq!(reply.json()["error"]["details"], serde_json::json!({"field": "count", "expected": "u8"}));
}

#[tokio::test]
async fn both_bases_and_every_accepted_kind_of_body_are_answered() {
    let server = TestServer::start().await;
    let note = r#"{"text":"é","count":null}"#;
    for path in ["/test/echo", "/api/v1/test/echo"] {
        let reply = server.ask(json(path, note)).await;
        assert_eq!((reply.status, reply.text().as_str()), (201, note));
        assert_eq!(reply.header("content-type").unwrap(), "application/json");
        assert_eq!(reply.header("cache-control").unwrap(), "no-store");
    }
    let typed = request("POST", "/test/echo", "Content-Type: application/json; charset=utf-8\r\n", note);
    assert_eq!(server.ask(typed).await.status, 201);
    assert_eq!(server.ask(request("POST", "/test/optional", "", "")).await.text(), "null");
    assert_eq!(server.ask(json("/test/optional", note)).await.text(), note);
    let chunks = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"tex\r\n7\r\nt\":\"y\"}\r\n0\r\n";
    assert_eq!(server.ask(request("POST", "/test/echo", chunks, "")).await.json()["text"], "y");
    assert_eq!(
        server.ask("GET http://localhost/health/live HTTP/1.1\r\nHost: other\r\n\r\n").await.status,
        200
    );
    assert_eq!(server.ask("GET /health/live HTTP/1.0\r\n\r\n").await.status, 200);
    let most = request("GET", "/health/live", &"X: y\r\n".repeat(63), "");
    assert_eq!(server.ask(most).await.status, 200);
}

#[tokio::test]
async fn a_handler_learns_who_calls() {
    let server = TestServer::start().await;
    let (user, admin) = (server.bearer(Role::User).await, server.bearer(Role::Admin).await);
    let id = server.get("/auth/profile", &user).await.json()["user_id"].as_str().unwrap().to_owned();
    for line in [&user, &user.replace("Authorization: Bearer ", "authorization: bEARER  ")] {
        assert_eq!(server.get("/test/caller", line).await.json(), id.as_str());
    }
    assert_eq!(server.get("/test/admin", &admin).await.status, 200);
    let user = server.get(&format!("/test/users/{id}"), "").await;
    assert_eq!(user.json(), id.as_str());
    let refused = server.get("/test/caller", "Authorization: Bearer nonsense\r\n").await;
    assert!(refused.header("www-authenticate").unwrap().contains(r#"error="invalid_token""#));
    let missing = server.get("/test/caller", "").await;
    assert_eq!(missing.header("www-authenticate").unwrap(), r#"Bearer realm="lucid-auth""#);
}

#[tokio::test]
async fn a_body_is_asked_for_only_once_its_sender_was_admitted() {
    let server = TestServer::start().await;
    let lines = "Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 12\r\n";
    let mut stranger = server.connect().await;
    stranger.send(request("POST", "/test/private-note", lines, "")).await;
    assert_eq!(stranger.reply().await.problem(), (401, 1013));

    let mut user = server.connect().await;
    let lines = format!("{lines}{}", server.bearer(Role::User).await);
    user.send(request("POST", "/test/private-note", &lines, "")).await;
    assert_eq!(user.reply().await.status, 100);
    user.send(r#"{"text":"x"}"#).await;
    assert_eq!(user.reply().await.status, 200);
}

#[tokio::test]
async fn head_is_get_without_its_body_and_options_tells_the_methods() {
    let server = TestServer::start().await;
    let get = server.get("/health/live", "").await;
    let mut client = server.connect().await;
    client.send(request("HEAD", "/health/live", "", "")).await;
    let head = client.head().await;
    assert_eq!((head.status, head.header("content-length")), (200, get.header("content-length")));
    assert!(!get.body.is_empty());
    client.send(request("HEAD", "/nowhere", "", "")).await;
    assert_eq!(client.head().await.status, 404);

    client.send(request("OPTIONS", "/health/live", "", "")).await;
    let options = client.reply().await;
    assert_eq!((options.status, options.header("allow").as_deref()), (204, Some("GET, HEAD, OPTIONS")));
    client.send(request("PUT", "/test/echo", "", "")).await;
    assert_eq!(client.reply().await.header("allow").as_deref(), Some("POST, OPTIONS"));
}

#[tokio::test]
async fn requests_in_one_write_are_answered_in_order_on_one_connection() {
    let server = TestServer::start().await;
    let mut client = server.connect().await;
    let named = |name: &str| request("GET", "/health/live", &format!("X-Request-Id: {name}\r\n"), "");
    let note = json("/test/echo", r#"{"text":"second"}"#);
    let broken = "oops\r\n\r\n";
    client.send([named("first"), note, named("third"), broken.to_owned()].concat()).await;
    assert_eq!(client.reply().await.header("x-request-id").unwrap(), "first");
    assert_eq!(client.reply().await.json()["text"], "second");
    assert_eq!(client.reply().await.header("x-request-id").unwrap(), "third");
    assert_eq!(client.reply().await.problem(), (400, 1033));
    assert!(client.closed().await.is_empty());
}

#[tokio::test]
async fn a_client_that_has_said_all_still_gets_its_answer() {
    let server = TestServer::start().await;
    let mut client = server.connect().await;
    client.send(request("GET", "/test/wait", "", "")).await;
    tokio::io::AsyncWriteExt::shutdown(&mut client.stream).await.unwrap();
    assert_eq!(server.get("/test/open", "").await.status, 200);
    assert_eq!(client.reply().await.status, 200);
    assert!(client.closed().await.is_empty());
}

#[tokio::test]
async fn a_panic_ends_one_request_and_no_failure_tells_its_cause() {
    let server = TestServer::start().await;
    let mut client = server.connect().await;
    for path in ["/test/panic", "/test/failure"] {
        client.send(request("GET", path, "", "")).await;
        let reply = client.reply().await;
        assert_eq!(reply.problem(), (500, 1028));
        assert!(!reply.text().contains("secret"));
    }
    client.send(request("GET", "/health/live", "", "")).await;
    assert_eq!(client.reply().await.status, 200);
}

#[tokio::test]
#[rustfmt::skip]
async fn the_origin_is_the_configured_one_or_a_private_host() {
    let plain = TestServer::start().await;
    let proxied = TestServer::with(Settings { trusted_proxies: TrustedProxies::new(vec!["127.0.0.1/32".parse().unwrap()]), ..Settings::default() }).await;
    let public = TestServer::with(Settings { public_url: Some("https://auth.example.org".parse().unwrap()), ..Settings::default() }).await;
    let https = "X-Forwarded-Proto: https\r\n";
    let cases = [
        // server    Host                 lines  expected
        (&plain,     "Pi.local:8089",     "",    Ok("http://pi.local:8089")),
        (&plain,     "192.168.1.5",       https, Ok("http://192.168.1.5")),
        (&plain,     "evil.example",      "",    Err((421, 1027))),
        (&proxied,   "pi.local",          https, Ok("https://pi.local")),
        (&public,    "evil.example",      "",    Ok("https://auth.example.org")),
    ];
    for (server, host, lines, expected) in cases {
        let reply = server.ask(format!("GET /test/origin HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n")).await;
        match expected {
            Ok(origin) => assert_eq!(reply.text(), origin),
            Err(problem) => {
                assert_eq!(reply.problem(), problem);
                assert!(reply.text().contains("PUBLIC_URL"));
            }
        }
    }
    let absolute = plain.ask("GET http://evil.example/test/origin HTTP/1.1\r\nHost: pi.local\r\n\r\n").await;
    assert_eq!(absolute.problem(), (421, 1027));
    assert_eq!(plain.ask("GET /test/origin HTTP/1.0\r\n\r\n").await.problem(), (421, 1027));
}

#[tokio::test]
async fn a_strangers_word_about_its_address_counts_for_nothing() {
    let server = TestServer::start().await;
    let lines = "X-Forwarded-For: 203.0.113.9\r\nForwarded: for=203.0.113.9\r\n";
    assert_eq!(server.get("/test/client", lines).await.text(), "127.0.0.1");
    let trusted_proxies = TrustedProxies::new(vec!["127.0.0.0/8".parse().unwrap()]);
    let server = TestServer::with(Settings { trusted_proxies, ..Settings::default() }).await;
    assert_eq!(server.get("/test/client", lines).await.text(), "203.0.113.9");
}

#[tokio::test]
async fn a_listed_page_may_call_and_read_and_another_may_not() {
    let cors = Cors {
        origins: vec!["https://app.example.org".parse().unwrap()],
        allow_any: false,
        allow_credentials: true,
    };
    let server = TestServer::with(Settings { cors, ..Settings::default() }).await;
    let ask = |method: &'static str, path: &'static str, origin: &str| {
        let lines = format!("Origin: {origin}\r\nAccess-Control-Request-Method: POST\r\n");
        let server = &server;
        async move { server.ask(request(method, path, &lines, "")).await }
    };
    let preflight = ask("OPTIONS", "/test/echo", "https://app.example.org").await;
    assert_eq!(preflight.status, 204);
    for (name, value) in [
        ("access-control-allow-origin", "https://app.example.org"),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-methods", "POST, OPTIONS"),
        ("access-control-allow-headers", "Authorization, Content-Type, X-Request-Id"),
        ("vary", "Origin"),
    ] {
        assert_eq!(preflight.header(name).as_deref(), Some(value));
    }
    let refusal = ask("GET", "/nowhere", "https://app.example.org").await;
    assert_eq!(refusal.header("access-control-allow-origin").unwrap(), "https://app.example.org");
    assert!(refusal.header("access-control-expose-headers").unwrap().contains("X-Request-Id"));
    for method in ["OPTIONS", "POST"] {
        let other = ask(method, "/test/echo", "https://evil.example").await;
        assert!(!other.headers.iter().any(|(name, _)| name.starts_with("access-control")), "{method}");
        assert_eq!(other.header("vary").unwrap(), "Origin");
    }
}

#[tokio::test]
async fn a_refusal_that_leaves_the_body_unread_says_that_the_connection_ends() {
    let server = TestServer::start().await;
    for (method, path, status) in [
        ("POST", "/auth/logout", 401),
        ("POST", "/nowhere", 404),
        ("DELETE", "/auth/login", 405),
        ("OPTIONS", "/auth/login", 204),
    ] {
        for (body, connection) in [("{}", Some("close")), ("", None)] {
            let reply = server.ask(request(method, path, "Content-Type: application/json\r\n", body)).await;
            assert_eq!(reply.status, status, "{method} {path}");
            assert_eq!(reply.header("connection").as_deref(), connection, "{method} {path} {body}");
        }
    }
}

/// Send a request whose body is half there, and wait until the handler reads it.
async fn half_asked(server: &TestServer) -> Client {
    let mut client = server.connect().await;
    let lines = "Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 12\r\n";
    client.send(request("POST", "/test/echo", lines, "")).await;
    assert_eq!(client.reply().await.status, 100);
    client
}

#[tokio::test]
async fn stopping_finishes_what_is_in_flight_and_takes_nothing_new() {
    let mut server = TestServer::start().await;
    let mut busy = half_asked(&server).await;
    let mut idle = server.connect().await;
    idle.send(request("GET", "/health/live", "", "")).await;
    assert_eq!(idle.reply().await.status, 200);

    server.stop();
    assert!(idle.closed().await.is_empty(), "an idle connection is closed");
    drop(idle);
    while tokio::net::TcpStream::connect(server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    busy.send(r#"{"text":"x"}"#).await;
    let reply = busy.reply().await;
    assert_eq!((reply.status, reply.header("connection").as_deref()), (201, Some("close")));
    drop(busy);
    server.stopped().await;
}

#[tokio::test]
async fn stopping_does_not_wait_for_ever() {
    let limits = lucid_auth::http::Limits { shutdown_time: crate::support::SOON, ..Default::default() };
    let mut server = TestServer::with_limits(limits).await;
    let mut busy = half_asked(&server).await;
    server.stop();
    server.stopped().await;
    assert!(busy.closed().await.is_empty());
}
