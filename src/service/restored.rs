//! Telling that the database was a copy that was put back. The store notices it, and ends what must not live on.

use super::{Error, Service};
use crate::{
    domain::audit::{Action, Actor, Event},
    store::{Takeover, Tx, audit, takeover},
};

impl Service {
    /// Write it into the audit log and the log, once.
    pub(super) async fn tell_takeover(&self) -> Result<(), Error> {
        if self.0.store.read(takeover::told)?.is_none() {
            return Ok(());
        }
        let now = self.now();
        let tell = move |tx: &Tx| {
            let told = takeover::tell(tx)?;
            if let Some(Takeover { why, sessions, locked }) = &told {
                let event = Event::new(now, Action::DatabaseRestored, Actor::Service);
                let did = format!("{why}; sessions ended: {sessions}; accounts locked again: {locked}");
                audit::append(tx, &event.with(did))?;
            }
            Ok(told)
        };
        if let Some(told) = self.0.store.write(tell).await? {
            let Takeover { why, sessions, locked } = &told;
            tracing::warn!(
                why,
                sessions,
                locked,
                "the database is a copy that was put back: its sessions were ended, and who was locked since is locked again. \
                 Roles, profiles and wallets are as they were then"
            );
            // It is told once a start.
            drop(self.0.taken_over.set(told));
        }
        Ok(())
    }

    /// What was done at this start with a database that was a copy.
    #[must_use]
    pub fn taken_over(&self) -> Option<&Takeover> {
        self.0.taken_over.get()
    }
}
