//! `MASTER_KEY`: the keys in the database are sealed with it, and losing it is survived.

use std::{fs, path::Path};

use data_encoding::{BASE64, BASE64URL_NOPAD};
use lucid_auth::domain::audit::Action;
use serde_json::{Value, json};

use super::{audited, done, place, started};
use crate::{
    http::Http,
    process::{Ended, Process, Service},
    wallet::Wallet,
};

fn master(byte: u8) -> String {
    BASE64.encode(&[byte; 32])
}

/// What a command that ends by itself did, with this master key.
fn run(data: &Path, arguments: &[&str], key: &str) -> Ended {
    Process::start(data, arguments, &[("MASTER_KEY", key)]).end()
}

/// What a command printed that must succeed.
fn printed(data: &Path, arguments: &[&str], key: &str) -> Value {
    let ended = run(data, &[arguments, &["--json"]].concat(), key);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{}", ended.out);
    serde_json::from_str(&ended.out).unwrap()
}

fn signed_in(service: &Service) -> Value {
    let mut http = Http::new(service.port);
    let body = http.signed(&Wallet::new(1)).unwrap();
    http.post("/auth/login", &body).unwrap().expect(200)
}

fn refreshed(service: &Service, tokens: &Value) -> u16 {
    let body = json!({ "refresh_token": tokens["refresh_token"] });
    Http::new(service.port).post("/auth/refresh", &body).unwrap().status
}

/// Whether these 32 bytes are anywhere in the file, as they are or in base64url.
fn holds(data: &Path, secret: &[u8]) -> bool {
    let file = fs::read(data.join("auth.redb")).unwrap();
    let text = BASE64URL_NOPAD.encode(secret);
    [secret, text.as_bytes()].iter().any(|secret| file.windows(secret.len()).any(|window| window == *secret))
}

#[test]
fn sessions_and_keys_outlive_a_restart_with_the_same_master_key() {
    let (_folder, data) = place();
    let key = master(1);
    let service = Service::with(&data, &[("MASTER_KEY", &key)]);
    let tokens = signed_in(&service);
    service.stop();
    let before = printed(&data, &["key", "list"], &key);
    let service = Service::with(&data, &[("MASTER_KEY", &key)]);
    assert_eq!(refreshed(&service, &tokens), 200);
    service.stop();
    assert_eq!(printed(&data, &["key", "list"], &key), before);
    assert_eq!(audited(&data), [], "a new database was sealed from its beginning");
    done(&data, &["check"]);
}

#[test]
fn without_the_right_master_key_nothing_starts_and_no_key_is_replaced() {
    let (_folder, data) = started();
    let before = printed(&data, &["key", "list"], &master(1));
    for (key, why) in [("", "MASTER_KEY is not set"), (&*master(2), "MASTER_KEY does not open the keys")] {
        for command in ["serve", "key"] {
            let arguments = if command == "key" { vec!["key", "list"] } else { vec!["serve", "--port", "0"] };
            let ended = run(&data, &arguments, key);
            assert_ne!(ended.code, Some(0));
            assert!(ended.err.contains(why) && ended.err.contains("lucid-auth key reset"), "{}", ended.err);
            assert!(key.is_empty() || !ended.err.contains(key));
        }
        let found = run(&data, &["doctor"], key);
        assert!(found.code == Some(1) && found.out.contains(why), "{}", found.out);
    }
    assert_eq!(printed(&data, &["key", "list"], &master(1)), before);
}

#[test]
fn the_first_seal_takes_what_stood_in_the_clear_out_of_use() {
    let (_folder, data) = place();
    let service = Service::start(&data);
    let tokens = signed_in(&service);
    service.stop();
    let clear = lucid_auth::store::Store::open(&data.join("auth.redb"), [0; 32]).unwrap();
    let mac = clear.read(|tx| lucid_auth::store::meta::mac_key(tx, None)).unwrap();
    let seed = clear.read(|tx| lucid_auth::store::keys::all(tx, None)).unwrap()[0].signing.to_bytes();
    drop(clear);
    assert!(holds(&data, mac.as_bytes()) && holds(&data, &seed), "the test looks at the right bytes");

    let service = Service::with(&data, &[("MASTER_KEY", &master(1))]);
    assert_eq!(refreshed(&service, &tokens), 401, "its refresh token is no longer one of ours");
    assert!(service.stop().err.contains("all sessions were ended"));
    let keys = printed(&data, &["key", "list"], &master(1));
    let signs: Vec<_> = keys.as_array().unwrap().iter().map(|key| key["signs"] == true).collect();
    assert_eq!(signs, [true, false], "the next one waits until every service knows it");
    let sealed = lucid_auth::store::Store::open(&data.join("auth.redb"), [0; 32]).unwrap();
    let master = lucid_auth::domain::seal::MasterKey::new(zeroize::Zeroizing::new([1; 32]));
    let now = sealed.read(|tx| lucid_auth::store::meta::mac_key(tx, Some(&master))).unwrap();
    assert_ne!(now.as_bytes(), mac.as_bytes());
    drop(sealed);
    assert!(!holds(&data, now.as_bytes()));
    let actions = crate::support::audit_log(&data.join("auth.redb")).into_iter().map(|event| event.action);
    assert_eq!(actions.filter(|action| *action == Action::KeysSealed).count(), 1);
}

#[test]
fn a_lost_master_key_is_replaced_and_the_users_stay() {
    let (_folder, data) = place();
    let service = Service::with(&data, &[("MASTER_KEY", &master(1))]);
    let tokens = signed_in(&service);
    let busy = run(&data, &["key", "reset"], &master(2));
    assert!(busy.code != Some(0) && busy.err.contains("Stop it first"), "{}", busy.err);
    service.stop();

    let reset = printed(&data, &["key", "reset"], &master(2));
    assert_eq!((&reset[0]["sealed"], &reset[0]["sessions_ended"]), (&json!(true), &json!(1)));
    let service = Service::with(&data, &[("MASTER_KEY", &master(2))]);
    assert_eq!(refreshed(&service, &tokens), 401);
    let again = signed_in(&service);
    assert_eq!(again["user"]["user_id"], tokens["user"]["user_id"], "the account is the same");
    service.stop();

    // And back to none.
    let text = done(&data, &["key", "reset"]);
    assert!(text.contains("not sealed; sessions ended: 1"), "{text}");
    Service::start(&data).stop();
    let actions: Vec<_> = audited(&data).into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, [Action::KeysReset, Action::KeysReset]);
}

#[test]
fn a_copy_that_another_master_key_sealed_says_once_it_is_in_place_where_the_database_is_that_it_replaced() {
    let (_folder, theirs) = started();
    printed(&theirs, &["key", "list"], &master(1));
    let (_folder, ours) = started();
    let before = printed(&ours, &["key", "list"], &master(2));
    let ended = run(&ours, &["restore", theirs.join("auth.redb").to_str().unwrap()], &master(2));
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.err.contains("the copy is in place") && ended.err.contains("does not open"),
        "{}",
        ended.err
    );
    let names = super::files(&ours);
    let kept = names.iter().find(|name| name.contains("before-restore")).unwrap();
    assert!(ended.err.contains(kept), "{}", ended.err);
    let restored = run(&ours, &["restore", ours.join(kept).to_str().unwrap()], &master(2));
    assert_eq!(restored.code, Some(0), "{}", restored.err);
    assert_eq!(printed(&ours, &["key", "list"], &master(2)), before);
}
