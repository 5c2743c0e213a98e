//! What SIGHUP does: files are read again while the service runs.

use std::sync::Arc;

use tokio::signal::unix::Signal;

use super::serve::variable;
use crate::{
    clock::Clock,
    http::{Branding, Tls, tls::Refused},
};

/// Say what in the branding folder is wrong.
pub(super) fn tell_branding(mistakes: &[String]) {
    for mistake in mistakes {
        tracing::warn!("the pages show their own instead; mend it and send SIGHUP: branding/{mistake}");
    }
}

/// Read the branding, and the certificate and its key if there are, again at each SIGHUP.
pub(super) async fn at_each(mut hangup: Signal, tls: Option<Arc<Tls>>, branding: Arc<Branding>) {
    while hangup.recv().await.is_some() {
        let branding = branding.clone();
        match tokio::task::spawn_blocking(move || branding.reload()).await {
            Ok(mistakes) => {
                tracing::info!("SIGHUP: the branding was read again");
                tell_branding(&mistakes);
            }
            Err(error) => tracing::error!(%error, "SIGHUP: the old branding stays in use"),
        }
        let Some(tls) = tls.clone() else { continue };
        match tokio::task::spawn_blocking(move || tls.reload(Clock::system().now())).await {
            Ok(Ok(())) => tracing::info!("SIGHUP: new connections get the certificate that was read again"),
            Ok(Err(refused)) => {
                for Refused { file, why } in refused {
                    tracing::error!("SIGHUP: the old certificate stays in use; {}: {why}", variable(file));
                }
            }
            Err(error) => tracing::error!(%error, "SIGHUP: the old certificate stays in use"),
        }
    }
}
