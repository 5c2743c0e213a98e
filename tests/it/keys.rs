//! Signing keys: published ahead, used in turn, kept until their last token is over.

use lucid_auth::{domain::key::State, service::Asker};
use serde_json::Value;

use crate::{
    support::{TestClock, TestServer, rules},
    wallet::Wallet,
};

const DAY: u64 = 86_400;

async fn kids(server: &TestServer) -> Vec<String> {
    let reply = server.get("/.well-known/jwks.json", "").await;
    assert_eq!(reply.header("cache-control").unwrap(), "public, max-age=300");
    let jwks = reply.expect(200);
    let keys = jwks["keys"].as_array().unwrap();
    for key in keys {
        let fixed = ["kty", "crv", "alg", "use"].map(|name| key[name].as_str().unwrap());
        assert_eq!(fixed, ["OKP", "Ed25519", "EdDSA", "sig"]);
        assert!(key.get("d").is_none(), "the secret half");
    }
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn signer(tokens: &Value) -> String {
    let header = tokens["access_token"].as_str().unwrap().split('.').next().unwrap();
    let header = data_encoding::BASE64URL_NOPAD.decode(header.as_bytes()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(header["typ"], "at+jwt");
    header["kid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn keys_follow_each_other_without_a_gap() {
    let server = TestServer::start().await;
    let wallet = Wallet::new(1);
    let first = kids(&server).await;
    assert_eq!(first.len(), 1);
    server.clock.pass(30 * DAY - 601);
    server.service.maintain_keys().await.unwrap();
    assert_eq!(kids(&server).await, first, "not due yet");

    server.clock.pass(1);
    server.service.maintain_keys().await.unwrap();
    let both = kids(&server).await;
    assert_eq!((both.len(), &both[0]), (2, &first[0]), "the next one is published");
    let before = server.sign_in(&wallet).await;
    assert_eq!(signer(&before), both[0], "but does not sign yet");

    server.clock.pass(600);
    let after = server.sign_in(&wallet).await;
    assert_eq!(signer(&after), both[1]);
    assert_eq!(server.call("GET", "/auth/verify", &before, &Value::Null).await.status, 200);

    server.clock.pass(960);
    server.service.maintain_keys().await.unwrap();
    assert_eq!(kids(&server).await, both, "a token of the old key could still be valid on a slow clock");
    server.clock.pass(1);
    server.service.maintain_keys().await.unwrap();
    assert_eq!(kids(&server).await, both[1..]);
}

#[tokio::test]
async fn a_key_is_rotated_by_hand_and_outlives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth.redb");
    let clock = TestClock::new();
    let server = TestServer::over(&path, rules(), clock.clone()).await;
    let tokens = server.sign_in(&Wallet::new(2)).await;
    clock.pass(1);
    let new = server.service.rotate_key(Asker::Operator, true).await.unwrap();
    assert_eq!(new.state, State::Active);
    assert_eq!(signer(&server.sign_in(&Wallet::new(2)).await), new.kid, "at once");
    clock.pass(1);
    let next = server.service.rotate_key(Asker::Operator, false).await.unwrap();
    assert_eq!(next.state, State::Next, "in ten minutes");
    let published = kids(&server).await;
    assert_eq!(published.len(), 3);
    server.close().await;

    let server = TestServer::over(&path, rules(), clock).await;
    assert_eq!(kids(&server).await, published);
    assert_eq!(server.call("GET", "/auth/verify", &tokens, &Value::Null).await.status, 200);
}

#[tokio::test]
async fn each_rotation_tells_of_its_own_key() {
    let server = TestServer::start().await;
    let rotate = async |at_once| server.service.rotate_key(Asker::Operator, at_once).await.unwrap();
    let (ahead, now) = (rotate(false).await, rotate(true).await);
    assert_ne!(ahead.kid, now.kid);
    assert_eq!(rotate(false).await.kid, ahead.kid, "it waits already");
    assert_eq!(ahead.signs_from.since(now.signs_from).as_secs(), 600);
}

#[tokio::test]
async fn issuer_and_audience_are_what_is_configured_and_checked() {
    let mut rules = rules();
    rules.issuer = Some("https://auth.example.org".into());
    rules.audience = Some("lucid".into());
    let server = TestServer::with_rules(rules).await;
    let tokens = server.sign_in(&Wallet::new(3)).await;
    let claims = tokens["access_token"].as_str().unwrap().split('.').nth(1).unwrap();
    let claims: Value =
        serde_json::from_slice(&data_encoding::BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap()).unwrap();
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&Value::from("https://auth.example.org"), &Value::from("lucid"))
    );
    assert_eq!((&claims["type"], &claims["sub"]), (&Value::from("access"), &claims["user_id"]));
    assert_eq!(server.call("GET", "/auth/verify", &tokens, &Value::Null).await.status, 200);
}
