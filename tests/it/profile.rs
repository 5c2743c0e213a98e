//! One's own profile.

use serde_json::{Value, json};

use crate::{support::TestServer, wallet::Wallet};

#[tokio::test]
async fn a_profile_changes_where_it_is_told_to_and_nowhere_else() {
    let server = TestServer::start().await;
    let tokens = server.sign_in(&Wallet::new(1)).await;
    let put = |body: Value| server.call_owned("PUT", "/auth/profile", tokens.clone(), body);
    let user = put(json!({"display_name": "Ada", "email": "ada@example.org", "metadata": {"theme": "dark"}}))
        .await
        .expect(200);
    assert_eq!(user["metadata"], json!({"theme": "dark"}));
    server.clock.pass(5);
    let user = put(json!({"email": null, "avatar_url": "https://example.org/a.png"})).await.expect(200);
    assert_eq!((&user["display_name"], &user["email"]), (&json!("Ada"), &Value::Null));
    assert_eq!(user["avatar_url"], "https://example.org/a.png");
    assert_eq!(user["updated_at"], "2026-10-26T07:33:25Z");
    server.clock.pass(5);
    assert_eq!(put(json!({})).await.expect(200)["updated_at"], "2026-10-26T07:33:25Z", "nothing changed");
    for path in ["/auth/profile", "/users/me", "/api/v1/users/me"] {
        assert_eq!(server.call("GET", path, &tokens, &Value::Null).await.expect(200), user, "{path}");
    }
    let cleared = put(json!({"metadata": null})).await.expect(200);
    assert_eq!(cleared["metadata"], json!({}));
}

#[tokio::test]
async fn a_part_that_breaks_its_rule_is_named_and_nothing_changes() {
    let server = TestServer::start().await;
    let tokens = server.sign_in(&Wallet::new(2)).await;
    for (field, value) in [
        ("display_name", json!("a\u{202e}b")),
        ("email", json!("nobody")),
        ("avatar_url", json!("javascript:alert(1)")),
        ("metadata", json!({"a": "x".repeat(5_000)})),
        ("metadata", json!([1])),
        ("role", json!("SUPER_ADMIN")),
    ] {
        // A good part beside the bad one must not change either.
        let good = if field == "email" { "display_name" } else { "email" };
        let body = json!({ field: value, good: "eve@example.org" });
        let reply = server.call("PUT", "/users/me", &tokens, &body).await;
        assert_eq!(reply.problem(), (422, 1025), "{field}");
        assert_eq!(reply.json()["error"]["details"]["field"], field);
    }
    let user = server.call("GET", "/users/me", &tokens, &Value::Null).await.expect(200);
    let kept = [&user["display_name"], &user["email"], &user["role"]];
    assert_eq!(kept, [&Value::Null, &Value::Null, &json!("USER")]);
}
