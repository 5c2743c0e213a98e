//! Signatures of wallets: which texts are taken for one, and which of those for the signature of an address.

use std::sync::LazyLock;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use k256::ecdsa::SigningKey;
use lucid_auth::domain::wallet::{Address, Scheme, Signature, SignatureError};

use crate::input::{Input, is_one_in};

/// Of the signatures of good form that are not the good one, one in so many is checked.
const CHECKED: u64 = 8;

/// The order of the group, and half of it.
const ORDER: [u8; 32] = *b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xba\xae\xdc\xe6\xaf\x48\xa0\x3b\xbf\xd2\x5e\x8c\xd0\x36\x41\x41";
const HALF: [u8; 32] = *b"\x7f\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x5d\x57\x6e\x73\x57\xa4\x50\x1d\xdf\xe9\x2f\x46\x68\x1b\x20\xa0";
const MESSAGE: &[u8] = b"pi.local wants you to sign in";

/// An address, and the one signature that it made.
static SIGNED: LazyLock<(Address, [u8; 65])> = LazyLock::new(|| {
    let key = SigningKey::from_slice(&[3; 32]).unwrap();
    let sign = |digest: &[u8; 32]| {
        let (signature, recovery) = key.sign_prehash_recoverable(digest);
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&signature.to_bytes());
        bytes[64] = recovery.to_byte();
        bytes
    };
    let probe: Signature = HEXLOWER.encode(&sign(&[1; 32])).parse().unwrap();
    let address = probe.recover(&[1; 32]).unwrap();
    (address, sign(&Scheme::TronV2.digest(address, MESSAGE)))
});

/// The first byte says whether the rest is the text of a signature, or the bytes of one, or the bytes by which the good one
/// is changed.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    match input.byte() % 4 {
        0 => {
            if let Some(text) = input.text() {
                judge(text);
            }
        }
        1 => judge(&HEXLOWER.encode(&input.array::<65>())),
        2 => {
            let mut bytes = SIGNED.1;
            for (byte, change) in bytes.iter_mut().zip(input.array::<65>()) {
                *byte ^= change;
            }
            judge(&HEXLOWER.encode(&bytes));
        }
        _ => {
            let (at, with) = (usize::from(input.byte()) % 131, input.byte());
            let mut text = HEXLOWER.encode(&SIGNED.1).into_bytes();
            text.insert(at, with);
            if let Ok(text) = str::from_utf8(&text) {
                judge(text);
            }
        }
    }
}

fn judge(text: &str) {
    let read = text.parse::<Signature>();
    let expected = expected(text);
    assert_eq!(read.is_ok(), expected.is_some(), "{text}");
    let (Ok(signature), Some(bytes)) = (read, expected) else { return };
    let (address, good) = *SIGNED;
    // What takes a tenth of a millisecond, and seldom leads to code that it has not led to.
    if bytes != good && !is_one_in(CHECKED, text.as_bytes()) {
        return;
    }
    let outcome = Scheme::TronV2.verify(address, MESSAGE, &signature);
    assert_eq!(outcome.is_ok(), bytes == good, "{text}: {outcome:?}");
    if let Err(error) = outcome {
        assert!(matches!(error, SignatureError::NoSuchPoint | SignatureError::OtherAddress(_)), "{error:?}");
    }
}

/// r, s and the parity, if `text` is a signature by the rules that are written down for it.
fn expected(text: &str) -> Option<[u8; 65]> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let mut bytes: [u8; 65] = HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()?.try_into().ok()?;
    let (r, s) = (<[u8; 32]>::try_from(&bytes[..32]).ok()?, <[u8; 32]>::try_from(&bytes[32..64]).ok()?);
    bytes[64] = match bytes[64] {
        0 | 27 => 0,
        1 | 28 => 1,
        _ => return None,
    };
    (r != [0; 32] && r < ORDER && s != [0; 32] && s <= HALF).then_some(bytes)
}

pub fn seeds() -> Vec<Vec<u8>> {
    let good = HEXLOWER.encode(&SIGNED.1);
    let mut seeds: Vec<Vec<u8>> = [
        format!("\0{good}"),
        format!("\x000x{good}"),
        format!("\0{}", good.to_uppercase()),
        "\x02".to_owned(),
        format!("\x02{}", "\0".repeat(65)),
        format!("\x000x{}1b", "00".repeat(64)),
        "\x03\x01 ".to_owned(),
    ]
    .map(String::into_bytes)
    .to_vec();
    for (r, s) in [(ORDER, HALF), (HALF, ORDER), ([1; 32], HALF), ([0; 32], [1; 32])] {
        for v in [0, 1, 2, 27, 28, 29] {
            seeds.push([&[1], &r[..], &s, &[v]].concat());
        }
    }
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../tests/vectors/wallet-signatures.json")).unwrap();
    let all =
        ["positive", "negative"].into_iter().flat_map(|kind| vectors[kind].as_array().into_iter().flatten());
    let texts = all.filter_map(|vector| vector["signature_hex"].as_str());
    seeds.extend(texts.step_by(8).map(|text| format!("\0{text}").into_bytes()));
    seeds
}
