//! The application that is served, as the settings say.

use std::sync::Arc;

use crate::{
    clock::Clock,
    config::{Config, CorsOrigins, Registration},
    domain::last::Last,
    http::{
        About, App, Branding, Limits, Quotas, Rates, Settings, client::TrustedProxies, cors::Cors,
        tls::Certificate,
    },
    random::Random,
    service::Service,
};

/// The application of `service`.
pub(super) fn app(
    config: &Config,
    service: Service,
    trusted_proxies: TrustedProxies,
    branding: Arc<Branding>,
    ca: Option<Arc<Certificate>>,
) -> App {
    let (origins, allow_any) = match &config.cors.origins {
        CorsOrigins::Any => (Vec::new(), true),
        CorsOrigins::These(origins) => (origins.clone(), false),
    };
    App {
        service,
        clock: Clock::system(),
        random: Random::system(),
        quotas: Quotas::new(config.rate_limits.map(|limits| Rates {
            public: limits.public,
            authenticated: limits.authenticated,
            admin: limits.admin,
        })),
        settings: Settings {
            public_url: config.public_url.clone(),
            redirect_origins: config.redirect_origins.clone(),
            trusted_proxies,
            cors: Cors { origins, allow_any, allow_credentials: config.cors.credentials },
            limits: Limits::default(),
            ca,
        },
        health: Last::default(),
        about: About {
            service_name: config.service_name.clone(),
            tron_network: config.tron_network.name(),
            hardware_wallets: config.hardware_wallets.clone(),
            registration_open: config.registration == Registration::Open,
        },
        branding,
    }
}
