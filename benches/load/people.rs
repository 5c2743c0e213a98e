//! Who signs in: wallets with keys made ahead, and the ballast of a database in which there are many.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::Path,
};

use k256::ecdsa::SigningKey;
use lucid_auth::{
    domain::{
        client::UserAgent,
        id::{SessionId, UserId},
        refresh_token::{Rotation, TokenHash},
        role::Role,
        session::Session,
        timestamp::Timestamp,
        user::User,
        wallet::{Address, Scheme, WalletType},
    },
    store::{Store, Tx, sessions, users},
};
use serde_json::{Value, json};
use sha3::{Digest as _, Keccak256};

use crate::{
    client::{Requests, drive, post},
    process::Server,
};

pub struct Wallet {
    key: SigningKey,
    pub address: Address,
}

impl Wallet {
    /// The wallet whose key is this number.
    pub fn new(number: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[24..].copy_from_slice(&(number + 1).to_be_bytes());
        let key = SigningKey::from_slice(&bytes).unwrap();
        let point = key.verifying_key().to_sec1_point(false);
        let hash = Keccak256::digest(&point.as_bytes()[1..]);
        Self { key, address: Address::from_bytes(hash[12..].try_into().unwrap()) }
    }

    /// 65 bytes of hex, as TronLink gives them.
    pub fn sign(&self, message: &str) -> String {
        let digest = Scheme::TronV2.digest(self.address, message.as_bytes());
        let (signature, recovery) = self.key.sign_prehash_recoverable(&digest);
        let hex = data_encoding::HEXLOWER.encode(&signature.to_bytes());
        format!("0x{hex}{:02x}", recovery.to_byte() + 27)
    }
}

/// Gives out client addresses, each once.
#[derive(Default)]
pub struct Clients(u32);

impl Clients {
    pub fn next(&mut self) -> Ipv4Addr {
        self.0 += 1;
        Ipv4Addr::from(0x0a00_0000 + self.0)
    }
}

/// Requests that sign these wallets in, each signed already.
pub fn logins<'a>(
    server: &Server,
    wallets: impl Iterator<Item = &'a Wallet> + Clone,
    clients: &mut Clients,
) -> Vec<Vec<u8>> {
    let asked: Vec<_> = wallets
        .clone()
        .map(|wallet| post("/auth/challenge", clients.next(), &json!({"tron_address": wallet.address})))
        .collect();
    // One connection, so that the answers come in order.
    let told = drive(server, 1, Requests::Once(asked), true).bodies;
    wallets
        .zip(told)
        .map(|(wallet, told)| {
            let challenge: Value = serde_json::from_slice(&told).unwrap();
            let message = challenge["message"].as_str().unwrap();
            let body = json!({
                "tron_address": wallet.address, "message": message, "signature": wallet.sign(message),
            });
            post("/auth/login", clients.next(), &body)
        })
        .collect()
}

/// The member `name` of each of these answers.
pub fn members(bodies: &[Vec<u8>], name: &str) -> Vec<String> {
    let member = |body: &Vec<u8>| {
        let body: Value = serde_json::from_slice(body).unwrap();
        body[name].as_str().unwrap().to_owned()
    };
    bodies.iter().map(member).collect()
}

/// Requests that exchange these refresh tokens.
pub fn refreshes(tokens: &[String], clients: &mut Clients) -> Vec<Vec<u8>> {
    tokens
        .iter()
        .map(|token| post("/auth/refresh", clients.next(), &json!({"refresh_token": token})))
        .collect()
}

/// Make a database of so many users, each with a session.
pub fn fill(path: &Path, count: u32) {
    const BATCH: u32 = 10_000;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let store = Store::open(path, [7; 32]).unwrap();
    for first in (0..count).step_by(BATCH as usize) {
        let add = move |tx: &Tx| {
            for number in first..count.min(first + BATCH) {
                let (user, session) = person(number);
                assert!(users::insert(tx, &user)?);
                sessions::insert(tx, &session)?;
            }
            Ok(())
        };
        runtime.block_on(store.write(add)).unwrap();
    }
}

fn person(number: u32) -> (User, Session) {
    let mut address = [0xbb; 20];
    // An odd factor gives each number another address, and neighbours distant ones.
    address[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b1).to_be_bytes());
    let address = Address::from_bytes(address);
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = Timestamp::from_unix(since.as_secs());
    let made = 1_700_000_000_000 + u64::from(number);
    let user = User::new(UserId::new(made, [3; 10]), address, Role::User, now);
    let mut hash = [9; 32];
    hash[..4].copy_from_slice(&number.to_be_bytes());
    let session = Session {
        id: SessionId::new(made, [5; 10]),
        user_id: user.id,
        address,
        wallet_type: WalletType::Tron,
        ip: IpAddr::from([192, 0, 2, 1]),
        user_agent: UserAgent::from_header("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"),
        created_at: now,
        refreshed_at: now,
        expires_at: now.plus(std::time::Duration::from_secs(7 * 86_400)),
        rotation: Rotation::first(TokenHash::from_bytes(hash)),
    };
    (user, session)
}
