//! What is measured, in which order.

use std::{
    env,
    fs::{self, File},
    io::Write as _,
    path::PathBuf,
    time::Duration,
};

use crate::{
    client::{Outcome, Requests, drive, get, post},
    crowd,
    cryptography::Cryptography,
    figures::Figures,
    people::{Clients, Wallet, fill, logins, members, refreshes},
    plot,
    process::Server,
};
use serde_json::json;

const ROUNDS: u32 = 5;
const ROUND: Duration = Duration::from_millis(600);
/// Connections at which budgets are held.
const USUAL: usize = 32;
/// Requests in a round, of those that are asked once each.
const CROWD: u64 = 1_500;
/// Who has an account and signs in again: so many that nobody comes to have more than a few sessions.
const KNOWN: usize = 8_000;

pub const WHAT: [&str; 9] =
    ["health", "verify", "forward", "jwks", "list", "challenge", "login", "join", "refresh"];

/// One line of the table. Times are microseconds.
pub struct Row {
    pub what: &'static str,
    pub users: u32,
    pub connections: usize,
    pub per_second: f64,
    pub cpu: f64,
    pub bare: f64,
    /// To hyper alone; for a sign-in and a refresh, to the cryptography and hyper alone.
    pub ratio: f64,
    pub quantiles: [f64; 3],
}

/// The service with so many users, hyper alone, and who asks.
pub struct Scene {
    pub service: Server,
    pub bare: Server,
    pub clients: Clients,
    /// Who has an account, and who of them comes next.
    known: Vec<Wallet>,
    turn: usize,
    /// Their tokens.
    pub tokens: Vec<String>,
    pub refresh_tokens: Vec<String>,
    admin: String,
    next: u64,
    // Dropped last.
    _folder: tempfile::TempDir,
}

impl Scene {
    /// A copy of a database of so many users, with [`CROWD`] more who signed in.
    pub fn new(users: u32) -> Self {
        let target =
            env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from).join("load");
        fs::create_dir_all(&target).unwrap();
        let folder = tempfile::tempdir_in(&target).unwrap();
        fill(&folder.path().join("auth.redb"), users);
        let admin = Wallet::new(0);
        let service = Server::service(folder.path(), &admin.address.to_string());
        let mut clients = Clients::default();
        let known: Vec<_> = (1..=KNOWN as u64).map(Wallet::new).collect();
        let asked = logins(&service, known.iter(), &mut clients);
        let told = drive(&service, USUAL, Requests::Once(asked), true).bodies;
        let tokens = members(&told[..256], "access_token");
        let asked = logins(&service, [&admin].into_iter(), &mut clients);
        let admin =
            members(&drive(&service, 1, Requests::Once(asked), true).bodies, "access_token").remove(0);
        Self {
            service,
            bare: Server::bare(),
            clients,
            known,
            turn: 0,
            tokens,
            refresh_tokens: Vec::new(),
            admin,
            next: KNOWN as u64 + 1,
            _folder: folder,
        }
    }

    /// Requests that sign so many in who have an account, those next who have not for the longest time.
    pub fn sign_ins(&mut self, count: usize) -> Vec<Vec<u8>> {
        let turn = self.turn;
        self.turn += count;
        let next = self.known.iter().cycle().skip(turn % KNOWN).take(count);
        logins(&self.service, next, &mut self.clients)
    }

    /// Requests of this kind, for one round.
    fn requests(&mut self, what: &str, connections: usize) -> Requests {
        let count = if connections == 1 { 300 } else { CROWD };
        let few = usize::try_from(count).unwrap();
        let bearer = |token: &String| format!("Authorization: Bearer {token}\r\n");
        let own = |path: &str| {
            Requests::Again(
                self.tokens.iter().take(256).map(|token| get(path, &bearer(token))).collect(),
                ROUND,
            )
        };
        match what {
            "health" => Requests::Again(vec![get("/health", "")], ROUND),
            "verify" => own("/auth/verify"),
            "forward" => own("/auth/forward"),
            "jwks" => Requests::Again(vec![get("/.well-known/jwks.json", "")], ROUND),
            "list" => Requests::Again(vec![get("/users?limit=50", &bearer(&self.admin))], ROUND),
            "challenge" => {
                let asks = self.known.iter().cycle().take(few);
                Requests::Once(
                    asks.map(|one| {
                        post("/auth/challenge", self.clients.next(), &json!({"tron_address": one.address}))
                    })
                    .collect(),
                )
            }
            "login" => Requests::Once(self.sign_ins(few)),
            "join" => {
                let fresh: Vec<_> = (self.next..self.next + count).map(Wallet::new).collect();
                self.next += count;
                Requests::Once(logins(&self.service, fresh.iter(), &mut self.clients))
            }
            "refresh" => {
                let tokens: Vec<_> =
                    self.refresh_tokens.drain(..few.min(self.refresh_tokens.len())).collect();
                Requests::Once(refreshes(&tokens, &mut self.clients))
            }
            other => panic!("'{other}' is none of {WHAT:?}"),
        }
    }

    fn round(&mut self, what: &str, connections: usize, requests: Requests) -> Outcome {
        let outcome = drive(&self.service, connections, requests, what == "refresh");
        if what == "refresh" {
            self.refresh_tokens.extend(members(&outcome.bodies, "refresh_token"));
        }
        outcome
    }

    /// Rounds of the service and of hyper alone, in turns.
    pub fn measure(&mut self, what: &'static str, users: u32, connections: usize) -> Row {
        if what == "refresh" {
            let asked = self.sign_ins(1_500);
            let told = drive(&self.service, USUAL, Requests::Once(asked), true).bodies;
            self.refresh_tokens = members(&told, "refresh_token");
        }
        let (mut ratios, mut ours, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
        // The first round of each warms up.
        for number in 0..=numbers("LUCID_BENCH_ROUNDS", &[ROUNDS])[0] {
            let requests = self.requests(what, connections);
            let bare = drive(&self.bare, connections, requests.clone(), false);
            let ours_now = self.round(what, connections, requests);
            let floor = match what {
                "login" | "join" => {
                    let cryptography = Cryptography::measure();
                    cryptography.recover + cryptography.sign
                }
                "refresh" => Cryptography::measure().sign,
                _ => 0.0,
            };
            if number > 0 {
                ratios.push(ours_now.cpu / (bare.cpu + floor));
                ours.push(ours_now);
                theirs.push(bare.cpu + floor);
            }
        }
        let of = |read: &dyn Fn(&Outcome) -> f64| median(ours.iter().map(read).collect());
        let row = Row {
            what,
            users,
            connections,
            per_second: of(&Outcome::per_second),
            cpu: of(&|outcome| outcome.cpu),
            bare: median(theirs),
            ratio: median(ratios),
            quantiles: [0.5, 0.99, 0.999].map(|part| of(&|outcome| outcome.quantile(part))),
        };
        let [p50, p99, p999] = row.quantiles;
        eprintln!(
            "{:10} {:>8} {:>5} {:>9.0} {:>9.1} {:>9.1} {:>7.2} {p50:>9.0} {p99:>9.0} {p999:>9.0}",
            row.what, row.users, row.connections, row.per_second, row.cpu, row.bare, row.ratio
        );
        row
    }
}

pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn numbers(name: &str, default: &[u32]) -> Vec<u32> {
    env::var(name)
        .map_or(default.to_vec(), |text| text.split(',').map(|number| number.parse().unwrap()).collect())
}

/// Measure all, or what has one of these words in its name.
pub fn all(words: &[String], budgets: &mut Figures) {
    let chosen = |what: &str| words.is_empty() || words.iter().any(|word| what.contains(word.as_str()));
    let connections = numbers("LUCID_BENCH_CONNECTIONS", &[1, 32, 256]);
    let long = env::var_os("LUCID_LONG").is_some();
    let sizes: &[u32] = if long { &[1_000, 0, 100_000, 1_000_000] } else { &[1_000, 1_000_000] };
    let mut rows = Vec::new();
    eprintln!(
        "{:10} {:>8} {:>5} {:>9} {:>9} {:>9} {:>7} {:>9} {:>9} {:>9}",
        "what", "users", "conns", "per s", "CPU us", "floor us", "ratio", "p50 us", "p99 us", "p99.9 us"
    );
    for users in numbers("LUCID_BENCH_USERS", sizes) {
        let mut scene = Scene::new(users);
        for what in WHAT.into_iter().filter(|what| chosen(what)) {
            for count in &connections {
                let count = usize::try_from(*count).unwrap();
                if users == 1_000 || count == USUAL || long {
                    rows.push(scene.measure(what, users, count));
                }
            }
        }
        if users == 1_000 && chosen("commits") {
            let commits = crowd::commits_a_refresh(&mut scene);
            eprintln!("commits for each refresh at 64 connections: {commits:.3}");
            if words.is_empty() {
                budgets.tell("commits for each refresh, at 64 connections", commits);
            }
        }
        if users == 1_000 && chosen("crowd") {
            let [health, verify] = crowd::starving(&mut scene);
            if words.is_empty() {
                budgets.tell("p99 of /health while 256 connections sign in", health);
                budgets.tell("p99 of /auth/verify while 256 connections sign in", verify);
            }
        }
    }
    keep(&rows);
    plot::draw(&rows);
    if words.is_empty() {
        hold(&rows, budgets);
    }
}

fn hold(rows: &[Row], budgets: &mut Figures) {
    let find = |what: &str, users| {
        rows.iter().find(|row| row.what == what && row.users == users && row.connections == USUAL)
    };
    for (what, name) in [
        ("health", "/health"),
        ("verify", "/auth/verify, known token"),
        ("forward", "/auth/forward, known token"),
        ("login", "sign-in of a known user, durable"),
        ("refresh", "refresh, durable"),
    ] {
        budgets.tell(name, find(what, 1_000).unwrap().ratio);
    }
    // Against hyper alone both times: the machine may be in another mood by then.
    let growth = WHAT.into_iter().map(|what| {
        let (few, many) = (find(what, 1_000).unwrap(), find(what, 1_000_000).unwrap());
        let growth = (many.cpu / many.bare) / (few.cpu / few.bare);
        eprintln!("{what}: {growth:.2} times with 1,000,000 users");
        growth
    });
    budgets.tell("1,000,000 users, dearest request", growth.fold(0.0, f64::max));
}

/// Leave the table for whoever reads it later.
fn keep(rows: &[Row]) {
    let mut file = File::create(plot::folder().join("load.tsv")).unwrap();
    writeln!(file, "what\tusers\tconnections\tper_second\tcpu_us\tfloor_us\tratio\tp50_us\tp99_us\tp999_us")
        .unwrap();
    for Row { what, users, connections, per_second, cpu, bare, ratio, quantiles: [p50, p99, p999] } in rows {
        writeln!(
            file,
            "{what}\t{users}\t{connections}\t{per_second:.0}\t{cpu:.1}\t{bare:.1}\t{ratio:.2}\t{p50:.0}\t{p99:.0}\t{p999:.0}"
        )
        .unwrap();
    }
}
