//! Algorithms that are not ours: none at all, an HMAC with the public key, other curves, RSA.

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use ed25519_dalek::Signer as _;
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use serde_json::{Value, json};

use super::{INVALID, refuse, rules, settings};
use crate::{
    figures,
    forge::{self, Forge},
};

/// A header that says this algorithm, and all else as it is.
fn with(forge: &Forge, alg: &Value) -> String {
    json!({"typ": "at+jwt", "alg": alg, "kid": forge.key.kid}).to_string()
}

#[tokio::test]
async fn a_token_that_says_it_is_not_signed_is_refused() {
    let forge = Forge::new(rules(), settings()).await;
    let claims = forge.claims().to_string();
    let mut cases = Vec::new();
    let none = [
        "none",
        "None",
        "NONE",
        "nOnE",
        "none ",
        " none",
        "n\u{6f}ne",
        "null",
        "",
        "\u{ff4e}one",
        "none\0",
        "plain",
    ];
    let mut nones: Vec<Value> = none.iter().map(|name| json!(name)).collect();
    nones.extend([
        Value::Null,
        json!(0),
        json!(false),
        json!([]),
        json!(["none"]),
        json!({}),
        json!(["EdDSA"]),
    ]);
    for alg in &nones {
        let text = forge::unsigned(&with(&forge, alg), &claims);
        let right = BASE64URL_NOPAD.encode(&forge.key.signing.sign(text.as_bytes()).to_bytes());
        for signature in
            ["", ".", ".AA", &format!(".{}", "A".repeat(86)), &format!(".{right}"), "..", ".null"]
        {
            cases.push((format!("alg {alg}, {signature:.9}"), format!("{text}{signature}")));
        }
    }
    let without = json!({"typ": "at+jwt", "kid": forge.key.kid}).to_string();
    cases.push(("no alg".into(), forge.signed(&without, &claims)));
    let tries = refuse(&forge, &cases, INVALID).await;
    figures::record("tokens: alg none in every spelling", tries, 0);
}

#[tokio::test]
async fn the_public_key_is_nobodys_secret() {
    let forge = Forge::new(rules(), settings()).await;
    let (claims, kid) = (forge.claims().to_string(), forge.key.kid.clone());
    let mut cases = Vec::new();
    // The public key is known to all: as the secret of an HMAC it would let anybody sign.
    let public = forge.key.signing.verifying_key().to_bytes();
    let pem = forge.key.public_pem();
    let der = BASE64.decode(pem.lines().nth(1).unwrap().as_bytes()).unwrap();
    let x = forge.key.public();
    let jwk = forge.server.get("/.well-known/jwks.json", "").await;
    let set = jwk.expect(200);
    let published =
        set["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid.as_str()).unwrap().clone();
    let thumb = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    let secrets: Vec<(&str, Vec<u8>)> = vec![
        ("raw", public.to_vec()),
        ("PEM", pem.clone().into_bytes()),
        ("PEM without its last line break", pem.trim_end().as_bytes().to_vec()),
        ("PEM with CRLF", pem.replace('\n', "\r\n").into_bytes()),
        ("PEM on one line", pem.replace('\n', "").into_bytes()),
        ("DER", der.clone()),
        ("DER in base64", BASE64.encode(&der).into_bytes()),
        ("DER in hex", HEXLOWER.encode(&der).into_bytes()),
        ("x", x.clone().into_bytes()),
        ("hex", HEXLOWER.encode(&public).into_bytes()),
        ("the JWK", published.to_string().into_bytes()),
        ("the JWK of its thumbprint", thumb.into_bytes()),
        ("the JWKS", jwk.body.clone()),
        ("kid", kid.clone().into_bytes()),
        ("nothing", Vec::new()),
        ("zeros", vec![0; 32]),
    ];
    for (name, secret) in &secrets {
        for (alg, algorithm) in
            [("HS256", hmac::HMAC_SHA256), ("HS384", hmac::HMAC_SHA384), ("HS512", hmac::HMAC_SHA512)]
        {
            let text = forge::unsigned(&with(&forge, &json!(alg)), &claims);
            let tag = hmac::sign(&hmac::Key::new(algorithm, secret), text.as_bytes());
            cases.push((
                format!("{alg} with {name}"),
                format!("{text}.{}", BASE64URL_NOPAD.encode(tag.as_ref())),
            ));
            // The same under the service's own header.
            let text = forge::unsigned(&forge.header(), &claims);
            let tag = hmac::sign(&hmac::Key::new(algorithm, secret), text.as_bytes());
            cases.push((
                format!("EdDSA by {alg} with {name}"),
                format!("{text}.{}", BASE64URL_NOPAD.encode(tag.as_ref())),
            ));
        }
    }
    let tries = refuse(&forge, &cases, INVALID).await;
    figures::record("tokens: HMAC with the public key", tries, 0);
}

#[tokio::test]
async fn no_other_algorithm_signs() {
    let forge = Forge::new(rules(), settings()).await;
    let claims = forge.claims().to_string();
    let mut cases = Vec::new();
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let p256 = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
    let k256 = k256::ecdsa::SigningKey::from_slice(&[5; 32]).unwrap();
    for alg in [
        "RS256",
        "RS384",
        "RS512",
        "PS256",
        "PS384",
        "PS512",
        "ES256",
        "ES256K",
        "ES384",
        "ES512",
        "Ed25519",
        "Ed448",
        "eddsa",
        "EDDSA",
        "EdDSA ",
        "Ed25519ph",
        "ML-DSA-65",
        "RSA-OAEP",
        "dir",
        "A256GCM",
    ] {
        let text = forge::unsigned(&with(&forge, &json!(alg)), &claims);
        let k1: k256::ecdsa::Signature = k256.sign(text.as_bytes());
        for (how, signature) in [
            ("signed with the right key", forge.key.signing.sign(text.as_bytes()).to_bytes().to_vec()),
            ("signed with a key of P-256", p256.sign(&random, text.as_bytes()).unwrap().as_ref().to_vec()),
            ("signed with a key of secp256k1", k1.to_bytes().to_vec()),
            ("zeros of 64 bytes", vec![0; 64]),
            ("zeros of 256 bytes", vec![0; 256]),
        ] {
            cases.push((format!("{alg}, {how}"), format!("{text}.{}", BASE64URL_NOPAD.encode(&signature))));
        }
    }
    let tries = refuse(&forge, &cases, INVALID).await;
    figures::record("tokens: other curves, RSA, other names", tries, 0);
}
