//! What the service is, and how it stands: `/`, `/meta/info`, `/health`.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    app::App,
    code::Code,
    problem::Problem,
    reply::{PageOr, Standing},
    request::Request,
    web,
    written::Written,
};
use crate::{
    domain::{
        timestamp::Timestamp,
        wallet::{DeviceType, WalletType},
    },
    service::Health,
};

pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How the service stands, for a person at 3 a.m. and for a load balancer.
#[derive(Serialize, JsonSchema)]
pub(super) struct HealthReply {
    status: &'static str,
    service: String,
    version: &'static str,
    timestamp: Timestamp,
    uptime_seconds: u64,
    dependencies: Dependencies,
    backup: BackupReply,
}

/// How backups stand. It is a warning: people can sign in whatever it says.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BackupStatus")]
struct BackupReply {
    /// `healthy`; `overdue`, if there is none as new as there should be; `failing`, if the last attempt failed;
    /// `disabled`, if none are made by schedule.
    status: &'static str,
    /// When the newest verified one was made.
    verified_at: Option<Timestamp>,
    /// How old it is.
    age_seconds: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
struct Dependencies {
    database: &'static str,
    sessions: &'static str,
    /// The file by which a copy of the database that is put back is noticed. People can sign in without it.
    restore_guard: &'static str,
    hardware_wallet: &'static str,
}

impl HealthReply {
    pub(super) fn new(app: &App, health: Health) -> Self {
        let word = |good: bool| if good { "healthy" } else { "unhealthy" };
        let newest = health.backup.newest;
        Self {
            backup: BackupReply {
                status: health.backup.standing.word(),
                verified_at: newest,
                age_seconds: newest.map(|at| health.at.since(at).as_secs()),
            },
            status: word(health.is_healthy()),
            service: app.about.service_name.clone(),
            version: VERSION,
            timestamp: health.at,
            uptime_seconds: health.uptime.as_secs(),
            dependencies: Dependencies {
                database: word(health.is_healthy()),
                sessions: word(health.readable),
                restore_guard: word(health.guarded),
                // Devices are reached by the browser: there is nothing here that could fail.
                hardware_wallet: if app.about.hardware_wallets.is_empty() { "disabled" } else { "healthy" },
            },
        }
    }
}

/// Tell how the service stands: 200, or 503 when the store cannot be read or written.
pub(super) async fn health(
    app: Arc<App>,
    _: Request<(), ()>,
) -> Result<Standing<Written<HealthReply>>, Problem> {
    let health = app.service.health().await;
    let reply = Written::of(&app.health, health, |health| HealthReply::new(&app, health))?;
    Ok(if health.is_healthy() { Standing::Well(reply) } else { Standing::Unwell(reply) })
}

/// A word on the process.
#[derive(Serialize, JsonSchema)]
pub(super) struct StateReply {
    status: &'static str,
}

/// Tell that the process answers.
pub(super) async fn live(_: Arc<App>, _: Request<(), ()>) -> Result<StateReply, Problem> {
    Ok(StateReply { status: "alive" })
}

/// Tell that people can sign in: 200, or 503.
pub(super) async fn ready(app: Arc<App>, _: Request<(), ()>) -> Result<StateReply, Problem> {
    if app.service.health().await.is_healthy() {
        Ok(StateReply { status: "ready" })
    } else {
        Err(Problem::new(Code::Unavailable))
    }
}

/// What the service is.
#[derive(Serialize, JsonSchema)]
pub(super) struct MetaReply {
    service: String,
    version: &'static str,
    build: Build,
    features: Vec<&'static str>,
    /// How people sign here, without the kinds of hardware wallets that are switched off.
    supported_wallets: Vec<WalletType>,
    /// The kinds of hardware wallets that may be connected to accounts.
    hardware_wallets: Vec<DeviceType>,
    tron_network: &'static str,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Build {
    profile: &'static str,
    target: String,
}

impl Build {
    pub(super) fn this() -> Self {
        Self {
            profile: if cfg!(debug_assertions) { "debug" } else { "release" },
            target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        }
    }
}

/// Tell what the service is.
pub(super) async fn meta(app: Arc<App>, _: Request<(), ()>) -> Result<MetaReply, Problem> {
    let mut features = vec!["sign_in", "refresh", "jwks"];
    if app.about.registration_open {
        features.push("registration");
    }
    let devices = &app.about.hardware_wallets;
    let supported = |wallet: &WalletType| wallet.device().is_none_or(|device| devices.contains(&device));
    Ok(MetaReply {
        service: app.about.service_name.clone(),
        version: VERSION,
        build: Build::this(),
        features,
        supported_wallets: WalletType::ALL.into_iter().filter(supported).collect(),
        hardware_wallets: devices.clone(),
        tron_network: app.about.tron_network,
    })
}

/// The service's card, for a program that looks at `/`.
#[derive(Serialize, JsonSchema)]
pub(super) struct Card {
    service: String,
    version: &'static str,
    login: &'static str,
    jwks: &'static str,
    health: &'static str,
}

/// Give a browser the login page, and a program the service's card.
pub(super) async fn root(
    app: Arc<App>,
    request: Request<(), ()>,
) -> Result<PageOr<web::Page, Card>, Problem> {
    if request.head.accepts("text/html") {
        return Ok(PageOr::Page(web::page("login/index.html", &request.head)?));
    }
    Ok(PageOr::Data(Card {
        service: app.about.service_name.clone(),
        version: VERSION,
        login: "/",
        jwks: "/.well-known/jwks.json",
        health: "/health",
    }))
}
