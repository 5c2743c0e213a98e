//! Other writings of a token that is right.

use data_encoding::{BASE64URL, BASE64URL_NOPAD, HEXLOWER};
use serde_json::json;

use super::{INVALID, named, refuse, rules, settings};
use crate::{figures, forge::Forge, is_long, support::json as post};

#[tokio::test]
async fn each_part_is_written_in_one_way() {
    let forge = Forge::new(rules(), settings()).await;
    let parts: Vec<&str> = forge.genuine().split('.').collect();
    let mut cases = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let put = |text: String| {
            let mut parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
            parts[at] = text;
            parts.join(".")
        };
        for (how, text) in [
            ("padding", format!("{part}=")),
            ("more padding", format!("{part}==")),
            ("a line break", format!("{part}\n")),
            ("a space inside", format!("{} {}", &part[..9], &part[9..])),
            ("a line break inside", format!("{}\r\n{}", &part[..9], &part[9..])),
            ("a NUL", format!("{part}\0")),
            ("a character more", format!("{part}A")),
            ("four more", format!("{part}AAAA")),
            ("one less", part[..part.len() - 1].to_owned()),
            ("two less", part[..part.len() - 2].to_owned()),
            ("percent", part.replacen('A', "%41", 1) + "%"),
            ("nothing", String::new()),
            ("the standard alphabet", part.replace('-', "+").replace('_', "/") + "+"),
            ("a look-alike", part.replacen('e', "е", 1) + "е"),
            ("twice", format!("{part}{part}")),
        ] {
            cases.push((format!("{how}, part {at}"), put(text)));
        }
        // The last character of a part may have bits that stand for nothing: three other characters would be read as it.
        if part.len() % 4 != 0 {
            let spare = if part.len() % 4 == 2 { 4 } else { 2 };
            let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let last = alphabet.iter().position(|byte| *byte == part.as_bytes()[part.len() - 1]).unwrap();
            for bits in 1..1 << spare {
                let other = char::from(alphabet[last | bits]);
                cases.push((
                    format!("spare bits {bits}, part {at}"),
                    put(format!("{}{other}", &part[..part.len() - 1])),
                ));
            }
        }
    }
    let tries = refuse(&forge, &cases, INVALID).await;
    figures::record("tokens: other writings of base64url", tries, 0);
}

#[tokio::test]
async fn a_token_is_three_parts_and_nothing_else() {
    let forge = Forge::new(rules(), settings()).await;
    let good = forge.genuine();
    let parts: Vec<&str> = good.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("{good}") };
    let of = |header: &str, claims: &str, signature: &str| format!("{header}.{claims}.{signature}");
    let json_form = json!({"payload": claims, "protected": header, "signature": signature}).to_string();
    let general =
        json!({"payload": claims, "signatures": [{"protected": header, "signature": signature}]}).to_string();
    let split = json!({"payload": claims, "header": {"kid": forge.key.kid}, "protected": header, "signature": signature}).to_string();
    let cases = named([
        ("JSON, flattened", json_form),
        ("JSON, general", general),
        ("JSON, with an open header", split),
        ("detached", of(header, "", signature)),
        ("four parts", format!("{good}.x")),
        ("five parts", format!("{good}.x.y")),
        ("five parts of JWE", format!("{header}..{claims}.{signature}.AA")),
        ("a full stop after", format!("{good}.")),
        ("a full stop before", format!(".{good}")),
        ("two full stops", good.replacen('.', "..", 1)),
        ("two parts", format!("{header}.{claims}")),
        ("one part", header.to_owned()),
        ("full stops alone", "..".into()),
        ("one full stop", ".".into()),
        ("swapped", of(claims, header, signature)),
        ("twice", format!("{good},{good}")),
        ("twice, joined", format!("{good}{good}")),
        ("in quotes", format!("\"{good}\"")),
        ("with Bearer again", format!("Bearer {good}")),
        ("in capitals", good.to_uppercase()),
        ("in small letters", good.to_lowercase()),
        ("turned round", good.chars().rev().collect()),
        ("with a fragment", format!("{good}#x")),
        ("with a parameter", format!("{good};x=1")),
        (
            "padded in base64url",
            parts
                .iter()
                .map(|part| BASE64URL.encode(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()))
                .collect::<Vec<_>>()
                .join(".")
                + "=",
        ),
        ("in base64 once more", BASE64URL_NOPAD.encode(good.as_bytes())),
        ("in hex", HEXLOWER.encode(good.as_bytes())),
        ("a kilobyte too much", format!("{good}{}", "A".repeat(2_048))),
        ("ten kilobytes", format!("{header}.{}.{signature}", "A".repeat(10_000))),
        ("full stops by the thousand", ".".repeat(5_000)),
        ("another's signature", of(header, claims, &"A".repeat(86))),
    ]);
    let tries = refuse(&forge, &cases, INVALID).await;
    figures::record("tokens: other forms, sizes", tries, 0);
}

#[tokio::test]
async fn a_token_comes_in_one_place_once() {
    let forge = Forge::new(rules(), settings()).await;
    let good = forge.genuine();

    // A header of this length is none, and neither is such a body.
    let huge = "A".repeat(64 * 1024);
    assert_eq!(
        forge.server.get("/auth/verify", &format!("Authorization: Bearer {huge}\r\n")).await.problem(),
        (431, 1032)
    );
    assert_eq!(forge.server.post("/auth/verify", &json!({"token": huge})).await.problem(), (413, 1022));
    for (body, expected) in [
        (json!({"token": null}).to_string(), 422),
        (json!({"token": 7}).to_string(), 422),
        (json!({"token": [good]}).to_string(), 422),
        (json!({"token": {"a": good}}).to_string(), 422),
        (json!([good]).to_string(), 422),
        (json!(good).to_string(), 422),
        (format!(r#"{{"token":"{good}","token":"{good}"}}"#), 422),
        (format!(r#"{{"token":{}{}}}"#, "[".repeat(5_000), "]".repeat(5_000)), 422),
    ] {
        assert_eq!(forge.server.ask(post("/auth/verify", &body)).await.status, expected, "{body:.40}");
    }
    for lines in [
        format!("Authorization: Bearer {good}\r\nAuthorization: Bearer {good}\r\n"),
        format!("Authorization: Basic {good}\r\n"),
        format!("Authorization: {good}\r\n"),
        format!("Authorization: Bearer{good}\r\n"),
        format!("Authorization: Bearer\t{good}\r\n"),
        format!("Authorization: Bearer, {good}\r\n"),
        format!("Authorization: Bearer {good}, Bearer {good}\r\n"),
        format!("X-Authorization: Bearer {good}\r\n"),
        format!("Proxy-Authorization: Bearer {good}\r\n"),
        format!("Cookie: access_token={good}\r\n"),
        format!("Cookie: __Host-lucid_session={good}\r\n"),
    ] {
        let status = forge.server.get("/auth/status", &lines).await.status;
        assert!([400, 401].contains(&status), "{status}: {lines}");
    }
    for target in ["access_token", "token", "jwt", "Authorization"] {
        assert_eq!(
            forge.server.get(&format!("/auth/status?{target}={good}"), "").await.status,
            401,
            "{target}"
        );
    }
}

/// Every place of a token, with another character in it; with `LUCID_LONG=1`, with every other character.
#[tokio::test]
async fn no_character_of_a_token_may_differ() {
    let forge = Forge::new(rules(), settings()).await;
    let good = forge.genuine();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    let mut tries = 0;
    for (at, old) in good.char_indices() {
        let place = alphabet.find(old).unwrap();
        let others = (1..alphabet.len()).map(|step| &alphabet[(place + step) % alphabet.len()..][..1]);
        for other in others.take(if is_long() { usize::MAX } else { 2 }) {
            let token = format!("{}{other}{}", &good[..at], &good[at + 1..]);
            let outcome = forge.server.service.authenticate(&token).await;
            assert!(outcome.is_err(), "{other} at {at}: {token}");
            tries += 1;
        }
    }
    forge.server.service.authenticate(good).await.unwrap();
    figures::record("tokens: one character changed", tries, 0);
}
