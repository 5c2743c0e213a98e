//! Hardware wallets: other ways into one account.

use std::sync::Arc;

use lucid_auth::domain::wallet::{DeviceType, WalletType};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    support::{TestClock, TestServer, audit_log, rules},
    wallet::Wallet,
};

/// What connects `wallet` to the account of `owner`, and says all of it that may be said.
async fn connection(server: &TestServer, owner: &Wallet, wallet: &Wallet) -> Value {
    let mut body = server.connection(owner, wallet).await;
    body["path"] = "m/44'/195'/0'/0/0".into();
    body["label"] = "Drawer".into();
    body["device_id"] = "0001".into();
    body
}

async fn connect(server: &TestServer, tokens: &Value, owner: &Wallet, wallet: &Wallet) -> Value {
    let body = connection(server, owner, wallet).await;
    server.call("POST", "/hw/connect", tokens, &body).await.expect(201)
}

#[tokio::test]
async fn a_connected_wallet_signs_in_to_the_same_account_until_it_is_disconnected() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("auth.redb");
    let clock = TestClock::new();
    let (own, ledger, spare) = (Wallet::new(1), Wallet::new(2), Wallet::new(3));
    let server = TestServer::over(&path, rules(), clock.clone()).await;
    let tokens = server.sign_in(&own).await;
    let user = tokens["user"].clone();

    let wallet = connect(&server, &tokens, &own, &ledger).await;
    for (field, value) in [
        ("type", "ledger"),
        ("wallet_type", "ledger"),
        ("path", "m/44'/195'/0'/0/0"),
        ("label", "Drawer"),
        ("device_id", "0001"),
        ("tron_address", &ledger.address.to_string()),
    ] {
        assert_eq!(wallet[field], value, "{field}");
    }
    connect(&server, &tokens, &own, &spare).await;
    server.close().await;

    let server = TestServer::over(&path, rules(), clock.clone()).await;
    clock.pass(60);
    let by_ledger = server.sign_in(&ledger).await;
    assert_eq!(by_ledger["user"]["user_id"], user["user_id"]);
    assert_eq!(
        by_ledger["user"]["tron_address"],
        own.address.to_string(),
        "the account keeps its own address"
    );
    let verified = server.call("GET", "/auth/verify", &by_ledger, &Value::Null).await.expect(200);
    assert_eq!(verified["tron_address"], own.address.to_string());
    let claims = by_ledger["access_token"].as_str().unwrap().split('.').nth(1).unwrap();
    let claims = data_encoding::BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["tron_address"], own.address.to_string(), "and so do its tokens");
    let sessions = server.call("GET", "/sessions", &tokens, &Value::Null).await.expect(200);
    let signed = |session: &Value| session["tron_address"].as_str().unwrap().to_owned();
    let signers: Vec<_> = sessions["sessions"].as_array().unwrap().iter().map(signed).collect();
    assert_eq!(signers, [own.address.to_string(), ledger.address.to_string()]);
    let listed = server.call("GET", "/hw", &tokens, &Value::Null).await.expect(200);
    assert_eq!(listed["wallets"].as_array().unwrap().len(), 2);
    assert_eq!(listed["wallets"][0]["id"], wallet["id"]);
    assert_ne!(listed["wallets"][0]["verified_at"], wallet["verified_at"], "a sign-in is a proof");

    let id = wallet["id"].as_str().unwrap();
    let gone = server.call("POST", &format!("/hw/disconnect/{id}"), &tokens, &Value::Null).await.expect(200);
    assert_eq!(gone["sessions_revoked"], 1);
    let ended = server.call("GET", "/auth/status", &by_ledger, &Value::Null).await;
    assert_eq!(ended.problem(), (401, 1015), "a lost device is signed out");
    server.call("GET", "/auth/status", &tokens, &Value::Null).await.expect(200);
    for (method, path) in [("GET", format!("/hw/status/{id}")), ("POST", format!("/hw/disconnect/{id}"))] {
        assert_eq!(server.call(method, &path, &tokens, &Value::Null).await.problem(), (404, 1052), "{path}");
    }
    let stranger = server.sign_in(&ledger).await;
    assert_ne!(stranger["user"]["user_id"], user["user_id"], "its address is free again");
    server.close().await;

    let log = audit_log(&path);
    let actions: Vec<_> = log.iter().map(|event| event.action.name()).collect();
    for action in ["wallet.connected", "wallet.disconnected"] {
        assert!(actions.contains(&action), "{actions:?}");
    }
    assert_eq!(lucid_auth::store::check(&path).unwrap().hardware_wallets, 1);
}

/// Somebody with a stolen token has a wallet of their own, but none that signs in to the account.
#[tokio::test]
async fn a_token_alone_binds_no_wallet_so_that_a_thief_cannot_stay() {
    let server = TestServer::start().await;
    let (own, ledger, thief, other) = (Wallet::new(1), Wallet::new(2), Wallet::new(3), Wallet::new(4));
    let tokens = server.sign_in(&own).await;
    server.sign_in(&other).await;
    connect(&server, &tokens, &own, &ledger).await;
    let connect_thief = async |proof: Value| {
        let mut body = server.connection(&own, &thief).await;
        body["proof"] = proof;
        server.call("POST", "/hw/connect", &tokens, &body).await
    };

    assert_eq!(connect_thief(Value::Null).await.problem(), (403, 1042));
    for (case, prover) in [("the thief's wallet", &thief), ("another account's", &other)] {
        let proof = server.signed(prover, WalletType::Tron).await;
        assert_eq!(connect_thief(proof).await.problem(), (401, 1001), "{case}");
    }
    let mut forged = server.signed(&own, WalletType::Tron).await;
    let message = forged["message"].as_str().unwrap().to_owned();
    forged["signature"] = thief.sign("tron-v2".parse().unwrap(), &message).into();
    assert_eq!(connect_thief(forged).await.problem(), (401, 1001));
    let mut both = server.signed(&thief, WalletType::Ledger).await;
    both["type"] = "ledger".into();
    both["proof"] =
        json!({"tron_address": thief.address, "message": both["message"], "signature": both["signature"]});
    let refused = server.call("POST", "/hw/connect", &tokens, &both).await.problem();
    assert_eq!(refused, (401, 1012), "one signature is no two");
    let used = server.signed(&own, WalletType::Tron).await;
    server.post("/auth/login", &used).await.expect(200);
    assert_eq!(connect_thief(used).await.problem(), (401, 1012));

    let listed = server.call("GET", "/hw", &tokens, &Value::Null).await.expect(200);
    assert_eq!(listed["wallets"].as_array().unwrap().len(), 1, "{listed}");
    let stranger = server.sign_in(&thief).await;
    assert_ne!(stranger["user"]["user_id"], tokens["user"]["user_id"]);

    let spare = connection(&server, &ledger, &Wallet::new(5)).await;
    server.call("POST", "/hw/connect", &tokens, &spare).await.expect(201);
}

#[tokio::test]
async fn a_wallet_proves_itself_again_when_asked() {
    let server = TestServer::start().await;
    let (own, ledger) = (Wallet::new(1), Wallet::new(2));
    let tokens = server.sign_in(&own).await;
    let wallet = connect(&server, &tokens, &own, &ledger).await;
    let id = wallet["id"].clone();
    server.clock.pass(100);

    let challenge = server.call("POST", "/hw/sign", &tokens, &json!({"id": id})).await.expect(200);
    assert_eq!(challenge["scheme"], "tron-v2");
    let message = challenge["message"].as_str().unwrap();
    assert!(message.contains(&ledger.address.to_string()));
    let scheme = challenge["scheme"].as_str().unwrap().parse().unwrap();
    let by =
        |wallet: &Wallet| json!({"id": id, "message": message, "signature": wallet.sign(scheme, message)});
    let wrong = server.call("POST", "/hw/verify", &tokens, &by(&own)).await;
    assert_eq!(wrong.problem(), (401, 1001));
    let proved = server.call("POST", "/hw/verify", &tokens, &by(&ledger)).await.expect(200);
    assert_eq!(proved["verified"], true);
    assert_ne!(proved["wallet"]["verified_at"], wallet["verified_at"]);
    let again = server.call("POST", "/hw/verify", &tokens, &by(&ledger)).await;
    assert_eq!(again.problem(), (401, 1012), "a proof is good once");
    let status = format!("/hw/status/{}", id.as_str().unwrap());
    let status = server.call("GET", &status, &tokens, &Value::Null).await.expect(200);
    assert_eq!((&status["available"], &status["wallet"]), (&true.into(), &proved["wallet"]));
}

#[tokio::test]
async fn another_user_cannot_tell_a_wallet_from_none() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.sign_in(&Wallet::new(1)).await, server.sign_in(&Wallet::new(2)).await);
    let wallet = connect(&server, &ada, &Wallet::new(1), &Wallet::new(3)).await;
    let id = wallet["id"].as_str().unwrap();
    let proof = json!({"id": id, "message": "m", "signature": "s"});
    for (method, path, body) in [
        ("GET", format!("/hw/status/{id}"), Value::Null),
        ("POST", format!("/hw/disconnect/{id}"), Value::Null),
        ("POST", "/hw/sign".into(), json!({"id": id})),
        ("POST", "/hw/verify".into(), proof),
    ] {
        assert_eq!(server.call(method, &path, &bob, &body).await.problem(), (404, 1052), "{path}");
    }
    let none = server.call("GET", "/hw", &bob, &Value::Null).await.expect(200);
    assert_eq!(none["wallets"], json!([]));
}

#[tokio::test]
async fn an_address_belongs_to_one_account_and_that_is_told_only_to_who_holds_its_key() {
    let boss = Wallet::new(7);
    let rules = lucid_auth::service::Rules { super_admins: vec![boss.address], ..rules() };
    let server = TestServer::with_rules(rules).await;
    let (ada, bob) = (Wallet::new(1), Wallet::new(2));
    let (tokens, other) = (server.sign_in(&ada).await, server.sign_in(&bob).await);
    let bound = Wallet::new(3);
    connect(&server, &tokens, &ada, &bound).await;
    for (case, tokens, owner, wallet) in [
        ("the account's own", &tokens, &ada, &ada),
        ("bound to it", &tokens, &ada, &bound),
        ("another account's own", &tokens, &ada, &bob),
        ("bound to another account", &other, &bob, &bound),
        ("meant to be SUPER_ADMIN", &tokens, &ada, &boss),
    ] {
        let body = connection(&server, owner, wallet).await;
        let refused = server.call("POST", "/hw/connect", tokens, &body).await;
        assert_eq!(refused.problem(), (409, 1050), "{case}");

        let mut forged = connection(&server, owner, wallet).await;
        forged["signature"] =
            Wallet::new(9).sign("tron-v2".parse().unwrap(), forged["message"].as_str().unwrap()).into();
        let refused = server.call("POST", "/hw/connect", tokens, &forged).await;
        assert_eq!(refused.problem(), (401, 1001), "{case}, without its key");
    }
    let register = server.signed(&bound, WalletType::Tron).await;
    assert_eq!(server.post("/auth/register", &register).await.problem(), (409, 1018));
    let boss = server.sign_in(&boss).await;
    assert_eq!(boss["user"]["role"], "SUPER_ADMIN");
}

#[tokio::test]
async fn an_account_has_so_many_wallets_and_of_the_kinds_that_are_switched_on() {
    let rules = lucid_auth::service::Rules { hardware_wallets: vec![DeviceType::Ledger], ..rules() };
    let server = TestServer::with_rules(rules).await;
    let own = Wallet::new(1);
    let tokens = server.sign_in(&own).await;
    for kind in ["trezor", "keepkey"] {
        let mut body = connection(&server, &own, &Wallet::new(50)).await;
        body["type"] = kind.into();
        assert_eq!(server.call("POST", "/hw/connect", &tokens, &body).await.problem(), (409, 1004), "{kind}");
    }
    let info = server.get("/meta/info", "").await.expect(200);
    assert_eq!(info["hardware_wallets"], json!(["ledger"]));
    assert_eq!(info["supported_wallets"], json!(["tron", "ledger", "ethereum"]));
    for number in 100..116 {
        connect(&server, &tokens, &own, &Wallet::new(number)).await;
    }
    let one_more = connection(&server, &own, &Wallet::new(116)).await;
    assert_eq!(server.call("POST", "/hw/connect", &tokens, &one_more).await.problem(), (409, 1051));
}

#[tokio::test]
async fn what_is_said_of_a_device_is_bounded() {
    let server = TestServer::start().await;
    let tokens = server.sign_in(&Wallet::new(1)).await;
    let body = connection(&server, &Wallet::new(1), &Wallet::new(2)).await;
    for (field, value) in [
        ("type", json!("phone")),
        ("path", json!("44'/195'")),
        ("label", json!("\u{202e}reward")),
        ("label", json!("x".repeat(65))),
        ("device_id", json!("x".repeat(65))),
        ("tron_address", json!("T")),
    ] {
        let mut body = body.clone();
        body[field] = value.clone();
        let refused = server.call("POST", "/hw/connect", &tokens, &body).await;
        assert_eq!(refused.problem(), (422, 1025), "{field} {value}");
        assert_eq!(refused.json()["error"]["details"]["field"], field);
    }
}

#[tokio::test]
async fn any_address_of_an_account_erases_it_and_everything_that_was_bound_to_it() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("auth.redb");
    let server = TestServer::over(&path, rules(), TestClock::new()).await;
    let (own, ledger) = (Wallet::new(1), Wallet::new(2));
    let tokens = server.sign_in(&own).await;
    connect(&server, &tokens, &own, &ledger).await;
    let proof = server.signed(&ledger, WalletType::Ledger).await;
    assert_eq!(server.call("DELETE", "/users/me", &tokens, &proof).await.status, 204);
    let fresh = server.sign_in(&ledger).await;
    assert_ne!(fresh["user"]["user_id"], tokens["user"]["user_id"]);
    server.close().await;
    assert_eq!(lucid_auth::store::check(&path).unwrap().hardware_wallets, 0);
}

/// Have twenty users connect `prize` at once, each an account of its own, and return how many could.
async fn race(server: &Arc<TestServer>, first_user: u64, prize: &Wallet) -> impl Future<Output = usize> {
    let mut calls = Vec::new();
    for number in first_user..first_user + 20 {
        let own = Wallet::new(number);
        let tokens = server.sign_in(&own).await;
        let (server, body) = (Arc::clone(server), connection(server, &own, prize).await);
        calls.push(async move { server.call_owned("POST", "/hw/connect", tokens, body).await });
    }
    let calls: Vec<_> = calls.into_iter().map(tokio::spawn).collect();
    async {
        let mut winners = 0;
        for call in calls {
            let reply = call.await.unwrap();
            match reply.status {
                201 => winners += 1,
                _ => assert_eq!(reply.problem(), (409, 1050)),
            }
        }
        winners
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_racing_connects_give_an_address_to_one_account() {
    let server = Arc::new(TestServer::start().await);
    for round in 1..=5 {
        assert_eq!(race(&server, round * 100, &Wallet::new(90_000 + round)).await.await, 1, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_signs_in_for_the_first_time_while_it_is_connected_is_of_one_account() {
    let server = Arc::new(TestServer::start().await);
    for round in 1..=5 {
        let prize = Wallet::new(90_000 + round);
        let first = server.signed(&prize, WalletType::Tron).await;
        let connects = race(&server, round * 100, &prize).await;
        let signed_in = server.post("/auth/login", &first).await.expect(200);
        let winners = connects.await;
        let again = server.sign_in(&prize).await;
        assert_eq!(again["user"]["user_id"], signed_in["user"]["user_id"], "whoever was first keeps it");
        let has_its_own = again["user"]["tron_address"] == prize.address.to_string();
        assert_eq!(winners, usize::from(!has_its_own), "round {round}");
    }
}
