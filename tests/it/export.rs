//! Everything that is stored about somebody, as they get it.

use lucid_auth::{
    domain::role::Role,
    service::{Asker, UserRef},
};
use serde_json::{Value, json};

use crate::{support::TestServer, wallet::Wallet};

#[tokio::test]
async fn an_export_holds_everything_of_the_caller_and_nothing_of_others() {
    let server = TestServer::start().await;
    let (ada, bob, ledger) = (Wallet::new(1), Wallet::new(2), Wallet::new(3));
    let tokens = server.sign_in(&ada).await;
    let other = server.sign_in(&bob).await;
    let profile = json!({"display_name": "Ada", "email": "ada@example.org", "metadata": {"theme": "dark"}});
    server.call("PUT", "/users/me", &tokens, &profile).await.expect(200);
    let connection = server.connection(&ada, &ledger).await;
    server.call("POST", "/hw/connect", &tokens, &connection).await.expect(201);
    server
        .service
        .set_role(Asker::Operator, UserRef::Address(ada.address), Role::NodeOperator)
        .await
        .unwrap();
    server.call("PUT", "/users/me", &other, &json!({"display_name": "Bob"})).await.expect(200);

    let reply = server.call("GET", "/users/me/export", &tokens, &Value::Null).await;
    assert_eq!(
        reply.header("content-disposition").unwrap(),
        "attachment; filename=\"lucid-auth-export.json\""
    );
    assert_eq!(reply.header("cache-control").unwrap(), "no-store");
    let export = reply.expect(200);
    assert_eq!(export["user"], server.call("GET", "/users/me", &tokens, &Value::Null).await.expect(200));
    let sessions = server.call("GET", "/sessions", &tokens, &Value::Null).await.expect(200);
    assert_eq!(export["sessions"], sessions["sessions"]);
    let wallets = server.call("GET", "/hw", &tokens, &Value::Null).await.expect(200);
    assert_eq!(export["hardware_wallets"], wallets["wallets"]);
    let entries = export["audit"].as_array().unwrap();
    let actions: Vec<_> = entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    let expected = ["user.role_changed", "wallet.connected", "user.profile_changed", "sign_in", "user.added"];
    assert_eq!((actions.as_slice(), &export["audit_truncated"]), (expected.as_slice(), &false.into()));

    let text = reply.text();
    for foreign in [&bob.address.to_string(), "Bob", other["user"]["user_id"].as_str().unwrap()] {
        assert!(!text.contains(foreign), "{foreign}");
    }
    assert_eq!(export["lockouts"], json!([]));
    let by: Vec<_> = entries.iter().map(|entry| entry["by"].as_str().unwrap()).collect();
    assert_eq!(by, ["operator", "self", "self", "self", "self"]);
    for secret in ["access_token", "refresh_token"] {
        let secret = tokens[secret].as_str().unwrap();
        assert!(!text.contains(&secret[..20]), "a token");
    }
}

#[tokio::test]
async fn what_an_admin_did_is_exported_without_who_they_are_and_from_where() {
    let server = TestServer::start().await;
    let (ada, admin) = (Wallet::new(1), Wallet::new(2));
    let tokens = server.sign_in(&ada).await;
    server.sign_in(&admin).await;
    server.service.set_role(Asker::Operator, UserRef::Address(admin.address), Role::Admin).await.unwrap();
    let boss = server.sign_in(&admin).await;
    let path = format!("/users/{}", tokens["user"]["user_id"].as_str().unwrap());
    server.call("PUT", &path, &boss, &json!({"display_name": "Renamed"})).await.expect(200);

    let reply = server.call("GET", "/users/me/export", &tokens, &Value::Null).await;
    let entry = reply.expect(200)["audit"][0].clone();
    assert_eq!((&entry["action"], &entry["by"]), (&"user.profile_changed".into(), &"another".into()));
    for hidden in ["ip", "session_id", "request_id"] {
        assert_eq!(entry[hidden], Value::Null, "{hidden}");
    }
    for foreign in [&boss["user"]["user_id"], &boss["session_id"]] {
        assert!(!reply.text().contains(foreign.as_str().unwrap()), "{foreign}");
    }
}
