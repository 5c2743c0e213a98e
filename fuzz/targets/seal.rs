//! Sealed keys: what opens is what was sealed, under its name, to the byte.

use std::sync::LazyLock;

use lucid_auth::domain::seal::{MasterKey, SEALED};
use zeroize::Zeroizing;

use crate::input::Input;

static KEY: LazyLock<MasterKey> = LazyLock::new(|| MasterKey::new(Zeroizing::new([5; 32])));
static SEAL: LazyLock<Vec<u8>> = LazyLock::new(|| KEY.seal("a key", &[6; 32]).unwrap());

/// The first byte says whether the rest is sealed bytes, a change to good ones, or a secret to seal.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    match input.byte() % 3 {
        0 => assert_eq!(KEY.open("a key", input.0).is_ok(), input.0 == *SEAL),
        1 => {
            let mut sealed = SEAL.clone();
            for (at, change) in input.0.iter().enumerate() {
                match sealed.get_mut(at) {
                    Some(byte) => *byte ^= change,
                    None => sealed.push(*change),
                }
            }
            assert_eq!(KEY.open("a key", &sealed).is_ok(), sealed == *SEAL);
        }
        _ => {
            let secret: [u8; 32] = input.array();
            let name = String::from_utf8_lossy(input.0);
            let sealed = KEY.seal(&name, &secret).unwrap();
            assert_eq!(sealed.len(), SEALED);
            assert_eq!(*KEY.open(&name, &sealed).unwrap(), secret);
            assert!(KEY.open(&format!("{name}."), &sealed).is_err());
            assert!(MasterKey::new(Zeroizing::new([4; 32])).open(&name, &sealed).is_err());
            // No secret shows in what it is sealed to.
            assert!(secret == [0; 32] || !sealed.windows(32).any(|part| part == secret));
        }
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    vec![[&[0], &SEAL[..]].concat(), vec![1, 0], [&[1], &[0; 70][..]].concat(), [&[2], &[1; 40][..]].concat()]
}
