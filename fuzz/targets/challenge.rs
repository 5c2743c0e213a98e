//! Messages to sign: nothing is taken back that was not given out, to the byte.

use std::sync::LazyLock;

use lucid_auth::domain::{
    challenge::{Challenge, ChallengeError, ChallengeKey},
    origin::Origin,
    timestamp::Timestamp,
    wallet::{Address, WalletType},
};

const NOW: Timestamp = Timestamp::from_unix(1_795_435_200);

struct Issued {
    key: ChallengeKey,
    address: Address,
    origin: Origin,
    texts: Vec<String>,
}

static ISSUED: LazyLock<Issued> = LazyLock::new(|| {
    let (key, address) = (ChallengeKey::new([7; 32]), Address::from_bytes([9; 20]));
    let origin: Origin = "https://auth.example.org".parse().unwrap();
    let issue = |wallet| Challenge::issue(&key, wallet, address, &origin, NOW, *b"abcde").text();
    let texts = WalletType::ALL.map(issue).to_vec();
    Issued { key, address, origin, texts }
});

pub fn run(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let Issued { key, address, origin, texts } = &*ISSUED;
    let known = texts.iter().any(|known| known == text);
    let read = Challenge::read(key, text, *address, origin, NOW);
    assert_eq!(read.is_ok(), known, "{text}");
    if let Ok(challenge) = &read {
        assert_eq!(challenge.text(), text);
    } else {
        assert_eq!(read, Err(ChallengeError::Unknown), "{text}");
    }
    // Not for another address, host or key, nor too late.
    let other = Address::from_bytes([8; 20]);
    let elsewhere = "https://auth.example.com".parse().unwrap();
    let unknown = Err(ChallengeError::Unknown);
    assert_eq!(Challenge::read(key, text, other, origin, NOW), unknown);
    assert_eq!(Challenge::read(key, text, *address, &elsewhere, NOW), unknown);
    assert_eq!(Challenge::read(&ChallengeKey::new([8; 32]), text, *address, origin, NOW), unknown);
    let late = Challenge::read(key, text, *address, origin, NOW.plus(Challenge::LIFETIME));
    assert_eq!(late, Err(if known { ChallengeError::Expired } else { ChallengeError::Unknown }));
}

pub fn seeds() -> Vec<Vec<u8>> {
    let texts = ISSUED.texts.iter().cloned();
    let loose = [". Nonce: AAAAAAAAAAAAAAAAAAAAAA. Issued: 2026-11-23T12:00:00Z".to_owned()];
    let eip =
        ["\nNonce: 00000000000000000000000000000000\nIssued At: 2026-11-23T12:00:00Z\nExpiration Time: "
            .to_owned()];
    texts.chain(loose).chain(eip).map(String::into_bytes).collect()
}
