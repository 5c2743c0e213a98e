//! A database of many users and sessions, made through the store's own code and kept under `target/`.

use std::{
    env, fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

use lucid_auth::{
    domain::{
        client::UserAgent,
        id::{SessionId, UserId},
        mac::MacKey,
        refresh_token::{RefreshToken, Rotation},
        role::Role,
        session::Session,
        timestamp::Timestamp,
        user::User,
        wallet::{Address, WalletType},
    },
    store::{SCHEMA_VERSION, Store, Tx, meta, sessions, users},
};

/// How many changes share a transaction.
const BATCH: u32 = 10_000;
const MADE_AT: u64 = 1_793_000_000;
const AGENT: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
/// The key that marks its refresh tokens.
const KEY: [u8; 32] = [7; 32];

/// How much there is in a database.
#[derive(Clone, Copy)]
pub struct Content {
    pub users: u32,
    pub sessions: u32,
}

/// Where what the bench makes is kept, a folder that is there: a million users take half a minute.
pub fn kept() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let folder = target.join("footprint");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Put a database of this content into `folder`.
pub fn put(content: Content, folder: &Path) {
    let Content { users, sessions } = content;
    // What an older schema made is of no use.
    let name = format!("{users}-{sessions}-{SCHEMA_VERSION}");
    let ready = kept().join(&name);
    if !ready.exists() {
        let partial = kept().join(format!("{name}.partial"));
        drop(fs::remove_dir_all(&partial));
        fs::create_dir_all(&partial).unwrap();
        make(&partial.join("auth.redb"), content);
        fs::rename(&partial, &ready).unwrap();
    }
    for file in ["auth.redb", "auth.guard"] {
        fs::copy(ready.join(file), folder.join(file)).unwrap();
    }
}

fn make(path: &Path, Content { users, sessions }: Content) {
    eprintln!("footprint: making a database of {users} users and {sessions} sessions");
    let store = Store::open(path, KEY).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let key = store.read(|tx| meta::mac_key(tx, None)).unwrap();
    let write = |change: Box<dyn Fn(&Tx, u32) + Send + 'static>, count: u32| {
        let change = std::sync::Arc::new(std::sync::Mutex::new(change));
        for first in (0..count).step_by(BATCH as usize) {
            let change = change.clone();
            let all = move |tx: &Tx| {
                let change = change.lock().unwrap();
                (first..count.min(first + BATCH)).for_each(|number| change(tx, number));
                Ok(())
            };
            runtime.block_on(store.write(all)).unwrap();
        }
    };
    write(Box::new(|tx, number| assert!(users::insert(tx, &user(number)).unwrap())), users);
    write(Box::new(move |tx, number| sessions::insert(tx, &session(&key, number)).unwrap()), sessions);
}

/// The user of this number. The first is an admin.
fn user(number: u32) -> User {
    let mut address = [0; 20];
    // An odd factor gives each number another address, and neighbours distant ones, as hashes have.
    address[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b1).to_be_bytes());
    address[16..].copy_from_slice(&number.to_be_bytes());
    let role = if number == 0 { Role::SuperAdmin } else { Role::User };
    let at = Timestamp::from_unix(MADE_AT);
    let mut user = User::new(user_id(number), Address::from_bytes(address), role, at);
    user.last_login_at = Some(at);
    user
}

fn user_id(number: u32) -> UserId {
    let mut random = [0; 10];
    random[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b1).to_be_bytes());
    UserId::new(MADE_AT * 1000 + u64::from(number), random)
}

/// The session of the user of this number.
fn session(key: &MacKey, number: u32) -> Session {
    let at = Timestamp::from_unix(MADE_AT);
    let user = user(number);
    Session {
        id: session_id(number),
        user_id: user.id,
        address: user.address,
        wallet_type: WalletType::Tron,
        ip: Ipv4Addr::from(0x0a00_0000 | number).into(),
        user_agent: UserAgent::from_header(AGENT),
        created_at: at,
        refreshed_at: at,
        // The file is kept for as long as somebody measures.
        expires_at: Timestamp::from_unix(MADE_AT + 10 * 365 * 86_400),
        rotation: Rotation::first(token_of(key, number).hash()),
    }
}

fn session_id(number: u32) -> SessionId {
    let mut random = [0; 10];
    random[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b1).to_be_bytes());
    SessionId::new(MADE_AT * 1000 + u64::from(number), random)
}

fn token_of(key: &MacKey, number: u32) -> RefreshToken {
    let mut random = [0; 32];
    random[..4].copy_from_slice(&number.to_be_bytes());
    RefreshToken::new(key, session_id(number), random)
}

/// The refresh tokens of the sessions of a database that [`put`] has put somewhere.
pub fn tokens(content: Content) -> Vec<String> {
    let key = MacKey::from_bytes(KEY);
    (0..content.sessions).map(|number| token_of(&key, number).to_text().to_string()).collect()
}
