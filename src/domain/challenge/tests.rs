//! What is issued is taken back once to the byte, and nothing else is.

use k256::ecdsa::SigningKey;
use proptest::prelude::*;

use super::*;
use crate::domain::origin::MAX_AUTHORITY;

const NOW: Timestamp = Timestamp::from_unix(1_795_435_200); // 2026-11-23T12:00:00Z
const KEY: [u8; 32] = [7; 32];
const ADDRESS: &str = "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH";
const HOST: &str = "https://auth.example.lan";

fn key() -> ChallengeKey {
    ChallengeKey::new(KEY)
}

fn address() -> Address {
    ADDRESS.parse().unwrap()
}

fn origin(text: &str) -> Origin {
    text.parse().unwrap()
}

fn issue(wallet: WalletType) -> Challenge {
    Challenge::issue(&key(), wallet, address(), &origin(HOST), NOW, *b"abcde")
}

fn read(text: &str) -> Result<Challenge, ChallengeError> {
    Challenge::read(&key(), text, address(), &origin(HOST), NOW)
}

#[test]
fn the_line_has_exactly_the_published_form() {
    for wallet in WalletType::ALL.into_iter().filter(|wallet| *wallet != WalletType::Ethereum) {
        let challenge = issue(wallet);
        let (text, nonce) = (challenge.text(), challenge.nonce_text());
        let (what, length) = match wallet {
            WalletType::Trezor => ("This transfer cannot take place", 173),
            _ => ("Not a transaction", 159),
        };
        assert_eq!(
            text,
            format!(
                "auth.example.lan wants you to sign in with your TRON account TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH. \
                 {what}. Nonce: {nonce}. Issued: 2026-11-23T12:00:00Z"
            )
        );
        assert_eq!(nonce.len(), 22, "{wallet}");
        assert_eq!(text.len() - "auth.example.lan".len(), length, "{wallet}");
        assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{wallet}");
    }
}

#[test]
fn an_ethereum_wallet_gets_an_eip_4361_message() {
    let challenge = issue(WalletType::Ethereum);
    let nonce = challenge.nonce_text();
    assert_eq!(
        challenge.text(),
        format!(
            "auth.example.lan wants you to sign in with your Ethereum account:\n\
             0xC8599111F29c1e1E061265b4AF93eA1F274aD78A\n\
             \n\
             Sign in with your TRON account TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH. Not a transaction.\n\
             \n\
             URI: https://auth.example.lan/\n\
             Version: 1\n\
             Chain ID: 1\n\
             Nonce: {nonce}\n\
             Issued At: 2026-11-23T12:00:00Z\n\
             Expiration Time: 2026-11-23T12:05:00Z"
        )
    );
    assert_eq!(nonce.len(), 32);
    assert!(nonce.bytes().all(|byte| byte.is_ascii_alphanumeric()));
}

#[test]
fn the_longest_host_fits_a_ledger_a_trezor_and_the_reader() {
    let host = format!("{}.{}:8089", "a".repeat(59), "b");
    let origin = origin(&format!("http://{host}"));
    assert_eq!(host.len(), MAX_AUTHORITY);
    for wallet in WalletType::ALL {
        let challenge = Challenge::issue(&key(), wallet, address(), &origin, NOW, [255; 5]);
        let text = challenge.text();
        let most = match wallet {
            WalletType::Ethereum => MAX_TEXT,
            WalletType::Trezor => 256,
            _ => 225,
        };
        assert!(text.len() <= most, "{wallet}: {}", text.len());
        assert_eq!(Challenge::read(&key(), &text, address(), &origin, NOW), Ok(challenge), "{wallet}");
    }
}

#[test]
#[rustfmt::skip]
fn it_is_good_for_five_minutes() {
    let cases = [
        // seconds after    expected
        (0,                 Ok(())),
        (299,               Ok(())),
        (300,               Err(ChallengeError::Expired)),
        (3_000_000_000,     Err(ChallengeError::Expired)),
        (-5,                Ok(())),
        (-6,                Err(ChallengeError::Expired)),
    ];
    for wallet in WalletType::ALL {
        let text = issue(wallet).text();
        for (after, expected) in cases {
            let now = Timestamp::from_unix(NOW.unix().saturating_add_signed(after));
            let read = Challenge::read(&key(), &text, address(), &origin(HOST), now);
            assert_eq!(read.map(|_| ()), expected, "{wallet}, {after} s after");
        }
    }
}

#[test]
fn only_the_key_address_and_host_it_was_issued_with_take_it_back() {
    let other: Address = "TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC".parse().unwrap();
    for wallet in WalletType::ALL {
        let text = issue(wallet).text();
        let read = |key: &ChallengeKey, text: &str, address: Address, host: &str| {
            Challenge::read(key, text, address, &origin(host), NOW)
        };
        let unknown = Err(ChallengeError::Unknown);
        assert!(read(&key(), &text, address(), HOST).is_ok(), "{wallet}");
        assert_eq!(read(&ChallengeKey::new([8; 32]), &text, address(), HOST), unknown, "{wallet}");
        assert_eq!(read(&key(), &text, other, HOST), unknown, "{wallet}");
        // The text may say the other address, too: the nonce does not.
        let forged =
            text.replace(ADDRESS, &other.to_string()).replace(&address().ethereum(), &other.ethereum());
        assert_eq!(read(&key(), &forged, other, HOST), unknown, "{wallet}");
        for host in ["https://auth.example.lan:8443", "https://auth.example.la", "https://lan"] {
            assert_eq!(read(&key(), &text, address(), host), unknown, "{wallet} {host}");
            let forged = text.replace("auth.example.lan", origin(host).authority());
            assert_eq!(read(&key(), &forged, address(), host), unknown, "{wallet} {host}");
        }
    }
}

#[test]
fn one_bit_of_the_text_is_enough_to_refuse_it() {
    for wallet in WalletType::ALL {
        let text = issue(wallet).text();
        for at in 0..text.len() {
            for bit in 0..7 {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let altered = String::from_utf8(bytes).unwrap();
                assert_eq!(read(&altered), Err(ChallengeError::Unknown), "{altered}");
            }
        }
    }
}

#[test]
fn nothing_may_be_added_or_left_out() {
    for wallet in WalletType::ALL {
        let text = issue(wallet).text();
        for at in 0..=text.len() {
            for extra in [" ", "\n", "0", "A", "="] {
                let altered = [&text[..at], extra, &text[at..]].concat();
                assert_eq!(read(&altered), Err(ChallengeError::Unknown), "{altered}");
            }
            assert_eq!(read(&text[..at]).is_ok(), at == text.len());
        }
        assert_eq!(read(&text.replace('\n', "\r\n")).is_ok(), !text.contains('\n'), "{wallet}");
        assert_eq!(read(&text.repeat(10)), Err(ChallengeError::Unknown), "{wallet}");
    }
}

#[test]
fn the_wallet_type_cannot_be_chosen_afterwards() {
    for issued in WalletType::ALL {
        for wanted in WalletType::ALL.into_iter().filter(|wanted| *wanted != issued) {
            let challenge = issue(issued);
            // The text that `wanted` would have, with the first byte of the nonce turned to it.
            let mut bytes = *challenge.nonce().as_bytes();
            bytes[0] = issue(wanted).nonce().as_bytes()[0];
            let nonce = Nonce::from_hex(&data_encoding::HEXLOWER.encode(&bytes)).unwrap();
            let forged = Challenge { wallet: wanted, nonce, ..challenge.clone() };
            assert_eq!(read(&forged.text()), Err(ChallengeError::Unknown), "{issued} as {wanted}");
            // The same with the nonce left alone: where the text is the same too, it stays what was issued.
            let moved = Challenge { wallet: wanted, ..challenge.clone() }.text();
            if moved == challenge.text() {
                assert_eq!(read(&moved).map(|read| read.wallet()), Ok(issued), "{issued} as {wanted}");
            } else {
                assert_eq!(read(&moved), Err(ChallengeError::Unknown), "{issued} as {wanted}");
            }
        }
    }
}

#[test]
fn its_own_scheme_and_address_verify_its_signature() {
    let signer = SigningKey::from_slice(&[3; 32]).unwrap();
    let probe = signer.sign_prehash_recoverable(&[1; 32]);
    let probe: Signature = format!("{:x}{:02x}", probe.0, probe.1.to_byte()).parse().unwrap();
    let address = probe.recover(&[1; 32]).unwrap();
    for wallet in WalletType::ALL {
        let challenge = Challenge::issue(&key(), wallet, address, &origin(HOST), NOW, [1; 5]);
        let (signature, recovery) = signer.sign_prehash_recoverable(&challenge.digest());
        let signature = format!("{signature:x}{:02x}", recovery.to_byte()).parse().unwrap();
        assert_eq!(challenge.verify(&signature), Ok(()), "{wallet}");
        let other = Challenge::issue(&key(), wallet, address, &origin(HOST), NOW, [2; 5]);
        assert!(matches!(other.verify(&signature), Err(SignatureError::OtherAddress(_))), "{wallet}");
    }
}

#[test]
fn the_key_never_shows_in_debug_output() {
    assert_eq!(format!("{:?}", key()), "ChallengeKey([redacted])");
}

fn any_wallet() -> impl Strategy<Value = WalletType> {
    prop::sample::select(WalletType::ALL.to_vec())
}

proptest! {
    #[test]
    fn what_is_issued_is_read_back_and_distinct(
        key: [u8; 32],
        wallet in any_wallet(),
        address: [u8; 20],
        https: bool,
        host in "[a-z0-9]{1,20}(\\.[a-z]{1,20}){0,2}",
        port in prop::option::of(1_u16..),
        at in 0_u64..253_402_300_000,
        random: [u8; 5],
    ) {
        let authority = port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        let Ok(origin) = Origin::from_authority(https, &authority) else { return Ok(()) };
        let (key, address, at) = (ChallengeKey::new(key), Address::from_bytes(address), Timestamp::from_unix(at));
        let challenge = Challenge::issue(&key, wallet, address, &origin, at, random);
        prop_assert_eq!(Challenge::read(&key, &challenge.text(), address, &origin, at), Ok(challenge.clone()));
        prop_assert!(challenge.text().contains(&challenge.nonce_text()));
        let next = Challenge::issue(&key, wallet, address, &origin, at, random.map(|byte| !byte));
        prop_assert_ne!(next.nonce(), challenge.nonce());
    }

    #[test]
    fn no_text_panics(text in ".{0,600}") {
        prop_assert_eq!(read(&text), Err(ChallengeError::Unknown));
    }

    #[test]
    fn no_text_that_looks_like_one_panics_or_is_taken(
        before in ".{0,8}",
        nonce in "[A-Za-z0-9_=-]{20,24}|[0-9a-f]{30,34}|.{0,8}",
        time in "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z|.{0,8}",
        after in ".{0,8}",
    ) {
        for text in [
            format!("{before}. Nonce: {nonce}. Issued: {time}{after}"),
            format!("{before}\nNonce: {nonce}\nIssued At: {time}\nExpiration Time: {after}"),
        ] {
            prop_assert_eq!(read(&text), Err(ChallengeError::Unknown));
        }
    }
}
