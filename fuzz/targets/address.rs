//! TRON addresses, their beginnings, and paths of keys.

use lucid_auth::domain::wallet::{Address, AddressRange, DerivationPath, WalletType};

pub fn run(data: &[u8]) {
    // The bytes of an address have one text, which is read back.
    if let Ok(bytes) = data.try_into() {
        let address = Address::from_bytes(bytes);
        let text = address.to_string();
        assert_eq!(text.parse(), Ok(address));
        assert!(text.starts_with('T') && text.len() == Address::CHARS);
        // Each of its beginnings is a range that it lies in.
        for end in 1..=text.len() {
            let range: AddressRange = text[..end].parse().unwrap();
            assert!(range.contains(&address), "{text} is not among those that begin with {}", &text[..end]);
        }
    }
    let Ok(text) = str::from_utf8(data) else { return };
    let address = text.parse::<Address>();
    assert_eq!(address.is_ok(), is_address(text), "{text}");
    if let Ok(address) = address {
        assert_eq!(address.to_string(), text);
    }
    if let Ok(range) = text.parse::<AddressRange>() {
        assert!(range.first() <= range.last());
    }
    if let Ok(path) = text.parse::<DerivationPath>() {
        assert_eq!(path.to_string(), text);
    }
    if let Ok(wallet) = text.parse::<WalletType>() {
        assert_eq!(wallet.name(), text);
    }
}

/// Whether `text` is an address, by long division rather than by the library that the service uses.
fn is_address(text: &str) -> bool {
    const DIGITS: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    if text.len() != 34 {
        return false;
    }
    // Base 256, the least first.
    let mut number: Vec<u8> = Vec::new();
    for character in text.bytes() {
        let Some(digit) = DIGITS.iter().position(|known| *known == character) else { return false };
        let mut carry = u32::try_from(digit).unwrap();
        for byte in &mut number {
            carry += u32::from(*byte) * 58;
            *byte = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        while carry > 0 {
            number.push(carry.to_le_bytes()[0]);
            carry >>= 8;
        }
    }
    number.reverse();
    if number.len() != 25 || number[0] != 0x41 {
        return false;
    }
    // That the checksum is right is what writing it again shows.
    let written = Address::from_bytes(number[1..21].try_into().unwrap()).to_string();
    written == text
}

pub fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH",
        "TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC",
        "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYd1",
        "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "1TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYd",
        "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
        "T",
        "TUEZ",
        "m/44'/195'/0'/0/0",
        "m/0",
        "m/44'/60'/0'/0/2147483647",
        "m/1/2/3/4/5/6/7/8/9/10",
        "keepkey-eth",
        "41c8599111f29c1e1e061265b4af93ea1f274ad78a",
    ];
    let bytes = [[0; 20], [0xff; 20], [7; 20]];
    texts.iter().map(|text| text.as_bytes().to_vec()).chain(bytes.map(|bytes| bytes.to_vec())).collect()
}
