//! The audit log: what is in it, what never is, and reading it over HTTP.

use std::{path::Path, time::Duration};

use lucid_auth::{
    domain::{
        attempts::Policy,
        audit::{Actor, Filter, Order, Query},
        role::Role,
        seal::MasterKey,
        wallet::WalletType,
    },
    random::Random,
    service::{Asker, BackupPlan, Rules, Service, UserRef, reset_keys},
    store::Store,
};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use serde_json::{Value, json};

use crate::{
    support::{TestClock, TestServer, bearer, json as post, rules},
    wallet::Wallet,
};

const DAY: u64 = 86_400;
const AUDIT: TableDefinition<&[u8], &[u8]> = TableDefinition::new("audit");
const META: TableDefinition<&[u8], &[u8]> = TableDefinition::new("meta");
const KEYS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("signing_keys");

/// The entries that a reader of the log gets for `query`, and where to go on.
async fn read(server: &TestServer, reader: &str, query: &str) -> (Vec<Value>, Option<String>) {
    let mut page = server.get(&format!("/audit?{query}"), reader).await.expect(200);
    let next = page["next_cursor"].as_str().map(str::to_owned);
    let Value::Array(entries) = page["entries"].take() else { panic!("{page}") };
    (entries, next)
}

fn numbers(entries: &[Value]) -> Vec<u64> {
    entries.iter().map(|entry| entry["number"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn only_those_who_may_view_audit_logs_read_it() {
    let server = TestServer::start().await;
    assert_eq!(server.get("/audit", "").await.problem(), (401, 1013));
    for (role, allowed) in
        [(Role::User, false), (Role::NodeOperator, false), (Role::Admin, true), (Role::SuperAdmin, true)]
    {
        let reply = server.get("/api/v1/audit", &server.bearer(role).await).await;
        if allowed {
            assert!(!reply.expect(200)["entries"].as_array().unwrap().is_empty());
            assert_eq!(reply.header("cache-control").unwrap(), "no-store");
        } else {
            assert_eq!(reply.problem(), (403, 1003), "{role}");
        }
    }
}

#[tokio::test]
async fn an_entry_says_who_what_on_whom_from_where_and_how_it_ended() {
    let server = TestServer::start().await;
    let reader = server.bearer(Role::Admin).await;
    let wallet = Wallet::new(20);
    let mut body = server.signed(&wallet, WalletType::Ledger).await;
    body["hardware_wallet"] = json!({"type": "ledger"});
    let named = post("/auth/login", &body.to_string()).replace("Host", "X-Request-Id: named-here\r\nHost");
    let tokens = server.ask(named).await.expect(200);
    let user = tokens["user"]["user_id"].as_str().unwrap();
    let (entries, _) = read(&server, &reader, &format!("user_id={user}")).await;
    let told: Vec<_> = entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(told, ["sign_in", "user.added"]);
    let hash = entries[0]["hash"].as_str().unwrap();
    assert_eq!(hash.len(), 64);
    let expected = json!({
        "number": entries[0]["number"], "at": "2026-10-26T07:33:20Z", "action": "sign_in", "outcome": "success",
        "actor": user, "user_id": user, "tron_address": wallet.address, "session_id": tokens["session_id"],
        "ip": "127.0.0.1", "request_id": "named-here", "detail": "ledger; says: ledger", "hash": hash,
    });
    assert_eq!(entries[0], expected);

    server.service.lock_user(Asker::Operator, UserRef::Address(wallet.address)).await.unwrap();
    let again = server.signed(&wallet, WalletType::Tron).await;
    assert_eq!(server.post("/auth/login", &again).await.status, 423);
    let (entries, _) = read(&server, &reader, &format!("user_id={user}&outcome=refused")).await;
    let refused = &entries[0];
    assert_eq!(
        (&refused["action"], &refused["detail"]),
        (&json!("sign_in"), &json!("the account is locked"))
    );
    let (entries, _) = read(&server, &reader, "action=user.locked").await;
    assert_eq!((&entries[0]["actor"], &entries[0]["user_id"]), (&json!("operator"), &json!(user)));
    assert_eq!((&entries[0]["ip"], &entries[0]["request_id"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn pages_follow_each_other_while_entries_arrive() {
    let server = TestServer::start().await;
    let reader = server.bearer(Role::Admin).await;
    let wallet = Wallet::new(21);
    for _ in 0..10 {
        server.sign_in(&wallet).await;
    }
    let (all, end) = read(&server, &reader, "limit=200").await;
    assert_eq!(end, None);
    assert_eq!(numbers(&all), (1..=all.len() as u64).rev().collect::<Vec<_>>());
    let (mut found, mut query) = (Vec::new(), "limit=3".to_owned());
    loop {
        let (entries, next) = read(&server, &reader, &query).await;
        assert!(entries.len() <= 3);
        found.extend(entries);
        server.sign_in(&wallet).await;
        let Some(next) = next else { break };
        query = format!("limit=3&cursor={next}");
    }
    assert_eq!(found, all);
}

#[tokio::test]
#[rustfmt::skip]
async fn a_filter_gives_what_fits_it() {
    let server = TestServer::start().await;
    let reader = server.bearer(Role::Admin).await;
    let wallet = Wallet::new(22);
    server.clock.pass(400);
    let tokens = server.sign_in(&wallet).await;
    server.clock.pass(400);
    server.call("POST", "/auth/logout", &tokens, &Value::Null).await.expect(200);
    let user = tokens["user"]["user_id"].as_str().unwrap();
    let stranger = "018f0000-0000-7000-8000-000000000000";
    // 1: the first key. 2: the admin's account. 3: its sign-in. 4: the account, 5: a sign-in, 6: a sign-out.
    let cases = [
        // query                                                             numbers
        (String::new(),                                                      vec![6, 5, 4, 3, 2, 1]),
        (format!("user_id={user}"),                                          vec![6, 5, 4]),
        (format!("user_id={stranger}"),                                      vec![]),
        ("action=sign_in".into(),                                            vec![5, 3]),
        ("action=key.added".into(),                                          vec![1]),
        ("outcome=refused".into(),                                           vec![]),
        ("outcome=success&limit=2".into(),                                   vec![6, 5]),
        ("from=2026-10-26T07:46:40Z".into(),                                 vec![6]),
        ("to=2026-10-26T07:40:00Z".into(),                                   vec![3, 2, 1]),
        ("from=2026-10-26T07:40:00Z&to=2026-10-26T07:46:40Z".into(),         vec![5, 4]),
        ("from=2026-10-26T07%3A40%3A00Z&to=2026-10-26T07%3A46%3A40Z".into(), vec![5, 4]),
        (format!("user_id={user}&action=sign_out&outcome=success&from=2026-10-26T07:45:00Z"), vec![6]),
    ];
    for (query, expected) in cases {
        assert_eq!(numbers(&read(&server, &reader, &query).await.0), expected, "{query}");
    }
}

#[tokio::test]
#[rustfmt::skip]
async fn a_bad_parameter_is_refused_by_name() {
    let server = TestServer::start().await;
    let reader = server.bearer(Role::Admin).await;
    let cases = [
        // query                                      names        expected
        ("limit=0",                                   "limit",     "a number from 1 to 200"),
        ("limit=201",                                 "limit",     "a number from 1 to 200"),
        ("limit=-1",                                  "limit",     "a number from 1 to 200"),
        ("limit=%2B5",                                "limit",     "a number from 1 to 200"),
        ("limit=",                                    "limit",     "a number from 1 to 200"),
        ("limit=1&limit=2",                           "limit",     "it only once"),
        ("cursor=x",                                  "cursor",    "next_cursor as the page before gave it"),
        ("cursor=AAAAAAAAAAB",                        "cursor",    "next_cursor as the page before gave it"),
        ("user_id=1",                                 "user_id",   "an identifier: a UUID in lower case with hyphens"),
        ("action=dance",                              "action",    "an action of the audit log, such as sign_in"),
        ("outcome=SUCCESS",                           "outcome",   "success or refused"),
        ("from=yesterday",                            "from",      "a time like 2026-11-01T12:00:00Z"),
        ("to=2026-11-01T12:00:00+01:00",              "to",        "a time like 2026-11-01T12:00:00Z"),
        ("user=1",                                    "user",      "one of `user_id`, `action`, `outcome`, `from`, `to`, `limit`, `cursor`"),
        ("outcome=%ff",                               "outcome",   "UTF-8 in percent-encoding"),
    ];
    for (query, name, expected) in cases {
        let reply = server.get(&format!("/audit?{query}"), &reader).await;
        assert_eq!(reply.problem(), (422, 1025), "{query}");
        let details = &reply.json()["error"]["details"];
        assert_eq!((&details["field"], &details["expected"]), (&json!(name), &json!(expected)), "{query}");
    }
}

/// Whether the chain holds, and how many entries it has.
async fn verified(server: &TestServer) -> u64 {
    let progress = server.service.verify_audit(None, 1_000_000).await.unwrap();
    assert_eq!((progress.broken, progress.done), (None, true));
    progress.checked
}

#[tokio::test]
async fn what_is_older_than_is_kept_goes_and_the_chain_still_holds() {
    let server = TestServer::start().await;
    let retention = Duration::from_secs(90 * DAY);
    for number in 0..600 {
        let new = lucid_auth::service::NewUser {
            address: Wallet::new(3_000 + number).address,
            role: Role::User,
            display_name: None,
        };
        server.service.add_user(new).await.unwrap();
    }
    assert_eq!(server.service.prune_audit(retention).await.unwrap(), 0);
    server.clock.pass(90 * DAY);
    let wallet = Wallet::new(23);
    server.sign_in(&wallet).await;
    assert_eq!(server.service.prune_audit(retention).await.unwrap(), 0, "in the last second");
    server.clock.pass(1);
    assert_eq!(server.service.prune_audit(retention).await.unwrap(), 601, "more than one commit takes");
    assert_eq!(verified(&server).await, 2);
    server.sign_in(&wallet).await;
    assert_eq!(verified(&server).await, 3);
    let progress = server.service.verify_audit(None, 1).await.unwrap();
    let pruned = progress.pruned.unwrap();
    assert_eq!((pruned.count, pruned.up_to.number, pruned.at), (601, 601, server.service.now()));
}

#[tokio::test]
async fn a_log_that_is_switched_off_stays_off_through_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth.redb");
    let clock = TestClock::new();
    let server = TestServer::over(&path, rules(), clock.clone()).await;
    let wallet = Wallet::new(24);
    let first = server.sign_in(&wallet).await;
    let before = verified(&server).await;
    assert!(server.service.record_audit(false).await.unwrap());
    server.sign_in(&wallet).await;
    server.service.set_role(Asker::Operator, UserRef::Address(wallet.address), Role::Admin).await.unwrap();
    server.close().await;

    let server = TestServer::over(&path, rules(), clock).await;
    server.sign_in(&wallet).await;
    assert_eq!(verified(&server).await, before + 1);
    assert!(!server.service.record_audit(false).await.unwrap(), "it is off");
    assert!(server.service.record_audit(true).await.unwrap());
    let (entries, _) = read(&server, &bearer(&first), "limit=2").await;
    let told: Vec<_> = entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(told, ["audit.resumed", "audit.stopped"]);
}

/// Do all that is recorded, and return every secret that was met.
async fn everything(server: &TestServer) -> Vec<String> {
    let mut secrets = Vec::new();
    let mut met = |value: &Value, names: &[&str]| {
        secrets.extend(names.iter().map(|name| value[name].as_str().unwrap().to_owned()));
    };
    let (signed, token) = (["message", "signature"], ["access_token", "refresh_token"]);
    let wallet = Wallet::new(25);
    let mut body = server.signed(&wallet, WalletType::Tron).await;
    body["display_name"] = json!("Ada");
    met(&body, &signed);
    server.post("/auth/register", &body).await.expect(201);
    server.post("/auth/register", &body).await.problem();
    let mut last = Value::Null;
    for how in WalletType::ALL {
        let body = server.signed(&wallet, how).await;
        met(&body, &signed);
        last = server.post("/auth/login", &body).await.expect(200);
        met(&last, &token);
        server.post("/auth/login", &body).await.problem();
    }
    server.call("PUT", "/auth/profile", &last, &json!({"email": "ada@example.org"})).await.expect(200);
    server.call("GET", "/auth/verify", &last, &Value::Null).await.expect(200);
    let refresh = json!({"refresh_token": last["refresh_token"]});
    let next = server.post("/auth/refresh", &refresh).await.expect(200);
    met(&next, &token);
    server.clock.pass(11);
    assert_eq!(server.post("/auth/refresh", &refresh).await.problem(), (401, 1017));
    let other = server.sign_in(&wallet).await;
    met(&other, &token);
    let user = UserRef::Address(wallet.address);
    server.service.set_role(Asker::Operator, user, Role::Admin).await.unwrap();
    server.service.rotate_key(Asker::Operator, true).await.unwrap();
    let newer = server.sign_in(&wallet).await;
    met(&newer, &token);
    server.call("POST", "/auth/logout", &newer, &json!({"logout_all_sessions": true})).await.expect(200);
    server.service.lock_user(Asker::Operator, user).await.unwrap();
    let body = server.signed(&wallet, WalletType::Tron).await;
    met(&body, &signed);
    assert_eq!(server.post("/auth/login", &body).await.status, 423);
    server.service.unlock_user(Asker::Operator, user).await.unwrap();
    let (one, two) = (server.sign_in(&wallet).await, server.sign_in(&wallet).await);
    met(&one, &token);
    met(&two, &token);
    let path = format!("/sessions/{}", one["session_id"].as_str().unwrap());
    assert_eq!(server.call("DELETE", &path, &two, &Value::Null).await.status, 204);
    let ledger = Wallet::new(26);
    let body = server.connection(&wallet, &ledger).await;
    met(&body, &signed);
    met(&body["proof"], &signed);
    let id = server.call("POST", "/hw/connect", &two, &body).await.expect(201)["id"].clone();
    let mut body = server.signed(&ledger, WalletType::Ledger).await;
    body["id"] = id.clone();
    body.as_object_mut().unwrap().remove("tron_address");
    met(&body, &signed);
    server.call("POST", "/hw/verify", &two, &body).await.expect(200);
    let path = format!("/hw/disconnect/{}", id.as_str().unwrap());
    server.call("POST", &path, &two, &Value::Null).await.expect(200);
    let mut bad = server.signed(&wallet, WalletType::Tron).await;
    bad["signature"] = json!("00");
    for _ in 0..5 {
        server.post("/auth/login", &bad).await.problem();
    }
    server.service.erase_user(Asker::Operator, user).await.unwrap();
    server.service.record_audit(false).await.unwrap();
    server.service.record_audit(true).await.unwrap();
    server.clock.pass(60 * DAY);
    server.service.maintain_keys().await.unwrap();
    secrets
}

/// The values of a table.
fn values(database: &Database, table: TableDefinition<&[u8], &[u8]>) -> Vec<Vec<u8>> {
    let table = database.begin_read().unwrap().open_table(table).unwrap();
    table.iter().unwrap().map(|row| row.unwrap().1.value().to_vec()).collect()
}

/// The secrets that the database at `path` holds itself: seeds of signing keys, the key of refresh tokens.
fn kept(path: &Path) -> Vec<Vec<u8>> {
    let database = Database::open(path).unwrap();
    let seeds = values(&database, KEYS).into_iter().map(|row| {
        let row: Value = serde_json::from_slice(&row[1..]).unwrap();
        data_encoding::BASE64URL_NOPAD.decode(row["seed"].as_str().unwrap().as_bytes()).unwrap()
    });
    let meta = database.begin_read().unwrap().open_table(META).unwrap();
    let key = meta.get(b"refresh_token_key".as_slice()).unwrap().unwrap().value().to_vec();
    seeds.chain([key]).collect()
}

/// Replace the keys of a database that nobody uses, and seal them.
async fn replace_and_seal(path: &Path, clock: &TestClock) {
    let store = Store::open(path, [0; 32]).unwrap();
    let (clock, random) = (clock.clock(), Random::system());
    reset_keys(&store, &clock, &random, None).await.unwrap();
    let master_key = Some(MasterKey::new(zeroize::Zeroizing::new([7; 32])));
    Service::start(store, clock, random, Rules { master_key, ..rules() }).await.unwrap();
}

#[tokio::test]
async fn no_token_signature_nonce_or_key_is_ever_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth.redb");
    let attempts = Policy { in_a_row: 5, cooldown: Duration::from_secs(900) };
    let backup = BackupPlan { dir: folder.path().join("backups"), schedule: None };
    let server = TestServer::over(&path, Rules { attempts, backup, ..rules() }, TestClock::new()).await;
    let met = everything(&server).await;
    server.service.back_up(Actor::Operator, false).await.unwrap();
    let clock = server.clock.clone();
    server.close().await;
    // Without its guard it is taken for a copy.
    std::fs::remove_file(path.with_extension("guard")).unwrap();
    TestServer::over(&path, rules(), TestClock::new()).await.close().await;
    let kept = kept(&path);
    replace_and_seal(&path, &clock).await;

    // The messages name them, and so does the log.
    let addresses = [25, 26].map(|number| Wallet::new(number).address.to_string());
    let mut secrets: Vec<Vec<u8>> = met.iter().map(|text| text.clone().into_bytes()).collect();
    for text in &met {
        // The nonce of a message, the parts of a JWT, the bytes of a signature.
        let parts = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-');
        secrets.extend(
            parts
                .filter(|part| part.len() >= 20 && !addresses.iter().any(|address| part == address))
                .map(|part| part.as_bytes().to_vec()),
        );
        secrets.extend(
            text.strip_prefix("0x").map(|hex| data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap()),
        );
    }
    assert!(kept.len() >= 2 && met.len() >= 20, "{} kept, {} met", kept.len(), met.len());
    for secret in kept {
        assert_eq!(secret.len(), 32);
        let encodings = [
            data_encoding::HEXLOWER.encode(&secret),
            data_encoding::BASE64.encode(&secret),
            data_encoding::BASE64URL_NOPAD.encode(&secret),
        ];
        secrets.extend(encodings.map(String::into_bytes));
        secrets.push(secret);
    }

    let database = Database::open(&path).unwrap();
    let table = database.begin_read().unwrap().open_table(AUDIT).unwrap();
    let mut actions = std::collections::BTreeSet::new();
    for row in table.iter().unwrap() {
        let row = row.unwrap().1.value().to_vec();
        for secret in &secrets {
            let shown = String::from_utf8_lossy(&row);
            assert!(!row.windows(secret.len()).any(|part| part == secret), "{shown}");
        }
        let text: Value = serde_json::from_slice(&row[33..]).unwrap();
        actions.insert(text["action"].as_str().unwrap().to_owned());
    }
    let all = lucid_auth::domain::audit::Action::all().map(|action| action.name().to_owned()).collect();
    assert_eq!(actions, all, "each action was met");
}

#[tokio::test]
async fn the_two_orders_tell_the_same() {
    let server = TestServer::start().await;
    for _ in 0..3 {
        server.sign_in(&Wallet::new(26)).await;
    }
    let query = |order| Query { filter: Filter::default(), order, beyond: None, limit: 100 };
    let mut newest = server.service.audit_page(query(Order::NewestFirst)).await.unwrap().entries;
    newest.reverse();
    assert_eq!(server.service.audit_page(query(Order::OldestFirst)).await.unwrap().entries, newest);
}
