//! Refresh tokens: one use each, and what a second use means.

use serde_json::{Value, json};

use crate::{
    sign_in::join_all,
    support::{Reply, TestClock, TestServer, rules},
    wallet::Wallet,
};

async fn refresh(server: &TestServer, tokens: &Value) -> Reply {
    server.post("/auth/refresh", &json!({"refresh_token": tokens["refresh_token"]})).await
}

async fn verify(server: &TestServer, tokens: &Value) -> u16 {
    server.call("GET", "/auth/verify", tokens, &Value::Null).await.status
}

#[tokio::test]
async fn each_refresh_gives_another_pair_of_the_same_session() {
    let server = TestServer::start().await;
    let mut tokens = server.sign_in(&Wallet::new(1)).await;
    let session = tokens["session_id"].clone();
    for _ in 0..5 {
        server.clock.pass(600);
        let next = refresh(&server, &tokens).await.expect(200);
        assert_eq!(next["session_id"], session);
        assert_ne!(next["refresh_token"], tokens["refresh_token"]);
        assert_ne!(next["access_token"], tokens["access_token"]);
        assert_eq!(verify(&server, &next).await, 200);
        tokens = next;
    }
}

#[tokio::test]
async fn a_used_token_answers_once_more_within_ten_seconds_and_then_ends_the_session() {
    let server = TestServer::start().await;
    let first = server.sign_in(&Wallet::new(2)).await;
    let lost = refresh(&server, &first).await.expect(200);
    server.clock.pass(9);
    let again = refresh(&server, &first).await.expect(200);
    assert_ne!(again["refresh_token"], lost["refresh_token"]);
    assert_eq!(refresh(&server, &first).await.problem(), (401, 1017), "the third time");
    for tokens in [&first, &lost, &again] {
        assert_eq!(verify(&server, tokens).await, 401);
        assert_eq!(refresh(&server, tokens).await.problem(), (401, 1015));
    }
}

#[tokio::test]
async fn a_copy_that_is_used_later_ends_the_session_of_both() {
    let server = TestServer::start().await;
    let stolen = server.sign_in(&Wallet::new(3)).await;
    let next = refresh(&server, &stolen).await.expect(200);
    server.clock.pass(10);
    assert_eq!(refresh(&server, &stolen).await.problem(), (401, 1017));
    assert_eq!(verify(&server, &next).await, 401);
    assert_eq!(refresh(&server, &next).await.problem(), (401, 1015));
}

#[tokio::test]
async fn what_is_no_token_of_ours_ends_nobodys_session() {
    let server = TestServer::start().await;
    let tokens = server.sign_in(&Wallet::new(4)).await;
    let text = tokens["refresh_token"].as_str().unwrap();
    let last = if text.ends_with('A') { 'Q' } else { 'A' };
    let forged = format!("{}{last}", &text[..85]);
    for bad in
        ["", "nonsense", &text[..85], &forged, &format!("{text} "), tokens["access_token"].as_str().unwrap()]
    {
        let reply = server.post("/auth/refresh", &json!({"refresh_token": bad})).await;
        assert_eq!(reply.problem(), (401, 1016), "{bad}");
    }
    assert_eq!(verify(&server, &tokens).await, 200);
    refresh(&server, &tokens).await.expect(200);
}

#[tokio::test]
async fn of_two_hundred_uses_of_one_token_at_once_two_are_answered_and_the_session_ends() {
    let server = TestServer::start().await;
    let tokens = server.sign_in(&Wallet::new(5)).await;
    let replies = join_all((0..200).map(|_| refresh(&server, &tokens))).await;
    let good: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
    assert_eq!(good.len(), 2, "the first use, and one more within ten seconds");
    assert_eq!(replies.iter().filter(|reply| reply.status == 401).count(), 198);
    for reply in good {
        assert_eq!(verify(&server, &reply.json()).await, 401);
    }
}

#[tokio::test]
async fn a_session_lasts_seven_days_from_its_last_refresh() {
    const DAY: u64 = 86_400;
    let server = TestServer::start().await;
    let tokens = server.sign_in(&Wallet::new(6)).await;
    server.clock.pass(7 * DAY - 1);
    let next = refresh(&server, &tokens).await.expect(200);
    server.clock.pass(7 * DAY);
    assert_eq!(refresh(&server, &next).await.problem(), (401, 1015));
    assert_eq!(server.service.sweep_sessions().await.unwrap(), 0, "the refused refresh removed it");
}

#[tokio::test]
async fn no_token_is_said_to_outlive_a_session_that_would_be_idle_too_long() {
    let mut rules = rules();
    rules.session_idle = Some(std::time::Duration::from_secs(300));
    let server = TestServer::with_rules(rules).await;
    let tokens = server.sign_in(&Wallet::new(9)).await;
    let status = server.call("GET", "/auth/status", &tokens, &Value::Null).await.expect(200);
    assert_eq!([&tokens["expires_in"], &tokens["refresh_expires_in"]], [300, 300]);
    assert_eq!([&status["access_token_expires_in"], &status["session_expires_in"]], [300, 300]);
    server.clock.pass(299);
    assert_eq!(verify(&server, &tokens).await, 200);
    server.clock.pass(1);
    assert_eq!(verify(&server, &tokens).await, 401);
}

#[tokio::test]
async fn an_idle_session_ends_where_that_is_set_and_is_swept() {
    let mut rules = rules();
    rules.session_idle = Some(std::time::Duration::from_secs(1800));
    let server = TestServer::with_rules(rules).await;
    let (kept, left) = (server.sign_in(&Wallet::new(7)).await, server.sign_in(&Wallet::new(8)).await);
    server.clock.pass(1799);
    let kept = refresh(&server, &kept).await.expect(200);
    server.clock.pass(1);
    assert_eq!(refresh(&server, &left).await.problem(), (401, 1015));
    let third = server.sign_in(&Wallet::new(9)).await;
    server.clock.pass(1799);
    assert_eq!(server.service.sweep_sessions().await.unwrap(), 1, "the first, whose half hour is over");
    assert_eq!(refresh(&server, &kept).await.problem(), (401, 1015));
    refresh(&server, &third).await.expect(200);
}

#[tokio::test]
async fn a_restart_logs_nobody_out_and_brings_nobody_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth.redb");
    let clock = TestClock::new();
    let server = TestServer::over(&path, rules(), clock.clone()).await;
    let (stays, leaves) = (server.sign_in(&Wallet::new(10)).await, server.sign_in(&Wallet::new(11)).await);
    let rotated = refresh(&server, &stays).await.expect(200);
    server.call("POST", "/auth/logout", &leaves, &Value::Null).await.expect(200);
    server.close().await;

    let server = TestServer::over(&path, rules(), clock.clone()).await;
    assert_eq!(verify(&server, &rotated).await, 200);
    assert_eq!(verify(&server, &leaves).await, 401);
    assert_eq!(refresh(&server, &leaves).await.problem(), (401, 1015));
    clock.pass(11);
    assert_eq!(refresh(&server, &stays).await.problem(), (401, 1017), "a used token is remembered");
    server.close().await;
    assert_eq!(lucid_auth::store::check(&path).unwrap().users, 2);
}
