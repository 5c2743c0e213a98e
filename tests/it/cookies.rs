//! The pages' session in cookies: who is given them, who may use them, and when they are gone.

use lucid_auth::{
    domain::wallet::WalletType,
    http::{Limits, Settings, client::TrustedProxies, cors::Cors},
};
use serde_json::{Value, json};

use crate::{
    certificate::Pair,
    support::{Reply, TestServer, bearer, request},
    wallet::Wallet,
};

const HTTP: &str = "Origin: http://localhost\r\n";
const WEEK: u64 = 7 * 86_400;

/// A browser at `http://localhost`: header lines that it sends each time, and the cookies that it holds.
struct Browser<'a> {
    server: &'a TestServer,
    lines: String,
    cookies: Vec<(String, String)>,
}

impl<'a> Browser<'a> {
    fn new(server: &'a TestServer, lines: &str) -> Self {
        Self { server, lines: lines.to_owned(), cookies: Vec::new() }
    }

    /// One whose person has signed in.
    async fn signed_in(server: &'a TestServer, wallet: &Wallet) -> (Self, Value) {
        let mut browser = Self::new(server, HTTP);
        let tokens = browser.sign_in(wallet).await.expect(200);
        (browser, tokens)
    }

    async fn sign_in(&mut self, wallet: &Wallet) -> Reply {
        let mut body = self.server.signed(wallet, WalletType::Tron).await;
        body["token_delivery"] = "cookie".into();
        self.send("POST", "/auth/login", "", &body).await
    }

    async fn refresh(&mut self) -> Reply {
        self.send("POST", "/auth/refresh", "", &Value::Null).await
    }

    /// The reply to a call with what the browser adds, whose cookies it then holds.
    async fn send(&mut self, method: &str, path: &str, lines: &str, body: &Value) -> Reply {
        let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies =
            if pairs.is_empty() { String::new() } else { format!("Cookie: {}\r\n", pairs.join("; ")) };
        let lines = format!("Content-Type: application/json\r\n{}{cookies}{lines}", self.lines);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let reply = self.server.ask(request(method, path, &lines, &body)).await;
        for line in set_cookies(&reply) {
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !rest.contains("; Max-Age=0;") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        reply
    }
}

fn set_cookies(reply: &Reply) -> Vec<&str> {
    reply.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value.as_str()).collect()
}

/// Each cookie that `reply` sets, with `…` for a value of the right length.
fn attributes(reply: &Reply) -> Vec<String> {
    let hide = |line: &&str| {
        let (name, rest) = line.split_once('=').unwrap();
        let (value, attributes) = rest.split_once("; ").unwrap();
        let expected = if name.ends_with("session") { 43 } else { 86 };
        let value = if value.len() == expected { "…" } else { value };
        format!("{name}={value}; {attributes}")
    };
    set_cookies(reply).iter().map(hide).collect()
}

const PLAIN: [&str; 2] = [
    "lucid_session=…; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax",
    "lucid_refresh=…; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict",
];
const SECURE: [&str; 2] = [
    "__Host-lucid_session=…; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure",
    "__Host-lucid_refresh=…; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict; Secure",
];
const CLEARED: [&str; 2] = [
    "lucid_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax",
    "lucid_refresh=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict",
];

#[tokio::test]
async fn a_page_signs_in_and_refreshes_without_seeing_a_refresh_token() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server, HTTP);
    let reply = browser.sign_in(&Wallet::new(1)).await;
    assert_eq!(attributes(&reply), PLAIN);
    let mut tokens = reply.expect(200);
    assert_eq!(tokens["refresh_expires_in"], WEEK);
    for body in [Value::Null, json!({}), json!({"refresh_token": null})] {
        assert!(tokens.get("refresh_token").is_none(), "{tokens}");
        let held = browser.cookies.clone();
        server.clock.pass(60);
        let reply = browser.send("POST", "/auth/refresh", "", &body).await;
        assert_eq!(attributes(&reply), PLAIN, "{body}");
        assert_eq!(browser.cookies[0], held[0], "the session is the same one");
        assert_ne!(browser.cookies[1], held[1], "a refresh token is good once");
        let next = reply.expect(200);
        assert_eq!(next["session_id"], tokens["session_id"]);
        server.call("GET", "/auth/verify", &next, &Value::Null).await.expect(200);
        tokens = next;
    }
    let spoken_for = server
        .service
        .session_of_cookie(&browser.cookies[0].1.parse().unwrap(), &"http://localhost".parse().unwrap());
    assert_eq!(spoken_for.unwrap().to_string(), tokens["session_id"]);
}

#[tokio::test]
async fn over_https_the_cookies_are_bound_to_host_and_tls_and_tossed_ones_are_not_read() {
    let pair = Pair::new();
    let server = TestServer::with_tls(pair.tls(), Limits::default()).await;
    let ask = async |path: &str, lines: &str, body: &Value| {
        let lines = format!(
            "Content-Type: application/json\r\nOrigin: https://localhost\r\nSec-Fetch-Site: same-origin\r\n{lines}"
        );
        let mut client = crate::tls::connect(&server, pair.trusted()).await;
        client.send(request("POST", path, &lines, &body.to_string())).await;
        client.reply().await
    };
    let wallet = Wallet::new(2);
    let challenge = ask("/auth/challenge", "", &json!({"tron_address": wallet.address})).await.expect(200);
    let message = challenge["message"].as_str().unwrap();
    let signature = wallet.sign(challenge["scheme"].as_str().unwrap().parse().unwrap(), message);
    let body = json!({"tron_address": wallet.address, "message": message, "signature": signature, "token_delivery": "cookie"});
    let reply = ask("/auth/login", "", &body).await;
    assert_eq!(attributes(&reply), SECURE);
    let refresh = set_cookies(&reply)[1].split(';').next().unwrap().to_owned();
    let plain = refresh.trim_start_matches("__Host-");

    let tossed = ask("/auth/refresh", &format!("Cookie: {plain}\r\n"), &json!({})).await;
    assert_eq!(
        (tossed.problem(), set_cookies(&tossed)),
        ((401, 1016), Vec::new()),
        "the plain name is not ours"
    );
    let both = format!("Cookie: lucid_refresh=evil; {refresh}\r\n");
    let reply = ask("/auth/refresh", &both, &json!({})).await;
    assert_eq!((reply.status, attributes(&reply)), (200, SECURE.map(str::to_owned).to_vec()));
}

#[tokio::test]
async fn behind_a_trusted_proxy_its_word_on_tls_decides() {
    let trusted_proxies = TrustedProxies::new(vec!["127.0.0.1/32".parse().unwrap()]);
    let server = TestServer::with(Settings { trusted_proxies, ..Settings::default() }).await;
    let wallet = Wallet::new(3);
    let cases = [
        ("https", "https://localhost", Some(SECURE)),
        ("http", "http://localhost", Some(PLAIN)),
        ("https", "http://localhost", None),
    ];
    for (proto, origin, expected) in cases {
        let lines = format!("X-Forwarded-Proto: {proto}\r\nOrigin: {origin}\r\n");
        let reply = Browser::new(&server, &lines).sign_in(&wallet).await;
        match expected {
            Some(expected) => assert_eq!(attributes(&reply), expected, "{proto} {origin}"),
            None => assert_eq!(reply.problem(), (403, 1065), "{proto} {origin}"),
        }
    }
    // The operator's own word is above the connection's.
    let public_url = Some("https://localhost".parse().unwrap());
    let server = TestServer::with(Settings { public_url, ..Settings::default() }).await;
    let reply = Browser::new(&server, "Origin: https://localhost\r\n").sign_in(&wallet).await;
    assert_eq!(attributes(&reply), SECURE);
}

#[tokio::test]
#[rustfmt::skip]
async fn only_a_page_of_this_service_may_use_the_cookies_or_be_given_them() {
    let cors = Cors {
        origins: vec!["https://app.localhost".parse().unwrap()],
        allow_credentials: true,
        ..Cors::default()
    };
    let server = TestServer::with(Settings { cors, ..Settings::default() }).await;
    let wallet = Wallet::new(4);
    let (mut browser, tokens) = Browser::signed_in(&server, &wallet).await;
    let strangers = [
        // case                                  header lines
        ("no word of where it comes from",       ""),
        ("another site",                         "Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\n"),
        ("the same site, another origin",        "Origin: http://localhost:8080\r\nSec-Fetch-Site: same-site\r\n"),
        ("nobody's page",                        "Sec-Fetch-Site: none\r\n"),
        ("a page without an origin",             "Origin: null\r\n"),
        ("our origin, the browser disagrees",    "Origin: http://localhost\r\nSec-Fetch-Site: cross-site\r\n"),
        ("an origin that may call with tokens",  "Origin: https://app.localhost\r\nSec-Fetch-Site: same-site\r\n"),
    ];
    for (case, lines) in strangers {
        browser.lines = lines.to_owned();
        let held = browser.cookies.clone();
        for reply in [browser.refresh().await, browser.sign_in(&wallet).await] {
            assert_eq!(reply.problem(), (403, 1065), "{case}");
            assert_eq!(set_cookies(&reply), [""; 0], "{case}");
        }
        assert_eq!(browser.cookies, held, "{case}");
    }
    let listed = browser.send("POST", "/auth/refresh", "Origin: https://app.localhost\r\n", &json!({})).await;
    assert_eq!(listed.header("access-control-allow-credentials").as_deref(), Some("true"), "it may read the refusal");
    assert_eq!(listed.problem(), (403, 1065));

    for own in [HTTP, "Sec-Fetch-Site: same-origin\r\n", "Sec-Fetch-Site: same-origin\r\nOrigin: http://localhost\r\n"] {
        browser.lines = own.to_owned();
        assert_eq!(browser.refresh().await.expect(200)["session_id"], tokens["session_id"], "{own}");
    }
}

#[tokio::test]
async fn a_program_is_answered_as_before_whatever_cookies_are_there() {
    let server = TestServer::start().await;
    let wallet = Wallet::new(5);
    let plain = server.post("/auth/login", &server.signed(&wallet, WalletType::Tron).await).await;
    let mut said = server.signed(&wallet, WalletType::Tron).await;
    said["token_delivery"] = "body".into();
    for reply in [plain, server.post("/auth/login", &said).await] {
        assert_eq!(set_cookies(&reply), [""; 0]);
        assert!(reply.expect(200)["refresh_token"].is_string());
    }
    said["token_delivery"] = "header".into();
    assert_eq!(server.post("/auth/login", &said).await.problem(), (422, 1025));
    for nothing in [json!({}), json!({"refresh_token": null})] {
        let reply = server.post("/auth/refresh", &nothing).await;
        assert_eq!((reply.problem(), set_cookies(&reply)), ((401, 1016), Vec::new()), "{nothing}");
    }

    let (mut browser, of_page) = Browser::signed_in(&server, &wallet).await;
    let own = server.sign_in(&wallet).await;
    let body = json!({"refresh_token": own["refresh_token"]});
    for lines in [HTTP, "", "Origin: https://evil.example\r\n"] {
        browser.lines = lines.to_owned();
        let reply = browser.send("POST", "/auth/refresh", "", &body).await;
        assert_eq!(set_cookies(&reply), [""; 0], "the body's token wins, and the cookies stay");
        if reply.status == 200 {
            assert_eq!(reply.json()["session_id"], own["session_id"]);
            assert!(reply.json()["refresh_token"].is_string());
        } else {
            assert_eq!(reply.problem(), (401, 1017), "the third use");
        }
    }
    browser.lines = HTTP.to_owned();
    assert_eq!(browser.refresh().await.expect(200)["session_id"], of_page["session_id"]);
}

#[tokio::test]
async fn a_refused_refresh_clears_both_cookies() {
    let server = TestServer::start().await;
    let (browser, _) = Browser::signed_in(&server, &Wallet::new(6)).await;
    let [(_, session), (_, refresh)] = &browser.cookies[..] else { panic!("{:?}", browser.cookies) };
    let lucid = |value: &str| vec![("lucid_refresh".to_owned(), value.to_owned())];
    let cases = [
        ("empty", lucid("")),
        ("garbage", lucid("%%%\"")),
        ("cut short", lucid(&refresh[1..])),
        ("the session cookie's value", lucid(session)),
        ("twice", [lucid(refresh), lucid("evil")].concat()),
        ("twice the same", [lucid(refresh), lucid(refresh)].concat()),
    ];
    for (case, cookies) in cases {
        let mut other = Browser { cookies, ..Browser::new(&server, HTTP) };
        let reply = other.refresh().await;
        assert_eq!(reply.problem(), (401, 1016), "{case}");
        assert_eq!(attributes(&reply), CLEARED, "{case}");
    }
    let mut nothing = Browser::new(&server, HTTP);
    nothing.cookies.push(("lucid_session".to_owned(), session.clone()));
    assert_eq!(nothing.refresh().await.problem(), (401, 1016), "a session cookie refreshes nothing");
    // None of it ended the session of the real one.
    let mut real = browser;
    assert_eq!(real.refresh().await.status, 200);
}

#[tokio::test]
async fn a_cookie_that_was_used_answers_once_more_and_then_ends_the_session() {
    let server = TestServer::start().await;
    let (mut tab, tokens) = Browser::signed_in(&server, &Wallet::new(7)).await;
    let first = tab.cookies.clone();
    let mut other = Browser { cookies: first.clone(), ..Browser::new(&server, HTTP) };
    let mut copy = Browser { cookies: first, ..Browser::new(&server, HTTP) };
    assert_eq!(tab.refresh().await.status, 200);
    server.clock.pass(9);
    let again = other.refresh().await;
    assert_eq!((again.status, attributes(&again)), (200, PLAIN.map(str::to_owned).to_vec()));
    let reply = copy.refresh().await;
    assert_eq!(reply.problem(), (401, 1017), "the third time");
    assert_eq!(attributes(&reply), CLEARED);
    assert_eq!(copy.cookies, []);
    let reply = tab.refresh().await;
    assert_eq!((reply.problem(), attributes(&reply)), ((401, 1015), CLEARED.map(str::to_owned).to_vec()));
    assert_eq!(server.call("GET", "/auth/verify", &tokens, &Value::Null).await.status, 401);
}

#[tokio::test]
async fn signing_out_and_erasing_clear_the_cookies_that_were_sent() {
    let server = TestServer::start().await;
    let wallet = Wallet::new(8);
    let (mut browser, tokens) = Browser::signed_in(&server, &wallet).await;
    let held = browser.cookies.clone();
    let unproven = browser.send("POST", "/auth/logout", "", &Value::Null).await;
    assert_eq!(unproven.problem(), (401, 1013), "a cookie alone proves nothing here");
    assert_eq!(browser.cookies, held);
    let reply = browser.send("POST", "/auth/logout", &bearer(&tokens), &Value::Null).await;
    assert_eq!((reply.status, attributes(&reply)), (200, CLEARED.map(str::to_owned).to_vec()));
    assert_eq!(browser.cookies, []);
    browser.cookies = held;
    assert_eq!(browser.refresh().await.problem(), (401, 1015));

    let program = server.sign_in(&wallet).await;
    assert_eq!(set_cookies(&server.call("POST", "/auth/logout", &program, &Value::Null).await), [""; 0]);

    let (mut browser, tokens) = Browser::signed_in(&server, &wallet).await;
    let own = server.signed(&wallet, WalletType::Tron).await;
    let reply = browser.send("DELETE", "/users/me", &bearer(&tokens), &own).await;
    assert_eq!((reply.status, attributes(&reply)), (204, CLEARED.map(str::to_owned).to_vec()));
}

#[tokio::test]
async fn a_cookie_lasts_no_longer_than_its_session() {
    let mut rules = crate::support::rules();
    rules.session_idle = Some(std::time::Duration::from_secs(300));
    let server = TestServer::with_rules(rules).await;
    let mut browser = Browser::new(&server, HTTP);
    let reply = browser.sign_in(&Wallet::new(9)).await;
    assert_eq!(attributes(&reply), PLAIN.map(|line| line.replace("604800", "300")));
    server.clock.pass(300);
    let reply = browser.refresh().await;
    assert_eq!((reply.problem(), attributes(&reply)), ((401, 1015), CLEARED.map(str::to_owned).to_vec()));
}
