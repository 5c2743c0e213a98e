//! HTTPS of `serve`: from the settings to the certificate in use, and what keeps it good.

use std::{sync::Arc, time::Duration};

use tokio::{
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};

use super::Failure;
use crate::{
    clock::Clock,
    config::{self, Loaded, Mistakes},
    domain::origin::Origin,
    http::{
        Tls,
        tls::{
            Certificate, Host, LocalCa, PairFile, Refused,
            local::{self, LocalCaError},
        },
    },
    random::Random,
};

/// How often it is seen whether the certificate of the service's own is still good. Addresses come and go, and at the
/// start of the machine there may be none yet, nor the right time.
const CHECKED: Duration = Duration::from_secs(60);
/// How long a failure to renew it is waited out.
const PATIENCE: Duration = Duration::from_secs(3600);

/// The certificate and its key.
#[derive(Clone)]
pub(super) struct Https {
    /// What connections are encrypted with.
    pub(super) tls: Arc<Tls>,
    /// Who signs it, if the service does itself.
    pub(super) own: Option<Arc<Own>>,
}

/// A certificate of the service's own.
pub(super) struct Own {
    ca: LocalCa,
    origin: Option<Origin>,
    clock: Clock,
}

impl Https {
    /// What the settings say, if they say anything.
    pub(super) fn start(loaded: &Loaded) -> Result<Option<Self>, Failure> {
        let clock = Clock::system();
        match loaded.config.tls.clone() {
            None => Ok(None),
            Some(config::Tls::Files { certificate, key }) => {
                match Tls::from_files(certificate, key, clock.now()) {
                    Ok(tls) => Ok(Some(Self { tls: Arc::new(tls), own: None })),
                    Err(refused) => {
                        let mistake = |one: &Refused| loaded.mistake(variable(one.file), &one.why);
                        Err(Mistakes(refused.iter().filter_map(mistake).collect()).into())
                    }
                }
            }
            Some(config::Tls::SelfSigned) => {
                let origin = loaded.config.public_url.clone();
                let (host, now) = (Host::this(origin.as_ref()), clock.now());
                let folder = local::folder(&loaded.config.data_dir);
                let ca = LocalCa::open(folder, &host, now, Random::system()).map_err(Failure::refused)?;
                let tls = ca.tls(&host, now).map_err(Failure::refused)?;
                Ok(Some(Self { tls, own: Some(Arc::new(Own { ca, origin, clock })) }))
            }
        }
    }

    /// The certificate of the service's own authority, if it has one, for people to trust.
    pub(super) fn authority(&self) -> Option<Arc<Certificate>> {
        self.own.as_ref().map(|own| Arc::new(own.ca.certificate().clone()))
    }

    /// Keep the certificate good, if it is the service's own.
    pub(super) async fn keep(self) {
        let Some(own) = self.own else { return };
        let mut checked = interval(CHECKED);
        checked.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            checked.tick().await;
            let (own, tls) = (own.clone(), self.tls.clone());
            let failed = match spawn_blocking(move || own.renew(&tls)).await {
                Ok(Ok(_)) => None,
                Ok(Err(error)) => Some(error.to_string()),
                Err(error) => Some(error.to_string()),
            };
            if let Some(error) = failed {
                tracing::error!(error, "the certificate is not renewed; it is tried again in an hour");
                tokio::time::sleep(PATIENCE).await;
            }
        }
    }
}

impl Own {
    /// Renew it if it is due, and say whether.
    pub(super) fn renew(&self, tls: &Tls) -> Result<bool, LocalCaError> {
        self.ca.keep(tls, &Host::this(self.origin.as_ref()), self.clock.now())
    }
}

/// The setting that names `file`.
pub(super) const fn variable(file: PairFile) -> &'static str {
    match file {
        PairFile::Certificate => "TLS_CERT_FILE",
        PairFile::Key => "TLS_KEY_FILE",
    }
}
