//! Bringing a session from our own host to an app's: one-time codes, and the rule for using one.
//!
//! A cookie is of one host. So the login page has a code made for the app's host, the browser carries it there, and the
//! app's host answers with a cookie of its own. What keeps a stranger from signing somebody in as himself with a link
//! that holds a code of his (login CSRF): the browser got a [`State`] from the app's host before it was sent to sign in,
//! and a code is good only beside the state whose hash it was asked for with, as in PKCE ([RFC 7636]).
//!
//! [RFC 7636]: https://www.rfc-editor.org/rfc/rfc7636

use std::{collections::VecDeque, fmt, str::FromStr, time::Duration};

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Deserializer, de::Error as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{id::SessionId, origin::Origin, timestamp::Timestamp};

/// How long a code is good: it goes from one page to the next.
pub const LIFETIME: Duration = Duration::from_secs(60);

/// How many codes may be out. Each costs a call of somebody who is signed in; past these, the oldest is forgotten.
const CAPACITY: usize = 1024;

/// How many of them bring one session, so that no few of them push out those of others.
const PER_SESSION: usize = 4;

/// How long the text of 256 bits is.
const TEXT: usize = 43;

/// The text is not one that this service gave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the 43 characters that this service gave out")]
pub struct TextError;

/// What a browser keeps for an app's host while its person signs in: 256 random bits.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct State([u8; 32]);

/// What the login page is told of a [`State`]: its SHA-256, from which nobody finds the state.
#[derive(Debug, Clone, Copy)]
pub struct StateHash([u8; 32]);

/// Brings a session to one host, once: 256 random bits.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Code([u8; 32]);

impl State {
    /// The state of these random bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// What may stand in an address.
    #[must_use]
    pub fn hash(&self) -> StateHash {
        StateHash(Sha256::digest(self.0).into())
    }

    /// What the browser keeps.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64URL_NOPAD.encode(&self.0))
    }
}

impl Code {
    /// The code of these random bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// What the browser carries.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64URL_NOPAD.encode(&self.0))
    }

    fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

/// The codes that are out.
#[derive(Debug, Default)]
pub struct Handovers(VecDeque<Handover>);

/// What a code brings, and where.
#[derive(Debug)]
struct Handover {
    /// The code's SHA-256: a code is not kept, and where comparing two hashes ends tells nothing of it.
    code: [u8; 32],
    session: SessionId,
    origin: Origin,
    state: StateHash,
    until: Timestamp,
}

impl Handovers {
    /// Let `code` bring `session` to `origin`, for the browser that keeps the state of this hash.
    pub fn issue(
        &mut self,
        code: &Code,
        session: SessionId,
        origin: &Origin,
        state: StateHash,
        now: Timestamp,
    ) {
        self.0.retain(|handover| now < handover.until);
        let own = |handover: &Handover| handover.session == session;
        if self.0.iter().filter(|handover| own(handover)).count() >= PER_SESSION {
            let oldest = self.0.iter().position(own);
            oldest.map(|at| self.0.remove(at));
        } else if self.0.len() >= CAPACITY {
            self.0.pop_front();
        }
        let (origin, until) = (origin.clone(), now.plus(LIFETIME));
        self.0.push_back(Handover { code: code.hash(), session, origin, state, until });
    }

    /// The session that `code` brings to `origin`, for the browser that keeps `state`. Whatever comes of it, the code
    /// is used up.
    pub fn take(
        &mut self,
        code: &Code,
        origin: &Origin,
        state: Option<&State>,
        now: Timestamp,
    ) -> Option<SessionId> {
        let hash = code.hash();
        let at = self.0.iter().position(|handover| handover.code == hash)?;
        let handover = self.0.remove(at)?;
        let same_browser: bool = handover.state.0.ct_eq(&state?.hash().0).into();
        (same_browser && handover.origin == *origin && now < handover.until).then_some(handover.session)
    }
}

impl fmt::Display for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State([redacted])")
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code([redacted])")
    }
}

fn bytes(text: &str) -> Result<[u8; 32], TextError> {
    if text.len() != TEXT {
        return Err(TextError);
    }
    let bytes = Zeroizing::new(BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| TextError)?);
    bytes.as_slice().try_into().map_err(|_| TextError)
}

impl FromStr for State {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        bytes(text).map(Self)
    }
}

impl FromStr for StateHash {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        bytes(text).map(Self)
    }
}

impl FromStr for Code {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        bytes(text).map(Self)
    }
}

impl<'de> Deserialize<'de> for StateHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(1_000 + seconds)
    }

    #[test]
    #[rustfmt::skip]
    fn a_code_is_good_once_in_time_at_its_origin_for_the_browser_that_asked() {
        let (app, other) = ("https://app.example.org".parse().unwrap(), "https://other.example.org".parse().unwrap());
        let plain: Origin = "http://app.example.org".parse().unwrap();
        let (session, state) = (SessionId::new(1, [2; 10]), State::from_bytes([3; 32]));
        let stranger = State::from_bytes([4; 32]);
        let cases = [
            // case                code  origin   state            after  expected
            ("as meant",           1,    &app,    Some(&state),    0,     true),
            ("in the last second", 1,    &app,    Some(&state),    59,    true),
            ("too late",           1,    &app,    Some(&state),    60,    false),
            ("another code",       9,    &app,    Some(&state),    0,     false),
            ("another origin",     1,    &other,  Some(&state),    0,     false),
            ("another scheme",     1,    &plain,  Some(&state),    0,     false),
            ("another browser",    1,    &app,    Some(&stranger), 0,     false),
            ("without a state",    1,    &app,    None,            0,     false),
        ];
        for (case, code, origin, state_there, after, expected) in cases {
            let mut handovers = Handovers::default();
            let code = Code::from_bytes([code; 32]);
            handovers.issue(&Code::from_bytes([1; 32]), session, &app, state.hash(), at(0));
            let taken = handovers.take(&code, origin, state_there, at(after));
            assert_eq!(taken, expected.then_some(session), "{case}");
            if code.0 == [1; 32] {
                assert_eq!(handovers.take(&code, &app, Some(&state), at(0)), None, "{case}, again");
            }
        }
    }

    #[test]
    fn there_are_never_more_than_so_many_and_the_oldest_goes_first() {
        let (app, state) = ("https://app.example.org".parse().unwrap(), State::from_bytes([3; 32]));
        let code = |number: usize| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&number.to_le_bytes());
            Code::from_bytes(bytes)
        };
        let session = |number: usize| SessionId::new(u64::try_from(number).unwrap(), [2; 10]);
        let mut handovers = Handovers::default();
        for number in 0..=CAPACITY {
            handovers.issue(&code(number), session(number), &app, state.hash(), at(0));
        }
        assert_eq!(handovers.0.len(), CAPACITY);
        assert!(handovers.take(&code(0), &app, Some(&state), at(0)).is_none());
        assert!(handovers.take(&code(1), &app, Some(&state), at(0)).is_some());
        handovers.issue(&code(0), session(0), &app, state.hash(), at(60));
        assert_eq!(handovers.0.len(), 1, "those that are too old are not kept");

        for number in 1..=PER_SESSION {
            handovers.issue(&code(number), session(0), &app, state.hash(), at(60));
        }
        assert_eq!(handovers.0.len(), PER_SESSION, "one session has only so many");
        handovers.issue(&code(9), session(9), &app, state.hash(), at(60));
        let taken = |number: usize| handovers.take(&code(number), &app, Some(&state), at(60)).is_some();
        assert_eq!([0, 1, PER_SESSION, 9].map(taken), [false, true, true, true]);
    }

    #[test]
    fn secrets_print_nothing() {
        let shown = format!("{:?} {:?}", State::from_bytes([1; 32]), Code::from_bytes([1; 32]));
        assert_eq!(shown, "State([redacted]) Code([redacted])");
    }

    proptest! {
        #[test]
        fn a_code_and_a_state_read_back_and_no_text_is_read_twice(raw: [u8; 32], text in "[A-Za-z0-9_=+/-]{40,45}") {
            prop_assert_eq!(Code(raw).to_text().parse::<Code>().unwrap().0, raw);
            prop_assert_eq!(State(raw).to_text().parse::<State>().unwrap().0, raw);
            if let Ok(code) = text.parse::<Code>() {
                prop_assert_eq!(&*code.to_text(), &text);
            }
        }
    }
}
