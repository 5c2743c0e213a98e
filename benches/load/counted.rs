//! How many instructions each part takes, as valgrind counts them: the same on a busy machine as on an idle one.
//!
//! `cargo bench --bench load -- counts` runs this program under callgrind, each part a few times and then many times; the
//! difference is what one more costs. Nothing of it waits for a disk, and what the kernel does is not counted.

use std::{
    env,
    hint::black_box,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    process::Command,
    sync::Arc,
    time::Duration,
};

use ed25519_dalek::{Signer as _, SigningKey};
use lucid_auth::{
    clock::Clock,
    domain::{
        attempts::Policy,
        client::{Client, UserAgent},
        last::Last,
        origin::Origin,
        timestamp::Timestamp,
        wallet::{Address, Scheme, Signature, WalletType},
    },
    http::{About, App, Branding, Quotas, Rates, Server, Settings, routes::routes},
    random::Random,
    service::{Answer, BackupPlan, Rules, Service, TokenPair},
    store::{Store, users},
    telemetry::json_lines,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tracing::subscriber;

use crate::{bare, client::get, people::Wallet};

const PARTS: [&str; 17] = [
    "recover a key, and its address",
    "write and read an address",
    "sign 450 bytes",
    "check such a signature",
    "write a challenge",
    "sign in, without HTTP",
    "refresh, without HTTP",
    "known token, its session and its user",
    "read a user from the store",
    "read a session from memory",
    "write a user, a commit each",
    "request: none, hyper alone answers",
    "request: /health",
    "request: /auth/verify",
    "request: /auth/forward",
    "request: the JWKS",
    "request: no such path",
];
const FEW: u32 = 20;
const MANY: u32 = 120;

/// Count each part, and print what one costs.
pub fn all() {
    println!("{:40} {:>12}", "part", "instructions");
    for part in PARTS {
        let [few, many] = [FEW, MANY].map(|times| instructions(part, times));
        println!("{part:40} {:>12}", (many - few) / u64::from(MANY - FEW));
    }
}

fn instructions(part: &str, times: u32) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe().unwrap())
        .args(["count", part, &times.to_string()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let count =
        said.lines().find_map(|line| line.split_once("Collected : ")).unwrap_or_else(|| panic!("{said}")).1;
    count.trim().parse().unwrap()
}

/// Do one part so often. This is what is counted.
pub fn run(part: &str, times: u32) {
    // Each request is logged, as the service does it.
    subscriber::set_global_default(json_lines("lucid-auth-service", io::sink)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { Stage::new().await.run(part, times).await });
}

struct Stage {
    service: Service,
    store: Store,
    origin: Origin,
    wallet: Wallet,
    pair: TokenPair,
    server: SocketAddr,
    bare: SocketAddr,
}

impl Stage {
    async fn new() -> Self {
        let (clock, random) = (Clock::new(|| Timestamp::from_unix(1_793_000_000)), Random::system());
        let store = Store::in_memory([7; 32]).unwrap();
        let service = Service::start(store.clone(), clock.clone(), random.clone(), rules()).await.unwrap();
        let rates = Rates { public: 1_000_000, authenticated: 1_000_000, admin: 1_000_000 };
        let app = App {
            service: service.clone(),
            clock,
            random,
            settings: Settings::default(),
            quotas: Quotas::new(Some(rates)),
            health: Last::default(),
            about: About {
                service_name: "lucid-auth-service".into(),
                tron_network: "mainnet",
                hardware_wallets: Vec::new(),
                registration_open: true,
            },
            branding: Arc::new(Branding::read("/nowhere".into()).0),
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::new(Arc::new(app), routes()).unwrap();
        tokio::spawn(async move { server.serve(listener, std::future::pending()).await });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let bare = listener.local_addr().unwrap();
        tokio::spawn(bare::accept(listener));
        let (wallet, origin) = (Wallet::new(1), "http://localhost:8089".parse().unwrap());
        let pair = sign_in(&service, &wallet, &origin).await;
        Self { service, store, origin, wallet, pair, server: address, bare }
    }

    async fn run(mut self, part: &str, times: u32) {
        let text = "localhost:8089 wants you to sign in with your TRON account. Not a transaction.";
        let signature: Signature = self.wallet.sign(text).parse().unwrap();
        let (key, token) = (SigningKey::from_bytes(&[7; 32]), [b'x'; 450]);
        let signed = key.sign(&token);
        let address = self.wallet.address;
        let bearer = format!("Authorization: Bearer {}\r\n", *self.pair.access_token);
        let mut socket = TcpStream::connect(self.server).await.unwrap();
        let mut bare = TcpStream::connect(self.bare).await.unwrap();
        let mut reply = vec![0; 16_384];
        for _ in 0..times {
            match part {
                "recover a key, and its address" => {
                    black_box(Scheme::TronV2.verify(address, text.as_bytes(), &signature)).unwrap();
                }
                "write and read an address" => {
                    black_box(black_box(address).to_string().parse::<Address>()).unwrap();
                }
                "sign 450 bytes" => {
                    black_box(key.sign(black_box(&token)));
                }
                "check such a signature" => {
                    black_box(key.verifying_key().verify_strict(black_box(&token), &signed)).unwrap();
                }
                "write a challenge" => {
                    black_box(self.service.challenge(WalletType::Tron, address, &self.origin)).unwrap();
                }
                "sign in, without HTTP" => {
                    black_box(sign_in(&self.service, &self.wallet, &self.origin).await);
                }
                "refresh, without HTTP" => {
                    let token = self.pair.refresh_token;
                    self.pair = self.service.refresh(token, &self.origin, client()).await.unwrap();
                }
                "known token, its session and its user" => {
                    black_box(self.service.authenticate(&self.pair.access_token).await).unwrap();
                }
                "read a user from the store" => {
                    let id = self.pair.user.id;
                    black_box(self.store.read(|tx| users::find(tx, id))).unwrap();
                }
                "read a session from memory" => {
                    black_box(self.store.live_session(self.pair.session.id)).unwrap();
                }
                "write a user, a commit each" => {
                    let user = self.pair.user.clone();
                    self.store.write(move |tx| users::update(tx, &user)).await.unwrap();
                }
                "request: none, hyper alone answers" => ask(&mut bare, &get("/health", ""), &mut reply).await,
                "request: /health" => ask(&mut socket, &get("/health", ""), &mut reply).await,
                "request: /auth/verify" => ask(&mut socket, &get("/auth/verify", &bearer), &mut reply).await,
                "request: /auth/forward" => {
                    ask(&mut socket, &get("/auth/forward", &bearer), &mut reply).await;
                }
                "request: the JWKS" => ask(&mut socket, &get("/.well-known/jwks.json", ""), &mut reply).await,
                "request: no such path" => ask(&mut socket, &get("/nowhere/at/all", ""), &mut reply).await,
                other => panic!("no such part: {other}"),
            }
        }
    }
}

async fn ask(socket: &mut TcpStream, request: &[u8], reply: &mut [u8]) {
    socket.write_all(request).await.unwrap();
    // The answers are short, and written whole.
    assert!(socket.read(reply).await.unwrap() > 100);
}

async fn sign_in(service: &Service, wallet: &Wallet, origin: &Origin) -> TokenPair {
    let message = service.challenge(WalletType::Tron, wallet.address, origin).unwrap().text();
    let signature = wallet.sign(&message);
    let answer = Answer {
        address: wallet.address,
        message,
        signature,
        device: None,
        origin: origin.clone(),
        client: client(),
    };
    service.sign_in(answer).await.unwrap()
}

fn client() -> Client {
    Client {
        ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        user_agent: UserAgent::from_header("bench/1.0"),
        request_id: "bench".into(),
    }
}

fn rules() -> Rules {
    Rules {
        backup: BackupPlan { dir: "/nowhere".into(), schedule: None },
        super_admins: Vec::new(),
        registration_open: true,
        access_token_lifetime: Duration::from_secs(900),
        refresh_token_lifetime: Duration::from_secs(7 * 86_400),
        session_idle: None,
        sessions_per_user: 1_000,
        issuer: None,
        audience: None,
        key_rotation: Duration::from_secs(30 * 86_400),
        attempts: Policy { in_a_row: 5, cooldown: Duration::from_secs(900) },
        hardware_wallets: Vec::new(),
        master_key: None,
    }
}
