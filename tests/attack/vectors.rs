//! Signatures that must not pass, from [Wycheproof] and made of points of small order, through the checks that the service
//! uses.
//!
//! [Wycheproof]: https://github.com/C2SP/wycheproof

use curve25519_dalek::{EdwardsPoint, Scalar, constants::EIGHT_TORSION};
use data_encoding::HEXLOWER;
use ed25519_dalek::{SigningKey, VerifyingKey};
use lucid_auth::domain::{
    key::is_signed,
    wallet::{Address, Signature},
};
use sha2::{Digest as _, Sha256, Sha512};
use sha3::Keccak256;
use wycheproof::{TestResult, ecdsa, eddsa};

use crate::figures;

#[test]
fn wycheproof_of_ed25519() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let mut cases = 0;
    for group in set.test_groups {
        let public = VerifyingKey::from_bytes(group.key.pk.as_slice().try_into().unwrap()).unwrap();
        for test in group.tests {
            let expected = match test.result {
                TestResult::Valid => true,
                TestResult::Invalid => false,
                TestResult::Acceptable => panic!("case {} is neither", test.tc_id),
            };
            assert_eq!(
                is_signed(&public, &test.msg, &test.sig),
                expected,
                "case {}: {}",
                test.tc_id,
                test.comment
            );
            cases += 1;
        }
    }
    assert_eq!(cases, set.number_of_tests);
    figures::record("Ed25519: Wycheproof", cases.try_into().unwrap(), 0);
}

/// The half of the group's order, above which s is high.
const HALF: &str = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0";

/// A signature proves that the holder of an address signed if its key is recovered, for whichever v. Wycheproof's are of
/// r and s alone, so both values of v are tried. A valid one with a high s is refused: here alone we are stricter.
#[test]
fn wycheproof_of_secp256k1() {
    let (mut cases, mut accepted, mut high) = (0_u64, 0, 0);
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256k1Sha256P1363).unwrap();
    let expected = set.number_of_tests;
    for group in set.test_groups {
        let key = group.key.key.as_slice();
        assert_eq!((key.len(), key[0]), (65, 4), "an uncompressed point");
        let address = Address::from_bytes(Keccak256::digest(&key[1..])[12..].try_into().unwrap());
        for test in group.tests {
            let digest: [u8; 32] = Sha256::digest(&*test.msg).into();
            let hex = HEXLOWER.encode(&test.sig);
            let proves = |v: &str| {
                let signature = format!("{hex}{v}").parse::<Signature>();
                signature.and_then(|signature| signature.recover(&digest)) == Ok(address)
            };
            let taken = ["00", "01", "1b", "1c"].map(proves);
            assert_eq!(taken[..2], taken[2..], "case {}: two writings of v", test.tc_id);
            let is_high = hex.len() == 128 && &hex[64..] > HALF;
            let valid = test.result == TestResult::Valid;
            assert_ne!(test.result, TestResult::Acceptable, "case {}", test.tc_id);
            // An r that stands for an x over the group's order would take v of 2 or 3, which no wallet ever gives.
            let is_wrapped =
                test.comment.contains("r too large") || test.comment.contains("k*G has a large x-coordinate");
            if valid && !is_high && !is_wrapped {
                assert_eq!(
                    taken[..2].iter().filter(|taken| **taken).count(),
                    1,
                    "case {}: {}",
                    test.tc_id,
                    test.comment
                );
                accepted += 1;
            } else {
                assert_eq!(taken, [false; 4], "case {}: {}", test.tc_id, test.comment);
                high += u64::from(valid);
            }
            cases += 1;
        }
    }
    assert_eq!(cases, u64::try_from(expected).unwrap());
    assert!(accepted > 50 && high > 0, "{accepted} taken, {high} refused for a high s");
    figures::record("secp256k1: Wycheproof", cases, 0);
}

/// Every way to write a point of small order, non-canonical ones too: y is reduced, and may be written with the field's
/// order added where that still fits; x = 0 has a sign bit that should not be set.
fn small_order() -> Vec<[u8; 32]> {
    let order = {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (0xed, 0x7f);
        bytes
    };
    let mut all = Vec::new();
    for point in EIGHT_TORSION {
        let canonical = point.compress().to_bytes();
        let mut forms = vec![canonical];
        // Only y of 0 and 1 leave room for the order.
        if canonical[1..31].iter().all(|byte| *byte == 0) && canonical[0] < 19 {
            let mut more = order;
            more[0] += canonical[0];
            more[31] |= canonical[31] & 0x80;
            forms.push(more);
        }
        for form in forms {
            let mut other = form;
            other[31] ^= 0x80;
            all.extend([form, other]);
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// The number that both sides of a signature hash.
fn challenge(r: &[u8; 32], public: &[u8; 32], message: &[u8]) -> Scalar {
    let digest = Sha512::new().chain_update(r).chain_update(public).chain_update(message).finalize();
    Scalar::from_bytes_mod_order_wide(&digest.into())
}

#[test]
fn points_of_small_order_sign_nothing() {
    let mut cases = 0;
    let points = small_order();
    assert!(points.len() >= 14, "{}", points.len());
    for public in &points {
        let Ok(key) = VerifyingKey::from_bytes(public) else {
            cases += 1;
            continue;
        };
        for r in &points {
            // With such a key, s = 0 fits about one message in eight.
            for number in 0_u8..40 {
                assert!(
                    !is_signed(&key, &[number], &[&r[..], &[0; 32]].concat()),
                    "{public:?} {r:?} {number}"
                );
                cases += 1;
            }
        }
    }
    figures::record("Ed25519: keys and points of small order", cases, 0);
}

/// Signatures that only the holder of the key can make, but two of them over one message, or that some programs take and
/// others do not.
#[test]
fn a_signature_has_one_form_even_for_who_holds_the_key() {
    let seed = [9; 32];
    let signing = SigningKey::from_bytes(&seed);
    let (key, public) = (signing.verifying_key(), signing.verifying_key().to_bytes());
    let secret = signing.to_scalar();
    let mut cases = 0;
    for number in 0_u8..16 {
        let message = [number; 20];
        let nonce = Scalar::from_bytes_mod_order([number + 1; 32]);
        let base = EdwardsPoint::mul_base(&nonce);
        let sign = |r: &EdwardsPoint| {
            let r = r.compress().to_bytes();
            let s = nonce + challenge(&r, &public, &message) * secret;
            (r, s.to_bytes())
        };
        let (r, s) = sign(&base);
        assert!(is_signed(&key, &message, &[r, s].concat()), "the form itself is right");
        for torsion in &EIGHT_TORSION[1..] {
            // Right for who multiplies both sides by the cofactor, as RFC 8032 lets one.
            let (r, s) = sign(&(base + torsion));
            assert!(!is_signed(&key, &message, &[r, s].concat()));
            cases += 1;
        }
        for times in 1..=8 {
            let Some(more) = plus_order(s, times) else { break };
            assert!(!is_signed(&key, &message, &[r, more].concat()), "s and {times} times the order");
            cases += 1;
        }
        for bit in 253..256 {
            let mut more = s;
            more[bit / 8] |= 1 << (bit % 8);
            assert!(!is_signed(&key, &message, &[r, more].concat()), "s with bit {bit}");
            cases += 1;
        }
        let (mut flipped, whole) = (r, [r, s].concat());
        flipped[31] ^= 0x80;
        assert!(!is_signed(&key, &message, &[flipped, s].concat()));
        for length in 0..64 {
            assert!(!is_signed(&key, &message, &whole[..length]));
        }
        assert!(!is_signed(&key, &message, &[&whole[..], &[0]].concat()));
        cases += 66;
    }
    figures::record("Ed25519: a second form of a signature", cases, 0);
}

/// s and so many times the order of the group, if 32 bytes hold that.
fn plus_order(s: [u8; 32], times: u32) -> Option<[u8; 32]> {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut sum = s;
    let mut carry = 0;
    for (byte, order) in sum.iter_mut().zip(ORDER) {
        let [low, high, ..] = (u32::from(*byte) + u32::from(order) * times + carry).to_le_bytes();
        *byte = low;
        carry = u32::from(high);
    }
    (carry == 0).then_some(sum)
}
