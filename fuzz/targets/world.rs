//! A service with somebody in it, the same at each run.

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    time::Duration,
};

use data_encoding::HEXLOWER;
use k256::ecdsa::SigningKey;
use lucid_auth::{
    clock::Clock,
    domain::{
        attempts::Policy,
        client::{Client, UserAgent},
        key::Key,
        origin::Origin,
        role::Role,
        timestamp::Timestamp,
        wallet::{Address, DeviceType, Signature, WalletType},
    },
    random::Random,
    service::{Answer, Asker, BackupPlan, NewUser, NewWallet, Rules, Service, TokenPair, UserRef},
    store::{Store, keys},
};
use tokio::runtime::{Builder, Runtime};

/// When all of it happens.
pub const NOW: Timestamp = Timestamp::from_unix(1_795_435_200);

/// A service, and what an admin who signed in to it holds.
pub struct World {
    pub runtime: Runtime,
    pub service: Service,
    pub admin: TokenPair,
    pub key: Key,
}

/// One random number after another.
fn random() -> Random {
    let next = AtomicU64::new(1);
    Random::new(move |bytes| {
        for part in bytes.chunks_mut(8) {
            let number = next.fetch_add(1, SeqCst).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            part.copy_from_slice(&number.to_be_bytes()[..part.len()]);
        }
        Ok(())
    })
}

fn rules() -> Rules {
    Rules {
        backup: BackupPlan { dir: "/nonexistent".into(), schedule: None },
        super_admins: Vec::new(),
        registration_open: true,
        access_token_lifetime: Duration::from_secs(900),
        refresh_token_lifetime: Duration::from_secs(7 * 86_400),
        session_idle: None,
        sessions_per_user: 5,
        issuer: Some("https://auth.example.org".to_owned()),
        audience: None,
        key_rotation: Duration::from_secs(30 * 86_400),
        attempts: Policy { in_a_row: u32::MAX, cooldown: Duration::from_secs(900) },
        hardware_wallets: vec![DeviceType::Ledger],
        master_key: None,
    }
}

pub fn origin() -> Origin {
    "https://auth.example.org".parse().unwrap()
}

impl World {
    pub fn new() -> Self {
        Self::over(Store::in_memory([7; 32]).unwrap())
    }

    pub fn over(store: Store) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (service, admin) = runtime.block_on(async {
            let clock = Clock::new(|| NOW);
            let service = Service::start(store.clone(), clock, random(), rules()).await.unwrap();
            let wallet = Wallet::new(1);
            let new = NewUser { address: wallet.address, role: Role::SuperAdmin, display_name: None };
            service.add_user(new).await.unwrap();
            let admin = wallet.sign_in(&service).await;
            (service, admin)
        });
        let key = store.read(|tx| keys::all(tx, None)).unwrap().swap_remove(0);
        Self { runtime, service, admin, key }
    }

    /// Some people and what they have, so that no table is empty.
    pub fn people(&self) {
        self.runtime.block_on(async {
            for number in 2..8 {
                let wallet = Wallet::new(number);
                let pair = wallet.sign_in(&self.service).await;
                let caller = self.service.authenticate(&pair.access_token).await.unwrap();
                let new = NewWallet { kind: DeviceType::Ledger, device_id: None, path: None, label: None };
                let device = Wallet::new(100 + number);
                let answer = device.answer(&self.service, WalletType::Ledger);
                let proof = wallet.answer(&self.service, WalletType::Tron);
                self.service.connect_wallet(&caller, new, answer, Some(proof)).await.unwrap();
            }
            let locked = Wallet::new(7).address;
            let asker = Asker::Operator;
            self.service.lock_user(asker, UserRef::Address(locked)).await.unwrap();
        });
    }
}

struct Wallet {
    key: SigningKey,
    address: Address,
}

impl Wallet {
    fn new(number: u8) -> Self {
        let key = SigningKey::from_slice(&[number; 32]).unwrap();
        let probe: Signature = sign(&key, &[1; 32]).parse().unwrap();
        Self { address: probe.recover(&[1; 32]).unwrap(), key }
    }

    fn answer(&self, service: &Service, wallet: WalletType) -> Answer {
        let challenge = service.challenge(wallet, self.address, &origin()).unwrap();
        Answer {
            address: self.address,
            message: challenge.text(),
            signature: sign(&self.key, &challenge.digest()),
            device: None,
            origin: origin(),
            client: Client {
                ip: [192, 0, 2, 1].into(),
                user_agent: UserAgent::from_header("fuzz"),
                request_id: "fuzz".to_owned(),
            },
        }
    }

    async fn sign_in(&self, service: &Service) -> TokenPair {
        service.sign_in(self.answer(service, WalletType::Tron)).await.unwrap()
    }
}

fn sign(key: &SigningKey, digest: &[u8; 32]) -> String {
    let (signature, recovery) = key.sign_prehash_recoverable(digest);
    format!("{}{:02x}", HEXLOWER.encode(&signature.to_bytes()), recovery.to_byte())
}

/// A folder in memory if the system has such, which goes with the process.
pub fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    tempfile::Builder::new().prefix("lucid-auth-fuzz-").tempdir_in(parent).unwrap()
}
