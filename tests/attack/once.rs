//! Everything that is good once, asked for by many in the same moment: it is given once.
//!
//! Each racer is a thread with a connection of its own, over which it has sent its request but for the last byte. All send
//! that when a barrier opens, so that the service has every request in hand at the same time.
//!
//! 20 rounds of each; 500 with `LUCID_LONG=1`.

use std::{
    collections::HashSet,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::Barrier,
    thread,
};

use lucid_auth::{
    domain::{role::Role, wallet::WalletType},
    http::{Settings, client::TrustedProxies},
};
use serde_json::{Value, json};

use crate::{
    figures, is_long,
    support::{PATIENCE, TestServer, bearer, request},
    wallet::Wallet,
};

const RACERS: usize = 16;
const APP: &str = "https://app.example.org";
/// Of a challenge that was used, and of a session that has ended.
const USED: (u16, u16) = (401, 1012);
const ENDED: (u16, u16) = (401, 1015);

fn rounds() -> u64 {
    if is_long() { 500 } else { 20 }
}

/// What a racer was answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Value,
}

impl Answer {
    fn of(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text}"));
        let body = serde_json::from_str(body).unwrap_or_default();
        Self { status: head[9..12].parse().unwrap(), head: head.to_owned(), body }
    }

    /// The status, and the number of the problem's code; 0 if it is none.
    fn problem(&self) -> (u16, u16) {
        let code = self.body["error"]["code"].as_str().and_then(|code| code.strip_prefix("LUCID_AUTH_"));
        (self.status, code.map_or(0, |digits| digits.parse().unwrap()))
    }

    fn is_good(&self) -> bool {
        self.status < 300
    }
}

/// The bytes of a call that is the last on its connection.
fn call(method: &str, path: &str, tokens: &Value, body: &Value) -> Vec<u8> {
    let known = if tokens.is_null() { String::new() } else { bearer(tokens) };
    let lines = format!("Content-Type: application/json\r\nConnection: close\r\n{known}");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    request(method, path, &lines, &body).into_bytes()
}

/// The same call by every racer.
fn same(method: &str, path: &str, tokens: &Value, body: &Value) -> Vec<Vec<u8>> {
    vec![call(method, path, tokens, body); RACERS]
}

/// Send all of these at the same moment.
fn race(server: &TestServer, requests: &[Vec<u8>]) -> Vec<Answer> {
    let address = server.address;
    tokio::task::block_in_place(|| {
        let barrier = Barrier::new(requests.len());
        thread::scope(|scope| {
            let barrier = &barrier;
            let racers = requests.iter().map(|bytes| scope.spawn(move || run(address, barrier, bytes)));
            let racers: Vec<_> = racers.collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        })
    })
}

fn run(address: SocketAddr, barrier: &Barrier, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let (last, most) = bytes.split_last().unwrap();
    stream.write_all(most).unwrap();
    barrier.wait();
    stream.write_all(&[*last]).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    Answer::of(&answer)
}

/// Check that one of these is good, and that all others were refused in this way.
fn one_wins<'a>(answers: &'a [Answer], others: (u16, u16), case: &str) -> &'a Answer {
    let (good, bad): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.is_good());
    assert_eq!(good.len(), 1, "{case}: {answers:?}");
    for answer in bad {
        assert_eq!(answer.problem(), others, "{case}: {answer:?}");
    }
    good[0]
}

fn record(what: &str, rounds: u64) {
    figures::record(&format!("race: {what}"), rounds * RACERS as u64, 0);
}

/// What binds `wallet` to the caller's account.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_challenge_opens_one_of_all_doors() {
    let server = TestServer::start().await;
    for round in 0..rounds() {
        let how = WalletType::ALL[usize::try_from(round).unwrap() % WalletType::ALL.len()];
        let wallet = Wallet::new(1_000 + round);
        let tokens = server.sign_in(&wallet).await;
        let answer = server.signed(&wallet, how).await;
        let mut requests = Vec::new();
        for racer in 0..RACERS {
            requests.push(match racer % 3 {
                0 => call("POST", "/auth/login", &Value::Null, &answer),
                1 => call("POST", "/auth/register", &Value::Null, &answer),
                _ => {
                    let mut binding = answer.clone();
                    binding["type"] = "ledger".into();
                    // The proof is another challenge, which none of the others has.
                    binding["proof"] = server.signed(&wallet, WalletType::Tron).await;
                    call("POST", "/hw/connect", &tokens, &binding)
                }
            });
        }
        let answers = race(&server, &requests);
        // A door that has another reason to refuse, such as that the account is there already, has used it up, too. But a
        // kind of wallet that is no device is told from what is said of it before the challenge is looked at.
        let opened: Vec<_> =
            answers.iter().map(Answer::problem).filter(|met| *met != USED && *met != (409, 1004)).collect();
        assert_eq!(opened.len(), 1, "{how}: {answers:?}");
        assert!([(200, 0), (409, 1018), (409, 1050)].contains(&opened[0]), "{how}: {opened:?}");
    }
    record("one challenge, at the doors of all who take one", rounds());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_signature_signs_in_once_whatever_the_wallet() {
    let server = TestServer::start().await;
    for round in 0..rounds() {
        let how = WalletType::ALL[usize::try_from(round).unwrap() % WalletType::ALL.len()];
        let answer = server.signed(&Wallet::new(2_000 + round), how).await;
        let answers = race(&server, &same("POST", "/auth/login", &Value::Null, &answer));
        let tokens = &one_wins(&answers, USED, how.name()).body;
        let sessions = server.call("GET", "/sessions", tokens, &Value::Null).await.expect(200);
        assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1, "{how}");
    }
    record("sign-in with one challenge, with each kind of wallet, Trezor's transfer too", rounds());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_proof_is_one_change() {
    let server = TestServer::start().await;
    let admin = Wallet::new(1);
    let root = server.sign_in_as(&admin, Role::SuperAdmin).await;
    for round in 0..rounds() {
        // Making somebody SUPER_ADMIN.
        let ada = server.sign_in(&Wallet::new(3_000 + round)).await;
        let path = format!("/users/{}/role", ada["user"]["user_id"].as_str().unwrap());
        let proof = server.signed(&admin, WalletType::Tron).await;
        let body = json!({"role": "SUPER_ADMIN", "proof": proof});
        one_wins(&race(&server, &same("PUT", &path, &root, &body)), USED, "a role");

        // A wallet that shows that it is still there.
        let (owner, device) = (Wallet::new(4_000 + round), Wallet::new(5_000 + round));
        let tokens = server.sign_in(&owner).await;
        let binding = server.connection(&owner, &device).await;
        let wallet = server.call("POST", "/hw/connect", &tokens, &binding).await.expect(201);
        let challenge =
            server.call("POST", "/hw/sign", &tokens, &json!({"id": wallet["id"]})).await.expect(200);
        let message = challenge["message"].as_str().unwrap();
        let scheme = challenge["scheme"].as_str().unwrap().parse().unwrap();
        let proof =
            json!({"id": wallet["id"], "message": message, "signature": device.sign(scheme, message)});
        one_wins(&race(&server, &same("POST", "/hw/verify", &tokens, &proof)), USED, "a wallet");

        // A wallet that is taken off.
        let path = format!("/hw/disconnect/{}", wallet["id"].as_str().unwrap());
        one_wins(&race(&server, &same("POST", &path, &tokens, &Value::Null)), (404, 1052), "a wallet less");

        // An account that is erased: others find the challenge used, or their session gone.
        let proof = server.signed(&owner, WalletType::Tron).await;
        let answers = race(&server, &same("DELETE", "/users/me", &tokens, &proof));
        assert_eq!(answers.iter().filter(|answer| answer.status == 204).count(), 1, "{answers:?}");
        let refused = |answer: &Answer| [USED, ENDED].contains(&answer.problem());
        assert!(answers.iter().all(|answer| answer.status == 204 || refused(answer)), "{answers:?}");
    }
    record("one proof: a role, a wallet, a wallet less, an account less", 4 * rounds());
}

/// A refresh token is good once, and once more within ten seconds, for a reply that was lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refresh_token_is_answered_as_often_as_is_promised() {
    let server = TestServer::start().await;
    for round in 0..rounds() {
        for (case, before, wait, expected) in
            [("never used", 0, 0, 2), ("used just now", 1, 9, 1), ("used before", 1, 10, 0)]
        {
            let tokens = server.sign_in(&Wallet::new(6_000 + round)).await;
            let body = json!({"refresh_token": tokens["refresh_token"]});
            for _ in 0..before {
                server.post("/auth/refresh", &body).await.expect(200);
            }
            server.clock.pass(wait);
            let answers = race(&server, &same("POST", "/auth/refresh", &Value::Null, &body));
            let good: Vec<_> = answers.iter().filter(|answer| answer.is_good()).collect();
            assert_eq!(good.len(), expected, "{case}: {answers:?}");
            let refused = |answer: &Answer| [(401, 1017), ENDED].contains(&answer.problem());
            assert!(answers.iter().all(|answer| answer.is_good() || refused(answer)), "{case}: {answers:?}");
            // The others have ended the session, for all who won, too.
            for tokens in good.iter().map(|answer| &answer.body).chain([&tokens]) {
                let ended = server.call("GET", "/auth/verify", tokens, &Value::Null).await;
                assert_eq!(ended.problem(), ENDED, "{case}");
            }
        }
    }
    record("one refresh token, never used, used just now, used before", 3 * rounds());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_code_brings_one_session_to_an_app() {
    let server = TestServer::with(Settings {
        public_url: Some("https://auth.example.org".parse().unwrap()),
        redirect_origins: vec![APP.parse().unwrap()],
        trusted_proxies: TrustedProxies::new(vec!["127.0.0.0/8".parse().unwrap()]),
        ..Settings::default()
    })
    .await;
    let tokens = server.sign_in(&Wallet::new(1)).await;
    for _ in 0..rounds() {
        let app = "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Method: GET\r\nX-Forwarded-Proto: https\r\n\
                   X-Forwarded-Host: app.example.org\r\nX-Forwarded-Uri: /a\r\nAccept: text/html\r\n";
        let sent = server.get("/auth/forward", app).await;
        let login = sent.header("location").unwrap();
        let (_, state) = login.split_once("state=").unwrap();
        let kept = sent.header("set-cookie").unwrap();
        let kept = kept.split(';').next().unwrap();
        let asked = json!({"return_to": format!("{APP}/a"), "state": &state[..43]});
        let reply = server.hand_over("https://auth.example.org", &tokens, &asked).await.expect(200);
        let path = reply["location"].as_str().unwrap().strip_prefix(APP).unwrap();
        let visit = request("GET", path, &format!("Cookie: {kept}\r\nConnection: close\r\n"), "")
            .replace("Host: localhost", "Host: app.example.org");
        let answers = race(&server, &vec![visit.into_bytes(); RACERS]);
        assert!(answers.iter().all(|answer| answer.status == 302), "{answers:?}");
        let won =
            answers.iter().filter(|answer| answer.head.contains("\r\nset-cookie: __Host-lucid_session="));
        assert_eq!(won.count(), 1, "{answers:?}");
        let lost = answers.iter().filter(|answer| answer.head.contains("&handover=failed\r\n"));
        assert_eq!(lost.count(), RACERS - 1, "{answers:?}");
    }
    record("one code on its way to an app", rounds());
}

/// An address has one account, and a wallet belongs to one, whoever comes first.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_address_is_given_to_one() {
    let server = TestServer::start().await;
    let mut accounts = Vec::new();
    for racer in 0..RACERS as u64 {
        accounts.push(server.sign_in(&Wallet::new(10 + racer)).await);
    }
    for round in 0..rounds() {
        let (registered, signed_in, device) =
            (Wallet::new(7_000 + round), Wallet::new(8_000 + round), Wallet::new(9_000 + round));
        let (mut registers, mut sign_ins, mut bindings) = (Vec::new(), Vec::new(), Vec::new());
        for (racer, tokens) in (0..).zip(&accounts) {
            let answer = server.signed(&registered, WalletType::Tron).await;
            registers.push(call("POST", "/auth/register", &Value::Null, &answer));
            let answer = server.signed(&signed_in, WalletType::Tron).await;
            sign_ins.push(call("POST", "/auth/login", &Value::Null, &answer));
            bindings.push(call(
                "POST",
                "/hw/connect",
                tokens,
                &server.connection(&Wallet::new(10 + racer), &device).await,
            ));
        }
        one_wins(&race(&server, &registers), (409, 1018), "an account");

        // Each of these is a sign-in in its own right: of the same, new user, who has no more sessions than anybody.
        let answers = race(&server, &sign_ins);
        assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
        let users: HashSet<_> =
            answers.iter().map(|answer| answer.body["user"]["user_id"].to_string()).collect();
        assert_eq!(users.len(), 1, "{users:?}");
        let mut live = 0;
        for answer in &answers {
            live += usize::from(
                server.call("GET", "/auth/verify", &answer.body, &Value::Null).await.status == 200,
            );
        }
        assert_eq!(live, 5);

        let won = race(&server, &bindings);
        let wallet = one_wins(&won, (409, 1050), "a wallet").body["id"].clone();
        let path = format!("/hw/disconnect/{}", wallet.as_str().unwrap());
        let mut freed = 0;
        for tokens in &accounts {
            freed += usize::from(server.call("POST", &path, tokens, &Value::Null).await.status == 200);
        }
        assert_eq!(freed, 1, "it is one account's");
    }
    record("one address: an account, a first sign-in, a wallet's owner", 3 * rounds());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_next_key_is_made() {
    let mut made = HashSet::new();
    for _ in 0..rounds() {
        let server = TestServer::start().await;
        let root = server.sign_in_as(&Wallet::new(1), Role::SuperAdmin).await;
        let answers = race(&server, &same("POST", "/keys/rotate", &root, &Value::Null));
        assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
        let listed = server.call("GET", "/keys", &root, &Value::Null).await.expect(200);
        let states: Vec<_> = listed["keys"].as_array().unwrap().iter().map(|key| &key["state"]).collect();
        assert_eq!(states, ["active", "next"], "{listed}");
        made.insert(listed["keys"][1]["kid"].to_string());
    }
    assert_eq!(made.len() as u64, rounds());
    record("the next signing key", rounds());
}
