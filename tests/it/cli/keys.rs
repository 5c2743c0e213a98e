//! `lucid-auth key`, on a service that runs and on one that does not.

use std::{
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use data_encoding::BASE64URL_NOPAD;
use lucid_auth::domain::audit::Action;
use serde_json::Value;

use super::{audited, done, json, refused, started};
use crate::{http::Http, process::Service, wallet::Wallet};

/// Wait for another second: of two keys that sign from the same one, either is the newer.
fn next_second() {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let before = now();
    while now() == before {
        thread::sleep(Duration::from_millis(20));
    }
}

/// The keys that sign, of those a command printed.
fn signing(keys: &Value) -> Vec<&str> {
    let keys = keys.as_array().unwrap().iter();
    keys.filter(|key| key["signs"] == true).map(|key| key["kid"].as_str().unwrap()).collect()
}

#[test]
fn the_public_key_is_printed_as_a_pem_file_that_holds_the_published_key() {
    let (_folder, data) = started();
    let first = done(&data, &["key", "pem"]);
    let lines: Vec<_> = first.lines().collect();
    assert_eq!((lines[0], lines[2]), ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"), "{first}");
    let der = data_encoding::BASE64.decode(lines[1].as_bytes()).unwrap();
    let x = BASE64URL_NOPAD.encode(&der[der.len() - 32..]);
    let service = Service::start(&data);
    let published = Http::new(service.port).get("/.well-known/jwks.json", &Value::Null).unwrap().expect(200);
    assert_eq!(published["keys"][0]["x"], x);

    // Another key signs now; the first is still to be had by its name.
    next_second();
    done(&data, &["key", "rotate", "--now"]);
    assert_ne!(done(&data, &["key", "pem"]), first);
    let kid = published["keys"][0]["kid"].as_str().unwrap();
    assert_eq!(done(&data, &["key", "pem", kid]), first);
    assert_eq!(json(&data, &["key", "pem", kid])[0]["pem"], first);
    for unknown in ["nobody", "-pjZ00TSqKEPGDhdZFZsCXjmgPor2P8t0Gy3yg1kNYQ"] {
        assert!(refused(&data, &["key", "pem", unknown], 1).contains("no such key"), "{unknown}");
    }
    service.stop();
}

#[test]
fn keys_are_listed_and_rotated_alike_whether_the_service_runs_or_not() {
    for running in [false, true] {
        let (_folder, data) = started();
        let service = running.then(|| Service::start(&data));
        let text = done(&data, &["key", "list"]);
        assert!(text.lines().count() == 1 && text.trim_end().ends_with("  signs now"), "{text}");
        let before = json(&data, &["key", "list"]);
        let first = before[0]["kid"].as_str().unwrap();
        assert!(text.starts_with(first), "{text}");

        let ahead = done(&data, &["key", "rotate"]);
        assert!(ahead.lines().count() == 1 && ahead.trim_end().ends_with("  does not sign now"), "{ahead}");
        assert_eq!(signing(&json(&data, &["key", "list"])), [first]);
        next_second();
        let at_once = json(&data, &["key", "rotate", "--now"]);
        let [new] = signing(&at_once)[..] else { panic!("{at_once}") };
        let list = json(&data, &["key", "list"]);
        assert_eq!((list.as_array().unwrap().len(), signing(&list)), (3, vec![new]));

        if let Some(service) = service {
            let mut http = Http::new(service.port);
            let published = http.get("/.well-known/jwks.json", &Value::Null).unwrap().expect(200);
            let kids = |keys: &Value| -> Vec<Value> {
                keys.as_array().unwrap().iter().map(|key| key["kid"].clone()).collect()
            };
            assert_eq!(kids(&published["keys"]), kids(&list), "published at once");
            let body = http.signed(&Wallet::new(1)).unwrap();
            let tokens = http.post("/auth/login", &body).unwrap().expect(200);
            let header = tokens["access_token"].as_str().unwrap().split('.').next().unwrap();
            let header: Value =
                serde_json::from_slice(&BASE64URL_NOPAD.decode(header.as_bytes()).unwrap()).unwrap();
            assert_eq!(header["kid"], new, "signs at once");
            service.stop();
        }
        let audited = audited(&data);
        let kid = ahead.split_whitespace().next().unwrap();
        assert_eq!(audited.len(), 2, "{audited:?}");
        for ((action, detail), kid) in audited.iter().zip([kid, new]) {
            assert_eq!(*action, Action::KeyAdded);
            assert!(detail.starts_with(kid), "{detail}");
        }
    }
}
