//! Access tokens that are none, at every kind of door that takes one.

mod algorithms;
mod claims;
mod headers;
mod swapped;
mod writing;

use lucid_auth::{
    http::{Settings, client::TrustedProxies},
    service::Rules,
};
use serde_json::json;

use crate::{
    forge::{self, Forge},
    support::{self, START, TestServer, json as post, request},
};

const OWN: &str = "https://auth.example.org";
const APP: &str = "https://app.example.org";

/// As with `PUBLIC_URL` set, which is the issuer.
fn rules() -> Rules {
    Rules { issuer: Some(OWN.to_owned()), ..support::rules() }
}

fn settings() -> Settings {
    Settings {
        public_url: Some(OWN.parse().unwrap()),
        redirect_origins: vec![APP.parse().unwrap()],
        trusted_proxies: TrustedProxies::new(vec!["127.0.0.0/8".parse().unwrap()]),
        ..Settings::default()
    }
}

/// How each door that takes an access token answers to this one: the status, and the code of a refusal.
async fn knock(server: &TestServer, token: &str) -> Vec<(&'static str, (u16, u16))> {
    let body = post("/auth/verify", &json!({"token": token}).to_string());
    let mut doors = vec![("POST /auth/verify", body)];
    // A header cannot hold a line break, and what is not ASCII is no token there.
    if token.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && token.len() < 12_000 {
        let line = format!("Authorization: Bearer {token}\r\n");
        for (door, method, path) in [
            ("GET /auth/verify", "GET", "/auth/verify"),
            ("GET /auth/status", "GET", "/auth/status"),
            ("PUT /users/me", "PUT", "/users/me"),
            ("GET /auth/forward", "GET", "/auth/forward"),
        ] {
            let body = if method == "PUT" { "{}" } else { "" };
            let typed = format!("{line}Content-Type: application/json\r\n");
            doors.push((door, request(method, path, &typed, body)));
        }
    }
    let mut answers = Vec::new();
    for (door, bytes) in doors {
        let reply = server.ask(bytes).await;
        answers.push((door, if reply.status < 400 { (reply.status, 0) } else { reply.problem() }));
    }
    answers
}

/// Check that no door takes any of these, and count the tries.
async fn refuse(forge: &Forge, cases: &[(String, String)], expected: (u16, u16)) -> u64 {
    let mut tries = 0;
    for (case, token) in cases {
        for (door, answer) in knock(&forge.server, token).await {
            assert_eq!(answer, expected, "{case}, at {door}: {token}");
            tries += 1;
        }
    }
    // Whatever was tried, the genuine one is still good.
    accept(forge, "the genuine token", forge.genuine()).await;
    tries
}

async fn accept(forge: &Forge, case: &str, token: &str) {
    for (door, answer) in knock(&forge.server, token).await {
        assert_eq!(answer, (200, 0), "{case}, at {door}: {token}");
    }
}

fn named<'a>(cases: impl IntoIterator<Item = (&'a str, String)>) -> Vec<(String, String)> {
    cases.into_iter().map(|(case, token)| (case.to_owned(), token)).collect()
}

const INVALID: (u16, u16) = (401, 1014);
const EXPIRED: (u16, u16) = (401, 1002);

/// What these tests make is what the service makes: else they would be refused for their own mistakes.
#[tokio::test]
async fn a_token_that_is_forged_with_the_services_own_key_is_taken() {
    let forge = Forge::new(rules(), settings()).await;
    let copy = forge.signed(&forge.header(), &forge.claims().to_string());
    assert_eq!(
        copy.split('.').next(),
        forge.genuine().split('.').next(),
        "the header is the same to the byte"
    );
    accept(&forge, "of the same claims", &copy).await;
    accept(
        &forge,
        "of the next key",
        &forge::token(&forge.next.signing, &forge::header(&forge.next), &forge.claims().to_string()),
    )
    .await;
    accept(&forge, "until later", &forge.saying(&json!({"exp": START + 9_999}))).await;
    accept(&forge, "with a claim that is not known", &forge.saying(&json!({"x": [1]}))).await;
    let deep =
        format!(r#"{{"x":{}{},{}"#, "[".repeat(300), "]".repeat(300), &forge.claims().to_string()[1..]);
    accept(&forge, "with a deep one, which is passed over", &forge.signed(&forge.header(), &deep)).await;
    // It speaks for whom it names, but never makes them more than they are.
    let token = forge.saying(&json!({"role": "SUPER_ADMIN"}));
    let told = forge.server.post("/auth/verify", &json!({"token": token})).await.expect(200);
    assert_eq!(told["role"], "USER");
    assert_eq!(
        forge.server.get("/users", &format!("Authorization: Bearer {token}\r\n")).await.problem(),
        (403, 1003)
    );
}
