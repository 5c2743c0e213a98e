//! What the service tells admins of itself: `/system`, and `/keys`.

use lucid_auth::{
    domain::{role::Role, wallet::WalletType},
    service::{Asker, NewUser, UserRef},
};
use serde_json::{Value, json};

use crate::{
    support::{TestClock, TestServer, bearer, rules},
    wallet::Wallet,
};

const HOUR: u64 = 3_600;

async fn system(server: &TestServer, lines: &str) -> Value {
    server.get("/system", lines).await.expect(200)
}

/// How many signed in and how many were refused, in each of the hours told.
fn series(system: &Value) -> Vec<(u64, u64)> {
    let hours = system["sign_ins"].as_array().unwrap();
    let count = |hour: &Value, name: &str| hour[name].as_u64().unwrap();
    hours.iter().map(|hour| (count(hour, "succeeded"), count(hour, "refused"))).collect()
}

#[tokio::test]
async fn users_sessions_keys_and_health_are_told_in_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth.redb");
    let server = TestServer::over(&path, rules(), TestClock::new()).await;
    for (number, role) in [Role::User, Role::User, Role::NodeOperator, Role::SuperAdmin].iter().enumerate() {
        let address = Wallet::new(number as u64).address;
        let user = NewUser { address, role: *role, display_name: None };
        server.service.add_user(user).await.unwrap();
    }
    let locked = UserRef::Address(Wallet::new(0).address);
    server.service.lock_user(Asker::Operator, locked).await.unwrap();
    let admin = server.bearer(Role::Admin).await;
    server.sign_in(&Wallet::new(1)).await;
    server.clock.pass(61);

    let told = system(&server, &admin).await;
    assert_eq!(
        (&told["service"], &told["version"]),
        (&json!("lucid-auth-test"), &json!(env!("CARGO_PKG_VERSION")))
    );
    assert_eq!((&told["started_at"], &told["uptime_seconds"]), (&json!("2026-10-26T07:33:20Z"), &json!(61)));
    assert_eq!(told["health"], server.get("/health", "").await.expect(200));
    assert_eq!(told["build"], server.get("/meta/info", "").await.expect(200)["build"]);
    assert_eq!(told["database_bytes"], std::fs::metadata(&path).unwrap().len());
    let by_role = ["USER", "NODE_OPERATOR", "ADMIN", "SUPER_ADMIN"].into_iter().zip([2, 1, 1, 1]);
    let by_role: Vec<_> = by_role.map(|(role, users)| json!({"role": role, "users": users})).collect();
    assert_eq!(told["users"], json!({"total": 5, "by_role": by_role, "locked": 1}));
    assert_eq!(told["sessions"], 2);
    assert_eq!(told["signing_keys"], server.get("/keys", &admin).await.expect(200)["keys"]);
}

#[tokio::test]
async fn sign_ins_are_counted_by_hour_with_the_audit_log_off_and_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth.redb");
    let clock = TestClock::new();
    let server = TestServer::over(&path, rules(), clock.clone()).await;
    server.service.record_audit(false).await.unwrap();
    let wallet = Wallet::new(1);
    let admin = server.bearer(Role::Admin).await;
    let mut forged = server.signed(&wallet, WalletType::Tron).await;
    forged["signature"] = "00".repeat(65).into();
    assert_eq!(server.post("/auth/login", &forged).await.problem(), (401, 1001));
    server.sign_in(&wallet).await;
    let first = series(&system(&server, &admin).await);
    assert_eq!((first.len(), first[23]), (24, (2, 1)));
    assert!(first[..23].iter().all(|hour| *hour == (0, 0)), "{first:?}");

    clock.pass(3 * HOUR);
    server.sign_in(&wallet).await;
    server.close().await;
    let server = TestServer::over(&path, rules(), clock.clone()).await;
    let admin = server.bearer(Role::Admin).await;
    let told = system(&server, &admin).await;
    let later = series(&told);
    assert_eq!((later[20], later[23]), ((2, 0), (2, 0)), "what was refused is forgotten");
    assert_eq!(told["sign_ins"][23]["from"], "2026-10-26T10:00:00Z");

    clock.pass(21 * HOUR);
    let admin = server.bearer(Role::Admin).await;
    let day_after = series(&system(&server, &admin).await);
    assert_eq!((day_after[0], day_after[2], day_after[23]), ((0, 0), (2, 0), (1, 0)));
}

#[tokio::test]
async fn a_locked_account_counts_as_refused_and_a_closed_door_does() {
    let server =
        TestServer::with_rules(lucid_auth::service::Rules { registration_open: false, ..rules() }).await;
    let ada = Wallet::new(1);
    let new = NewUser { address: ada.address, role: Role::User, display_name: None };
    server.service.add_user(new).await.unwrap();
    server.service.lock_user(Asker::Operator, UserRef::Address(ada.address)).await.unwrap();
    for (wallet, code) in [(ada, (423, 1005)), (Wallet::new(2), (403, 1019))] {
        let body = server.signed(&wallet, WalletType::Tron).await;
        assert_eq!(server.post("/auth/login", &body).await.problem(), code);
    }
    let admin = server.bearer(Role::Admin).await;
    assert_eq!(series(&system(&server, &admin).await)[23], (1, 2));
}

#[tokio::test]
async fn a_rotation_publishes_the_next_key_and_old_tokens_stay_good() {
    let server = TestServer::start().await;
    let root = server.sign_in_as(&Wallet::new(1), Role::SuperAdmin).await;
    let rotate = async || server.call("POST", "/keys/rotate", &root, &Value::Null).await.expect(200);
    let published = async || {
        let jwks = server.get("/.well-known/jwks.json", "").await.expect(200);
        let kids = jwks["keys"].as_array().unwrap().iter();
        kids.map(|key| key["kid"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let states = |keys: &Value| -> Vec<String> {
        keys["keys"].as_array().unwrap().iter().map(|key| key["state"].as_str().unwrap().to_owned()).collect()
    };
    let before = published().await;
    let keys = rotate().await;
    assert_eq!(states(&keys), ["active", "next"]);
    assert_eq!(keys["keys"][1]["signs_from"], "2026-10-26T07:43:20Z");
    assert_eq!(keys["keys"][0]["accepted_until"], "2026-10-26T07:58:20Z");
    assert_eq!(keys["keys"][1]["accepted_until"], Value::Null);
    let after = published().await;
    assert_eq!((after.len(), &after[0]), (2, &before[0]));
    assert_eq!(rotate().await, keys, "one waits already");

    server.clock.pass(600);
    assert_eq!(states(&server.get("/keys", &bearer(&root)).await.expect(200)), ["retiring", "active"]);
    server.call("GET", "/auth/verify", &root, &Value::Null).await.expect(200);
    let log = server.get("/audit?action=key.added&limit=1", &bearer(&root)).await.expect(200);
    let entry = &log["entries"][0];
    assert_eq!(entry["actor"], root["user"]["user_id"]);
    assert!(entry["detail"].as_str().unwrap().starts_with(&after[1]), "{entry}");
}
