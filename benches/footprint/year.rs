//! How long the file is after a year, and how much of it a copy without gaps would take.
//!
//! The service itself runs in this process, by a clock that jumps. Each day, everybody has the page open for two hours,
//! which refreshes every 15 minutes, and one in seven signs in anew; at its end, the service does what it does by itself:
//! it rotates keys, sweeps sessions that are over, and removes audit entries older than 90 days.

use std::{
    fs,
    net::Ipv4Addr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use k256::ecdsa::SigningKey;
use lucid_auth::{
    clock::Clock,
    domain::{
        attempts::Policy,
        client::{Client, UserAgent},
        origin::Origin,
        refresh_token::RefreshToken,
        timestamp::Timestamp,
        wallet::{Address, Scheme, WalletType},
    },
    random::Random,
    service::{Answer, BackupPlan, Rules, Service},
    store::{CopyProgress, Store},
};
use sha3::{Digest as _, Keccak256};

use crate::{Bench, figures::Figures};

const DAYS: u64 = 365;
const DAY: u64 = 86_400;
const RETENTION: Duration = Duration::from_secs(90 * DAY);
const BEGAN_AT: u64 = 1_793_000_000;
const AGENT: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
/// How many ask at once, where there are so many.
const AT_ONCE: usize = 64;

/// A network of people.
struct Network {
    name: &'static str,
    people: u64,
    /// How often each refreshes on a day. Of a busy network, one of eight: refreshing writes the same rows anew, so how
    /// often it is done does not show in the length of the file.
    refreshes: u64,
}

const NETWORKS: [Network; 2] = [
    Network { name: "home network, 10 users", people: 10, refreshes: 8 },
    Network { name: "node network, 10,000 users", people: 10_000, refreshes: 1 },
];

/// A person, with a session if they ever signed in.
struct Person {
    key: SigningKey,
    address: Address,
    token: Option<RefreshToken>,
}

pub fn year(bench: &Bench, figures: &mut Figures) {
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    for network in &NETWORKS {
        let file = bench.data("year").join("auth.redb");
        let (settled, after, compact) = runtime.block_on(live(network, &file));
        figures.tell(&format!("after a year, {}", network.name), after);
        figures.tell(&format!("the same without gaps, {}", network.name), compact);
        figures.tell(&format!("growth from day 120 on, {}", network.name), after / settled);
    }
}

/// The length of the file in megabytes when old entries have begun to go, a year after the beginning, and if it were
/// written anew.
async fn live(network: &Network, file: &Path) -> (f64, f64, f64) {
    let now = Arc::new(AtomicU64::new(BEGAN_AT));
    let clock = {
        let now = now.clone();
        Clock::new(move || Timestamp::from_unix(now.load(SeqCst)))
    };
    let store = Store::open(file, [7; 32]).unwrap();
    let service = Service::start(store.clone(), clock, Random::system(), rules()).await.unwrap();
    let mut people: Vec<_> = (0..network.people).map(person).collect();
    let mut settled = 0.0;
    for day in 0..DAYS {
        for hour in 0..network.refreshes {
            now.store(BEGAN_AT + day * DAY + hour * 900, SeqCst);
            let mut groups: Vec<Vec<Person>> = Vec::new();
            while !people.is_empty() {
                groups.push(
                    people
                        .split_off(people.len().saturating_sub((network.people as usize).div_ceil(AT_ONCE))),
                );
            }
            let work = groups.into_iter().enumerate().map(|(group, people)| {
                let service = service.clone();
                tokio::spawn(async move {
                    let mut back = Vec::with_capacity(people.len());
                    for (number, mut person) in people.into_iter().enumerate() {
                        let signs_in = hour == 0 && ((group + number) as u64 + day).is_multiple_of(7);
                        attend(&service, &mut person, signs_in).await;
                        back.push(person);
                    }
                    back
                })
            });
            // All of them are under way before the first is waited for.
            for asked in work.collect::<Vec<_>>() {
                people.extend(asked.await.unwrap());
            }
        }
        service.maintain_keys().await.unwrap();
        service.sweep_sessions().await.unwrap();
        service.prune_audit(RETENTION).await.unwrap();
        if day == 120 {
            settled = length(file);
        }
    }
    let compact = file.with_extension("copy");
    store.copy(&compact, service.now(), &CopyProgress::default()).unwrap();
    (settled, length(file), length(&compact))
}

fn length(file: &Path) -> f64 {
    fs::metadata(file).unwrap().len() as f64 / 1_000_000.0
}

fn rules() -> Rules {
    Rules {
        super_admins: Vec::new(),
        registration_open: true,
        access_token_lifetime: Duration::from_secs(900),
        refresh_token_lifetime: Duration::from_secs(7 * DAY),
        session_idle: None,
        sessions_per_user: 5,
        issuer: None,
        audience: None,
        key_rotation: Duration::from_secs(30 * DAY),
        attempts: Policy { in_a_row: 5, cooldown: Duration::from_secs(900) },
        hardware_wallets: Vec::new(),
        master_key: None,
        backup: BackupPlan { dir: "/nonexistent".into(), schedule: None },
    }
}

fn person(number: u64) -> Person {
    let mut bytes = [0; 32];
    bytes[24..].copy_from_slice(&(number + 1).to_be_bytes());
    let key = SigningKey::from_slice(&bytes).unwrap();
    let point = key.verifying_key().to_sec1_point(false);
    let hash = Keccak256::digest(&point.as_bytes()[1..]);
    let address = Address::from_bytes(hash[12..].try_into().unwrap());
    Person { key, address, token: None }
}

/// Have somebody sign in, or refresh.
async fn attend(service: &Service, person: &mut Person, signs_in: bool) {
    let origin: Origin = "http://raspberrypi.local:8089".parse().unwrap();
    let client = Client {
        ip: Ipv4Addr::LOCALHOST.into(),
        user_agent: UserAgent::from_header(AGENT),
        request_id: "0123456789abcdef".into(),
    };
    let pair = match person.token.take().filter(|_| !signs_in) {
        Some(token) => service.refresh(token, &origin, client).await,
        None => {
            let challenge = service.challenge(WalletType::Tron, person.address, &origin).unwrap();
            let message = challenge.text();
            let digest = Scheme::TronV2.digest(person.address, message.as_bytes());
            let (signature, recovery) = person.key.sign_prehash_recoverable(&digest);
            let hex = data_encoding::HEXLOWER.encode(&signature.to_bytes());
            let signature = format!("0x{hex}{:02x}", recovery.to_byte() + 27);
            service
                .sign_in(Answer { address: person.address, message, signature, device: None, origin, client })
                .await
        }
    };
    person.token = Some(pair.unwrap().refresh_token.clone());
}
