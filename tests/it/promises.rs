//! What SECURITY.md promises, where somebody who read it with bad intent found it broken once.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use lucid_auth::{
    domain::{attempts::Policy, wallet::WalletType},
    http::{Quotas, Rates, Settings},
    service::{Asker, Rules, UserRef},
    store::Store,
};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::{
    limits::{from, proxies},
    support::{Reply, TestClock, TestServer, bearer, request, rules},
    wallet::Wallet,
};

const OWN: &str = "https://auth.example.org";
const APP: &str = "https://app.example.org";

fn settings() -> Settings {
    Settings {
        public_url: Some(OWN.parse().unwrap()),
        redirect_origins: vec![APP.parse().unwrap()],
        trusted_proxies: proxies(),
        ..Settings::default()
    }
}

async fn counting(store: Store, rates: Rates) -> TestServer {
    TestServer::assemble(store, settings(), rules(), TestClock::new(), Quotas::new(Some(rates))).await
}

fn forwarded(client: &str) -> String {
    format!(
        "X-Forwarded-For: {client}\r\nX-Forwarded-Method: GET\r\nX-Forwarded-Proto: https\r\n\
         X-Forwarded-Host: app.example.org\r\nX-Forwarded-Uri: /\r\nAccept: text/html\r\n"
    )
}

fn set_cookie(reply: &Reply) -> String {
    reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

/// The state that a browser got from the app's host: the cookie, and the hash that the login page is told.
async fn state(server: &TestServer, client: &str) -> (String, String) {
    let sent = server.get("/auth/forward", &forwarded(client)).await;
    let login = sent.header("location").unwrap();
    let state = login.split(['?', '&']).find_map(|part| part.strip_prefix("state=")).unwrap().to_owned();
    (set_cookie(&sent), state)
}

async fn visit(server: &TestServer, location: &str, lines: &str) -> Reply {
    let path = location.strip_prefix(APP).unwrap();
    server.ask(request("GET", path, lines, "").replace("Host: localhost", "Host: app.example.org")).await
}

async fn sign_in_from(server: &TestServer, client: &str, wallet: &Wallet) -> Value {
    let body = server.signed(wallet, WalletType::Tron).await;
    server.ask(request("POST", "/auth/login", &from(client), &body.to_string())).await.expect(200)
}

/// SECURITY.md: tokens "given out … since the service started" are known without a check, whatever the neighbours do.
#[tokio::test]
async fn a_token_that_was_given_out_since_the_start_is_known_by_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth.redb");
    let rates = Rates { public: 10, authenticated: 40, admin: 40 };
    let server = counting(Store::open(&path, [7; 32]).unwrap(), rates).await;
    let tokens = server.sign_in(&Wallet::new(1)).await;
    server.close().await;

    let store = loop {
        match Store::open(&path, [7; 32]) {
            Ok(store) => break store,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    let server = counting(store, rates).await;
    let here = from("192.0.2.1");
    let wrong = request("GET", "/auth/status", &(here.clone() + "Authorization: Bearer x\r\n"), "");
    for _ in 0..60 {
        server.ask(&wrong).await;
    }
    let asked = json!({"refresh_token": tokens["refresh_token"]}).to_string();
    let renewed = server.ask(request("POST", "/auth/refresh", &here, &asked)).await.expect(200);
    let mine = request("GET", "/auth/status", &(here + &bearer(&renewed)), "");
    let reply = server.ask(&mine).await;
    assert_eq!(reply.status, 200, "given out a moment ago, by this very process: {}", reply.text());
}

/// architecture.md: "Anonymous requests never write to disk"; SECURITY.md: disk is "bounded by the minute". Refresh tokens of
/// sessions that ended are nobody's, and each call with one is a commit, counted by session, of which there is no end.
#[tokio::test]
async fn refresh_tokens_of_ended_sessions_make_no_client_write_without_limit() {
    let store = Store::in_memory([7; 32]).unwrap();
    let server = counting(store, Rates { public: 10, authenticated: 40, admin: 40 }).await;
    let mut old = Vec::new();
    for number in 0..6_u8 {
        let tokens = sign_in_from(&server, &format!("198.51.100.{number}"), &Wallet::new(1)).await;
        server.call("POST", "/auth/logout", &tokens, &Value::Null).await.expect(200);
        // A tenth of the calls are changes.
        server.clock.pass(60);
        old.push(tokens);
    }
    let before = commits(&server).await;
    let mut answers = BTreeMap::<u16, u32>::new();
    for tokens in &old {
        let body = json!({"refresh_token": tokens["refresh_token"]}).to_string();
        for _ in 0..30 {
            let reply = server.ask(request("POST", "/auth/refresh", &from("192.0.2.1"), &body)).await;
            *answers.entry(reply.status).or_default() += 1;
        }
    }
    let made = commits(&server).await - before;
    assert!(made <= 40.0, "one client made us write {made} times within a second: {answers:?}");
}

async fn commits(server: &TestServer) -> f64 {
    let metrics = server.server.metrics();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let done = tokio::spawn(async move { metrics.serve(listener, async { drop(stopped.await) }).await });
    let mut client = crate::support::Client::new(TcpStream::connect(address).await.unwrap());
    client.send(request("GET", "/metrics", "", "")).await;
    let text = client.reply().await.text();
    drop(client);
    stop.send(()).unwrap();
    done.await.unwrap();
    crate::exposition::Exposition::read(&text).value("lucid_auth_commit_duration_seconds_count", &[])
}

/// Rows that anybody may call are no longer held at the door for whoever sends any `Cookie`: the handler runs, and a code
/// is used up, before the call is refused.
#[tokio::test]
async fn a_refused_call_uses_nothing_up() {
    let store = Store::in_memory([7; 32]).unwrap();
    let server = counting(store, Rates { public: 10, authenticated: 40, admin: 40 }).await;
    let owner = sign_in_from(&server, "192.0.2.1", &Wallet::new(1)).await;
    let (cookie, state) = state(&server, "192.0.2.1").await;
    // A neighbour uses up what the address may ask without a token.
    for _ in 0..20 {
        server.ask(request("GET", "/auth/status", &from("192.0.2.1"), "")).await;
    }
    let body = json!({"return_to": format!("{APP}/"), "state": state});
    let handed = server.hand_over(OWN, &owner, &body).await.expect(200);
    let location = handed["location"].as_str().unwrap().to_owned();
    let lines = format!("X-Forwarded-Proto: https\r\nX-Forwarded-For: 192.0.2.1\r\nCookie: {cookie}\r\n");
    let refused = visit(&server, &location, &lines).await;
    if refused.status == 302 {
        return;
    }
    assert_eq!(refused.status, 429);
    // The browser waits as it was told, for a second code is not to be had without the login page.
    server.clock.pass(refused.header("retry-after").unwrap().parse().unwrap());
    let again = visit(&server, &location, &lines).await;
    assert!(
        again.header("set-cookie").is_some(),
        "the code was used up by a call that was refused: {again:?}"
    );
}

/// SECURITY.md: "learn of no account whether it is there", also for who shares an address with one.
#[tokio::test]
async fn no_neighbour_learns_whether_an_account_is_there() {
    let rules = Rules { attempts: Policy { in_a_row: 5, cooldown: Duration::from_secs(900) }, ..rules() };
    let store = Store::in_memory([7; 32]).unwrap();
    let settings = Settings { trusted_proxies: proxies(), ..Settings::default() };
    let server = TestServer::assemble(store, settings, rules, TestClock::new(), Quotas::new(None)).await;
    let (owner, nobody) = (Wallet::new(1), Wallet::new(2));
    let here = "192.0.2.1";
    sign_in_from(&server, here, &owner).await;
    let guess = |wallet: &Wallet| {
        json!({"tron_address": wallet.address, "message": "let me in", "signature": "00".repeat(65)})
            .to_string()
    };
    let send = |body: String| {
        let server = &server;
        async move { server.ask(request("POST", "/auth/login", &from(here), &body)).await }
    };
    for other in 300..305 {
        send(guess(&Wallet::new(other))).await;
    }
    let told = [send(guess(&nobody)).await.problem(), send(guess(&owner)).await.problem()];
    assert_eq!(told[0], told[1], "one guess tells the neighbour's account from nobody's");
}

#[tokio::test]
async fn a_stolen_access_token_yields_nothing_that_lasts_longer() {
    let server = TestServer::with(settings()).await;
    let owner = server.sign_in(&Wallet::new(1)).await;
    let thief = server.sign_in(&Wallet::new(2)).await;
    let (cookie, state) = state(&server, "192.0.2.66").await;
    let body = json!({"return_to": format!("{APP}/"), "state": state});
    let stolen = bearer(&owner);
    let ask = async |lines: String| {
        let lines = format!("Content-Type: application/json\r\n{stolen}{lines}");
        server.ask(request("POST", "/auth/handover", &lines, &body.to_string())).await
    };
    let own = |tokens: &Value| {
        let session = tokens["session_id"].as_str().unwrap().parse().unwrap();
        let cookie = server.service.session_cookie(session, &OWN.parse().unwrap());
        format!("Cookie: __Host-lucid_session={}\r\n", *cookie.to_text())
    };
    let page = format!("Origin: {OWN}\r\n");
    for (case, lines) in [
        ("the token alone", String::new()),
        ("as if from our page", page.clone()),
        ("with the thief's own cookie", page.clone() + &own(&thief)),
        ("with the owner's cookie, from another page", format!("Origin: {APP}\r\n") + &own(&owner)),
        ("with a cookie made up", page.clone() + "Cookie: __Host-lucid_session=AAAA\r\n"),
    ] {
        assert_eq!(ask(lines).await.problem(), (403, 1065), "{case}");
    }
    let handed = ask(page.clone() + &own(&owner)).await.expect(200);
    let location = handed["location"].as_str().unwrap().to_owned();
    let back = visit(&server, &location, &format!("Cookie: {cookie}\r\n")).await;
    assert!(set_cookie(&back).starts_with("__Host-lucid_session="), "the owner's browser: {back:?}");
    server.call("POST", "/auth/logout", &owner, &Value::Null).await.expect(200);
    assert_eq!(ask(page + &own(&owner)).await.problem(), (401, 1015), "no session, nothing to bring");
}

/// SECURITY.md: "What is refused for being too often uses nothing up", at home behind a neighbour that fails, too.
#[tokio::test]
async fn a_wallet_is_connected_at_home_whatever_a_neighbour_does_and_neither_proof_is_used_up_alone() {
    let rules = Rules { attempts: Policy { in_a_row: 5, cooldown: Duration::from_secs(900) }, ..rules() };
    let store = Store::in_memory([7; 32]).unwrap();
    let server = TestServer::assemble(store, settings(), rules, TestClock::new(), Quotas::new(None)).await;
    let (owner, device) = (Wallet::new(1), Wallet::new(2));
    let (here, there) = ("192.0.2.1", "198.51.100.1");
    let tokens = sign_in_from(&server, here, &owner).await;
    for client in [here, there] {
        for other in 300..305 {
            let guess = json!({"tron_address": Wallet::new(other).address, "message": "x", "signature": "00".repeat(65)});
            server.ask(request("POST", "/auth/login", &from(client), &guess.to_string())).await;
        }
    }
    let connect = async |client: &str, body: &Value| {
        let lines = from(client) + &bearer(&tokens);
        server.ask(request("POST", "/hw/connect", &lines, &body.to_string())).await
    };
    let connection = server.connection(&owner, &device).await;
    assert_eq!(connect(there, &connection).await.problem(), (429, 1006), "where the owner is not at home");
    let mut wrong = connection.clone();
    wrong["signature"] = json!("00".repeat(65));
    assert_eq!(
        connect(here, &wrong).await.problem().0,
        429,
        "a bad signature, from a client that fails often"
    );
    server.clock.pass(60);
    assert_eq!(connect(here, &wrong).await.problem(), (401, 1001));
    connect(here, &connection).await.expect(201);
    assert_eq!(connect(here, &connection).await.problem(), (401, 1012), "good once");
}

/// SECURITY.md: a copy that is put back lifts no lock. Also if the process was killed between the commit and the guard, and the
/// admin who got no answer asked again.
#[tokio::test]
async fn a_lock_that_was_answered_is_not_lifted_by_a_copy_whenever_the_service_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth.redb");
    let [guard, copy, guard_before] =
        ["auth.guard", "copy.redb", "before.guard"].map(|name| folder.path().join(name));
    let clock = TestClock::new();
    let thief = Wallet::new(1);
    let lock = async |server: &TestServer| {
        server.service.lock_user(Asker::Operator, UserRef::Address(thief.address)).await.unwrap()
    };
    let server = TestServer::over(&path, rules(), clock.clone()).await;
    let tokens = server.sign_in(&thief).await;
    closed(server, &path).await;
    fs::copy(&path, &copy).unwrap();
    fs::copy(&guard, &guard_before).unwrap();

    let server = TestServer::over(&path, rules(), clock.clone()).await;
    lock(&server).await;
    closed(server, &path).await;
    fs::copy(&guard_before, &guard).unwrap();

    let server = TestServer::over(&path, rules(), clock.clone()).await;
    assert!(lock(&server).await.locked_at.is_some());
    closed(server, &path).await;

    fs::copy(&copy, &path).unwrap();
    let server = TestServer::over(&path, rules(), clock.clone()).await;
    let verify = server.call("GET", "/auth/verify", &tokens, &Value::Null).await;
    let again = server.post("/auth/login", &server.signed(&thief, WalletType::Tron).await).await;
    assert_eq!((verify.status, again.problem()), (401, (423, 1005)));
}

/// Stop, and wait until nobody has the database open.
async fn closed(server: TestServer, path: &Path) {
    server.close().await;
    while Store::open(path, [7; 32]).is_err() {
        tokio::task::yield_now().await;
    }
}
