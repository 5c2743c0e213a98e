//! What a reverse proxy is told, and how a browser comes from an app to the login page and back.

use lucid_auth::{
    domain::role::Role,
    http::{Settings, client::TrustedProxies},
    service::{Asker, UserRef},
};
use serde_json::{Value, json};

use crate::{
    support::{Reply, TestServer, bearer, request},
    wallet::Wallet,
};

const OWN: &str = "https://auth.example.org";
const APP: &str = "https://app.example.org";
const LAN: &str = "http://app.lan:8080";

async fn server() -> TestServer {
    TestServer::with(Settings {
        public_url: Some(OWN.parse().unwrap()),
        redirect_origins: vec![APP.parse().unwrap(), LAN.parse().unwrap()],
        trusted_proxies: TrustedProxies::new(vec!["127.0.0.0/8".parse().unwrap()]),
        ..Settings::default()
    })
    .await
}

const PAGE: &str = "Accept: text/html,*/*;q=0.8\r\n";

/// The lines that Caddy and Traefik send for a page of the app.
fn caddy(path: &str) -> String {
    format!(
        "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Method: GET\r\nX-Forwarded-Proto: https\r\n\
         X-Forwarded-Host: app.example.org\r\nX-Forwarded-Uri: {path}\r\n"
    )
}

/// The lines that nginx sends.
fn nginx(path: &str) -> String {
    format!("X-Forwarded-For: 192.0.2.7\r\nX-Original-Method: GET\r\nX-Original-URL: {APP}{path}\r\n")
}

fn cookie(pair: &str) -> String {
    format!("Cookie: {pair}\r\n")
}

/// The name and value of the cookie that `reply` sets.
fn set_cookie(reply: &Reply) -> String {
    reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

/// What the query of `location` holds under `name`, decoded.
fn parameter(location: &str, name: &str) -> Option<String> {
    let query = location.split_once('?')?.1;
    let value = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")))?;
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(data_encoding::HEXUPPER.decode(&digits).ok()?[0]);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// What the login page is told, for the state that it was opened with.
async fn hand_over(server: &TestServer, tokens: &Value, to: &str, state: Option<&str>) -> Reply {
    let body = match state {
        Some(state) => json!({"return_to": to, "state": state}),
        None => json!({"return_to": to}),
    };
    server.hand_over(OWN, tokens, &body).await
}

/// The reply to a browser that goes to `location`, an address of the app, as the app's proxy passes it on.
async fn visit(server: &TestServer, location: &str, lines: &str) -> Reply {
    let path = location.strip_prefix(APP).unwrap();
    server.ask(request("GET", path, lines, "").replace("Host: localhost", "Host: app.example.org")).await
}

/// A browser's way from the app's `path` to the cookie of the app's host: the state that it keeps, and that cookie.
async fn signed_in(server: &TestServer, tokens: &Value, path: &str) -> (String, String) {
    let sent = server.get("/auth/forward", &(caddy(path) + PAGE)).await;
    let login = sent.header("location").unwrap();
    let kept = set_cookie(&sent);
    let state = parameter(&login, "state").unwrap();
    let to = parameter(&login, "return_to").unwrap();
    let reply = hand_over(server, tokens, &to, Some(&state)).await.expect(200);
    let back = visit(server, reply["location"].as_str().unwrap(), &cookie(&kept)).await;
    assert_eq!((back.status, back.header("location")), (302, Some(format!("{APP}{path}"))));
    (kept, set_cookie(&back))
}

#[tokio::test]
async fn who_is_let_in_is_named_in_every_header() {
    let server = server().await;
    let wallet = Wallet::new(1);
    let tokens = server.sign_in(&wallet).await;
    let (_, session) = signed_in(&server, &tokens, "/a?b=c").await;
    let ways = [
        ("a token", bearer(&tokens)),
        ("a token, by nginx", nginx("/") + &bearer(&tokens)),
        (
            "a token at a host that is not known",
            "X-Original-URL: https://evil.example/\r\n".to_owned() + &bearer(&tokens),
        ),
        ("a cookie, by Caddy", caddy("/") + &cookie(&session)),
        ("a cookie, by nginx", nginx("/") + &cookie(&session)),
        (
            "a cookie behind one more proxy that ends TLS",
            caddy("/").replace("https", "http") + &cookie(&session),
        ),
    ];
    let address = wallet.address.to_string();
    let id = tokens["user"]["user_id"].as_str().unwrap();
    for (way, lines) in ways {
        let reply = server.get("/auth/forward", &lines).await;
        assert_eq!((reply.status, reply.body.len()), (200, 0), "{way}: {reply:?}");
        for (name, value) in [
            ("remote-user", address.as_str()),
            ("remote-role", "USER"),
            ("x-lucid-user-id", id),
            ("x-lucid-address", &address),
            ("x-lucid-role", "USER"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(reply.header(name).as_deref(), Some(value), "{way}: {name}");
        }
    }
}

#[tokio::test]
async fn a_cookie_counts_at_the_host_that_it_was_made_for_and_nowhere_else() {
    let server = server().await;
    let tokens = server.sign_in(&Wallet::new(1)).await;
    let (_, session) = signed_in(&server, &tokens, "/").await;
    let lan = "X-Forwarded-Proto: http\r\nX-Forwarded-Host: app.lan:8080\r\nX-Forwarded-Uri: /\r\n";
    let plain = session.replace("__Host-", "");
    let cases = [
        ("another app", lan.to_owned() + &cookie(&plain)),
        ("our own host", format!("X-Original-URL: {OWN}/\r\n") + &cookie(&session)),
        ("a host that is not known", caddy("/").replace("app.", "evil.") + &cookie(&session)),
        ("another port", caddy("/").replace("app.example.org", "app.example.org:8443") + &cookie(&session)),
        ("nobody says at which", cookie(&session)),
        ("under the name for plain HTTP", caddy("/") + &cookie(&plain)),
        ("twice", caddy("/") + &cookie(&format!("{session}; {session}"))),
        ("changed", caddy("/") + &cookie(&session.replace("session=", "session=A"))),
        // The app was shown its cookie. With an address of its own choice it would be let in elsewhere.
        ("a false X-Original-URL at another app", lan.to_owned() + &nginx("/") + &cookie(&session)),
        ("two addresses", nginx("/") + &nginx("/") + &cookie(&session)),
    ];
    for (case, lines) in cases {
        assert_eq!(server.get("/auth/forward", &lines).await.problem(), (401, 1013), "{case}");
    }
}

#[tokio::test]
async fn role_lock_and_revocation_are_those_of_now() {
    let server = server().await;
    let wallet = Wallet::new(1);
    let tokens = server.sign_in(&wallet).await;
    let (_, session) = signed_in(&server, &tokens, "/").await;
    let user = UserRef::Address(wallet.address);
    let ask = async |query: &str| {
        let mut statuses = Vec::new();
        for lines in [caddy("/") + &cookie(&session), bearer(&tokens)] {
            let reply = server.get(&format!("/auth/forward{query}"), &lines).await;
            statuses.push(if reply.status == 200 { (200, 0) } else { reply.problem() });
        }
        assert_eq!(statuses[0], statuses[1], "{query}: cookie and token are the same");
        statuses[0]
    };
    let (yes, no) = ((200, 0), (403, 1003));
    for (role, admin, operator, users) in [
        (Role::User, no, no, no),
        (Role::NodeOperator, no, yes, no),
        (Role::Admin, yes, yes, yes),
        (Role::User, no, no, no),
        (Role::SuperAdmin, yes, yes, yes),
    ] {
        server.service.set_role(Asker::Operator, user, role).await.unwrap();
        assert_eq!(ask("").await, yes, "{role}");
        assert_eq!(ask("?role=ADMIN").await, admin, "{role}");
        assert_eq!(ask("?role=NODE_OPERATOR").await, operator, "{role}");
        assert_eq!(ask("?permission=view_all_users").await, users, "{role}");
        assert_eq!(ask("?role=USER&permission=view_all_users").await, users, "{role}");
    }
    for bad in ["?role=admin", "?role=", "?permission=everything", "?rolle=ADMIN", "?role=ADMIN&role=USER"] {
        assert_eq!(ask(bad).await, (422, 1025), "{bad}");
    }
    server.call("POST", "/auth/logout", &tokens, &Value::Null).await.expect(200);
    assert_eq!(ask("").await, (401, 1015));
}

#[tokio::test]
async fn a_browser_is_sent_to_sign_in_and_a_program_is_told() {
    let server = server().await;
    let target = format!("{OWN}/?return_to=https%3A%2F%2Fapp.example.org%2Fa%3Fb%3Dc&state=");
    #[rustfmt::skip]
    let cases = [
        // case                        headers                                                             status, redirected
        ("Caddy, a page",              caddy("/a?b=c") + PAGE,                                             302, true),
        ("Caddy, HEAD of a page",      caddy("/a?b=c").replace("GET", "HEAD") + PAGE,                      302, true),
        ("Caddy, a form",              caddy("/a?b=c").replace("GET", "POST") + PAGE,                      401, false),
        ("Caddy, a program",           caddy("/a?b=c"),                                                    401, false),
        ("Caddy, a script of a page",  caddy("/a?b=c") + "Accept: */*\r\n",                                401, false),
        ("nginx, a page",              nginx("/a?b=c") + PAGE,                                             401, true),
        ("nginx, a form",              nginx("/a?b=c").replace("GET", "POST") + PAGE,                      401, false),
        ("nginx, a program",           nginx("/a?b=c"),                                                    401, false),
        ("a token that is not good",   caddy("/a?b=c") + PAGE + "Authorization: Bearer x\r\n",             302, true),
        ("a host that is not allowed", caddy("/a?b=c").replace("app.", "evil.") + PAGE,                    401, false),
        ("the same by nginx",          nginx("/a?b=c").replace("app.", "evil.") + PAGE,                    401, false),
        ("no address",                 PAGE.to_owned(),                                                    401, false),
    ];
    for (case, lines, status, redirected) in cases {
        let reply = server.get("/auth/forward", &lines).await;
        assert_eq!(reply.status, status, "{case}");
        let location = reply.header("location");
        assert_eq!(location.is_some(), redirected, "{case}");
        assert_eq!(reply.header("set-cookie").is_some(), redirected, "{case}");
        assert_eq!(reply.header("cache-control").as_deref(), Some("no-store"), "{case}");
        if let Some(location) = location {
            let state = location.strip_prefix(&target).unwrap_or_else(|| panic!("{case}: {location}"));
            assert_eq!(state.len(), 43, "{case}");
            let kept = reply.header("set-cookie").unwrap();
            assert!(kept.starts_with("__Host-lucid_state=") && !kept.contains(state), "{case}: {kept}");
            assert!(
                kept.ends_with("; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure"),
                "{case}: {kept}"
            );
        }
    }
    // What is no path to go back to leads to the root.
    for odd in ["//evil.example", "/\\evil.example", &format!("/{}", "a".repeat(3000))] {
        let reply = server.get("/auth/forward", &(caddy(odd) + PAGE)).await;
        let location = reply.header("location").unwrap();
        assert_eq!(parameter(&location, "return_to").as_deref(), Some("https://app.example.org/"), "{odd}");
    }
}

#[tokio::test]
async fn without_a_public_url_nobody_is_sent_anywhere() {
    let server = TestServer::start().await;
    let tokens = server.sign_in(&Wallet::new(1)).await;
    for lines in [caddy("/") + PAGE, nginx("/") + PAGE] {
        let reply = server.get("/auth/forward", &lines).await;
        assert_eq!((reply.problem(), reply.header("location")), ((401, 1013), None));
        assert_eq!(server.get("/auth/forward", &(lines + &bearer(&tokens))).await.status, 200);
    }
    let code = "A".repeat(43);
    let path = format!("/.lucid-auth/callback?code={code}&to=/");
    assert_eq!(server.get(&path, "").await.problem(), (403, 1066));
    // On a host of a home network the page still leads back to itself.
    let reply = hand_over(&server, &tokens, "http://localhost/docs", None).await.expect(200);
    assert_eq!(reply["location"], "http://localhost/docs");
}

#[tokio::test]
async fn a_browser_that_has_a_state_keeps_it() {
    let server = server().await;
    let first = server.get("/auth/forward", &(caddy("/a") + PAGE)).await;
    let kept = set_cookie(&first);
    let second = server.get("/auth/forward", &(caddy("/b") + PAGE + &cookie(&kept))).await;
    assert_eq!(set_cookie(&second), kept);
    let state = |reply: &Reply| parameter(&reply.header("location").unwrap(), "state");
    assert_eq!(state(&first), state(&second));
    for other in ["__Host-lucid_state=short", &format!("{kept}; {kept}")] {
        let reply = server.get("/auth/forward", &(caddy("/") + PAGE + &cookie(other))).await;
        assert_ne!(set_cookie(&reply), kept, "{other}");
    }
}

#[tokio::test]
async fn the_login_page_is_told_only_addresses_that_are_allowed() {
    let server = server().await;
    let tokens = server.sign_in(&Wallet::new(1)).await;
    let state = "A".repeat(43);
    let own = format!("{OWN}/docs");
    assert_eq!(hand_over(&server, &tokens, &own, Some(&state)).await.expect(200)["location"], own);
    let app = format!("{APP}/a");
    assert_eq!(
        hand_over(&server, &tokens, &app, None).await.expect(200)["location"],
        app,
        "it asks for a state"
    );
    let reply = hand_over(&server, &tokens, &format!("{APP}/a?b"), Some(&state)).await;
    assert_eq!(reply.header("cache-control").as_deref(), Some("no-store"));
    let location = reply.expect(200)["location"].as_str().unwrap().to_owned();
    assert!(location.starts_with(&format!("{APP}/.lucid-auth/callback?code=")), "{location}");
    assert!(location.ends_with("&to=%2Fa%3Fb"), "{location}");
    for (refused, problem) in [
        ("https://evil.example/", (403, 1066)),
        ("https://app.example.org.evil.example/", (403, 1066)),
        ("http://app.example.org/", (403, 1066)),
        ("https://app.example.org:8443/", (403, 1066)),
        ("https://app.example.org@evil.example/", (422, 1025)),
        ("https://app.example.org//evil.example", (422, 1025)),
        ("//evil.example", (422, 1025)),
        ("/\\evil.example", (422, 1025)),
        ("javascript:alert(1)", (422, 1025)),
        ("", (422, 1025)),
    ] {
        assert_eq!(hand_over(&server, &tokens, refused, Some(&state)).await.problem(), problem, "{refused}");
    }
    assert_eq!(hand_over(&server, &tokens, &app, Some("short")).await.problem(), (422, 1025));
    let nobody = server.post("/auth/handover", &json!({"return_to": app})).await;
    assert_eq!(nobody.problem(), (401, 1013));
}

#[tokio::test]
async fn a_code_is_good_once_in_time_for_the_browser_that_asked_on_the_host_it_is_for() {
    let server = server().await;
    let tokens = server.sign_in(&Wallet::new(1)).await;
    let sent = server.get("/auth/forward", &(caddy("/a") + PAGE)).await;
    let kept = cookie(&set_cookie(&sent));
    let state = parameter(&sent.header("location").unwrap(), "state").unwrap();
    let failed = format!("{OWN}/?return_to=https%3A%2F%2Fapp.example.org%2Fa&handover=failed");
    let code = async || {
        let reply = hand_over(&server, &tokens, &format!("{APP}/a"), Some(&state)).await.expect(200);
        reply["location"].as_str().unwrap().to_owned()
    };
    let refused = |reply: Reply, case: &str| {
        assert_eq!((reply.status, reply.header("location")), (302, Some(failed.clone())), "{case}");
        assert_eq!(reply.header("set-cookie"), None, "{case}");
        assert_eq!(reply.header("cache-control").as_deref(), Some("no-store"), "{case}");
    };

    // A link with a code of the sender's own: the reader's browser has another state, or none.
    refused(visit(&server, &code().await, "").await, "without a state");
    let stranger = format!("__Host-lucid_state={}", "A".repeat(43));
    let location = code().await;
    refused(visit(&server, &location, &cookie(&stranger)).await, "another browser");
    refused(visit(&server, &location, &kept).await, "used up by that");
    refused(visit(&server, &code().await, &kept.replace("__Host-", "")).await, "a state that was tossed in");

    let location = code().await;
    server.clock.pass(60);
    refused(visit(&server, &location, &kept).await, "too late");

    let location = code().await;
    server.clock.pass(59);
    let received = visit(&server, &location, &kept).await;
    assert_eq!((received.status, received.header("location")), (302, Some(format!("{APP}/a"))));
    let session = received.header("set-cookie").unwrap();
    assert!(session.starts_with("__Host-lucid_session="), "{session}");
    assert!(session.ends_with("; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure"), "{session}");
    refused(visit(&server, &location, &kept).await, "a second time");
    let again = visit(
        &server,
        &location,
        &(cookie(&format!("{}; {}", set_cookie(&received), &kept[8..kept.len() - 2]))),
    )
    .await;
    assert_eq!(again.header("location"), Some(format!("{APP}/a")), "whoever is signed in there just goes on");
    assert_eq!(again.header("set-cookie"), None);

    // On another host.
    let path = code().await.strip_prefix(APP).unwrap().to_owned();
    let at = async |host: &str| {
        server
            .ask(request("GET", &path, &kept, "").replace("Host: localhost", &format!("Host: {host}")))
            .await
    };
    let lan = at("app.lan:8080").await;
    assert_eq!((lan.status, lan.header("set-cookie")), (302, None));
    for host in ["evil.example", "localhost"] {
        assert_eq!(at(host).await.problem(), (403, 1066), "{host}");
    }
    // The way back is a path on that host, whatever the link says.
    for to in
        ["//evil.example", "https://evil.example/", "%2F%2Fevil.example", "/%5Cevil.example", "evil", ""]
    {
        let path = format!("{APP}/.lucid-auth/callback?code={}&to={to}", "A".repeat(43));
        assert_eq!(visit(&server, &path, &kept).await.problem(), (422, 1025), "{to}");
    }
}

#[tokio::test]
async fn whether_a_host_has_tls_is_configured_and_no_header_says_otherwise() {
    let server = server().await;
    let tokens = server.sign_in(&Wallet::new(1)).await;
    let lines = "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: app.lan:8080\r\nX-Forwarded-Uri: /\r\n";
    let sent = server.get("/auth/forward", &(lines.to_owned() + PAGE)).await;
    let login = sent.header("location").unwrap();
    assert_eq!(parameter(&login, "return_to").as_deref(), Some("http://app.lan:8080/"));
    let kept = sent.header("set-cookie").unwrap();
    assert!(kept.starts_with("lucid_state=") && !kept.contains("Secure"), "{kept}");
    let state = parameter(&login, "state").unwrap();
    let reply = hand_over(&server, &tokens, "http://app.lan:8080/", Some(&state)).await.expect(200);
    let path = reply["location"].as_str().unwrap().strip_prefix(LAN).unwrap().to_owned();
    let lines =
        "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n".to_owned() + &cookie(&set_cookie(&sent));
    let received =
        server.ask(request("GET", &path, &lines, "").replace("Host: localhost", "Host: app.lan:8080")).await;
    assert_eq!(received.header("location").as_deref(), Some("http://app.lan:8080/"));
    assert!(set_cookie(&received).starts_with("lucid_session="));
}
