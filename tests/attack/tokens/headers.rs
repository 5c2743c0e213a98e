//! Headers that name another key, or say that a token means something else.

use std::io::ErrorKind;

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};

use super::{INVALID, OWN, refuse, rules, settings};
use crate::{
    figures,
    forge::{self, Forge},
    support::START,
};

/// Somebody else's key.
fn stranger() -> SigningKey {
    SigningKey::from_bytes(&[66; 32])
}

#[tokio::test]
async fn no_kid_leads_to_another_key() {
    let forge = Forge::new(rules(), settings()).await;
    let claims = forge.claims().to_string();
    let (kid, stranger) = (forge.key.kid.clone(), stranger());
    let mut cases = Vec::new();
    let kids: Vec<Value> = [
        "",
        " ",
        "evil",
        "../../../../dev/null",
        "/dev/null",
        "..\\..\\nul",
        "/proc/self/environ",
        "file:///etc/passwd",
        "' OR '1'='1",
        "x' UNION SELECT 'AAAA' -- ",
        "\"; DROP TABLE signing_keys; --",
        "$(id)",
        "|id",
        "`id`",
        "%00",
        "\0",
        "*",
        ".*",
        "{{7*7}}",
        "${jndi:ldap://127.0.0.1/x}",
        "0",
        "null",
        "undefined",
        "__proto__",
        "constructor",
    ]
    .into_iter()
    .map(Value::from)
    .chain([
        Value::from("https://evil.example/jwks.json"),
        Value::from(kid.to_lowercase()),
        Value::from(format!("{kid} ")),
        Value::from(format!(" {kid}")),
        Value::from(format!("{kid}\0")),
        Value::from(format!("{kid}=")),
        Value::from(&kid[..kid.len() - 1]),
        Value::from(forge.retired.kid.as_str()),
        Value::from(forge.next.kid.as_str()),
        Value::from("a".repeat(1_000)),
        Value::Null,
        json!(0),
        json!(true),
        json!([kid]),
        json!({"kid": kid}),
    ])
    .collect();
    for id in &kids {
        let header = json!({"typ": "at+jwt", "alg": "EdDSA", "kid": id}).to_string();
        cases.push((format!("kid {id}, our key"), forge.signed(&header, &claims)));
        cases.push((format!("kid {id}, a stranger's"), forge::token(&stranger, &header, &claims)));
    }
    let without = json!({"typ": "at+jwt", "alg": "EdDSA"}).to_string();
    cases.push(("no kid".into(), forge.signed(&without, &claims)));
    cases.push(("a stranger's, under our header".into(), forge::token(&stranger, &forge.header(), &claims)));
    cases.push((
        "the next key under this one's name".into(),
        forge::token(&forge.next.signing, &forge.header(), &claims),
    ));
    cases.push((
        "this key under the next one's name".into(),
        forge.signed(&forge::header(&forge.next), &claims),
    ));
    let retired = forge::token(&forge.retired.signing, &forge::header(&forge.retired), &claims);
    cases.push(("a key that is retired".into(), retired));
    let tries = refuse(&forge, &cases, INVALID).await;
    figures::record("tokens: kid", tries, 0);
}

#[tokio::test]
async fn no_member_of_a_header_changes_what_a_token_means() {
    let forge = Forge::new(rules(), settings()).await;
    let claims = forge.claims().to_string();
    let (kid, x, stranger) = (forge.key.kid.clone(), forge.key.public(), stranger());
    let other = BASE64URL_NOPAD.encode(stranger.verifying_key().as_bytes());
    let jwk =
        json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "evil", "x": other});
    // Whoever follows an address in a header can be led anywhere.
    let bait = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    bait.set_nonblocking(true).unwrap();
    let url = format!("http://{}/jwks.json", bait.local_addr().unwrap());
    let mut cases = Vec::new();
    for more in [
        json!({"jwk": jwk}),
        json!({"jwk": jwk, "kid": "evil"}),
        json!({"jwk": {"kty": "oct", "k": "AAAA"}}),
        json!({"jwk": x}),
        json!({"jku": url}),
        json!({"jku": url, "kid": "evil"}),
        json!({"jku": format!("{OWN}@{}", &url[7..])}),
        json!({"jku": "/.well-known/jwks.json"}),
        json!({"x5u": url}),
        json!({"x5u": "file:///etc/passwd"}),
        json!({"x5c": ["AAAA"]}),
        json!({"x5c": []}),
        json!({"x5t": "AAAA"}),
        json!({"x5t#S256": "AAAA"}),
        json!({"crit": ["exp"], "exp": START + 99}),
        json!({"crit": ["b64"], "b64": true}),
        json!({"crit": []}),
        json!({"crit": ["alg"]}),
        json!({"crit": "b64"}),
        json!({"crit": ["evil"], "evil": 1}),
        json!({"b64": false}),
        json!({"b64": false, "crit": ["b64"]}),
        json!({"b64": true}),
        json!({"zip": "DEF"}),
        json!({"zip": "GZIP"}),
        json!({"zip": null}),
        json!({"enc": "A256GCM"}),
        json!({"enc": "none"}),
        json!({"cty": "JWT"}),
        json!({"cty": "at+jwt"}),
        json!({"nonce": "x"}),
        json!({"url": url}),
        json!({"p2c": 2_147_483_647}),
        json!({"epk": jwk}),
        json!({"iss": "https://evil.example"}),
        json!({"x": 1}),
        json!({"typ": "JWT"}),
        json!({"typ": "jwt"}),
        json!({"typ": "AT+JWT"}),
        json!({"typ": "application/at+jwt"}),
        json!({"typ": "at+jwt "}),
        json!({"typ": "refresh+jwt"}),
        json!({"typ": "dpop+jwt"}),
        json!({"typ": "logout+jwt"}),
        json!({"typ": "secevent+jwt"}),
        json!({"typ": null}),
        json!({"typ": ["at+jwt"]}),
        json!({"typ": {"a": 1}}),
    ] {
        cases.push((format!("{more}, our key"), forge.with(&more)));
        let mut header = json!({"typ": "at+jwt", "alg": "EdDSA", "kid": kid});
        header.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        cases.push((format!("{more}, a stranger's"), forge::token(&stranger, &header.to_string(), &claims)));
    }
    let tries = refuse(&forge, &cases, INVALID).await;
    assert_eq!(
        bait.accept().unwrap_err().kind(),
        ErrorKind::WouldBlock,
        "an address in a header was followed"
    );
    figures::record("tokens: jwk, jku, x5u, x5c, crit, b64, zip, typ", tries, 0);
}

#[tokio::test]
async fn a_header_has_one_writing() {
    let forge = Forge::new(rules(), settings()).await;
    let (claims, kid) = (forge.claims().to_string(), forge.key.kid.clone());
    let mut cases = Vec::new();
    // Of a member that is there twice, some programs read the first and some the last.
    for twice in [
        format!(r#"{{"typ":"at+jwt","alg":"EdDSA","kid":"{kid}","kid":"{kid}"}}"#),
        format!(r#"{{"typ":"at+jwt","alg":"none","alg":"EdDSA","kid":"{kid}"}}"#),
        format!(r#"{{"typ":"at+jwt","alg":"EdDSA","kid":"{kid}","alg":"none"}}"#),
        format!(r#"{{"typ":"JWT","typ":"at+jwt","alg":"EdDSA","kid":"{kid}"}}"#),
        format!(r#"{{"typ":"at+jwt","alg":"EdDSA","kid":"{kid}","\u006bid":"evil"}}"#),
        // Another writing of the same members.
        format!(r#"{{"alg":"EdDSA","typ":"at+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"typ":"at+jwt", "alg":"EdDSA","kid":"{kid}"}}"#),
        format!(r#" {{"typ":"at+jwt","alg":"EdDSA","kid":"{kid}"}}"#),
        format!("{{\"typ\":\"at+jwt\",\"alg\":\"EdDSA\",\"kid\":\"{kid}\"}}\n"),
        format!(r#"{{"t\u0079p":"at+jwt","alg":"EdDSA","kid":"{kid}"}}"#),
        format!("\u{feff}{}", forge.header()),
        format!("{}{}", forge.header(), forge.header()),
        format!("[{}]", forge.header()),
        r#"["at+jwt","EdDSA"]"#.into(),
        r#""EdDSA""#.into(),
        "null".into(),
        String::new(),
        "{}".into(),
        "[".repeat(700),
        r#"{"a":"#.repeat(200),
    ] {
        cases.push((format!("header {twice:.60}"), forge.signed(&twice, &claims)));
    }
    let tries = refuse(&forge, &cases, INVALID).await;
    figures::record("tokens: header members twice or written otherwise", tries, 0);
}
