//! What a wallet hashes when it signs a text.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

use super::{Address, Signature, SignatureError, ethereum, trezor_tx, tron};

/// What a wallet hashes when it signs a text.
///
/// The old `tron-v1`, whose header says 32 whatever the length, is not here: over some messages its digest is that of
/// another message under `tron-v2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// A TRON message, with its length (`signMessageV2`).
    TronV2,
    /// An Ethereum message, with its length (`personal_sign`).
    Eip191,
    /// A TRON transaction that cannot take place, with the text as its memo ([`Transfer::proof`](super::Transfer::proof)).
    TrezorTx,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: [Self; 3] = [Self::TronV2, Self::Eip191, Self::TrezorTx];

    /// The name in bodies and commands, such as `tron-v2`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TronV2 => "tron-v2",
            Self::Eip191 => "eip191",
            Self::TrezorTx => "trezor-tx",
        }
    }

    /// The 32 bytes that the holder of `address` signs for `message`.
    #[must_use]
    pub fn digest(self, address: Address, message: &[u8]) -> [u8; 32] {
        match self {
            Self::TronV2 => tron::digest(message),
            Self::Eip191 => ethereum::digest(message),
            Self::TrezorTx => trezor_tx::digest(address, message),
        }
    }

    /// Check that the holder of `address` signed exactly `message`.
    ///
    /// # Errors
    ///
    /// [`SignatureError::OtherAddress`] if another key signed, or another message was signed;
    /// [`SignatureError::NoSuchPoint`] if no key can have made the signature.
    pub fn verify(
        self,
        address: Address,
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), SignatureError> {
        let signer = signature.recover(&self.digest(address, message))?;
        if signer == address { Ok(()) } else { Err(SignatureError::OtherAddress(signer)) }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No scheme has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected tron-v2, eip191 or trezor-tx")]
pub struct SchemeError;

impl FromStr for Scheme {
    type Err = SchemeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|scheme| scheme.name() == text).ok_or(SchemeError)
    }
}

impl Serialize for Scheme {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use k256::ecdsa::SigningKey;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_three_names_are_read() {
        for scheme in Scheme::ALL {
            assert_eq!(scheme.to_string().parse(), Ok(scheme));
        }
        for bad in ["", "tron-v1", "tron-v3", "TRON-V2", "eip-191", "trezor", " tron-v2"] {
            assert_eq!(bad.parse::<Scheme>(), Err(SchemeError), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_read_is_written_back(text in ".{0,10}|(tron-v|eip)[0-9]{1,3}|trezor-[a-z]{2}") {
            if let Ok(scheme) = text.parse::<Scheme>() {
                prop_assert_eq!(scheme.name(), text);
            }
        }

        #[test]
        fn what_a_key_signs_verifies_for_its_address_and_message_alone(
            secret: [u8; 32],
            message in prop::collection::vec(any::<u8>(), 0..300),
            other_address: [u8; 20],
            other_message in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let Ok(key) = SigningKey::from_slice(&secret) else { return Ok(()) };
            let address = Address::from_public_key(key.verifying_key());
            for scheme in Scheme::ALL {
                let (signature, recovery) = key.sign_prehash_recoverable(&scheme.digest(address, &message));
                let text = format!("{signature:x}{:02x}", recovery.to_byte());
                let signature: Signature = text.parse().unwrap();
                prop_assert_eq!(scheme.verify(address, &message, &signature), Ok(()));
                let refusal = scheme.verify(Address::from_bytes(other_address), &message, &signature);
                // A transaction says whose it is: for another address it is another one, and some third key comes out.
                if scheme == Scheme::TrezorTx {
                    prop_assert!(refusal.is_err());
                } else {
                    prop_assert_eq!(refusal, Err(SignatureError::OtherAddress(address)));
                }
                prop_assume!(message != other_message);
                prop_assert!(scheme.verify(address, &other_message, &signature).is_err());
            }
        }
    }
}
