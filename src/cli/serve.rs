//! `lucid-auth serve`: everything together, from the settings to the last answer.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal as _, Write},
    net::IpAddr,
    sync::Arc,
    time::Duration,
};

use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::oneshot,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use super::{
    Failure, admin, app,
    conceal::conceal,
    https::Https,
    metrics,
    reload::{self, Reload},
    schedule,
    settings::SettingFlags,
    systemd::{self, Passed},
};
use crate::{
    config::{self, Config, Loaded},
    http::{Branding, Server, client::TrustedProxies, routes::routes},
    service::Service,
    store::OpenError,
    telemetry::{self, LogLevel},
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
/// How often a database that failed is tried again.
const HEAL: Duration = Duration::from_secs(2);
/// How many threads answer requests. Signatures, the disk's reads and its writes have threads of their own, so one answers
/// tens of thousands a second; several would pass the connections' events to each other, which costs a tenth of each
/// request, and wake each other for it.
const ANSWERING_THREADS: usize = 1;
/// How many computations and disk reads run at once beside the threads that answer requests. Each has a stack.
const BLOCKING_THREADS: usize = 32;

impl Arguments {
    /// Serve until SIGTERM or SIGINT.
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        conceal();
        let flags = self.settings.clone().into_values();
        let loaded = Arc::new(super::load(self.settings)?);
        let config = &loaded.config;
        let json = config.log_format.is_json(io::stderr().is_terminal());
        // Dropped last, so that the last line is written.
        let (level, _log) =
            telemetry::init(&config.service_name, config.log_level, json).map_err(Failure::refused)?;
        for notice in &loaded.notices {
            tracing::warn!("{notice}");
        }
        let https = Https::start(&loaded)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(ANSWERING_THREADS)
            .enable_all()
            .max_blocking_threads(BLOCKING_THREADS)
            .build()
            .map_err(Failure::refused)?;
        runtime.block_on(serve(&loaded, Start { passed: Passed::take(), flags, level, https }, json, out))
    }
}

/// What is made before there are threads.
struct Start {
    passed: Passed,
    flags: BTreeMap<&'static str, String>,
    level: LogLevel,
    https: Option<Https>,
}

async fn serve(
    loaded: &Arc<Loaded>,
    Start { passed, flags, level, https }: Start,
    json: bool,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let config = &loaded.config;
    // From here on SIGHUP does not end the process.
    let hangup = signal(SignalKind::hangup()).map_err(Failure::refused)?;
    let listener = passed.listen(config.listen).await.map_err(|error| cannot_listen(config, &error))?;
    let metrics = metrics::listen(loaded).await?;
    let service = open(config).await?;
    if service.record_audit(config.audit_enabled).await.map_err(Failure::refused)? {
        tracing::warn!(recording = config.audit_enabled, "the audit log was switched by AUDIT_LOG_ENABLED");
    }
    let (end_commands, told) = oneshot::channel::<()>();
    let stopped = async { drop(told.await) };
    let proxies = TrustedProxies::new(config.trusted_proxies.clone());
    let commands =
        admin::listen(&config.data_dir, service.clone(), proxies.clone(), stopped).map_err(|error| {
            Failure::Refused(format!(
                "cannot make the admin socket in {}: {error}",
                config.data_dir.display()
            ))
        })?;
    let (branding, mistakes) = Branding::read(config.data_dir.join("branding"));
    reload::tell_branding(&mistakes);
    let branding = Arc::new(branding);
    let ca = https.as_ref().and_then(Https::authority);
    let app = app::app(config, service.clone(), proxies, branding.clone(), ca);
    let mut server = Server::new(Arc::new(app), routes()).map_err(Failure::refused)?;
    if let Some(https) = &https {
        server = server.with_tls(https.tls.clone());
    }
    let (end_metrics, ended) = oneshot::channel::<()>();
    let stop = stop().map_err(Failure::refused)?;
    let stop = async {
        stop.await;
        systemd::stopping();
        drop(end_metrics);
    };

    let commands = tokio::spawn(commands);
    let mut background = JoinSet::new();
    background.spawn(schedule::back_up(service.clone()));
    background.spawn(maintain(service.clone(), config.audit_retention));
    background.spawn(systemd::live(service));
    if let Some(https) = https.clone() {
        background.spawn(https.keep());
    }
    let reload = Reload { flags, settings: loaded.clone(), level, https, branding };
    background.spawn(reload.at_each(hangup));
    announce(config, &listener, metrics.as_ref(), json, out)?;
    systemd::ready();
    tokio::join!(server.serve(listener, stop), metrics::serve(metrics, &server, ended));
    background.shutdown().await;
    drop(end_commands);
    // A command that the service has taken is done before the service ends. A panic there was logged.
    drop(commands.await);
    // What is left of the service goes with this function; the last of it closes the database.
    tracing::info!("stopped");
    Ok(())
}

/// The service, once whoever had the database before has let go of it.
async fn open(config: &Config) -> Result<Service, Failure> {
    let mut attempts = 0;
    loop {
        match admin::open(config, admin::Absent::Made).await {
            Err(admin::Start::Open(OpenError::InUse { .. })) if attempts < 50 => {
                attempts += 1;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            outcome => return outcome.map_err(Failure::refused),
        }
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
    let mut heal = interval(HEAL);
    heal.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let done = tokio::select! {
            _ = heal.tick() => {
                service.heal();
                Ok(())
            }
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
    metrics: Option<&metrics::Listener>,
    json: bool,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let port = listener.local_addr().map_err(Failure::refused)?.port();
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let url = match (&config.public_url, config.listen.ip()) {
        (Some(origin), _) => origin.to_string(),
        (None, ip) if ip.is_unspecified() || ip.is_loopback() => format!("{scheme}://localhost:{port}"),
        (None, IpAddr::V6(ip)) => format!("{scheme}://[{ip}]:{port}"),
        (None, ip) => format!("{scheme}://{ip}:{port}"),
    };
    let data = config.data_dir.display();
    tracing::info!(url, data = %data, version = env!("CARGO_PKG_VERSION"), port, "ready");
    let trust = (config.tls == Some(config::Tls::SelfSigned)).then(|| format!("{url}/tls"));
    if let Some(url) = &trust {
        tracing::info!(url, "how browsers come to trust the certificate");
    }
    if let Some(metrics::Listener { url, .. }) = metrics {
        tracing::info!(url, "serving metrics to Prometheus");
    }
    if !json {
        // Nobody need listen to what the log has said already.
        let _ = writeln!(
            out,
            "lucid-auth {} is ready: {url}\n{}{}Its data lives in {data}. Stop it with Ctrl-C.",
            env!("CARGO_PKG_VERSION"),
            trust.map(|url| format!("Browsers trust it once they were told to: {url}\n")).unwrap_or_default(),
            metrics.map(metrics::Listener::greeting).unwrap_or_default()
        );
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
