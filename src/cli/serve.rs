//! `lucid-auth serve`: everything together, from the settings to the last answer.

use std::{
    io::{self, IsTerminal as _, Write},
    net::IpAddr,
    sync::Arc,
    time::Duration,
};

use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use super::{
    Failure,
    admin::{self, Start},
    settings::SettingFlags,
};
use crate::{
    clock::Clock,
    config::{Config, CorsOrigins, Registration},
    http::{About, App, Limits, Server, Settings, client::TrustedProxies, cors::Cors, routes::routes},
    random::Random,
    service::Service,
    store::OpenError,
    telemetry,
};

/// Serve sign-in, tokens and the login page
#[derive(clap::Args, Default)]
pub(super) struct Arguments {
    #[command(flatten)]
    settings: SettingFlags,
}

/// How often it is seen whether a signing key is due: a key is published ten minutes before it signs.
const KEYS: Duration = Duration::from_secs(60);
/// How often sessions that are over are removed, and audit entries that are too old. Such sessions are refused in any
/// case; this gives back their room.
const SWEEP: Duration = Duration::from_secs(3600);
/// How many computations and disk reads run at once beside the threads that answer requests. Each has a stack.
const BLOCKING_THREADS: usize = 32;

impl Arguments {
    /// Serve until SIGTERM or SIGINT.
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        let loaded = super::load(self.settings)?;
        let config = loaded.config;
        let json = config.log_format.is_json(io::stderr().is_terminal());
        telemetry::init(&config.service_name, config.log_level, json).map_err(Failure::refused)?;
        for notice in &loaded.notices {
            tracing::warn!("{notice}");
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .max_blocking_threads(BLOCKING_THREADS)
            .build()
            .map_err(Failure::refused)?;
        runtime.block_on(serve(&config, json, out))
    }
}

async fn serve(config: &Config, json: bool, out: &mut impl Write) -> Result<(), Failure> {
    let listener = TcpListener::bind(config.listen).await.map_err(|error| cannot_listen(config, &error))?;
    let service = open(config).await?;
    if service.record_audit(config.audit_enabled).await.map_err(Failure::refused)? {
        tracing::warn!(recording = config.audit_enabled, "the audit log was switched by AUDIT_LOG_ENABLED");
    }
    let commands = admin::listen(&config.data_dir, service.clone()).map_err(|error| {
        Failure::Refused(format!("cannot make the admin socket in {}: {error}", config.data_dir.display()))
    })?;
    let app = app(config, service.clone());
    let server = Server::new(Arc::new(app), routes()).map_err(Failure::refused)?;
    let stop = stop().map_err(Failure::refused)?;

    let mut background = JoinSet::new();
    background.spawn(commands);
    background.spawn(maintain(service, config.audit_retention));
    announce(config, &listener, json, out)?;
    server.serve(listener, stop).await;
    background.shutdown().await;
    admin::forget(&config.data_dir);
    // What is left of the service goes with this function; the last of it closes the database.
    tracing::info!("stopped");
    Ok(())
}

/// The service, once whoever had the database before has let go of it.
async fn open(config: &Config) -> Result<Service, Failure> {
    let mut attempts = 0;
    loop {
        match admin::open(config).await {
            Err(Start::Open(OpenError::InUse { .. })) if attempts < 50 => {
                attempts += 1;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            outcome => return outcome.map_err(Failure::refused),
        }
    }
}

fn app(config: &Config, service: Service) -> App {
    let (origins, allow_any) = match &config.cors.origins {
        CorsOrigins::Any => (Vec::new(), true),
        CorsOrigins::These(origins) => (origins.clone(), false),
    };
    App {
        service,
        clock: Clock::system(),
        random: Random::system(),
        settings: Settings {
            public_url: config.public_url.clone(),
            trusted_proxies: TrustedProxies::new(config.trusted_proxies.clone()),
            cors: Cors { origins, allow_any, allow_credentials: config.cors.credentials },
            limits: Limits::default(),
        },
        about: About {
            service_name: config.service_name.clone(),
            tron_network: config.tron_network.name(),
            hardware_wallets: !config.hardware_wallets.is_empty(),
            registration_open: config.registration == Registration::Open,
        },
    }
}

/// Ends when the process is told to stop.
fn stop() -> io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("told to stop by SIGTERM"),
            _ = interrupt.recv() => tracing::info!("told to stop by SIGINT"),
        }
    })
}

/// What the service does by itself.
async fn maintain(service: Service, audit_retention: Duration) {
    let (mut keys, mut sweep, mut prune) = (interval(KEYS), interval(SWEEP), interval(SWEEP));
    keys.set_missed_tick_behavior(MissedTickBehavior::Skip);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Skip);
    prune.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        let done = tokio::select! {
            _ = keys.tick() => service.maintain_keys().await,
            _ = sweep.tick() => service.sweep_sessions().await.map(|swept| {
                if swept > 0 {
                    tracing::info!(sessions = swept, "removed sessions that were over");
                }
            }),
            _ = prune.tick() => service.prune_audit(audit_retention).await.map(|pruned| {
                if pruned > 0 {
                    tracing::info!(entries = pruned, "removed audit entries that were older than is kept");
                }
            }),
        };
        if let Err(error) = done {
            tracing::error!(%error, "upkeep failed; it is tried again");
        }
    }
}

/// Say where it is and where its data lives: to a person on the terminal, and to the log.
fn announce(
    config: &Config,
    listener: &TcpListener,
    json: bool,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let port = listener.local_addr().map_err(Failure::refused)?.port();
    let url = match (&config.public_url, config.listen.ip()) {
        (Some(origin), _) => origin.to_string(),
        (None, ip) if ip.is_unspecified() || ip.is_loopback() => format!("http://localhost:{port}"),
        (None, IpAddr::V6(ip)) => format!("http://[{ip}]:{port}"),
        (None, ip) => format!("http://{ip}:{port}"),
    };
    let data = config.data_dir.display();
    tracing::info!(url, data = %data, version = env!("CARGO_PKG_VERSION"), port, "ready");
    if !json {
        writeln!(out, "lucid-auth {} is ready: {url}", env!("CARGO_PKG_VERSION"))?;
        writeln!(out, "Its data lives in {data}. Stop it with Ctrl-C.")?;
    }
    Ok(())
}

fn cannot_listen(config: &Config, error: &io::Error) -> Failure {
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "Another program, perhaps another lucid-auth, has it: stop that, or set AUTH_SERVICE_PORT."
        }
        io::ErrorKind::PermissionDenied => {
            "Ports below 1024 need a privilege: set AUTH_SERVICE_PORT to a higher one."
        }
        io::ErrorKind::AddrNotAvailable => "No network interface has this address: set AUTH_SERVICE_BIND.",
        _ => "Set AUTH_SERVICE_BIND and AUTH_SERVICE_PORT to where it should listen.",
    };
    Failure::Refused(format!("cannot listen on {}: {error}. {advice}", config.listen))
}
