//! What every handler is given.

use std::sync::Arc;

use super::{
    branding::Branding, client::TrustedProxies, cors::Cors, limits::Limits, problem::Problem, quotas::Quotas,
    request::Head, tls::Certificate,
};
use crate::{
    clock::Clock,
    domain::{last::Last, origin::Origin, redirect::Sites, wallet::DeviceType},
    random::Random,
    service::{Health, Principal, Service},
};

/// The running application.
#[derive(Debug)]
pub struct App {
    /// The use cases.
    pub service: Service,
    /// Tells the time.
    pub clock: Clock,
    /// Gives random bytes.
    pub random: Random,
    /// How this service is reached, and by whom.
    pub settings: Settings,
    /// Counts the calls.
    pub quotas: Quotas,
    /// What it says about itself.
    pub about: About,
    /// What was last told of its health.
    pub health: Last<Health>,
    /// What pages show of whoever runs it.
    pub branding: Arc<Branding>,
}

impl App {
    /// Whose `token` came with the request, which counts as theirs. Everything that takes an access token asks here.
    ///
    /// # Errors
    ///
    /// [`Problem`] if the token is not good, or its user has no call left; or if it would have to be checked, and its client
    /// has sent too many that proved nothing.
    pub async fn authenticate(&self, head: &Head, token: &str) -> Result<Principal, Problem> {
        let caller = if let Some(known) = self.service.recognize(token).await {
            known?
        } else {
            self.quotas.check_unproven(head, self.clock.now())?;
            self.service.look_up(token).await?
        };
        self.quotas.count_user(head, &caller.user, self.clock.now())?;
        Ok(caller)
    }
}

/// What this service says about itself.
#[derive(Debug, Clone)]
pub struct About {
    /// Its name.
    pub service_name: String,
    /// The TRON network of the platform.
    pub tron_network: &'static str,
    /// Which hardware wallets are offered.
    pub hardware_wallets: Vec<DeviceType>,
    /// Whether a first sign-in makes an account.
    pub registration_open: bool,
}

impl Settings {
    /// The origins that browsers may be sent to, as far as `PUBLIC_URL` says which is our own.
    pub(super) fn sites(&self) -> Option<Sites<'_>> {
        self.public_url.as_ref().map(|own| Sites { own, others: &self.redirect_origins })
    }
}

/// How this service is reached, and by whom.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// What browsers see, if it was said; else each request's `Host` says it.
    pub public_url: Option<Origin>,
    /// The other origins that browsers may be sent to.
    pub redirect_origins: Vec<Origin>,
    /// Whose word about a client is taken.
    pub trusted_proxies: TrustedProxies,
    /// Which other origins may call.
    pub cors: Cors,
    /// How much a client may hold, and for how long.
    pub limits: Limits,
    /// By whose word its certificate is good, if that is an authority of this machine's own.
    pub ca: Option<Arc<Certificate>>,
}
