//! How Ethereum wallets hash a text before they sign it, and how they show an address.

use data_encoding::HEXLOWER;
use sha3::{Digest, Keccak256};

/// The digest of `message` under `eip191`: the Keccak-256 of a header, the message's length in bytes as decimal digits,
/// and the message ([ERC-191], version byte 0x45; `personal_sign`).
///
/// [ERC-191]: https://eips.ethereum.org/EIPS/eip-191
pub(super) fn digest(message: &[u8]) -> [u8; 32] {
    Keccak256::new()
        .chain_update(b"\x19Ethereum Signed Message:\n")
        .chain_update(message.len().to_string())
        .chain_update(message)
        .finalize()
        .into()
}

/// `0x` and 40 hex digits, where a letter is upper case if the same digit of the Keccak-256 of the lower-case text is
/// at least 8 ([EIP-55]).
///
/// [EIP-55]: https://eips.ethereum.org/EIPS/eip-55
pub(super) fn checksummed(address: &[u8; 20]) -> String {
    let lower = HEXLOWER.encode(address);
    let hash = HEXLOWER.encode(&Keccak256::digest(&lower));
    let cased = lower
        .chars()
        .zip(hash.chars())
        .map(|(digit, hash)| if hash >= '8' { digit.to_ascii_uppercase() } else { digit });
    ['0', 'x'].into_iter().chain(cased).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_eip_55_have_its_checksums() {
        // The test cases of EIP-55: all upper, all lower, mixed.
        for expected in [
            "0x52908400098527886E0F7030069857D2E4169EE7",
            "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
            "0xde709f2102306220921060314715629080e2fb77",
            "0x27b1fdb04752bbc536007a920d24acb045561c26",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
            "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        ] {
            let bytes = HEXLOWER.decode(expected[2..].to_lowercase().as_bytes()).unwrap();
            assert_eq!(checksummed(&bytes.try_into().unwrap()), expected);
        }
    }
}
