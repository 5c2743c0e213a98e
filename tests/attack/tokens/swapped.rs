//! Each secret that the service hands out, in place of each other.

use lucid_auth::domain::wallet::WalletType;
use serde_json::{Value, json};

use super::{APP, OWN, rules, settings};
use crate::{
    figures,
    forge::Forge,
    support::{json as post, request},
    wallet::Wallet,
};

/// Each secret at the door of each other. None opens any but its own, and none of it ends a session.
#[tokio::test]
async fn no_secret_stands_for_another() {
    let forge = Forge::new(rules(), settings()).await;
    let server = &forge.server;
    let wallet = Wallet::new(3);
    let asked = server.post("/auth/challenge", &json!({"tron_address": wallet.address})).await.expect(200);
    let answer = server.signed(&wallet, WalletType::Tron).await;
    let mut in_cookies = server.signed(&wallet, WalletType::Tron).await;
    in_cookies["token_delivery"] = json!("cookie");
    let typed = format!("Content-Type: application/json\r\nOrigin: {OWN}\r\n");
    let reply = server.ask(request("POST", "/auth/login", &typed, &in_cookies.to_string())).await;
    let cookies: Vec<String> = reply
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie")
        .map(|(_, value)| value.split([';', '=']).nth(1).unwrap().to_owned())
        .collect();
    let at_app = "X-Forwarded-Proto: https\r\nX-Forwarded-Host: app.example.org\r\nX-Forwarded-Uri: /\r\nAccept: text/html\r\n";
    let sent = server.get("/auth/forward", at_app).await;
    let state = sent.header("set-cookie").unwrap().split([';', '=']).nth(1).unwrap().to_owned();
    let hash = sent.header("location").unwrap().split("state=").nth(1).unwrap().to_owned();
    let told = server
        .hand_over(OWN, &forge.tokens, &json!({"return_to": format!("{APP}/"), "state": hash}))
        .await
        .expect(200);
    let code = told["location"]
        .as_str()
        .unwrap()
        .split("code=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap()
        .to_owned();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let secrets = [
        ("access token", forge.genuine().to_owned()),
        ("refresh token", text(&forge.tokens["refresh_token"])),
        ("nonce", text(&asked["nonce"])),
        ("message", text(&asked["message"])),
        ("signature", text(&answer["signature"])),
        ("session cookie", cookies[0].clone()),
        ("refresh cookie", cookies[1].clone()),
        ("state", state.clone()),
        ("state's hash", hash),
        ("handover code", code.clone()),
        ("session", text(&forge.tokens["session_id"])),
        ("user", text(&forge.tokens["user"]["user_id"])),
        ("kid", forge.key.kid.clone()),
        ("public key", forge.key.public()),
    ];
    let mut tries = 0;
    for (secret, value) in &secrets {
        let bearer = format!("Authorization: Bearer {value}\r\n");
        let host = |bytes: String| bytes.replace("Host: localhost", "Host: app.example.org");
        let cookie = |name: &str| format!("Cookie: __Host-lucid_{name}={value}\r\n");
        let by_https = "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n";
        let own = format!(
            "X-Forwarded-Proto: https\r\nX-Forwarded-Host: auth.example.org\r\nX-Forwarded-Uri: /\r\n{}",
            cookie("session")
        );
        let escaped = value.replace(' ', "%20");
        let doors = [
            ("bearer", &["access token"][..], request("GET", "/auth/status", &bearer, "")),
            ("verify", &["access token"], post("/auth/verify", &json!({"token": value}).to_string())),
            ("forward, bearer", &["access token"], request("GET", "/auth/forward", &bearer, "")),
            ("forward, cookie at the app", &[], request("GET", "/auth/forward", &format!("{}{}", at_app.replace("Accept: text/html\r\n", ""), cookie("session")), "")),
            ("forward, cookie at our host", &["session cookie"], request("GET", "/auth/forward", &own, "")),
            ("callback", &[], host(request("GET", &format!("/.lucid-auth/callback?code={escaped}&to=/"), &format!("{by_https}Cookie: __Host-lucid_state={}\r\n", if *secret == "handover code" { "A".repeat(43) } else { state.clone() }), ""))),
            ("callback, by its cookie", &[], host(request("GET", &format!("/.lucid-auth/callback?code={}&to=/", "A".repeat(43)), &format!("{by_https}{}", cookie("state")), ""))),
            ("login, nonce and signature", &[], post("/auth/login", &json!({"tron_address": wallet.address, "message": value, "signature": answer["signature"]}).to_string())),
            ("login, signature", &["signature"], post("/auth/login", &json!({"tron_address": wallet.address, "message": answer["message"], "signature": value}).to_string())),
            ("refresh, body", &["refresh token", "refresh cookie"], post("/auth/refresh", &json!({"refresh_token": value}).to_string())),
            ("refresh, cookie", &[], request("POST", "/auth/refresh", &format!("{typed}{}", cookie("session").replace("session=", "refresh=")), "")),
        ];
        for (door, own, bytes) in doors {
            let right = own.contains(secret)
                || (door == "refresh, cookie" && ["refresh token", "refresh cookie"].contains(secret));
            if right && door.starts_with("refresh") {
                continue; // It would be used up.
            }
            let reply = server.ask(bytes).await;
            let location = reply.header("location").unwrap_or_default();
            let taken = reply.status == 200 || (reply.status == 302 && !location.contains("handover=failed"));
            assert_eq!(taken, right, "{secret} at {door}: {} {location}", reply.status);
            tries += 1;
        }
    }
    assert_eq!(
        server.call("GET", "/auth/verify", &forge.tokens, &Value::Null).await.status,
        200,
        "nobody's session ended"
    );
    server.post("/auth/refresh", &json!({"refresh_token": forge.tokens["refresh_token"]})).await.expect(200);
    figures::record("tokens: one secret in place of another", tries, 0);
}
