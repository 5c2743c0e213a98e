//! Access tokens, by the service's own check.
//!
//! A check of a signature takes fifty times as long as all else, and finds nothing new in the next of a thousand that are
//! wrong in the same way. So of the inputs that would come to one, few do, which their bytes decide: the same input does so
//! each time. Nothing stands in for anything: what comes to no signature is read by the same reader of claims, or is refused
//! by the service for its head.

use std::{collections::BTreeMap, sync::LazyLock};

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::Signer as _;
use lucid_auth::domain::claims::Claims;
use serde_json::{Map, Value, value::RawValue};

use crate::{
    input::{Input, is_one_in},
    world::{NOW, World},
};

static WORLD: LazyLock<(World, Token)> = LazyLock::new(|| {
    let world = World::new();
    let text = world.admin.access_token.to_string();
    let parts: Vec<_> =
        text.split('.').map(|part| BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).collect();
    (world, Token { header: parts[0].clone(), payload: parts[1].clone(), text })
});

/// Of the inputs that would come to a signature and are no token of ours, one in so many does.
const SIGNED: u64 = 64;

/// The one token that was issued.
struct Token {
    text: String,
    header: Vec<u8>,
    payload: Vec<u8>,
}

/// The first byte says whether the rest is a token; or a change to the good one; or header and payload, with a line break
/// between, which the service's own key then signs.
pub fn run(data: &[u8]) {
    let (world, good) = &*WORLD;
    let mut input = Input(data);
    match input.byte() % 3 {
        0 => {
            if let Some(text) = input.text() {
                // Whoever has not the key has no other token than the one that was issued.
                assert_eq!(accepts(world, text), text == good.text, "{text}");
            }
        }
        1 => {
            let mut text = good.text.clone().into_bytes();
            for change in input.0.chunks_exact(3) {
                let at = usize::from(u16::from_be_bytes([change[0], change[1]])) % text.len();
                text[at] ^= change[2];
            }
            // What follows the head has come to the signature by then.
            let head = good.text.find('.').map(|end| end + 1).unwrap();
            let comes_to_signature = text[..head] == good.text.as_bytes()[..head];
            if comes_to_signature && text != good.text.as_bytes() && !is_one_in(SIGNED, data) {
                read_claims(&BASE64URL_NOPAD.decode(payload_of(&text)).unwrap_or_default());
                return;
            }
            if let Ok(text) = str::from_utf8(&text) {
                assert_eq!(accepts(world, text), text == good.text, "{text}");
            }
        }
        _ => {
            let mut parts = input.0.splitn(2, |byte| *byte == b'\n');
            let (header, payload) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let is_read = read_claims(payload);
            if header == good.header && !is_read && !is_one_in(SIGNED, data) {
                return;
            }
            let text = if header == good.header || is_one_in(SIGNED, data) {
                signed(world, header, payload)
            } else {
                let head = BASE64URL_NOPAD.encode(header);
                format!("{head}.{}.{}", BASE64URL_NOPAD.encode(payload), "A".repeat(86))
            };
            let taken = accepts(world, &text);
            let (told_header, told) = (object(header), object(payload));
            let may = may_be_taken(world, told_header.as_ref(), told.as_ref()) == Some(true);
            assert!(!taken || may, "taken: {told_header:?} {told:?}");
            // Twice the same member is no token of ours, though `object` sees but one.
            let is_good = header == good.header && told == object(&good.payload);
            assert!(taken || !is_good || text.len() != good.text.len(), "refused: {text}");
        }
    }
}

/// The second part of a token, as it stands there.
fn payload_of(token: &[u8]) -> &[u8] {
    token.split(|byte| *byte == b'.').nth(1).unwrap_or_default()
}

/// Whether the service's reader of claims takes this; if so, a second reading finds a value of the right kind in each.
fn read_claims(payload: &[u8]) -> bool {
    let Ok(claims) = serde_json::from_slice::<Claims>(payload) else { return false };
    let all = object(payload).unwrap_or_else(|| panic!("claims that are no object: {claims:?}"));
    let number = |name: &str| all[name].as_u64();
    assert_eq!(
        (number("exp"), number("nbf"), number("iat")),
        (Some(claims.exp), Some(claims.nbf), Some(claims.iat))
    );
    assert_eq!(all["iss"], claims.iss);
    assert_eq!(all["jti"], claims.jti);
    assert_eq!(all["tron_address"], claims.tron_address.to_string());
    assert_eq!(all["role"], claims.role.name());
    assert_eq!(all["type"], "access");
    for (name, id) in [
        ("sub", claims.sub.to_string()),
        ("user_id", claims.user_id.to_string()),
        ("sid", claims.sid.to_string()),
    ] {
        assert!(all[name].as_str().is_some_and(|text| text.eq_ignore_ascii_case(&id)), "{name}: {all:?}");
    }
    true
}

fn accepts(world: &World, token: &str) -> bool {
    world.runtime.block_on(world.service.authenticate(token)).is_ok()
}

fn signed(world: &World, header: &[u8], payload: &[u8]) -> String {
    let text = format!("{}.{}", BASE64URL_NOPAD.encode(header), BASE64URL_NOPAD.encode(payload));
    let signature = world.key.signing.sign(text.as_bytes());
    format!("{text}.{}", BASE64URL_NOPAD.encode(&signature.to_bytes()))
}

/// The members. What stands in one that nobody reads may be in another encoding than UTF-8, or a number that is too large for
/// any type, to the service as well.
fn object(json: &[u8]) -> Option<Map<String, Value>> {
    let members: BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(&String::from_utf8_lossy(json)).ok()?;
    Some(
        members
            .into_iter()
            .map(|(name, raw)| (name, serde_json::from_str(raw.get()).unwrap_or(Value::Null)))
            .collect(),
    )
}

/// What must hold of every token that is taken, read from its JSON member by member. `None` if one is not there.
fn may_be_taken(
    world: &World,
    header: Option<&Map<String, Value>>,
    payload: Option<&Map<String, Value>>,
) -> Option<bool> {
    let (header, payload) = (header?, payload?);
    let (user, session) = (world.admin.user.id.to_string(), world.admin.session.id.to_string());
    let now = NOW.unix();
    Some(
        header.get("alg")? == "EdDSA"
            && header.get("typ")? == "at+jwt"
            && header.get("kid")? == &*world.key.kid
            && payload.get("iss")? == "https://auth.example.org"
            && payload.get("aud").is_none_or(Value::is_null)
            && payload.get("sub")?.as_str()?.eq_ignore_ascii_case(&user)
            && payload.get("user_id")?.as_str()?.eq_ignore_ascii_case(&user)
            && payload.get("sid")?.as_str()?.eq_ignore_ascii_case(&session)
            && payload.get("exp")?.as_u64()? > now
            && payload.get("nbf")?.as_u64()? <= now + 5
            && payload.get("iat")?.is_u64()
            && payload.get("jti")?.is_string()
            && payload.get("tron_address")?.as_str()?.starts_with('T')
            && payload.get("role")?.is_string()
            && payload.get("type")? == "access",
    )
}

pub fn seeds() -> Vec<Vec<u8>> {
    let (_, good) = &*WORLD;
    let (header, payload) = (String::from_utf8_lossy(&good.header), String::from_utf8_lossy(&good.payload));
    let own = |header: &str, payload: &str| format!("\x02{header}\n{payload}");
    let mut seeds = vec![
        format!("\0{}", good.text),
        format!("\0{}=", good.text),
        "\0eyJhbGciOiJub25lIn0.e30.".to_owned(),
        "\x01".to_owned(),
        "\x01\0\x03\x01".to_owned(),
        own(&header, &payload),
        own(r#"{"alg":"none"}"#, &payload),
    ];
    for (from, to) in [
        ("EdDSA", "HS256"),
        ("EdDSA", "ES256"),
        ("at+jwt", "JWT"),
        (r#""kid""#, r#""crit":["b64"],"b64":false,"kid""#),
        (r#""kid""#, r#""jku":"https://evil.example/","kid""#),
        (r#""kid""#, r#""x5u":"https://evil.example/","kid""#),
        (r#""kid""#, r#""jwk":{"kty":"OKP","crv":"Ed25519","x":""},"kid""#),
        (r#""alg""#, r#""alg":"none","alg""#),
    ] {
        seeds.push(own(&header.replace(from, to), &payload));
    }
    for (from, to) in [
        (r#""exp":"#, r#""exp":9"#),
        (r#""exp":"#, r#""exp":1.5,"x":"#),
        (r#""nbf":"#, r#""nbf":9"#),
        (r#""sub""#, r#""sub":"x","sub""#),
        ("access", "refresh"),
        ("https://auth", "https://evil"),
        (r#""jti""#, r#""aud":"x","jti""#),
        (r#""jti""#, r#""aud":null,"jti""#),
    ] {
        seeds.push(own(&header, &payload.replacen(from, to, 1)));
    }
    let mut seeds: Vec<_> = seeds.into_iter().map(String::into_bytes).collect();
    let mut unread = own(&header, &payload.replacen(r#""jti""#, r#""x":"?","jti""#, 1)).into_bytes();
    if let Some(at) = unread.iter().position(|byte| *byte == b'?') {
        unread[at] = 0xcb;
    }
    seeds.push(unread);
    seeds
}
