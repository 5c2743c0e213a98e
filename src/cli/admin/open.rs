//! How a command opens the database itself, where no service has it open.

use super::{database, explain};
use crate::{
    cli::Failure,
    clock::Clock,
    config::{Config, Registration},
    domain::attempts,
    random::Random,
    service::{self, BackupPlan, Error, Rules, Service},
    store::{OpenError, Store},
};

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum Start {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("{}", explain(.0))]
    Service(#[from] Error),
}

/// What becomes of a database that is not there. Only the service makes one: a command that is given the wrong folder would
/// answer about an empty one, and change nothing that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Absent {
    Made,
    Refused,
}

/// The service over the database in the data folder.
pub(in crate::cli) async fn open(config: &Config, absent: Absent) -> Result<Service, Start> {
    let random = Random::system();
    let store = open_store(config, &random, absent).await?;
    Ok(Service::start(store, Clock::system(), random, rules(config)).await?)
}

async fn open_store(config: &Config, random: &Random, absent: Absent) -> Result<Store, Start> {
    let path = database(&config.data_dir);
    let key = random.bytes().map_err(Error::from)?;
    let opened = tokio::task::spawn_blocking(move || match absent {
        Absent::Made => Store::open(&path, key),
        Absent::Refused => Store::open_existing(&path, key),
    })
    .await;
    Ok(opened.map_err(|_| Error::Internal("opening the database panicked"))??)
}

/// Replace every key of the database, which no service may have open. Returns the name of the new one, and how many
/// sessions ended.
pub(in crate::cli) fn reset_keys(config: &Config) -> Result<(String, u64), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let random = Random::system();
        let store = match open_store(config, &random, Absent::Refused).await {
            Err(Start::Open(error @ OpenError::InUse { .. })) => {
                return Err(Failure::Refused(format!(
                    "{error} Stop it first, then start it again afterwards."
                )));
            }
            opened => opened.map_err(Failure::refused)?,
        };
        let reset = service::reset_keys(&store, &Clock::system(), &random, config.master_key.clone()).await;
        reset.map_err(|error| Failure::Refused(explain(&error)))
    })
}

fn rules(config: &Config) -> Rules {
    let issuer = config.tokens.issuer.clone().or_else(|| config.public_url.as_ref().map(ToString::to_string));
    Rules {
        super_admins: config.super_admins.clone(),
        registration_open: config.registration == Registration::Open,
        access_token_lifetime: config.tokens.access_lifetime,
        refresh_token_lifetime: config.tokens.refresh_lifetime,
        session_idle: config.sessions.idle_timeout,
        sessions_per_user: config.sessions.max_per_user as usize,
        issuer,
        audience: config.tokens.audience.clone(),
        key_rotation: config.tokens.key_rotation.unwrap_or_default(),
        attempts: attempts::Policy { in_a_row: config.lockout.attempts, cooldown: config.lockout.length },
        hardware_wallets: config.hardware_wallets.clone(),
        master_key: config.master_key.clone(),
        backup: BackupPlan { dir: config.backup.dir.clone(), schedule: config.backup.schedule },
    }
}
