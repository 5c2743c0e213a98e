//! What somebody without the key of an account can learn of it, and do to it: nothing.
//!
//! With `LUCID_LONG=1` the answers' times are compared, too, and strangers come from more clients than are remembered.

use std::time::{Duration, Instant};

use lucid_auth::{
    domain::{
        attempts::Policy,
        role::Role,
        wallet::{Scheme, WalletType},
    },
    http::{Quotas, Settings, client::TrustedProxies},
    service::{Asker, NewUser, Rules, UserRef},
    store::Store,
};
use serde_json::{Value, json};

use crate::{
    figures, is_long,
    support::{Reply, TestClock, TestServer, bearer, request, rules},
    wallet::Wallet,
};

/// A server that locks sign-ins, and takes our word for where calls come from.
async fn server(rules: Rules) -> TestServer {
    let attempts = Policy { in_a_row: 5, cooldown: Duration::from_secs(900) };
    let trusted_proxies = TrustedProxies::new(vec!["127.0.0.1/32".parse().unwrap()]);
    let settings = Settings { trusted_proxies, ..Settings::default() };
    let store = Store::in_memory([7; 32]).unwrap();
    TestServer::assemble(store, settings, Rules { attempts, ..rules }, TestClock::new(), Quotas::new(None))
        .await
}

async fn post(server: &TestServer, client: &str, path: &str, lines: &str, body: &Value) -> Reply {
    let lines = format!("Content-Type: application/json\r\nX-Forwarded-For: {client}\r\n{lines}");
    server.ask(request("POST", path, &lines, &body.to_string())).await
}

/// A sign-in of `wallet` by its owner, at this client.
async fn sign_in(server: &TestServer, client: &str, wallet: &Wallet) -> Reply {
    let body = server.signed(wallet, WalletType::Tron).await;
    post(server, client, "/auth/login", "", &body).await
}

/// A challenge of `owner` that another key signed.
async fn forged(server: &TestServer, owner: &Wallet) -> Value {
    let mut body = server.signed(owner, WalletType::Tron).await;
    let message = body["message"].as_str().unwrap().to_owned();
    body["signature"] = Wallet::new(99).sign(Scheme::TronV2, &message).into();
    body
}

/// Accounts that a stranger would like to tell apart.
const KINDS: [&str; 8] = [
    "nobody's",
    "a user's",
    "a user's who is signed out",
    "an admin's",
    "a locked user's",
    "an erased user's",
    "that of a wallet that is bound",
    "one that is named for SUPER_ADMIN",
];

fn of_kind(kind: usize) -> Wallet {
    Wallet::new(200 + kind as u64)
}

/// Make each of them what it is.
async fn settle(server: &TestServer) {
    const HOME: &str = "198.51.100.1";
    let add = |kind: usize, role: Role| {
        let new = NewUser { address: of_kind(kind).address, role, display_name: None };
        server.service.add_user(new)
    };
    add(1, Role::User).await.unwrap();
    add(2, Role::User).await.unwrap();
    add(3, Role::Admin).await.unwrap();
    add(4, Role::User).await.unwrap();
    add(5, Role::User).await.unwrap();
    for kind in [1, 2, 3, 4, 5] {
        let tokens = sign_in(server, HOME, &of_kind(kind)).await.expect(200);
        let whom = UserRef::Address(of_kind(kind).address);
        match kind {
            2 => drop(server.call("POST", "/auth/logout", &tokens, &Value::Null).await.expect(200)),
            3 => {
                let binding = server.connection(&of_kind(3), &of_kind(6)).await;
                server.call("POST", "/hw/connect", &tokens, &binding).await.expect(201);
            }
            4 => drop(server.service.lock_user(Asker::Operator, whom).await.unwrap()),
            5 => server.service.erase_user(Asker::Operator, whom).await.unwrap(),
            _ => {}
        }
    }
}

/// What a stranger may ask of an address. Those that fail count, so in a row they also lock.
const ASKED: [&str; 7] =
    ["a challenge", "a sign-in", "an account", "a text of one's own", "no signature", "a wallet", "a guess"];

async fn ask(server: &TestServer, what: &str, owner: &Wallet, client: &str, tokens: &Value) -> Reply {
    let (path, lines, body) = question(server, what, owner, tokens).await;
    post(server, client, path, &lines, &body).await
}

/// Where that is asked, with which lines, and the body, signed where it has to be.
async fn question(
    server: &TestServer,
    what: &str,
    owner: &Wallet,
    tokens: &Value,
) -> (&'static str, String, Value) {
    let address = owner.address;
    let (path, body) = match what {
        "a challenge" => ("/auth/challenge", json!({"tron_address": address})),
        "a sign-in" => ("/auth/login", forged(server, owner).await),
        "an account" => ("/auth/register", forged(server, owner).await),
        "a text of one's own" => {
            let body = json!({"tron_address": address, "message": "let me in", "signature": "00".repeat(65)});
            ("/auth/login", body)
        }
        "no signature" => {
            let mut body = forged(server, owner).await;
            body["signature"] = "".into();
            ("/auth/login", body)
        }
        "a wallet" => {
            // The token is of who has this wallet.
            let mut body = server.connection(&Wallet::new(98), owner).await;
            let message = body["message"].as_str().unwrap().to_owned();
            body["signature"] = Wallet::new(99).sign(Scheme::TronV2, &message).into();
            return ("/hw/connect", bearer(tokens), body);
        }
        _ => ("/auth/refresh", json!({"refresh_token": address.to_string()})),
    };
    (path, String::new(), body)
}

/// What a reply tells, without what is another each time: of that, only how long it is.
fn told(reply: &Reply) -> (u16, Vec<(String, String)>, Value) {
    let mut headers = reply.headers.clone();
    headers.retain(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()));
    let mut body = reply.json();
    for path in ["/nonce", "/digest", "/message", "/error/request_id"] {
        if let Some(value) = body.pointer_mut(path) {
            *value = value.as_str().unwrap().len().into();
        }
    }
    (reply.status, headers, body)
}

#[tokio::test]
async fn no_answer_tells_whether_an_account_is_there() {
    let mut cases = 0;
    for open in [true, false] {
        let rules = Rules { registration_open: open, super_admins: vec![of_kind(7).address], ..rules() };
        let server = server(rules).await;
        settle(&server).await;
        let stranger = Wallet::new(98);
        let new = NewUser { address: stranger.address, role: Role::User, display_name: None };
        server.service.add_user(new).await.unwrap();
        // At first; when sign-in is locked; when it no longer is; and when the clients have failed elsewhere, and must wait.
        for (wait, elsewhere) in [(0, 0), (0, 0), (900, 0), (1_900, 5)] {
            server.clock.pass(wait);
            let tokens = sign_in(&server, "198.51.100.2", &stranger).await.expect(200);
            for (kind, _) in KINDS.iter().enumerate() {
                for other in 0..elsewhere {
                    let body = forged(&server, &Wallet::new(300 + other)).await;
                    let failed = post(&server, &format!("203.0.113.{kind}"), "/auth/login", "", &body).await;
                    assert_eq!(failed.problem(), (401, 1001));
                }
            }
            for what in ASKED {
                let mut first = None;
                for (kind, case) in KINDS.iter().enumerate() {
                    let client = format!("203.0.113.{kind}");
                    let reply = ask(&server, what, &of_kind(kind), &client, &tokens).await;
                    let told = told(&reply);
                    let first = first.get_or_insert_with(|| told.clone());
                    assert_eq!(told, *first, "{what} tells an address that is {case} from nobody's");
                    cases += 1;
                }
            }
        }
        if is_long() {
            cases += tell_by_time(&server).await;
        }
    }
    figures::record("sign-in: whether an account is there, by what a stranger is told", cases, 0);
}

/// Compare the times of answers, asked for in turns. Another address without an account shows what is chance. All that the
/// client does is done before the clock starts: beside a signature of its own, one that the service checks would hardly show.
async fn tell_by_time(server: &TestServer) -> u64 {
    const TURNS: usize = 2_000;
    for (place, what) in ["a challenge", "a sign-in", "a text of one's own"].into_iter().enumerate() {
        let subjects = [Wallet::new(97), of_kind(0), of_kind(1), of_kind(4)];
        let mut times: [Vec<Duration>; 4] = Default::default();
        for turn in 0..TURNS {
            for step in 0..subjects.len() {
                // There and back, so that none is always the one after the same other.
                let which = if turn % 2 == 0 { step } else { subjects.len() - 1 - step };
                // A client of its own each time: one that failed before would come to be locked.
                let client = format!("10.{}.{}.{}", 4 * place + which, turn >> 8, turn & 0xff);
                let (path, lines, body) = question(server, what, &subjects[which], &Value::Null).await;
                let lines = format!("Content-Type: application/json\r\nX-Forwarded-For: {client}\r\n{lines}");
                let bytes = request("POST", path, &lines, &body.to_string());
                let mut caller = server.connect().await;
                // It is accepted, and served.
                caller.send(request("GET", "/health", "", "")).await;
                assert_eq!(caller.reply().await.status, 200);
                let began = Instant::now();
                caller.send(bytes).await;
                let reply = caller.reply().await;
                times[which].push(began.elapsed());
                assert!([200, 401].contains(&reply.status), "{what}: {}", reply.text());
            }
        }
        let [chance, nobody, user, locked] = times.map(|mut times| {
            times.sort();
            times[times.len() / 2]
        });
        eprintln!(
            "{what}: {nobody:?} for nobody, {chance:?} again, {user:?} for a user, {locked:?} for a locked one"
        );
        // A check of a signature more or less, or a wait for the disk, would be far more than a tenth.
        for (who, median) in [("again", chance), ("a user", user), ("a locked user", locked)] {
            let apart = median.abs_diff(nobody);
            assert!(apart < nobody / 10, "{what}: {who} is {apart:?} apart from {nobody:?}");
        }
    }
    3 * 4 * TURNS as u64
}

#[tokio::test]
async fn no_stranger_shuts_an_owner_out() {
    let server = server(rules()).await;
    let owner = Wallet::new(1);
    let home = "198.51.100.1";
    let tokens = sign_in(&server, home, &owner).await.expect(200);
    let mut cases = 0;

    // From many clients, with all that fails, until each of them is locked itself.
    let clients: u64 = if is_long() { 20_000 } else { 300 };
    for number in 0..clients {
        let client = match number % 2 {
            0 => format!("10.{}.{}.1", number >> 8, number & 0xff),
            _ => format!("2001:db8:{number:x}::1"),
        };
        let body = if number % 3 == 0 {
            json!({"tron_address": owner.address, "message": "let me in", "signature": "00".repeat(65)})
        } else {
            forged(&server, &owner).await
        };
        for attempt in 0..6 {
            let path = if attempt % 2 == 0 { "/auth/login" } else { "/auth/register" };
            let status = post(&server, &client, path, "", &body).await.status;
            assert_eq!(status, if attempt < 5 { 401 } else { 423 }, "{client}, {attempt}");
            cases += 1;
        }
        if number % 100 == 0 {
            sign_in(&server, home, &owner).await.expect(200);
            sign_in(&server, &format!("192.0.2.{}", number / 100 % 250), &owner).await.expect(200);
        }
    }
    sign_in(&server, home, &owner).await.expect(200);

    // With the text that the owner is about to sign, and with many more for the same address.
    let asked = server.signed(&owner, WalletType::Tron).await;
    let mut taken = asked.clone();
    let message = asked["message"].as_str().unwrap();
    taken["signature"] = Wallet::new(2).sign(Scheme::TronV2, message).into();
    for _ in 0..4 {
        assert_eq!(post(&server, "192.0.2.251", "/auth/login", "", &taken).await.problem(), (401, 1001));
    }
    for _ in 0..500 {
        server.post("/auth/challenge", &json!({"tron_address": owner.address})).await.expect(200);
    }
    cases += 504;
    let answer = post(&server, home, "/auth/login", "", &asked).await.expect(200);
    server.call("GET", "/auth/verify", &answer, &Value::Null).await.expect(200);
    // And the oldest session ends only by the owner's own sign-ins, of which there were more than five.
    assert_eq!(server.call("GET", "/auth/verify", &tokens, &Value::Null).await.problem(), (401, 1015));
    figures::record("sign-in: an owner shut out, by strangers at many clients", cases, 0);
}

/// Whoever could fail in the owner's name, at the owner's own client, could lock it.
#[tokio::test]
async fn no_header_fails_a_sign_in_at_anothers_client() {
    let owner = Wallet::new(1);
    let attempts = Policy { in_a_row: 5, cooldown: Duration::from_secs(900) };
    let direct = TestServer::with_rules(Rules { attempts, ..rules() }).await;
    let behind = server(rules()).await;
    let mut cases = 0;
    for (line, how) in [
        ("X-Forwarded-For: 127.0.0.1", "the proxies' header"),
        ("X-Forwarded-For: 127.0.0.1, 127.0.0.1", "two of them"),
        ("x-forwarded-for:127.0.0.1", "in small letters"),
        ("Forwarded: for=127.0.0.1", "the standard's"),
        ("X-Real-IP: 127.0.0.1", "nginx's"),
        ("X-Client-IP: 127.0.0.1", "another"),
        ("True-Client-IP: 127.0.0.1", "another"),
        ("CF-Connecting-IP: 127.0.0.1", "Cloudflare's"),
        ("X-Original-Forwarded-For: 127.0.0.1", "another"),
        ("X-Forwarded-Host: 127.0.0.1", "the host's"),
    ] {
        for _ in 0..12 {
            let lines = format!("Content-Type: application/json\r\n{line}\r\n");
            let body = forged(&direct, &owner).await.to_string();
            let mut stranger = direct.connect_from("127.0.0.2").await;
            stranger.send(request("POST", "/auth/login", &lines, &body)).await;
            assert!([401, 423, 429].contains(&stranger.reply().await.status), "{how}");

            // Behind a proxy, what the proxy itself adds is the last.
            let line = line.replace("127.0.0.1", "198.51.100.1");
            let lines =
                format!("Content-Type: application/json\r\n{line}\r\nX-Forwarded-For: 192.0.2.66\r\n");
            let body = forged(&behind, &owner).await.to_string();
            let reply = behind.ask(request("POST", "/auth/login", &lines, &body)).await;
            assert!([401, 423, 429].contains(&reply.status), "{how}");
            cases += 2;
        }
        direct.sign_in(&owner).await;
        sign_in(&behind, "198.51.100.1", &owner).await.expect(200);
        let new = Wallet::new(50 + cases);
        direct.sign_in(&new).await;
        sign_in(&behind, "198.51.100.1", &new).await.expect(200);
    }
    figures::record("sign-in: an owner's client locked, by headers of a stranger", cases, 0);
}
