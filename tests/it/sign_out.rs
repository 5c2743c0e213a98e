//! Signing out, and what verification sees of it.

use lucid_auth::{
    domain::role::Role,
    service::{Asker, UserRef},
};
use serde_json::{Value, json};

use crate::{
    support::{TestServer, bearer, request},
    wallet::Wallet,
};

#[tokio::test]
async fn signing_out_ends_one_session_or_all_and_verification_sees_it_at_once() {
    let server = TestServer::start().await;
    let wallet = Wallet::new(1);
    let sessions =
        [server.sign_in(&wallet).await, server.sign_in(&wallet).await, server.sign_in(&wallet).await];
    let other = server.sign_in(&Wallet::new(2)).await;
    let server = &server;
    let verify = |tokens: Value| async move {
        server.post("/auth/verify", &json!({"token": tokens["access_token"]})).await
    };
    let logout =
        |tokens: Value, body: Value| async move { server.call("POST", "/auth/logout", &tokens, &body).await };

    assert_eq!(logout(sessions[0].clone(), Value::Null).await.expect(200), json!({"sessions_revoked": 1}));
    assert_eq!(verify(sessions[0].clone()).await.problem(), (401, 1015));
    assert_eq!(logout(sessions[0].clone(), Value::Null).await.problem(), (401, 1015), "twice");
    verify(sessions[1].clone()).await.expect(200);
    let all = json!({"logout_all_sessions": true});
    assert_eq!(logout(sessions[1].clone(), all).await.expect(200), json!({"sessions_revoked": 2}));
    assert_eq!(verify(sessions[2].clone()).await.problem(), (401, 1015));
    verify(other).await.expect(200);
}

#[tokio::test]
async fn verification_takes_a_token_in_the_body_or_as_bearer_and_tells_all_of_it() {
    let server = TestServer::start().await;
    let wallet = Wallet::new(3);
    let tokens = server.sign_in(&wallet).await;
    let in_body = server.post("/auth/verify", &json!({"token": tokens["access_token"]})).await.expect(200);
    let by_post = server.call("POST", "/auth/verify", &tokens, &Value::Null).await.expect(200);
    let by_get = server.call("GET", "/api/v1/auth/verify", &tokens, &Value::Null).await.expect(200);
    assert_eq!((&by_post, &by_get), (&in_body, &in_body));
    assert_eq!(in_body["valid"], true);
    assert_eq!(in_body["tron_address"], wallet.address.to_string());
    assert_eq!(in_body["session_id"], tokens["session_id"]);
    assert_eq!(in_body["user_id"], tokens["user"]["user_id"]);
    assert_eq!(in_body["permissions"].as_array().unwrap().len(), 6);
    assert_eq!(in_body["exp"], crate::support::START + 900);
}

#[tokio::test]
#[rustfmt::skip]
async fn what_is_not_a_valid_access_token_is_refused() {
    let server = TestServer::start().await;
    let tokens = server.sign_in(&Wallet::new(4)).await;
    let token = tokens["access_token"].as_str().unwrap();
    let [header, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
    let b64 = |text: &str| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
    let decoded = data_encoding::BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap();
    let promoted = String::from_utf8(decoded).unwrap().replace("\"USER\"", "\"SUPER_ADMIN\"");
    let kid = server.service.public_keys()[0].kid.clone();
    let header_of = |alg: &str, typ: &str, kid: &str| b64(&format!(r#"{{"typ":"{typ}","alg":"{alg}","kid":"{kid}"}}"#));
    let cases = [
        ("nothing",              String::new()),
        ("words",                "a.b.c".into()),
        ("a changed claim",      format!("{header}.{}.{signature}", b64(&promoted))),
        ("a changed signature",  format!("{header}.{claims}.{}", signature.chars().rev().collect::<String>())),
        ("no signature",         format!("{header}.{claims}.")),
        ("alg none",             format!("{}.{claims}.", header_of("none", "at+jwt", &kid))),
        ("another algorithm",    format!("{}.{claims}.{signature}", header_of("HS256", "at+jwt", &kid))),
        ("another type",         format!("{}.{claims}.{signature}", header_of("EdDSA", "JWT", &kid))),
        ("another key",          format!("{}.{claims}.{signature}", header_of("EdDSA", "at+jwt", "x"))),
        ("a byte more",          format!("{token}A")),
        ("padding",              format!("{token}=")),
        ("a megabyte's start",   "a".repeat(10_000)),
        ("the refresh token",    tokens["refresh_token"].as_str().unwrap().into()),
    ];
    for (case, bad) in cases {
        let reply = server.post("/auth/verify", &json!({"token": bad})).await;
        assert_eq!(reply.problem(), (401, 1014), "{case}");
    }
    for (back, status) in [(5, 200), (6, 401)] {
        server.clock.set(crate::support::START - back);
        assert_eq!(server.call("GET", "/auth/verify", &tokens, &Value::Null).await.status, status, "{back} s back");
    }
    server.clock.set(crate::support::START);
    server.clock.pass(899);
    assert_eq!(server.call("GET", "/auth/verify", &tokens, &Value::Null).await.status, 200);
    server.clock.pass(1);
    assert_eq!(server.call("GET", "/auth/verify", &tokens, &Value::Null).await.problem(), (401, 1002));
    assert_eq!(server.get("/auth/verify", "").await.problem(), (401, 1013));
}

/// The token is looked at before the body is read, which may take seconds to come.
#[tokio::test]
async fn whoever_is_shut_out_while_their_body_comes_changes_nothing() {
    let server = TestServer::start().await;
    let victim = server.sign_in(&Wallet::new(9)).await["user"]["user_id"].as_str().unwrap().to_owned();
    let locked = |user: Value| {
        let id = user["user_id"].as_str().unwrap().parse().unwrap();
        server.service.lock_user(Asker::Operator, UserRef::Id(id))
    };
    let profile = ("PUT", "/users/me".to_owned(), json!({"display_name": "Late"}));
    let role = ("PUT", format!("/users/{victim}/role"), json!({"role": "ADMIN"}));
    let lock = ("POST", format!("/users/{victim}/lock"), json!({}));
    // It changes nothing, so that nothing but a second look at the token refuses it.
    let question = ("POST", "/auth/permissions/check".to_owned(), json!({"permission": "view_all_users"}));
    let cases = [
        ("leaves", &profile),
        ("is locked", &profile),
        ("leaves", &role),
        ("leaves", &lock),
        ("leaves", &question),
    ];
    for (number, (how, (method, path, body))) in (10..).zip(cases) {
        let wallet = Wallet::new(number);
        let tokens = server.sign_in_as(&wallet, Role::SuperAdmin).await;
        let mut client = server.connect().await;
        let lines = format!("Content-Type: application/json\r\nExpect: 100-continue\r\n{}", bearer(&tokens));
        let sent = request(method, path, &lines, &body.to_string());
        let (head, body) = sent.split_at(sent.find("\r\n\r\n").unwrap() + 4);
        client.send(head).await;
        assert_eq!(client.head().await.status, 100, "let in, and asked for the body");
        if how == "leaves" {
            server.call("POST", "/auth/logout", &tokens, &Value::Null).await.expect(200);
        } else {
            locked(tokens["user"].clone()).await.unwrap();
        }
        client.send(body).await;
        assert_eq!(client.reply().await.status, 401, "{how}: {method} {path}");
    }
    let unchanged = server.sign_in(&Wallet::new(9)).await;
    assert_eq!(unchanged["user"]["role"], "USER");
    assert_eq!(server.sign_in(&Wallet::new(10)).await["user"]["display_name"], Value::Null);
}
