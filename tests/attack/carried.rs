//! What a browser carries to an app and back, and what a device signs: given once, and shown where it does not belong.

use lucid_auth::domain::wallet::Scheme;
use serde_json::{Value, json};

use crate::{
    http::Http,
    secrets::{Run, post, raw, raw_at},
    wallet::Wallet,
};

const OWN: &str = "https://auth.example.org";
const APP: &str = "https://app.example.org";
const APP_HOST: &str = "app.example.org";

/// What a service needs so as to send browsers there.
pub const SETTINGS: [(&str, &str); 3] =
    [("PUBLIC_URL", OWN), ("ALLOWED_REDIRECT_ORIGINS", APP), ("TRUSTED_PROXIES", "127.0.0.0/8")];

/// What the app's proxy adds.
const FORWARDED: &str = "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Method: GET\r\nX-Forwarded-Proto: https\r\n\
    X-Forwarded-Host: app.example.org\r\nX-Forwarded-Uri: /a\r\n";

struct Answer {
    head: String,
    body: Value,
}

impl Answer {
    /// These bytes, which must have this status.
    fn of(bytes: &[u8], status: u16) -> Self {
        let text = String::from_utf8_lossy(bytes);
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{text}");
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        Self { head: head.to_owned(), body: serde_json::from_str(body).unwrap_or_default() }
    }

    /// The values of all headers of this name.
    fn headers(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(known, _)| *known == name).map(|(_, value)| value).collect()
    }

    /// The cookies that it sets, each a name and a value, which must be as many as are asked for.
    fn cookies<const COUNT: usize>(&self) -> [&str; COUNT] {
        let pairs: Vec<_> =
            self.headers("set-cookie").iter().map(|line| line.split(';').next().unwrap()).collect();
        pairs.try_into().unwrap()
    }

    fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap()
    }
}

/// The value of a cookie.
fn value(pair: &str) -> &str {
    pair.split_once('=').unwrap().1
}

/// A parameter of an address, which is made of letters that stand for themselves.
fn parameter<'a>(location: &'a str, name: &str) -> &'a str {
    location.split(['?', '&']).find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap()
}

/// Sign in on a page, go to an app and be let in there, and connect a device: with all that is given on the way.
pub fn carry(run: &mut Run, port: u16, wallet: &Wallet, device: &Wallet) {
    let origin = format!("Origin: {OWN}\r\n");
    let mut body = Http::new(port).signed(wallet).unwrap();
    body["token_delivery"] = "cookie".into();
    let signed_in = Answer::of(&post(port, "/auth/login", &origin, &body), 200);
    let bearer = format!("Authorization: Bearer {}\r\n", signed_in.text("access_token"));
    let [session, refresh] = signed_in.cookies();
    let held = format!("{origin}Cookie: {session}; {refresh}\r\n");
    let refreshed = Answer::of(&post(port, "/auth/refresh", &held, &json!({})), 200);
    let [same_session, next_refresh] = refreshed.cookies();
    assert!(session == same_session && refresh != next_refresh);

    let ask = format!("GET /auth/forward HTTP/1.1\r\nAccept: text/html\r\n{FORWARDED}\r\n");
    let sent = Answer::of(&raw(port, &ask), 302);
    let [state] = sent.cookies();
    let asked =
        json!({"return_to": format!("{APP}/a"), "state": parameter(sent.headers("location")[0], "state")});
    let handed = Answer::of(
        &post(port, "/auth/handover", &format!("{bearer}{origin}Cookie: {session}\r\n"), &asked),
        200,
    );
    let back = handed.text("location");
    let path = back.strip_prefix(APP).unwrap();
    let visit = format!("GET {path} HTTP/1.1\r\nCookie: {state}\r\n\r\n");
    let received = Answer::of(&raw_at(port, APP_HOST, &visit), 302);
    let [session_there] = received.cookies();
    let enter = format!("GET /auth/forward HTTP/1.1\r\nCookie: {session_there}\r\n{FORWARDED}\r\n");
    let entered = Answer::of(&raw(port, &enter), 200);
    assert_eq!(entered.headers("remote-user"), [wallet.address.to_string()]);

    let asked = json!({"tron_address": device.address, "wallet_type": "ledger"});
    let challenge = Answer::of(&post(port, "/auth/challenge", "", &asked), 200);
    let connecting = device.sign(Scheme::TronV2, challenge.text("message"));
    let agreed = Http::new(port).signed(wallet).unwrap();
    let asked = json!({
        "tron_address": device.address, "message": challenge.body["message"], "signature": connecting, "type": "ledger",
        "proof": agreed,
    });
    let connected = Answer::of(&post(port, "/hw/connect", &bearer, &asked), 201);
    let id = &connected.body["id"];
    let challenge = Answer::of(&post(port, "/hw/sign", &bearer, &json!({"id": id})), 200);
    let proving = device.sign(Scheme::TronV2, challenge.text("message"));
    let asked = json!({"id": id, "message": challenge.body["message"], "signature": proving});
    Answer::of(&post(port, "/hw/verify", &bearer, &asked), 200);

    for (name, secret) in [
        ("session cookie", value(session)),
        ("refresh cookie", value(refresh)),
        ("refreshed refresh cookie", value(next_refresh)),
        ("state of a sign-in", value(state)),
        ("code of a handover", parameter(back, "code")),
        ("session cookie of an app", value(session_there)),
        ("signature that connected a device", connecting.as_str()),
        ("signature that agreed to it", agreed["signature"].as_str().unwrap()),
        ("signature that proved a device", proving.as_str()),
    ] {
        run.conceal(port, name, secret);
    }
}
