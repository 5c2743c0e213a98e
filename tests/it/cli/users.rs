//! `lucid-auth user`, on a service that runs and on one that does not.

use lucid_auth::domain::audit::Action;
use serde_json::{Value, json};

use super::{audited, done, json as print_json, place, refused, started};
use crate::{http::Http, process::Service, wallet::Wallet};

#[test]
fn users_are_made_shown_and_changed_alike_whether_the_service_runs_or_not() {
    for running in [false, true] {
        let (_folder, data) = started();
        let service = running.then(|| Service::start(&data));
        let (first, second) = (Wallet::new(1).address.to_string(), Wallet::new(2).address.to_string());

        let made = done(&data, &["user", "add", &first, "--role", "SUPER_ADMIN", "--name", "Ada L."]);
        assert_eq!(made.lines().count(), 1, "{made}");
        for words in [&first, "SUPER_ADMIN", "active", "Ada L.", "last sign-in -"] {
            assert!(made.contains(words), "{words}: {made}");
        }
        let made = print_json(&data, &["user", "add", &second]);
        let id = made[0]["user_id"].as_str().unwrap();
        assert_eq!((&made[0]["tron_address"], &made[0]["role"]), (&json!(second), &json!("USER")));
        assert_eq!((&made[0]["locked_at"], &made[0]["display_name"]), (&Value::Null, &Value::Null));

        let mut shown = print_json(&data, &["user", "show", id]);
        assert_eq!(print_json(&data, &["user", "show", &second]), shown, "by identifier and by address");
        assert_eq!(shown[0].as_object_mut().unwrap().remove("hardware_wallets"), Some(json!([])));
        assert_eq!(shown, made);
        // Two processes that make accounts in one second keep no order between them.
        let list = print_json(&data, &["user", "list"]);
        assert_eq!(list.as_array().unwrap().len(), 2);
        assert!(list.as_array().unwrap().contains(&made[0]), "{list}");
        let page = done(&data, &["user", "list", "--limit", "1"]);
        assert!(page.starts_with(list[0]["user_id"].as_str().unwrap()), "{page}");
        let after = page.lines().nth(1).unwrap().rsplit_once("--after ").unwrap().1;
        assert_eq!(print_json(&data, &["user", "list", "--after", after])[0], list[1]);

        for role in ["NODE_OPERATOR", "NODE_OPERATOR", "ADMIN"] {
            assert_eq!(print_json(&data, &["user", "set-role", id, role])[0]["role"], role);
        }
        let locked = done(&data, &["user", "lock", &second]);
        assert!(locked.contains("locked since 2"), "{locked}");
        assert_eq!(print_json(&data, &["user", "show", id])[0]["locked_at"].as_str().map(str::len), Some(20));
        assert!(done(&data, &["user", "unlock", &second]).contains("active"));

        if let Some(service) = service {
            service.stop();
        }
        let expected = [
            (Action::UserAdded, "SUPER_ADMIN"),
            (Action::UserAdded, "USER"),
            (Action::RoleChanged, "USER to NODE_OPERATOR"),
            (Action::RoleChanged, "NODE_OPERATOR to ADMIN"),
            (Action::UserLocked, "sessions ended: 0"),
            (Action::UserUnlocked, ""),
        ];
        let expected = expected.map(|(action, detail)| (action, detail.to_owned()));
        assert_eq!(audited(&data), expected, "running: {running}");
    }
}

#[test]
fn a_user_is_shown_with_the_hardware_wallets_that_sign_in_to_the_account() {
    let (_folder, data) = place();
    let service = Service::start(&data);
    let mut http = Http::new(service.port);
    let (own, ledger) = (Wallet::new(1), Wallet::new(2));
    let body = http.signed(&own).unwrap();
    let token = http.post("/auth/login", &body).unwrap().expect(200)["access_token"].clone();
    let mut body = http.signed(&ledger).unwrap();
    body["type"] = "ledger".into();
    body["label"] = "Drawer".into();
    body["proof"] = http.signed(&own).unwrap();
    let wallet = http.call("POST", "/hw/connect", &token, &body).unwrap().expect(201);
    let address = own.address.to_string();
    let show = || {
        let shown = print_json(&data, &["user", "show", &address]);
        let wallets = &shown[0]["hardware_wallets"];
        assert_eq!(wallets.as_array().unwrap().len(), 1, "{shown}");
        for field in ["id", "type", "tron_address", "label", "connected_at"] {
            assert_eq!(wallets[0][field], wallet[field], "{field}");
        }
        let text = done(&data, &["user", "show", &address]);
        let line = text.lines().nth(1).unwrap();
        for words in [&ledger.address.to_string(), "ledger", "Drawer"] {
            assert!(line.contains(words), "{words}: {text}");
        }
    };
    show();
    service.stop();
    show();
    assert_eq!(print_json(&data, &["user", "list"])[0].get("hardware_wallets"), None, "a list stays short");
}

#[test]
fn what_cannot_be_done_is_refused_by_its_reason_and_not_audited() {
    for running in [false, true] {
        let (_folder, data) = started();
        let service = running.then(|| Service::start(&data));
        let (boss, nobody) = (Wallet::new(1).address.to_string(), Wallet::new(2).address.to_string());
        done(&data, &["user", "add", &boss, "--role", "SUPER_ADMIN"]);
        let stranger = "0190b5a0-0000-7000-8000-000000000000";
        let unknown = "error: there is no such user\n";
        let last = "error: this is the last SUPER_ADMIN who can sign in; make another one first\n";
        let cases: [(&[_], _); 9] = [
            (&["show", &nobody], unknown),
            (&["show", stranger], unknown),
            (&["lock", &nobody], unknown),
            (&["unlock", &nobody], unknown),
            (&["set-role", &nobody, "ADMIN"], unknown),
            (&["add", &boss], "error: this address has an account; sign in instead\n"),
            (&["set-role", &boss, "ADMIN"], last),
            (&["set-role", &boss, "USER"], last),
            (&["lock", &boss], last),
        ];
        for (command, why) in cases {
            assert_eq!(refused(&data, &[&["user"], command].concat(), 1), why, "{command:?}");
        }
        if let Some(service) = service {
            service.stop();
        }
        assert_eq!(audited(&data), [(Action::UserAdded, "SUPER_ADMIN".to_owned())]);
    }
}

#[test]
fn what_is_not_well_put_is_refused_before_anything_is_opened() {
    let (_folder, data) = place();
    let address = Wallet::new(1).address.to_string();
    let typo = address.replace(&address[10..12], "zz");
    let long = "x".repeat(1000);
    let cases: [(&[_], _); 7] = [
        (&["add", &typo], "checksum"),
        (&["add", "0x0000000000000000000000000000000000000000"], "TRON address"),
        (&["add", &address, "--role", "ROOT"], "ROOT"),
        (&["add", &address, "--name", &long], "--name"),
        (&["show", &typo], "identifier"),
        (&["lock", ""], "identifier"),
        (&["set-role", &address, "admin!"], "admin!"),
    ];
    for (command, words) in cases {
        let why = refused(&data, &[&["user"], command].concat(), 2);
        assert!(why.contains(words), "{command:?}: {why}");
    }
    assert!(!data.exists());
}

#[test]
fn a_running_service_sees_a_change_at_once() {
    let (_folder, data) = place();
    let service = Service::start(&data);
    let mut http = Http::new(service.port);
    let wallet = Wallet::new(1);
    let address = wallet.address.to_string();
    let sign_in = |http: &mut Http| {
        let body = http.signed(&wallet).unwrap();
        http.post("/auth/login", &body).unwrap()
    };
    let tokens = sign_in(&mut http).expect(200);
    let token = &tokens["access_token"];
    for role in ["ADMIN", "USER"] {
        done(&data, &["user", "set-role", &address, role]);
        assert_eq!(http.get("/auth/verify", token).unwrap().expect(200)["role"], role);
    }
    done(&data, &["user", "lock", &address]);
    assert_eq!(http.get("/auth/verify", token).unwrap().problem(), (401, 1015));
    let refresh = http.post("/auth/refresh", &json!({"refresh_token": tokens["refresh_token"]})).unwrap();
    assert_eq!(refresh.problem(), (401, 1015));
    assert_eq!(sign_in(&mut http).problem(), (423, 1005));
    done(&data, &["user", "unlock", &address]);
    assert_eq!(sign_in(&mut http).expect(200)["user"]["user_id"], tokens["user"]["user_id"]);
    service.stop();
}
