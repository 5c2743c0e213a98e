//! How long the file is after a year, and how much of it a copy without gaps would take.
//!
//! The service itself runs in this process, by a clock that jumps from day to day. Each day, one of seven people signs in
//! anew, and who is there refreshes. At its end the service does what it does by itself: it rotates keys, sweeps
//! sessions that are over, and removes audit entries that are older than 90 days.

use std::{
    env, fs,
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

/// People, and what they do.
struct Network {
    name: &'static str,
    people: u64,
    /// Every how many days each is there.
    every: u64,
    /// How often each refreshes on a day.
    refreshes: u64,
}

/// A family that has the page open for two hours each day; and the keepers of nodes, who look in once a week. Of these,
/// a tenth without `LUCID_LONG`: how long the file becomes goes by how many they are.
fn networks() -> [Network; 2] {
    let people = if env::var_os("LUCID_LONG").is_some() { 10_000 } else { 1_000 };
    [
        Network { name: "home network", people: 10, every: 1, refreshes: 8 },
        Network { name: "node network", people, every: 7, refreshes: 2 },
    ]
}

/// Somebody, with a session if they ever signed in.
struct Person {
    number: u64,
    key: SigningKey,
    address: Address,
    token: Option<RefreshToken>,
}

pub fn year(bench: &Bench, figures: &mut Figures) {
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    for network in networks() {
        let file = bench.data("year").join("auth.redb");
        let Lengths { settled, after, compact } = runtime.block_on(live(&network, &file));
        // By user, so that it is the same for a tenth of them.
        let (name, kilobytes) = (network.name, 1000.0 / network.people as f64);
        figures.tell(&format!("{name}, file after a year"), after * kilobytes);
        figures.tell(&format!("{name}, the same without gaps"), compact * kilobytes);
        figures.tell(&format!("{name}, growth from day 120 on"), after / settled);
    }
}

/// Of the file, in megabytes.
struct Lengths {
    /// When audit entries have begun to go.
    settled: f64,
    /// A year after the beginning.
    after: f64,
    /// Then, if it were written anew.
    compact: f64,
}

async fn live(network: &Network, file: &Path) -> Lengths {
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
        let (mut there, away): (Vec<_>, Vec<_>) =
            people.into_iter().partition(|one| (one.number + day).is_multiple_of(network.every));
        for quarter in 0..=network.refreshes {
            now.store(BEGAN_AT + day * DAY + quarter * 900, SeqCst);
            there = come(&service, there, quarter == 0, day).await;
        }
        people = away.into_iter().chain(there).collect();
        service.maintain_keys().await.unwrap();
        service.sweep_sessions().await.unwrap();
        service.prune_audit(RETENTION).await.unwrap();
        if day == 120 {
            settled = length(file);
        }
    }
    let compact = file.with_extension("copy");
    store.copy(&compact, service.now(), &CopyProgress::default()).unwrap();
    Lengths { settled, after: length(file), compact: length(&compact) }
}

/// Have these people sign in, if they do so on this day and it is the first time on it, or else refresh; many at once.
async fn come(service: &Service, people: Vec<Person>, first: bool, day: u64) -> Vec<Person> {
    let mut groups: Vec<Vec<Person>> = (0..AT_ONCE.min(people.len())).map(|_| Vec::new()).collect();
    let count = groups.len();
    people.into_iter().enumerate().for_each(|(index, one)| groups[index % count].push(one));
    let asked = groups.into_iter().map(|mut group| {
        let service = service.clone();
        tokio::spawn(async move {
            for person in &mut group {
                let signs_in = first && (person.number + day).is_multiple_of(7);
                attend(&service, person, signs_in).await;
            }
            group
        })
    });
    let mut back = Vec::new();
    // All of them are under way before the first is waited for.
    for asked in asked.collect::<Vec<_>>() {
        back.extend(asked.await.unwrap());
    }
    back
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
    Person { number, key, address, token: None }
}

/// Have somebody sign in, or refresh.
async fn attend(service: &Service, person: &mut Person, signs_in: bool) {
    let origin: Origin = "http://raspberrypi.local:8089".parse().unwrap();
    let client = Client {
        ip: Ipv4Addr::LOCALHOST.into(),
        user_agent: UserAgent::from_header(AGENT),
        request_id: "0123456789abcdef".into(),
    };
    let pair = if let Some(token) = person.token.take().filter(|_| !signs_in) {
        service.refresh(token, &origin, client).await
    } else {
        let challenge = service.challenge(WalletType::Tron, person.address, &origin).unwrap();
        let message = challenge.text();
        let digest = Scheme::TronV2.digest(person.address, message.as_bytes());
        let (signature, recovery) = person.key.sign_prehash_recoverable(&digest);
        let hex = data_encoding::HEXLOWER.encode(&signature.to_bytes());
        let signature = format!("0x{hex}{:02x}", recovery.to_byte() + 27);
        service
            .sign_in(Answer { address: person.address, message, signature, device: None, origin, client })
            .await
    };
    person.token = Some(pair.unwrap().refresh_token.clone());
}
