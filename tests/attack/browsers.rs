//! Every row of the table, asked by way of somebody's browser: by a page that means harm, or through a cache that somebody
//! wants to hold something else.

use lucid_auth::{
    domain::{role::Role, wallet::WalletType},
    http::{
        Settings,
        client::TrustedProxies,
        cors::Cors,
        route::{Grant, Route},
        routes::routes,
    },
};
use serde_json::{Value, json};

use crate::{
    figures,
    support::{Reply, TestServer, bearer, request},
    wallet::Wallet,
};

const OWN: &str = "https://auth.example.org";
const APP: &str = "https://app.example.org";

/// Somebody who may do everything, signed in with a browser: what that holds, and what they are.
struct Victim {
    cookies: String,
    tokens: Value,
    wallet: String,
}

impl Victim {
    async fn new(server: &TestServer) -> Self {
        let wallet = Wallet::new(1);
        let bearer = server.sign_in_as(&wallet, Role::SuperAdmin).await;
        let binding = server.connection(&wallet, &Wallet::new(2)).await;
        let bound = server.call("POST", "/hw/connect", &bearer, &binding).await.expect(201);
        let mut body = server.signed(&wallet, WalletType::Tron).await;
        body["token_delivery"] = "cookie".into();
        let lines = "Content-Type: application/json\r\nOrigin: http://localhost\r\n";
        let reply = server.ask(request("POST", "/auth/login", lines, &body.to_string())).await;
        let set = reply.headers.iter().filter(|(name, _)| name == "set-cookie");
        let pairs: Vec<_> = set.map(|(_, line)| line.split(';').next().unwrap()).collect();
        assert_eq!(pairs.len(), 2);
        let cookies = format!("Cookie: {}\r\n", pairs.join("; "));
        Self { cookies, tokens: reply.expect(200), wallet: bound["id"].as_str().unwrap().to_owned() }
    }

    /// The path of a row, of what is the victim's own.
    fn path(&self, row: &Route) -> String {
        let id = match row.path {
            path if path.starts_with("/sessions/") => self.tokens["session_id"].as_str().unwrap(),
            path if path.starts_with("/hw/") => &self.wallet,
            _ => self.tokens["user"]["user_id"].as_str().unwrap(),
        };
        let path = row.path.replace("{id}", id).replace("{code}", "LUCID_AUTH_1001");
        path.replace("{*path}", "login/login.js")
    }

    /// All that a call could have changed: profile, sessions, wallets, users, keys, and the log of all that was done.
    async fn state(&self, server: &TestServer) -> Vec<Value> {
        let mut state = Vec::new();
        for path in ["/users/me", "/sessions", "/hw", "/users", "/keys", "/audit"] {
            state.push(server.call("GET", path, &self.tokens, &Value::Null).await.expect(200));
        }
        state
    }
}

/// Bodies that some row would take.
fn bodies(victim: &Victim) -> [String; 5] {
    [
        String::new(),
        "{}".to_owned(),
        json!({"role": "USER"}).to_string(),
        json!({"id": victim.wallet}).to_string(),
        json!({"return_to": "http://localhost/", "display_name": "x", "logout_all_sessions": true})
            .to_string(),
    ]
}

/// What pages elsewhere make a browser say of where a call comes from.
const ELSEWHERE: [&str; 6] = [
    "",
    "Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\nReferer: https://evil.example/\r\n",
    "Origin: https://evil.example\r\n",
    "Origin: http://localhost:8080\r\nSec-Fetch-Site: same-site\r\n",
    "Origin: null\r\nSec-Fetch-Site: cross-site\r\n",
    "Sec-Fetch-Site: none\r\n",
];

/// What a form, or a script that asks nobody, can say that it sends.
const TYPES: [&str; 4] = [
    "application/json",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
];

#[tokio::test]
async fn no_page_elsewhere_does_anything_by_somebodys_cookies() {
    let server = TestServer::start().await;
    let victim = Victim::new(&server).await;
    let before = victim.state(&server).await;
    let (mut cases, mut rows) = (0, 0);
    for row in routes() {
        rows += 1;
        let (method, path) = (row.method.as_str(), victim.path(&row));
        for lines in ELSEWHERE {
            for kind in TYPES {
                for body in bodies(&victim) {
                    let ask = async |cookies: &str| {
                        let lines = format!("Content-Type: {kind}\r\n{lines}{cookies}");
                        server.ask(request(method, &path, &lines, &body)).await
                    };
                    let reply = ask(&victim.cookies).await;
                    let case = format!("{}, {kind}, {lines:?}, {body}", row.operation);
                    assert_eq!(reply.header("set-cookie"), None, "{case}");
                    cases += 1;
                    if method != "GET" {
                        assert!(reply.status >= 400, "{case}: {}", reply.text());
                    }
                    // But for these two, a cookie is nothing.
                    if !matches!(row.access, Grant::WithRefreshCookie | Grant::WithCookie) && body.is_empty()
                    {
                        assert_eq!(reply.status, ask("").await.status, "{case}");
                    }
                }
            }
        }
    }
    assert!(rows > 60, "{rows} rows");
    assert_eq!(victim.state(&server).await, before, "something was done");
    // The cookies are as good as before, for a page of our own.
    let lines = format!("Origin: http://localhost\r\n{}", victim.cookies);
    let reply = server.ask(request("POST", "/auth/refresh", &lines, "")).await;
    assert_eq!(reply.expect(200)["session_id"], victim.tokens["session_id"]);
    figures::record("CSRF: every row, by cookies alone", cases, 0);
}

/// The answer of a row to its own method, to a preflight, and to a method that it does not have; as nobody and as somebody
/// who may do everything, who is not to be erased by it.
async fn answers(server: &TestServer, victim: &Victim, row: &Route, lines: &str) -> Vec<(String, Reply)> {
    let path = victim.path(row);
    let harmless = if row.method == "GET" { path.as_str() } else { "/nowhere" };
    let mut answers = Vec::new();
    for (method, path, known) in [
        (row.method.as_str(), path.as_str(), String::new()),
        (row.method.as_str(), harmless, bearer(&victim.tokens)),
        ("OPTIONS", &path, "Access-Control-Request-Method: POST\r\n".to_owned()),
        ("PATCH", &path, String::new()),
    ] {
        for accept in ["", "Accept: text/html\r\n"] {
            let lines = format!("{known}{accept}{lines}");
            answers.push((format!("{method} {path}"), server.ask(request(method, path, &lines, "")).await));
        }
    }
    answers
}

fn tells_of_cors(reply: &Reply) -> bool {
    reply.headers.iter().any(|(name, _)| name.starts_with("access-control-"))
}

#[tokio::test]
async fn no_row_lets_a_page_read_it_that_was_not_listed() {
    const ORIGINS: [&str; 6] = [
        "https://evil.example",
        "null",
        "https://app.example.org.evil.example",
        "https://evil-app.example.org",
        "http://app.example.org",
        "https://app.example.org:8443",
    ];
    let listed = || Cors { origins: vec![APP.parse().unwrap()], allow_credentials: true, ..Cors::default() };
    let any = Cors { allow_any: true, ..Cors::default() };
    let mut cases = 0;
    for (name, cors) in [("by default", Cors::default()), ("a list", listed()), ("all", any)] {
        let server = TestServer::with(Settings { cors, ..Settings::default() }).await;
        let victim = Victim::new(&server).await;
        for row in routes() {
            for origin in ORIGINS {
                for (asked, reply) in answers(&server, &victim, &row, &format!("Origin: {origin}\r\n")).await
                {
                    let case = format!("{name}: {asked}, {origin}");
                    let allowed = reply.header("access-control-allow-origin");
                    assert_eq!(reply.header("access-control-allow-credentials"), None, "{case}");
                    match name {
                        "all" => assert_eq!(allowed.as_deref(), Some("*"), "{case}"),
                        _ => assert!(!tells_of_cors(&reply), "{case}: {reply:?}"),
                    }
                    if name == "a list" {
                        let vary = reply.header("vary").unwrap_or_default();
                        assert!(vary.split(", ").any(|header| header == "Origin"), "{case}: {vary}");
                    }
                    cases += 1;
                }
            }
            if name == "a list" {
                for (asked, reply) in answers(&server, &victim, &row, &format!("Origin: {APP}\r\n")).await {
                    assert_eq!(reply.header("access-control-allow-origin").as_deref(), Some(APP), "{asked}");
                }
            }
        }
    }
    figures::record("CORS: every row, for origins that are not listed", cases, 0);
}

/// Rows whose answer may be kept: it is the same for everybody.
const KEPT: [&str; 11] = [
    "getKeys",
    "getBrand",
    "getBrandStyle",
    "getBrandLogo",
    "getTrustPage",
    "getFile",
    "getDocument",
    "getDocs",
    "getAccountPage",
    "getAdminPage",
    "getRoot",
];

#[tokio::test]
async fn every_answer_forbids_frames_guesses_and_caches() {
    let server = TestServer::start().await;
    let victim = Victim::new(&server).await;
    let mut cases = 0;
    for row in routes() {
        for (asked, reply) in answers(&server, &victim, &row, "").await {
            let policy = reply.header("content-security-policy").unwrap();
            let directives: Vec<_> = policy.split("; ").collect();
            assert!(directives.contains(&"default-src 'none'"), "{asked}: {policy}");
            assert!(directives.contains(&"frame-ancestors 'none'"), "{asked}: {policy}");
            assert!(!policy.contains("unsafe") && !policy.contains('*'), "{asked}: {policy}");
            assert_eq!(reply.header("x-frame-options").as_deref(), Some("DENY"), "{asked}");
            assert_eq!(reply.header("x-content-type-options").as_deref(), Some("nosniff"), "{asked}");
            assert!(reply.body.is_empty() || reply.header("content-type").is_some(), "{asked}");
            let cache = reply.header("cache-control");
            // What no method is said for, or answers with nothing, is not kept by any cache (RFC 9110, 9.2.3).
            let kept = reply.status < 300 && reply.status != 204 && KEPT.contains(&row.operation);
            match cache.as_deref() {
                Some("no-store") => {}
                None if reply.status == 204 && asked.starts_with("OPTIONS") => {}
                Some("no-cache" | "public, max-age=300") if kept => {
                    assert_eq!(reply.header("set-cookie"), None, "{asked}");
                }
                other => panic!("{asked}: {other:?}"),
            }
            cases += 1;
        }
    }
    figures::record("clickjacking, sniffing, caching: every answer of every row", cases, 0);
}

/// What a cache does not look at, and a service might.
const POISON: [&str; 16] = [
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Server: evil.example",
    "X-Forwarded-Proto: evil",
    "X-Forwarded-Scheme: evil",
    "X-Forwarded-Port: 666",
    "X-Forwarded-Prefix: /evil",
    "X-Forwarded-Uri: /evil",
    "X-Forwarded-For: 203.0.113.66",
    "X-Original-URL: /evil",
    "X-Rewrite-URL: /evil",
    "X-Host: evil.example",
    "Forwarded: host=evil.example;proto=evil",
    "X-HTTP-Method-Override: DELETE",
    "Referer: https://evil.example/",
    "User-Agent: <script>evil</script>",
    "Cookie: lucid_session=evil; lang=evil",
];

#[tokio::test]
async fn no_header_or_query_gets_into_an_answer_that_others_may_be_given() {
    let server = TestServer::start().await;
    let victim = Victim::new(&server).await;
    let plain = |reply: &Reply| {
        let mut headers = reply.headers.clone();
        headers.retain(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()));
        (reply.status, headers, reply.body.clone())
    };
    let shows = |reply: &Reply| {
        let headers = reply.headers.iter().any(|(_, value)| value.contains("evil"));
        headers || String::from_utf8_lossy(&reply.body).contains("evil")
    };
    let mut cases = 0;
    for row in routes().into_iter().filter(|row| row.method == "GET") {
        let path = victim.path(&row);
        for accept in ["", "Accept: text/html\r\n"] {
            let clean = server.get(&path, accept).await;
            let may_be_kept = clean.header("cache-control").as_deref() != Some("no-store");
            for line in POISON {
                let reply = server.get(&path, &format!("{accept}{line}\r\n")).await;
                assert!(!shows(&reply), "{path}, {line}: {reply:?}");
                if may_be_kept {
                    assert!(plain(&reply) == plain(&clean), "{path}, {line}: {reply:?}");
                }
                cases += 1;
            }
            let asked = server.get(&format!("{path}?evil=evil"), accept).await;
            assert!(asked.status >= 400 || !shows(&asked), "{path}: {asked:?}");
            cases += 1;
        }
        // What is one's own does not pass for a file that a cache keeps by its name.
        if !matches!(row.access, Grant::Public) {
            for end in
                ["/evil.css", ".css", ";evil.css", "%2Fevil.css", "%00.css", "%3Fevil.css", "/..%2Fevil.css"]
            {
                let path = format!("{path}{end}");
                let reply = server.call("GET", &path, &victim.tokens, &Value::Null).await;
                assert!(reply.status >= 400, "{path}: {}", reply.text());
                assert_eq!(reply.header("cache-control").as_deref(), Some("no-store"), "{path}");
                cases += 1;
            }
        }
    }
    figures::record("cache poisoning and deception: every row", cases, 0);
}

#[tokio::test]
async fn no_row_sends_a_browser_elsewhere() {
    let settings = Settings {
        public_url: Some(OWN.parse().unwrap()),
        redirect_origins: vec![APP.parse().unwrap()],
        trusted_proxies: TrustedProxies::new(vec!["127.0.0.0/8".parse().unwrap()]),
        ..Settings::default()
    };
    let server = TestServer::with(settings).await;
    let tokens = server.sign_in_as(&Wallet::new(1), Role::SuperAdmin).await;
    let victim = Victim { cookies: String::new(), tokens, wallet: "x".to_owned() };
    let names = ["return_to", "to", "next", "url", "redirect_uri", "continue", "rd", "target"];
    let places = [
        "https://evil.example/",
        "//evil.example/",
        "/%5Cevil.example/",
        "%2F%2Fevil.example",
        "https:evil.example",
        "https://app.example.org@evil.example/",
        "https://app.example.org.evil.example/",
        "https://auth.example.org%2F@evil.example/",
        "javascript:alert(1)",
        "%09//evil.example",
        "/%0D%0ALocation:%20https://evil.example/",
    ];
    let headers = [
        "X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Uri: /\r\n",
        "X-Original-URL: https://evil.example/\r\n",
        "X-Original-URL: https://app.example.org@evil.example/\r\n",
        "X-Forwarded-Host: app.example.org\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Uri: //evil.example/\r\n",
        "X-Forwarded-Host: app.example.org, evil.example\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Uri: /\r\n",
        "X-Forwarded-Host: app.example.org\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Uri: /\r\n",
        "Referer: https://evil.example/\r\n",
    ];
    let (mut cases, mut sent) = (0, 0);
    let mut judge = |asked: &str, reply: &Reply| {
        cases += 1;
        let all = format!("{:?}", reply.headers);
        assert!(!all.contains("://evil") && !all.contains("\"refresh\""), "{asked}: {all}");
        if let Some(to) = reply.header("location") {
            let ours = [OWN, APP].iter().find_map(|origin| to.strip_prefix(origin));
            assert!(ours.is_some_and(|rest| rest.starts_with('/')), "{asked}: {to}");
            sent += 1;
        }
    };
    for row in routes() {
        let (method, path) = (row.method.as_str(), victim.path(&row));
        for place in places {
            for name in names {
                let path = format!("{path}?{name}={place}");
                let lines = "Accept: text/html\r\nX-Forwarded-Host: app.example.org\r\n";
                judge(&path, &server.ask(request(method, &path, lines, "")).await);
            }
        }
        for lines in headers {
            let lines = format!("Accept: text/html\r\n{lines}");
            judge(lines.as_str(), &server.ask(request(method, &path, &lines, "")).await);
        }
        judge(&path, &server.ask(request(method, &format!("/{path}"), "", "")).await);
        judge(&path, &server.ask(request(method, &format!("//evil.example{path}"), "", "")).await);
        judge(&path, &server.ask(request(method, &format!("https://evil.example{path}"), "", "")).await);
    }
    assert!(sent > 0, "no row sends a browser anywhere: nothing was shown");
    figures::record("open redirect: every row", cases, 0);
}
