//! Signatures as wallets give them.

use std::{fmt, str::FromStr};

use data_encoding::HEXLOWER_PERMISSIVE;
use k256::ecdsa::{self, RecoveryId, VerifyingKey};

use super::Address;

/// A signature from which its signer's key can be recovered: r, s and v, 65 bytes in hex.
///
/// v is 0 or 27 if the y coordinate of the signature's point is even, 1 or 28 if it is odd. The values 2 and 3 of
/// [SEC 1 §4.1.6], for an x coordinate over the group's order, never occur in practice and are refused. So is a high s
/// ([EIP-2]): with it, everyone could make a second signature out of one.
///
/// [SEC 1 §4.1.6]: https://www.secg.org/sec1-v2.pdf
/// [EIP-2]: https://eips.ethereum.org/EIPS/eip-2
#[derive(Clone, PartialEq, Eq)]
pub struct Signature {
    r_and_s: ecdsa::Signature,
    recovery: RecoveryId,
}

/// r and s of 32 bytes each, and v.
const BYTES: usize = 65;

/// Why a signature is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is something that is not a hex digit.
    #[error("the signature has a character that is not a hex digit (only a lower-case 0x may come first)")]
    Form,
    /// It has this many hex digits.
    #[error("the signature has {0} hex digits; r, s and v are 130")]
    Length(usize),
    /// Its last byte is this one.
    #[error("the signature's last byte, v, is {0}; it must be 0, 1, 27 or 28")]
    V(u8),
    /// r or s is zero, or not below the order of the group.
    #[error("r or s of the signature is out of range")]
    Range,
    /// s is over half the order of the group.
    #[error("s of the signature is high: it is the twin of another signature")]
    HighS,
    /// No point has this r, or it yields no key.
    #[error("no key can have made the signature")]
    NoSuchPoint,
    /// This address signed, or something else was signed.
    #[error("the signature recovers {0}")]
    OtherAddress(Address),
}

impl FromStr for Signature {
    type Err = SignatureError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(SignatureError::Form);
        }
        if digits.len() != 2 * BYTES {
            return Err(SignatureError::Length(digits.len()));
        }
        let mut bytes = [0; BYTES];
        HEXLOWER_PERMISSIVE.decode_mut(digits.as_bytes(), &mut bytes).map_err(|_| SignatureError::Form)?;
        let [r_and_s @ .., v] = &bytes;
        let is_y_odd = match v {
            0 | 27 => false,
            1 | 28 => true,
            v => return Err(SignatureError::V(*v)),
        };
        let r_and_s = ecdsa::Signature::from_slice(r_and_s).map_err(|_| SignatureError::Range)?;
        // Recovery takes a high s without a word.
        if r_and_s.normalize_s() != r_and_s {
            return Err(SignatureError::HighS);
        }
        Ok(Self { r_and_s, recovery: RecoveryId::new(is_y_odd, false) })
    }
}

impl Signature {
    /// The address of the key that made this signature over `digest`. Over another digest it is some other address.
    ///
    /// # Errors
    ///
    /// [`SignatureError::NoSuchPoint`] if no key can have made it.
    pub fn recover(&self, digest: &[u8; 32]) -> Result<Address, SignatureError> {
        VerifyingKey::recover_from_prehash(digest, &self.r_and_s, self.recovery)
            .map(|key| Address::from_public_key(&key))
            .map_err(|_| SignatureError::NoSuchPoint)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// tronweb 6.5.1, `signMessageV2("hello world")`.
    const R: &str = "00bb67c0ef81d9bec5a055145e93ced601f0699cd3391e2f3506044ca5689914";
    const S: &str = "5c287d0b82657c7d493f38120e1646bddfe3465ad782d2a9143a89ac33fd4700";
    const ZERO: &str = "0000000000000000000000000000000000000000000000000000000000000000";
    const ONE: &str = "0000000000000000000000000000000000000000000000000000000000000001";
    const LAST: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140";
    const ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    const HALF: &str = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0";
    const OVER_HALF: &str = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a1";

    fn refusal(text: &str) -> Option<SignatureError> {
        text.parse::<Signature>().err()
    }

    #[test]
    #[rustfmt::skip]
    fn only_the_exact_form_is_read() {
        let rs = format!("{R}{S}");
        let cases = [
            // case                        text                                      refusal
            ("v 0",                        format!("{rs}00"),                        None),
            ("v 1",                        format!("{rs}01"),                        None),
            ("v 27",                       format!("{rs}1b"),                        None),
            ("v 28, with 0x",              format!("0x{rs}1c"),                      None),
            ("upper case",                 format!("0x{rs}1c").to_uppercase().replace('X', "x"), None),
            ("0X",                         format!("0X{rs}1c"),                      Some(SignatureError::Form)),
            ("0x twice",                   format!("0x0x{rs}1c"),                    Some(SignatureError::Form)),
            ("not hex",                    format!("{rs}1g"),                        Some(SignatureError::Form)),
            ("a sign",                     format!("+{}1c", &rs[1..]),               Some(SignatureError::Form)),
            ("a space inside",             format!("{R} {S}1c"),                     Some(SignatureError::Form)),
            ("a newline after",            format!("{rs}1c\n"),                      Some(SignatureError::Form)),
            ("a look-alike digit",         format!("{rs}1с"),                        Some(SignatureError::Form)),
            ("nothing",                    String::new(),                            Some(SignatureError::Length(0))),
            ("only 0x",                    "0x".to_owned(),                          Some(SignatureError::Length(0))),
            ("v missing",                  rs.clone(),                               Some(SignatureError::Length(128))),
            ("an odd number of digits",    format!("{rs}1"),                         Some(SignatureError::Length(129))),
            ("a byte too much",            format!("{rs}1c00"),                      Some(SignatureError::Length(132))),
            ("v 2",                        format!("{rs}02"),                        Some(SignatureError::V(2))),
            ("v 26",                       format!("{rs}1a"),                        Some(SignatureError::V(26))),
            ("v 29",                       format!("{rs}1d"),                        Some(SignatureError::V(29))),
            ("v 37, of EIP-155",           format!("{rs}25"),                        Some(SignatureError::V(37))),
            ("r 0",                        format!("{ZERO}{S}1b"),                   Some(SignatureError::Range)),
            ("r the order",                format!("{ORDER}{S}1b"),                  Some(SignatureError::Range)),
            ("r below the order",          format!("{LAST}{S}1b"),                   None),
            ("s 0",                        format!("{R}{ZERO}1b"),                   Some(SignatureError::Range)),
            ("s 1",                        format!("{R}{ONE}1b"),                    None),
            ("s half the order",           format!("{R}{HALF}1b"),                   None),
            ("s over half the order",      format!("{R}{OVER_HALF}1b"),              Some(SignatureError::HighS)),
            ("s below the order",          format!("{R}{LAST}1b"),                   Some(SignatureError::HighS)),
            ("s the order",                format!("{R}{ORDER}1b"),                  Some(SignatureError::Range)),
        ];
        for (case, text, expected) in cases {
            assert_eq!(refusal(&text), expected, "{case}");
        }
    }

    #[test]
    fn it_never_shows_in_debug_output() {
        let signature: Signature = format!("{R}{S}1c").parse().unwrap();
        assert_eq!(format!("{signature:?}"), "Signature([redacted])");
    }

    #[test]
    fn an_r_that_is_no_point_recovers_nothing() {
        // No point of the curve has the x coordinate 5.
        let signature: Signature = format!("{}{S}1c", ONE.replace("01", "05")).parse().unwrap();
        assert_eq!(signature.recover(&[7; 32]), Err(SignatureError::NoSuchPoint));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,140}|(0x)?[0-9a-fA-F]{120,135}", digest: [u8; 32]) {
            if let Ok(signature) = text.parse::<Signature>() {
                let _ = signature.recover(&digest);
            }
        }

        #[test]
        fn all_forms_of_one_signature_are_equal(r: [u8; 32], s: [u8; 31], odd: bool, digest: [u8; 32]) {
            // 31 bytes are always a low s.
            let hex = format!("{}00{}", HEXLOWER_PERMISSIVE.encode(&r), HEXLOWER_PERMISSIVE.encode(&s));
            let (small, large) = if odd { ("01", "1c") } else { ("00", "1b") };
            let first = format!("{hex}{small}").parse::<Signature>();
            prop_assert_eq!(format!("0x{}{large}", hex.to_uppercase()).parse(), first.clone());
            if let Ok(signature) = first {
                prop_assert!(signature.r_and_s.to_bytes()[..32] == r);
                let _ = signature.recover(&digest);
            }
        }
    }
}
