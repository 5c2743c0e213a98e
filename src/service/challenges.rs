//! Challenges: issued without being kept, each good once.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{Error, Service};
use crate::{
    domain::{
        challenge::{Challenge, ChallengeError, ChallengeKey},
        client::Client,
        origin::Origin,
        timestamp::Timestamp,
        wallet::{Address, Device, Signature, WalletType},
    },
    random::{Random, RandomError},
};

/// A signed challenge, as it came in.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Who says to have signed.
    pub address: Address,
    /// The text that was signed.
    pub message: String,
    /// The signature, 65 bytes in hex. Not parsed: a malformed one is as wrong as another's.
    pub signature: String,
    /// What the client says about the device. It proves nothing, and is noted as said.
    pub device: Option<Device>,
    /// The origin that the request came to.
    pub origin: Origin,
    /// Who is at the other end.
    pub client: Client,
}

/// Longer than a challenge is good, so that a nonce is forgotten only when its challenge is refused for its age.
const REMEMBERED: Duration = Duration::from_secs(Challenge::LIFETIME.as_secs() + 60);
/// By how much the clock may step back and still be trusted.
const STEP: Duration = Duration::from_secs(5);

/// The key that challenges are made with, and the nonces that were used.
pub(super) struct Challenges(Mutex<State>);

struct State {
    key: ChallengeKey,
    /// The latest time that was seen.
    latest: Timestamp,
    /// Nonces used since `since`, and in the time before that. Each costs a challenge that was
    /// asked for and signed, and a client's are counted, so they are bounded, and none is forgotten early.
    used: HashSet<[u8; 16]>,
    used_before: HashSet<[u8; 16]>,
    since: Timestamp,
}

impl Challenges {
    pub(super) fn new(random: &Random) -> Result<Self, RandomError> {
        let epoch = Timestamp::from_unix(0);
        Ok(Self(Mutex::new(State {
            key: ChallengeKey::new(random.bytes()?),
            latest: epoch,
            used: HashSet::new(),
            used_before: HashSet::new(),
            since: epoch,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state as it stands at `now`, a time that was read just before.
    fn at(&self, now: Timestamp, random: &Random) -> Result<MutexGuard<'_, State>, RandomError> {
        let mut state = self.lock();
        if now.plus(STEP) < state.latest {
            // The clock was put back: a used nonce could be forgotten before its challenge grows old again. A new key
            // makes every challenge that is out a stranger's; people ask again.
            state.key = ChallengeKey::new(random.bytes()?);
            state.latest = now;
            state.since = now;
        }
        state.latest = state.latest.max(now);
        if now >= state.since.plus(REMEMBERED) {
            let before = std::mem::take(&mut state.used);
            state.used_before = if now >= state.since.plus(REMEMBERED * 2) { HashSet::new() } else { before };
            state.since = now;
        }
        Ok(state)
    }

    fn issue(
        &self,
        wallet: WalletType,
        address: Address,
        origin: &Origin,
        now: Timestamp,
        random: &Random,
    ) -> Result<Challenge, RandomError> {
        Ok(Challenge::issue(&self.at(now, random)?.key, wallet, address, origin, now, random.bytes()?))
    }

    fn read(&self, answer: &Answer, now: Timestamp, random: &Random) -> Result<Challenge, Error> {
        let state = self.at(now, random)?;
        let challenge = Challenge::read(&state.key, &answer.message, answer.address, &answer.origin, now)?;
        // Told before the signature is looked at, so that a replay costs no cryptography.
        if state.is_used(&challenge) { Err(Error::ChallengeUsed) } else { Ok(challenge) }
    }

    /// Use up challenges that were read before, all or none. Of many callers at once, one succeeds.
    ///
    /// It tells no time: the caller's is as old as the check of the signature took, and would pass for a clock that was
    /// put back.
    fn take(&self, challenges: &[&Challenge]) -> Result<(), Error> {
        let mut state = self.lock();
        let mut fresh = HashSet::new();
        for challenge in challenges {
            if state.is_used(challenge) || !fresh.insert(*challenge.nonce().as_bytes()) {
                return Err(Error::ChallengeUsed);
            }
        }
        state.used.extend(fresh);
        Ok(())
    }
}

impl State {
    fn is_used(&self, challenge: &Challenge) -> bool {
        let nonce = challenge.nonce();
        self.used.contains(nonce.as_bytes()) || self.used_before.contains(nonce.as_bytes())
    }
}

impl Service {
    /// A text for the holder of `address` to sign with `wallet`, on a page of `origin`. Writes nothing, keeps nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if the system gives no random bytes.
    pub fn challenge(
        &self,
        wallet: WalletType,
        address: Address,
        origin: &Origin,
    ) -> Result<Challenge, Error> {
        let inner = &self.0;
        let challenge = inner.challenges.issue(wallet, address, origin, inner.clock.now(), &inner.random)?;
        inner.counts.challenge();
        Ok(challenge)
    }

    /// The wallet whose challenge is answered, good or not, if it is one of ours.
    pub(super) fn wallet_of(&self, answer: &Answer, now: Timestamp) -> Option<WalletType> {
        let key = &self.0.challenges.lock().key;
        let read = Challenge::read(key, &answer.message, answer.address, &answer.origin, now);
        read.ok().map(|challenge| challenge.wallet())
    }

    /// Check that `answer` is a signed challenge of ours, and use it up. Whoever failed too often is not listened to.
    pub(super) async fn prove(&self, answer: &Answer, now: Timestamp) -> Result<Challenge, Error> {
        let (service, answer) = (self.clone(), answer.clone());
        self.compute(move || {
            let challenge = service.hear(&answer, &answer, now)?;
            service.0.challenges.take(&[&challenge])?;
            service.note_attempt(&answer, Ok(challenge), now)
        })
        .await
    }

    /// The same of `answer` and of a `proof` by whoever has an account already: neither is used up unless both are good.
    pub(super) async fn prove_both(
        &self,
        proof: &Answer,
        answer: &Answer,
        now: Timestamp,
    ) -> Result<[Challenge; 2], Error> {
        let (service, proof, answer) = (self.clone(), proof.clone(), answer.clone());
        self.compute(move || {
            let proven = service.hear(&proof, &proof, now)?;
            let challenge = service.hear(&answer, &proof, now)?;
            service.0.challenges.take(&[&proven, &challenge])?;
            Ok([
                service.note_attempt(&proof, Ok(proven), now)?,
                service.note_attempt(&answer, Ok(challenge), now)?,
            ])
        })
        .await
    }

    /// The challenge that `answer` has signed, if its sender is listened to. One that is slowed is, if whoever gave `proof`,
    /// which is good or this very answer, is at home there.
    fn hear(&self, answer: &Answer, proof: &Answer, now: Timestamp) -> Result<Challenge, Error> {
        let slowed = self.may_try(answer, now)?;
        let signed = self.check(answer, now);
        if let Some(wait) = slowed {
            let is_let_past = match &signed {
                // Of whoever has no key it is not even looked for: one guess would tell a neighbour who has an account.
                Ok(_) => self.is_at_home(proof, now)?,
                // What is wrong with a text of ours tells of no account, and a new one may be let past.
                Err(Error::ChallengeUsed | Error::Challenge(ChallengeError::Expired)) => true,
                Err(_) => false,
            };
            if !is_let_past {
                return Err(Error::SignInSlowed(wait));
            }
        }
        signed.or_else(|error| self.note_attempt(answer, Err(error), now))
    }

    /// The challenge that is answered, if it is one of ours, not used before, and signed well.
    fn check(&self, answer: &Answer, now: Timestamp) -> Result<Challenge, Error> {
        let inner = &self.0;
        let challenge = inner.challenges.read(answer, now, &inner.random)?;
        let signature: Signature = answer.signature.parse()?;
        challenge.verify(&signature)?;
        Ok(challenge)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::domain::client::UserAgent;

    fn answer(challenge: &Challenge, origin: &Origin) -> Answer {
        Answer {
            address: challenge.address(),
            message: challenge.text(),
            signature: String::new(),
            origin: origin.clone(),
            client: Client {
                ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
                user_agent: UserAgent::default(),
                request_id: "test".into(),
            },
            device: None,
        }
    }

    #[test]
    fn a_challenge_is_good_once_for_as_long_as_it_could_be_used_again() {
        let random = Random::system();
        let origin: Origin = "http://localhost:8089".parse().unwrap();
        let address = Address::from_bytes([1; 20]);
        let at = Timestamp::from_unix;
        for used_at in [1_000, 1_100, 1_299] {
            let challenges = Challenges::new(&random).unwrap();
            // Something used long before sets the start of the first period apart from this challenge's.
            let early = challenges.issue(WalletType::Tron, address, &origin, at(900), &random).unwrap();
            challenges.take(&[&early]).unwrap();
            let challenge = challenges.issue(WalletType::Tron, address, &origin, at(1_000), &random).unwrap();
            let answer = answer(&challenge, &origin);
            challenges.read(&answer, at(used_at), &random).unwrap();
            challenges.take(&[&challenge]).unwrap();
            for now in used_at..1_300 {
                assert_eq!(challenges.read(&answer, at(now), &random), Err(Error::ChallengeUsed), "at {now}");
                assert_eq!(challenges.take(&[&challenge]), Err(Error::ChallengeUsed), "at {now}");
            }
        }
    }

    #[test]
    fn a_clock_that_is_put_back_brings_no_challenge_back() {
        let random = Random::system();
        let origin: Origin = "http://localhost:8089".parse().unwrap();
        let challenges = Challenges::new(&random).unwrap();
        let at = Timestamp::from_unix;
        let challenge = challenges
            .issue(WalletType::Tron, Address::from_bytes([1; 20]), &origin, at(100_000), &random)
            .unwrap();
        challenges.take(&[&challenge]).unwrap();
        drop(challenges.at(at(10_000), &random).unwrap());
        for now in (99_000..101_000).step_by(50) {
            let read = challenges.read(&answer(&challenge, &origin), at(now), &random);
            assert!(read.is_err(), "at {now}: {read:?}");
        }
    }

    #[test]
    fn a_sign_in_that_took_long_voids_nobody_elses_challenge() {
        let random = Random::system();
        let origin: Origin = "http://localhost:8089".parse().unwrap();
        let challenges = Challenges::new(&random).unwrap();
        let at = Timestamp::from_unix;
        let issue = |byte, now| {
            let address = Address::from_bytes([byte; 20]);
            challenges.issue(WalletType::Tron, address, &origin, at(now), &random).unwrap()
        };
        let slow = issue(1, 1_000);
        challenges.read(&answer(&slow, &origin), at(1_000), &random).unwrap();
        let other = issue(2, 1_010);
        challenges.take(&[&slow]).unwrap();
        challenges.read(&answer(&other, &origin), at(1_010), &random).unwrap();
    }

    #[test]
    fn used_nonces_are_forgotten_in_the_end() {
        let random = Random::system();
        let origin: Origin = "http://localhost:8089".parse().unwrap();
        let challenges = Challenges::new(&random).unwrap();
        for minute in 0..60 {
            let now = Timestamp::from_unix(minute * 60);
            let challenge = challenges
                .issue(WalletType::Tron, Address::from_bytes([1; 20]), &origin, now, &random)
                .unwrap();
            challenges.take(&[&challenge]).unwrap();
        }
        let state = challenges.at(Timestamp::from_unix(3_600), &random).unwrap();
        assert!(state.used.len() + state.used_before.len() <= 14);
    }
}
