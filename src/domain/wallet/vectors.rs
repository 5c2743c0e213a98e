//! What wallets really signed: `tests/vectors/wallet-signatures.json`.

use data_encoding::HEXLOWER;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Vectors {
    positive: Vec<Vector>,
    negative: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    scheme: String,
    address: String,
    message: Option<String>,
    message_hex: Option<String>,
    signature_hex: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    reason: String,
    strict_error: Option<String>,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../../tests/vectors/wallet-signatures.json")).unwrap()
}

impl Vector {
    fn message(&self) -> Vec<u8> {
        match (&self.message, &self.message_hex) {
            (Some(text), _) => text.as_bytes().to_vec(),
            (None, Some(hex)) => HEXLOWER.decode(hex.as_bytes()).unwrap(),
            (None, None) => panic!("a vector without a message"),
        }
    }

    /// Every step from the texts on; whatever refuses says why.
    fn verify(&self, scheme: &str) -> Result<(), Box<dyn std::error::Error>> {
        let scheme: Scheme = scheme.parse()?;
        let address: Address = self.address.parse()?;
        let signature: Signature = self.signature_hex.parse()?;
        Ok(scheme.verify(address, &self.message(), &signature)?)
    }
}

#[test]
fn every_signature_that_a_wallet_made_verifies() {
    let mut seen = [0; 3];
    for vector in vectors().positive {
        let case = format!("{} {}: {}", vector.scheme, vector.source, vector.note);
        match vector.scheme.as_str() {
            "tron-v2" | "eip191" => {
                if let Err(error) = vector.verify(&vector.scheme) {
                    panic!("{case}: {error}");
                }
                // Nobody may choose the other scheme afterwards.
                let other = if vector.scheme == "eip191" { "tron-v2" } else { "eip191" };
                assert!(vector.verify(other).is_err(), "{case}: verifies as {other} too");
                seen[0] += 1;
            }
            "tron-v1" => {
                assert!(vector.verify("tron-v1").is_err(), "{case}");
                // Over 32 bytes both digests are the same; nothing can tell them apart.
                assert_eq!(vector.verify("tron-v2").is_ok(), vector.message().len() == 32, "{case}");
                seen[1] += 1;
            }
            _ => seen[2] += 1,
        }
    }
    assert_eq!(seen, [64, 6, 0]);
}

#[test]
fn everything_else_is_refused_for_the_right_reason() {
    let negative = vectors().negative;
    assert_eq!(negative.len(), 65);
    for vector in negative {
        let case = &vector.reason;
        let Err(error) = vector.verify(&vector.scheme) else { panic!("{case}: verifies") };
        let reason = match vector.strict_error.as_deref().unwrap() {
            _ if vector.scheme.parse::<Scheme>().is_err() => error.is::<SchemeError>(),
            "address length" | "base58check" | "base58 alphabet" => error.is::<AddressError>(),
            expected => match (expected, error.downcast_ref::<SignatureError>().unwrap()) {
                ("address mismatch", SignatureError::OtherAddress(_))
                | ("v", SignatureError::V(_))
                | ("r range" | "s range", SignatureError::Range)
                | ("high s", SignatureError::HighS)
                | ("hex", SignatureError::Form)
                // A space is neither a digit nor a place: both names fit.
                | ("signature length", SignatureError::Length(_) | SignatureError::Form)
                | ("recover: failed to recover ECDSA public key", SignatureError::NoSuchPoint) => true,
                _ => false,
            },
        };
        assert!(reason, "{case}: {error}");
        // A scheme that is not known must not be the only thing between it and a success.
        if vector.scheme == "tron-v1" {
            let ambiguous = vector.reason.starts_with("tron-v2 signature presented as tron-v1");
            assert_eq!(vector.verify("tron-v2").is_ok(), ambiguous, "{case}");
        }
    }
}
