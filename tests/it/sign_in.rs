//! Challenge, sign in, register.

use std::collections::HashSet;

use lucid_auth::service::Asker;
use lucid_auth::{
    domain::wallet::{Scheme, WalletType},
    http::Settings,
};
use serde_json::{Value, json};

use crate::{
    support::{START, TestServer, bearer, json as post, request, rules},
    wallet::Wallet,
};

#[tokio::test]
async fn every_kind_of_wallet_signs_in_and_comes_back_to_the_same_account() {
    let server = TestServer::start().await;
    let wallet = Wallet::new(1);
    let mut users = HashSet::new();
    for how in WalletType::ALL {
        let body = server.signed(&wallet, how).await;
        let tokens = server.post("/auth/login", &body).await.expect(200);
        assert_eq!(tokens["token_type"], "Bearer");
        assert_eq!((&tokens["expires_in"], &tokens["refresh_expires_in"]), (&json!(900), &json!(604_800)));
        assert_eq!(tokens["user"]["tron_address"], wallet.address.to_string());
        assert_eq!(tokens["user"]["role"], "USER");
        assert_eq!(tokens["user"]["last_login_at"], "2026-10-26T07:33:20Z");
        let status = server.get("/auth/status", &bearer(&tokens)).await.expect(200);
        assert_eq!(status["session"]["wallet_type"], how.name());
        assert_eq!(status["session"]["id"], tokens["session_id"]);
        assert_eq!(status["session"]["ip"], "127.0.0.1");
        assert_eq!(status["access_token_expires_in"], 900);
        users.insert(tokens["user"]["user_id"].to_string());
    }
    assert_eq!(users.len(), 1);
}

#[tokio::test]
async fn a_challenge_tells_what_will_be_signed_and_until_when() {
    let server = TestServer::start().await;
    let wallet = Wallet::new(2);
    let challenge =
        server.post("/api/v1/auth/challenge", &json!({"tron_address": wallet.address})).await.expect(200);
    let message = challenge["message"].as_str().unwrap();
    let address = wallet.address;
    let nonce = challenge["nonce"].as_str().unwrap();
    assert_eq!(
        message,
        format!(
            "localhost wants you to sign in with your TRON account {address}. Not a transaction. Nonce: {nonce}. \
             Issued: 2026-10-26T07:33:20Z"
        )
    );
    assert_eq!(challenge["scheme"], "tron-v2");
    let digest = data_encoding::HEXLOWER.encode(&Scheme::TronV2.digest(address, message.as_bytes()));
    assert_eq!(challenge["digest"], digest);
    assert_eq!(challenge["issued_at"], "2026-10-26T07:33:20Z");
    assert_eq!(challenge["expires_at"], "2026-10-26T07:38:20Z");
}

#[tokio::test]
#[rustfmt::skip]
async fn a_proof_that_is_not_one_is_refused_for_its_reason() {
    let server = TestServer::start().await;
    let (owner, stranger) = (Wallet::new(3), Wallet::new(4));
    let good = server.signed(&owner, WalletType::Tron).await;
    let message = good["message"].as_str().unwrap();
    let signature = good["signature"].as_str().unwrap();
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let mut malleated = signature.to_owned();
    malleated.replace_range(130.., "1d");
    let cases = [
        // case                           body                                                                     status, code
        ("another key",                   with("signature", json!(stranger.sign(Scheme::TronV2, message))),        (401, 1001)),
        ("another scheme",                with("signature", json!(owner.sign(Scheme::Eip191, message))),           (401, 1001)),
        ("no signature",                  with("signature", json!("")),                                            (401, 1001)),
        ("another v",                     with("signature", json!(malleated)),                                     (401, 1001)),
        ("a byte more",                   with("signature", json!(format!("{signature}00"))),                      (401, 1001)),
        ("another address",               with("tron_address", json!(stranger.address)),                           (401, 1010)),
        ("a byte of the text",            with("message", json!(message.replace("Not a", "Not A"))),               (401, 1010)),
        ("a line break after the text",   with("message", json!(format!("{message}\n"))),                          (401, 1010)),
        ("a text of one's own",           with("message", json!("sign me in")),                                    (401, 1010)),
        ("a later time",                  with("message", json!(message.replace("07:33:20Z", "07:34:20Z"))),       (401, 1010)),
        ("no address",                    with("tron_address", json!("T")),                                        (422, 1025)),
        ("a hex address",                 with("tron_address", json!("41".repeat(21))),                            (422, 1025)),
        ("a number for a signature",      with("signature", json!(1)),                                             (422, 1025)),
        ("an unknown field",              with("admin", json!(true)),                                              (422, 1025)),
        ("an unknown device",             with("hardware_wallet", json!({"type": "toaster"})),                     (422, 1025)),
    ];
    for (case, body, expected) in cases {
        let reply = server.post("/auth/login", &body).await;
        assert_eq!(reply.problem(), expected, "{case}: {}", reply.text());
        let reply = server.post("/auth/register", &body).await;
        assert_eq!(reply.problem().0, expected.0, "register, {case}: {}", reply.text());
    }
    server.post("/auth/login", &good).await.expect(200);
}

#[tokio::test]
async fn a_challenge_is_good_once_for_five_minutes_for_its_host() {
    let server = TestServer::start().await;
    let wallet = Wallet::new(5);
    let server = &server;
    let login = |body: Value| async move { server.post("/auth/login", &body).await };

    let used = server.signed(&wallet, WalletType::Tron).await;
    login(used.clone()).await.expect(200);
    assert_eq!(login(used).await.problem(), (401, 1012));

    let late = server.signed(&wallet, WalletType::Tron).await;
    let last_second = server.signed(&wallet, WalletType::Tron).await;
    server.clock.pass(299);
    login(last_second).await.expect(200);
    server.clock.pass(1);
    assert_eq!(login(late).await.problem(), (401, 1011));

    let elsewhere = server.signed(&wallet, WalletType::Tron).await.to_string();
    let typed = "Content-Type: application/json\r\n";
    let to_another =
        request("POST", "/auth/login", typed, &elsewhere).replace("Host: localhost", "Host: pi.local");
    assert_eq!(server.ask(to_another).await.problem(), (401, 1010));
    server.ask(post("/auth/login", &elsewhere)).await.expect(200);
}

#[tokio::test]
async fn a_host_that_nobody_set_is_not_signed_for() {
    let server = TestServer::start().await;
    let body = json!({"tron_address": Wallet::new(6).address}).to_string();
    let rebound = post("/auth/challenge", &body).replace("Host: localhost", "Host: evil.example.org");
    assert_eq!(server.ask(rebound.as_str()).await.problem(), (421, 1027));

    let public =
        Settings { public_url: Some("https://auth.example.org".parse().unwrap()), ..Settings::default() };
    let server = TestServer::with(public).await;
    let challenge = server.ask(rebound).await.expect(200);
    assert!(challenge["message"].as_str().unwrap().starts_with("auth.example.org wants you"), "{challenge}");
}

#[tokio::test]
async fn of_two_hundred_uses_of_one_challenge_at_once_one_succeeds() {
    let server = TestServer::start().await;
    let wallet = Wallet::new(7);
    let body = server.signed(&wallet, WalletType::Tron).await;
    let uses = (0..200).map(|_| server.post("/auth/login", &body));
    let replies = join_all(uses).await;
    let (good, bad): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!(good.len(), 1);
    assert!(bad.iter().all(|reply| reply.problem() == (401, 1012)));
    let all =
        server.call("POST", "/auth/logout", &good[0].json(), &json!({"logout_all_sessions": true})).await;
    assert_eq!(all.expect(200), json!({"sessions_revoked": 1}));
}

/// Wait for all, at once.
pub async fn join_all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut waiting = false;
        for (future, done) in &mut futures {
            if done.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *done = Some(value),
                    std::task::Poll::Pending => waiting = true,
                }
            }
        }
        if waiting { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    futures.into_iter().map(|(_, done)| done.unwrap()).collect()
}

#[tokio::test]
async fn somebody_registers_once_with_a_profile_and_then_signs_in() {
    let server = TestServer::start().await;
    let wallet = Wallet::new(8);
    let mut body = server.signed(&wallet, WalletType::Tron).await;
    body["display_name"] = json!("Ada");
    body["email"] = json!("ada@example.org");
    let user = server.post("/auth/register", &body).await.expect(201);
    assert_eq!((&user["display_name"], &user["last_login_at"]), (&json!("Ada"), &Value::Null));
    assert_eq!(server.post("/auth/login", &body).await.status, 422, "a profile is no part of a sign-in");

    let again = server.signed(&wallet, WalletType::Tron).await;
    assert_eq!(server.post("/auth/register", &again).await.problem(), (409, 1018));
    let tokens = server.sign_in(&wallet).await;
    assert_eq!(tokens["user"]["user_id"], user["user_id"]);
    assert_eq!(tokens["user"]["display_name"], "Ada");
}

#[tokio::test]
async fn where_registration_is_closed_only_known_and_named_addresses_come_in() {
    let (admin, known, stranger) = (Wallet::new(9), Wallet::new(10), Wallet::new(11));
    let mut rules = rules();
    rules.registration_open = false;
    rules.super_admins = vec![admin.address];
    let server = TestServer::with_rules(rules).await;
    let new = lucid_auth::service::NewUser {
        address: known.address,
        role: lucid_auth::domain::role::Role::NodeOperator,
        display_name: None,
    };
    server.service.add_user(new).await.unwrap();
    assert_eq!(server.sign_in(&admin).await["user"]["role"], "SUPER_ADMIN");
    assert_eq!(server.sign_in(&known).await["user"]["role"], "NODE_OPERATOR");
    for path in ["/auth/login", "/auth/register"] {
        let body = server.signed(&stranger, WalletType::Tron).await;
        assert_eq!(server.post(path, &body).await.problem(), (403, 1019), "{path}");
    }
}

#[tokio::test]
async fn whoever_is_named_later_is_super_admin_from_the_next_sign_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth.redb");
    let wallet = Wallet::new(12);
    let server = TestServer::over(&path, rules(), crate::support::TestClock::new()).await;
    assert_eq!(server.sign_in(&wallet).await["user"]["role"], "USER");
    server.close().await;
    let mut rules = rules();
    rules.super_admins = vec![wallet.address];
    let server = TestServer::over(&path, rules, crate::support::TestClock::new()).await;
    assert_eq!(server.sign_in(&wallet).await["user"]["role"], "SUPER_ADMIN");
}

#[tokio::test]
async fn a_locked_user_is_kept_out_everywhere_and_at_once() {
    let server = TestServer::start().await;
    let wallet = Wallet::new(13);
    let tokens = server.sign_in(&wallet).await;
    let user = lucid_auth::service::UserRef::Address(wallet.address);
    server.service.lock_user(Asker::Operator, user).await.unwrap();
    assert_eq!(server.call("GET", "/auth/verify", &tokens, &Value::Null).await.problem(), (401, 1015));
    let refresh = json!({"refresh_token": tokens["refresh_token"]});
    assert_eq!(server.post("/auth/refresh", &refresh).await.problem(), (401, 1015));
    let body = server.signed(&wallet, WalletType::Tron).await;
    let reply = server.post("/auth/login", &body).await;
    assert_eq!(reply.problem(), (423, 1005));
    assert!(reply.header("retry-after").is_some());
    assert_eq!(reply.json()["error"]["details"]["locked_by"], "administrator");
    server.service.unlock_user(Asker::Operator, user).await.unwrap();
    server.sign_in(&wallet).await;
    assert_eq!(
        server.call("GET", "/auth/verify", &tokens, &Value::Null).await.status,
        401,
        "the old one stays out"
    );
}

#[tokio::test]
async fn the_oldest_session_ends_when_there_are_too_many() {
    let server = TestServer::start().await;
    let wallet = Wallet::new(14);
    let mut sessions = Vec::new();
    for _ in 0..7 {
        sessions.push(server.sign_in(&wallet).await);
    }
    let mut live = Vec::new();
    for tokens in &sessions {
        live.push(server.call("GET", "/auth/verify", tokens, &Value::Null).await.status);
    }
    assert_eq!(live, [401, 401, 200, 200, 200, 200, 200]);
}

#[tokio::test]
async fn time_that_goes_back_lets_nobody_in_twice() {
    let server = TestServer::start().await;
    let wallet = Wallet::new(15);
    let body = server.signed(&wallet, WalletType::Tron).await;
    server.post("/auth/login", &body).await.expect(200);
    for now in [START - 86_400, START - 1, START, START + 299] {
        server.clock.set(now);
        assert_eq!(server.post("/auth/login", &body).await.status, 401, "at {now}");
    }
}
