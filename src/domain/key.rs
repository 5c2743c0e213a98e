//! Signing keys, and which of them signs when.

use std::{fmt, time::Duration};

use data_encoding::{BASE64, BASE64URL_NOPAD};
use ed25519_dalek::{Signature, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::timestamp::Timestamp;

/// How long a key is published before it signs: twice as long as services may keep the JWKS.
pub const PUBLISHED_AHEAD: Duration = Duration::from_secs(600);

/// A key that signs access tokens (Ed25519, [RFC 8032]).
///
/// [RFC 8032]: https://www.rfc-editor.org/rfc/rfc8032
#[derive(Clone)]
pub struct Key {
    /// Its name: the thumbprint of its public half ([RFC 7638], [RFC 8037 §2]).
    ///
    /// [RFC 7638]: https://www.rfc-editor.org/rfc/rfc7638
    /// [RFC 8037 §2]: https://www.rfc-editor.org/rfc/rfc8037#section-2
    pub kid: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it signs, until a newer key does.
    pub signs_from: Timestamp,
    /// The secret itself, wiped on drop.
    pub signing: SigningKey,
}

impl Key {
    /// The key whose secret half is `seed`.
    #[must_use]
    pub fn from_seed(seed: &Zeroizing<[u8; 32]>, created_at: Timestamp, signs_from: Timestamp) -> Self {
        let signing = SigningKey::from_bytes(seed);
        Self { kid: thumbprint(&signing), created_at, signs_from, signing }
    }

    /// The public half, 32 bytes in base64url: the `x` of its JWK ([RFC 8037 §2]).
    ///
    /// [RFC 8037 §2]: https://www.rfc-editor.org/rfc/rfc8037#section-2
    #[must_use]
    pub fn public(&self) -> String {
        BASE64URL_NOPAD.encode(self.signing.verifying_key().as_bytes())
    }

    /// The public half as a PEM file, for libraries that take no JWK: `PUBLIC KEY` ([RFC 7468 §13]) of Ed25519
    /// ([RFC 8410 §4]).
    ///
    /// [RFC 7468 §13]: https://www.rfc-editor.org/rfc/rfc7468#section-13
    /// [RFC 8410 §4]: https://www.rfc-editor.org/rfc/rfc8410#section-4
    #[must_use]
    pub fn public_pem(&self) -> String {
        let der = [&SPKI_OF_ED25519[..], self.signing.verifying_key().as_bytes()].concat();
        // 60 characters: less than the 64 of a whole line.
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64.encode(&der))
    }
}

/// DER of a `SubjectPublicKeyInfo` of id-Ed25519 (1.3.101.112), up to the 32 bytes of the key, which are its last.
const SPKI_OF_ED25519: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, signs from {})", self.kid, self.signs_from)
    }
}

/// SHA-256 of the JWK's required members in lexicographic order.
fn thumbprint(key: &SigningKey) -> String {
    let x = BASE64URL_NOPAD.encode(key.verifying_key().as_bytes());
    BASE64URL_NOPAD.encode(&Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)))
}

/// Whether `signature` is the one that the holder of `public` made over `message` ([RFC 8032 §5.1.7]).
///
/// The strict check refuses what the plain one may take: a second form of the same signature, and keys and points of
/// small order, for which one signature fits many messages.
///
/// [RFC 8032 §5.1.7]: https://www.rfc-editor.org/rfc/rfc8032#section-5.1.7
#[must_use]
pub fn is_signed(public: &VerifyingKey, message: &[u8], signature: &[u8]) -> bool {
    Signature::from_slice(signature).is_ok_and(|signature| public.verify_strict(message, &signature).is_ok())
}

/// The key that signs at `now`: the newest that may. If the clock was put back before all of them, the first: it is
/// published, and people can go on signing in. `None` if there is no key.
#[must_use]
pub fn signer<'a>(keys: impl IntoIterator<Item = &'a Key>, now: Timestamp) -> Option<&'a Key> {
    let age = |key: &&Key| (key.signs_from, key.created_at);
    let (may, must_wait): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| key.signs_from <= now);
    may.into_iter().max_by_key(age).or_else(|| must_wait.into_iter().min_by_key(age))
}

/// Whether it is time to make the next key: the newest one is older than `every`. Zero means never by itself.
#[must_use]
pub fn is_due(keys: &[Key], every: Duration, now: Timestamp) -> bool {
    let newest = keys.iter().map(|key| key.signs_from).max();
    // The next key is published ahead, so that it takes over when `every` has passed.
    newest.is_none_or(|newest| !every.is_zero() && now.plus(PUBLISHED_AHEAD) >= newest.plus(every))
}

/// What a key is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is published, and will sign when its time comes.
    Next,
    /// It signs.
    Active,
    /// It signs no more, and what it signed may still be valid.
    Retiring,
}

/// What `key` is doing at `now`, among `keys`.
#[must_use]
pub fn state(key: &Key, keys: &[Key], now: Timestamp) -> State {
    if signer(keys, now).is_some_and(|signer| signer.kid == key.kid) {
        State::Active
    } else if key.signs_from > now {
        State::Next
    } else {
        State::Retiring
    }
}

/// When the last token of `key` expires: so long after a newer one takes over. `None` while there is no newer one.
#[must_use]
pub fn accepted_until(key: &Key, keys: &[Key], token_lifetime: Duration) -> Option<Timestamp> {
    let successor = keys.iter().map(|other| other.signs_from).filter(|from| *from > key.signs_from).min();
    successor.map(|from| from.plus(token_lifetime))
}

/// The keys that no valid token needs any more: a newer one took over longer than `token_lifetime` ago.
#[must_use]
pub fn retired(keys: &[Key], token_lifetime: Duration, now: Timestamp) -> Vec<String> {
    // A minute more, for services whose clocks are a little late.
    let retired = |key: &&Key| {
        accepted_until(key, keys, token_lifetime)
            .is_some_and(|until| until.plus(Duration::from_secs(60)) < now)
    };
    keys.iter().filter(retired).map(|key| key.kid.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8, signs_from: u64) -> Key {
        let at = Timestamp::from_unix(signs_from);
        Key::from_seed(&Zeroizing::new([byte; 32]), at, at)
    }

    #[test]
    fn the_thumbprint_is_that_of_rfc_8037() {
        // RFC 8037, appendices A.1 to A.3.
        let seed = BASE64URL_NOPAD.decode(b"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let key = Key::from_seed(
            &Zeroizing::new(seed.try_into().unwrap()),
            Timestamp::from_unix(0),
            Timestamp::from_unix(0),
        );
        assert_eq!(key.public(), "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(key.kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn the_pem_is_that_of_rfc_8410() {
        // RFC 8410, §10.3 has the private key, of which the seed is the end, and §10.1 the public one.
        let private = b"MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
        let seed = BASE64.decode(private).unwrap()[16..].try_into().unwrap();
        let at = Timestamp::from_unix(0);
        assert_eq!(
            Key::from_seed(&Zeroizing::new(seed), at, at).public_pem(),
            "-----BEGIN PUBLIC KEY-----\n\
             MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
             -----END PUBLIC KEY-----\n"
        );
    }

    #[test]
    fn a_key_signs_from_its_time_until_a_newer_one_does() {
        let keys = [key(1, 100), key(2, 200)];
        let signer_at = |now| signer(&keys, Timestamp::from_unix(now)).map(|key| key.signs_from.unix());
        assert_eq!([100, 199, 200].map(signer_at), [Some(100), Some(100), Some(200)]);
        assert!(signer(&[], Timestamp::from_unix(100)).is_none());
    }

    #[test]
    fn a_clock_that_is_put_back_before_every_key_leaves_the_first_to_sign() {
        let keys = [key(2, 200), key(1, 100)];
        let signer = signer(&keys, Timestamp::from_unix(99)).map(|key| key.signs_from.unix());
        assert_eq!(signer, Some(100));
    }

    #[test]
    fn a_key_is_made_ahead_of_its_turn_and_kept_until_its_last_token_is_over() {
        let (day, hour) = (Duration::from_secs(86_400), Duration::from_secs(3_600));
        let at = Timestamp::from_unix;
        let one = [key(1, 0)];
        assert!(is_due(&[], day, at(0)), "no key at all");
        assert!(!is_due(&one, day, at(86_400 - 601)));
        assert!(is_due(&one, day, at(86_400 - 600)));
        assert!(!is_due(&one, Duration::ZERO, at(9_999_999)), "by hand only");
        let two = [key(1, 0), key(2, 86_400)];
        assert_eq!(retired(&two, hour, at(86_400 + 3_660)), Vec::<String>::new());
        assert_eq!(retired(&two, hour, at(86_400 + 3_661)), [two[0].kid.clone()]);
    }

    #[test]
    fn a_key_waits_then_signs_then_is_kept_for_the_tokens_it_signed() {
        use State::{Active, Next, Retiring};
        let keys = [key(1, 100), key(2, 200), key(3, 300)];
        let at = Timestamp::from_unix;
        #[rustfmt::skip]
        let cases = [
            // now, what each is doing
            ( 50, [Active,   Next,     Next]), // the clock was put back
            (100, [Active,   Next,     Next]),
            (199, [Active,   Next,     Next]),
            (200, [Retiring, Active,   Next]),
            (300, [Retiring, Retiring, Active]),
        ];
        for (now, expected) in cases {
            assert_eq!(keys.each_ref().map(|key| state(key, &keys, at(now))), expected, "at {now}");
        }
        let until = |key| accepted_until(key, &keys, Duration::from_secs(30)).map(Timestamp::unix);
        assert_eq!(keys.each_ref().map(until), [Some(230), Some(330), None]);
    }

    #[test]
    fn a_key_never_prints_its_secret() {
        let key = key(7, 0);
        let secret = BASE64URL_NOPAD.encode(&[7; 32]);
        assert!(!format!("{key:?}").contains(&secret[..8]));
    }
}
