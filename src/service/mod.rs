//! Use cases: what the HTTP API and the commands can ask for.

mod asker;
mod audit;
mod authenticate;
mod backup;
mod census;
mod challenges;
mod erase;
mod error;
mod export;
mod failures;
mod handover;
mod hardware_wallets;
mod health;
mod ids;
mod keys;
mod pool;
mod profile;
mod provider;
mod refresh;
mod restored;
mod sealing;
mod session_cookie;
mod session_list;
mod sessions;
mod sign_in;
mod system;
mod tokens;
mod users;

use std::{any::Any, sync::Arc, time::Duration};

pub use asker::Asker;
pub use authenticate::Principal;
pub use backup::{Backup, BackupStatus, Plan as BackupPlan};
pub use challenges::Answer;
pub use error::Error;
pub use export::Export;
pub use hardware_wallets::NewWallet;
pub use health::Health;
pub use keys::PublicKey;
pub use sealing::reset_keys;
pub use sessions::SessionStatus;
pub use sign_in::Registration;
pub use system::{SignIns, System};
pub use tokens::{KnownToken, TokenPair};
pub use users::{NewUser, UserRef};

use crate::{
    clock::Clock,
    domain::{
        attempts,
        seal::MasterKey,
        timestamp::Timestamp,
        wallet::{Address, DeviceType},
    },
    metrics::UseCases,
    random::Random,
    store::{Store, StoreError},
};

/// What the rules depend on.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Addresses that are `SUPER_ADMIN` whenever they sign in.
    pub super_admins: Vec<Address>,
    /// Whether a first sign-in makes an account.
    pub registration_open: bool,
    /// How long an access token is valid.
    pub access_token_lifetime: Duration,
    /// How long a session lasts after it was last refreshed.
    pub refresh_token_lifetime: Duration,
    /// How long a session lasts without being refreshed, if that is less.
    pub session_idle: Option<Duration>,
    /// How many sessions a user may have; the oldest ends when one more begins.
    pub sessions_per_user: usize,
    /// The `iss` of tokens; the origin that the browser sees, if not set.
    pub issuer: Option<String>,
    /// The `aud` of tokens, if any.
    pub audience: Option<String>,
    /// How long a signing key signs; zero until it is changed by hand.
    pub key_rotation: Duration,
    /// When failed sign-ins lock.
    pub attempts: attempts::Policy,
    /// Which hardware wallets may be connected.
    pub hardware_wallets: Vec<DeviceType>,
    /// What seals the keys in the database, if anything does.
    pub master_key: Option<MasterKey>,
    /// Where backups go, and when.
    pub backup: BackupPlan,
}

/// The use cases. A copy is the same service.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    random: Random,
    rules: Rules,
    started_at: Timestamp,
    ids: ids::Ids,
    challenges: challenges::Challenges,
    attempts: std::sync::Mutex<attempts::Attempts>,
    handovers: std::sync::Mutex<crate::domain::handover::Handovers>,
    mac_key: crate::domain::mac::MacKey,
    tokens: tokens::Tokens,
    key_change: tokio::sync::Mutex<()>,
    refused: system::Refused,
    backups: backup::Backups,
    taken_over: std::sync::OnceLock<crate::store::Takeover>,
    counts: UseCases,
    /// The last second, since the Unix epoch, in which the database could be read.
    readable_at: std::sync::atomic::AtomicU64,
    /// Where cryptography is done.
    pool: pool::Pool,
}

impl Service {
    /// The service over `store`. Makes the first signing key if there is none, and seals the keys if they shall be and are
    /// not.
    ///
    /// # Errors
    ///
    /// [`Error`] if the database or the random source fails.
    pub async fn start(store: Store, clock: Clock, random: Random, rules: Rules) -> Result<Self, Error> {
        let mac_key = sealing::mac_key(&store, &clock, &random, rules.master_key.as_ref()).await?;
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        // One is left to whoever answers.
        let pool =
            pool::Pool::start(processors - 1).map_err(|_| Error::Internal("the system gives no thread"))?;
        let inner = Inner {
            challenges: challenges::Challenges::new(&random)?,
            attempts: std::sync::Mutex::new(attempts::Attempts::new(rules.attempts)),
            handovers: std::sync::Mutex::default(),
            started_at: clock.now(),
            ids: ids::Ids::default(),
            tokens: tokens::Tokens::default(),
            key_change: tokio::sync::Mutex::default(),
            refused: system::Refused::default(),
            backups: backup::Backups::new(rules.backup.clone(), clock.now()),
            taken_over: std::sync::OnceLock::new(),
            counts: UseCases::default(),
            readable_at: std::sync::atomic::AtomicU64::new(u64::MAX),
            pool,
            mac_key,
            store,
            clock,
            random,
            rules,
        };
        let service = Self(Arc::new(inner));
        service.tell_takeover().await?;
        service.maintain_keys().await?;
        Ok(service)
    }

    /// Run what computes long beside the threads that answer requests, when its turn comes.
    fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> impl Future<Output = Result<T, Error>> + Send {
        let done = self.0.pool.run(pool::Turn::Last, work);
        async { done.await.unwrap_or(Err(PANICKED)) }
    }

    /// The time now, by the service's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Service")
    }
}

/// Run what waits for the disk or computes long beside the threads that answer requests.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = run(Box::new(move || Box::new(work()))).await;
    // It is what went in.
    let done = done.and_then(|done| done.downcast::<Result<T, Error>>().ok());
    done.map_or(Err(PANICKED), |outcome| *outcome)
}

const PANICKED: Error = Error::Internal("a computation panicked");

/// Work, and what comes of it, of whatever kind: the runtime's code for a task is in the binary once, not for each.
type Work = Box<dyn FnOnce() -> Box<dyn Any + Send> + Send>;

async fn run(work: Work) -> Option<Box<dyn Any + Send>> {
    tokio::task::spawn_blocking(work).await.ok()
}

/// A store's answer that holds the rules' answer: a refusal is a value and commits, only a failing database undoes.
fn flatten<T>(outcome: Result<Result<T, Error>, StoreError>) -> Result<T, Error> {
    outcome?
}
