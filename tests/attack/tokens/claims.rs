//! Claims that the service would not make, under its own signature.

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::Signer as _;
use lucid_auth::service::Rules;
use serde_json::{Value, json};

use super::{EXPIRED, INVALID, OWN, accept, named, refuse, rules, settings};
use crate::{figures, forge::Forge, support::START, wallet::Wallet};

#[tokio::test]
async fn each_claim_is_there_once_with_a_value_of_its_type() {
    let forge = Forge::new(rules(), settings()).await;
    let claims = forge.claims();
    let mut cases = Vec::new();
    for name in claims.as_object().unwrap().keys() {
        let mut without = claims.clone();
        without.as_object_mut().unwrap().remove(name);
        cases.push((format!("no {name}"), forge.signed(&forge.header(), &without.to_string())));
        for value in
            [Value::Null, json!([]), json!({}), json!(true), json!([claims[name]]), json!({"$ne": 1})]
        {
            cases.push((format!("{name} {value}"), forge.saying(&json!({name: value}))));
        }
        for twice in [claims[name].to_string(), "null".into(), "\"evil\"".into()] {
            let text = claims.to_string();
            let last = format!(r#"{},"{name}":{twice}}}"#, &text[..text.len() - 1]);
            let first = format!(r#"{{"{name}":{twice},{}"#, &text[1..]);
            cases.push((format!("{name} twice, {twice} last"), forge.signed(&forge.header(), &last)));
            cases.push((format!("{name} twice, {twice} first"), forge.signed(&forge.header(), &first)));
        }
    }
    let tries = refuse(&forge, &cases, INVALID).await;
    figures::record("tokens: claims missing, twice, of another type", tries, 0);
}

#[tokio::test]
async fn a_time_is_a_whole_number_in_range() {
    let forge = Forge::new(rules(), settings()).await;
    let claims = forge.claims();
    let mut cases = Vec::new();
    for name in ["exp", "nbf", "iat"] {
        let good = claims[name].as_u64().unwrap();
        for value in [
            json!(-1),
            json!(1_793_000_900.5),
            json!(1_793_000_900.0),
            json!(good.to_string()),
            json!("2026-10-26T07:33:20Z"),
            json!(i64::MIN),
            json!(1e300),
            json!(-0.0),
            json!([good]),
            json!("18446744073709551616"),
        ] {
            cases.push((format!("{name} {value}"), forge.saying(&json!({name: value}))));
        }
        for digits in [
            "18446744073709551616",
            "1e400",
            "-1e400",
            "1E9",
            "0x7fffffff",
            "01793000900",
            "NaN",
            "Infinity",
            "1793000900.0",
            "+1793000900",
        ] {
            let text =
                claims.to_string().replace(&format!("\"{name}\":{good}"), &format!("\"{name}\":{digits}"));
            assert!(text.contains(digits));
            cases.push((format!("{name} {digits}"), forge.signed(&forge.header(), &text)));
        }
    }
    let tries = refuse(&forge, &cases, INVALID).await;
    figures::record("tokens: numbers out of range", tries, 0);
}

#[tokio::test]
async fn claims_are_those_that_the_service_would_make() {
    let forge = Forge::new(rules(), settings()).await;
    let claims = forge.claims();
    let other = forge.server.sign_in(&Wallet::new(2)).await;
    let mut cases = Vec::new();
    for changes in [
        json!({"iss": "https://evil.example"}),
        json!({"iss": ""}),
        json!({"iss": format!("{OWN}/")}),
        json!({"iss": OWN.to_uppercase()}),
        json!({"aud": "x"}),
        json!({"aud": ["x"]}),
        json!({"aud": ""}),
        json!({"sub": other["user"]["user_id"]}),
        json!({"user_id": other["user"]["user_id"]}),
        json!({"sub": "0"}),
        json!({"sub": ""}),
        json!({"type": "refresh"}),
        json!({"type": "Access"}),
        json!({"type": "id"}),
        json!({"type": ""}),
        json!({"role": "ROOT"}),
        json!({"role": "super_admin"}),
        json!({"role": 9}),
        json!({"tron_address": "T"}),
        json!({"tron_address": "41".repeat(21)}),
        json!({"nbf": START + 6}),
        json!({"nbf": u64::MAX}),
        json!({"sid": ""}),
        json!({"sid": "' OR 1=1"}),
        json!({"jti": 7}),
    ] {
        cases.push((changes.to_string(), forge.saying(&changes)));
    }
    for (case, text) in [
        ("an array", "[]".to_owned()),
        ("a text", "\"x\"".into()),
        ("nothing", String::new()),
        ("null", "null".into()),
        ("the claims twice", format!("{claims}{claims}")),
        ("bytes after them", format!("{claims}\0")),
        ("a comma", format!("{},}}", &claims.to_string()[..claims.to_string().len() - 1])),
        ("half of them", claims.to_string()[..60].to_owned()),
        ("a BOM", format!("\u{feff}{claims}")),
        ("deep", "[".repeat(900)),
        ("a token in a token", forge.genuine().to_owned()),
        ("in single quotes", claims.to_string().replace('"', "'")),
    ] {
        cases.push((case.to_owned(), forge.signed(&forge.header(), &text)));
    }
    let latin = [forge.header().as_bytes(), b""].concat();
    let bytes = [claims.to_string().as_bytes(), b"\xff"].concat();
    let text = format!("{}.{}", BASE64URL_NOPAD.encode(&latin), BASE64URL_NOPAD.encode(&bytes));
    let signature = BASE64URL_NOPAD.encode(&forge.key.signing.sign(text.as_bytes()).to_bytes());
    cases.push(("not UTF-8".into(), format!("{text}.{signature}")));
    let tries = refuse(&forge, &cases, INVALID).await;
    figures::record("tokens: claims of another kind, and what is no JSON", tries, 0);
}

#[tokio::test]
async fn a_token_counts_for_its_session_its_time_and_its_audience() {
    let forge = Forge::new(rules(), settings()).await;
    let claims = forge.claims();
    let other = forge.server.sign_in(&Wallet::new(2)).await;
    let ended = named([
        ("a session of nobody", forge.saying(&json!({"sid": claims["jti"].as_str().map(|_| claims["sub"].clone())}))),
        ("another's session", forge.saying(&json!({"sid": other["session_id"]}))),
        ("another's session, as them in half", forge.saying(&json!({"sid": claims["sid"], "sub": other["user"]["user_id"], "user_id": other["user"]["user_id"]}))),
    ]);
    let mut tries = refuse(&forge, &ended, (401, 1015)).await;
    let late =
        [0, 1, START - 1, START].map(|exp| (format!("until {exp}"), forge.saying(&json!({"exp": exp}))));
    tries += refuse(&forge, &late, EXPIRED).await;
    accept(&forge, "five seconds early, as clocks differ", &forge.saying(&json!({"nbf": START + 5}))).await;
    accept(&forge, "until the next second", &forge.saying(&json!({"exp": START + 1}))).await;

    let strict = Forge::new(
        Rules { issuer: Some("lucid".into()), audience: Some("app".into()), ..rules() },
        settings(),
    )
    .await;
    let mut without = strict.claims();
    without.as_object_mut().unwrap().remove("aud");
    let meant = [
        json!({"iss": OWN}),
        json!({"iss": "LUCID"}),
        json!({"iss": "lucid "}),
        json!({"aud": "App"}),
        json!({"aud": ""}),
        json!({"aud": ["app"]}),
        json!({"aud": ["app", "x"]}),
        json!({"aud": null}),
        json!({"aud": "app,x"}),
    ];
    let mut cases: Vec<_> =
        meant.iter().map(|changes| (changes.to_string(), strict.saying(changes))).collect();
    cases.push(("for nobody".into(), strict.signed(&strict.header(), &without.to_string())));
    tries += refuse(&strict, &cases, INVALID).await;
    figures::record("tokens: session, time, issuer, audience", tries, 0);
}
