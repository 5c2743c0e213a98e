//! What SIGHUP does: files are read again while the service runs.

use std::{collections::BTreeMap, sync::Arc};

use tokio::{signal::unix::Signal, task::spawn_blocking};

use super::{
    https::{Https, variable},
    systemd,
};
use crate::{
    clock::Clock,
    config::{Config, Loaded, Sources},
    http::{Branding, tls::Refused},
    telemetry::LogLevel,
};

/// Say what in the branding folder is wrong.
pub(super) fn tell_branding(mistakes: &[String]) {
    for mistake in mistakes {
        tracing::warn!("the pages show their own instead; mend it and send SIGHUP: branding/{mistake}");
    }
}

/// What SIGHUP reads again.
pub(super) struct Reload {
    /// The flags of this process, which stay.
    pub(super) flags: BTreeMap<&'static str, String>,
    /// The settings in force.
    pub(super) settings: Arc<Loaded>,
    /// The one setting that changes while the service runs.
    pub(super) level: LogLevel,
    /// The certificate and its key, if there are.
    pub(super) https: Option<Https>,
    /// The name, the colour and the logo of the pages.
    pub(super) branding: Arc<Branding>,
}

impl Reload {
    /// Read all of it again at each SIGHUP.
    pub(super) async fn at_each(self, mut hangup: Signal) {
        let reload = Arc::new(self);
        while hangup.recv().await.is_some() {
            systemd::reloading();
            let reload = reload.clone();
            let all = move || {
                reload.settings();
                reload.branding();
                reload.certificate();
            };
            if let Err(error) = spawn_blocking(all).await {
                tracing::error!(%error, "SIGHUP: what was not read again stays in use");
            }
            systemd::ready();
        }
    }

    /// Put the log level in force, and name the settings that wait for a restart.
    fn settings(&self) {
        let loaded = match Config::load(&Sources::of_process(self.flags.clone())) {
            Ok(loaded) => loaded,
            Err(mistakes) => {
                for mistake in mistakes.0 {
                    tracing::error!("SIGHUP: the old settings stay in force; {mistake}");
                }
                return;
            }
        };
        let level = loaded.config.log_level;
        if self.level.set(level) {
            tracing::info!("SIGHUP: LOG_LEVEL={level} from now on");
        }
        for setting in loaded.changed_since(&self.settings).filter(|setting| setting.name != "LOG_LEVEL") {
            tracing::warn!("SIGHUP: {} was changed, which takes a restart to be in force", setting.name);
        }
    }

    fn branding(&self) {
        let mistakes = self.branding.reload();
        tracing::info!("SIGHUP: the branding was read again");
        tell_branding(&mistakes);
    }

    fn certificate(&self) {
        let Some(Https { tls, own }) = &self.https else { return };
        if let Some(Err(error)) = own.as_ref().map(|own| own.renew(tls)) {
            tracing::error!("SIGHUP: the old certificate stays in use; {error}");
            return;
        }
        match tls.reload(Clock::system().now()) {
            Ok(()) => tracing::info!("SIGHUP: new connections get the certificate that was read again"),
            Err(refused) => {
                for Refused { file, why } in refused {
                    tracing::error!("SIGHUP: the old certificate stays in use; {}: {why}", variable(file));
                }
            }
        }
    }
}
