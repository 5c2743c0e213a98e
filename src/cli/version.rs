//! `lucid-auth version`: what this program is, and what it was built of.

use std::io::Write;

use super::Failure;
use crate::store::SCHEMA_VERSION;

/// Print the version, and with --verbose what it was built of
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Also the target, the cryptography of TLS, the page size and the schema of the database
    #[arg(long)]
    verbose: bool,
}

impl Arguments {
    /// Print it.
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        writeln!(out, "lucid-auth {}", env!("CARGO_PKG_VERSION"))?;
        if !self.verbose {
            return Ok(());
        }
        if let Some(commit) = option_env!("LUCID_AUTH_COMMIT") {
            writeln!(out, "commit     {commit}")?;
        }
        writeln!(out, "target     {}", env!("LUCID_AUTH_TARGET"))?;
        writeln!(out, "TLS        rustls with ring")?;
        writeln!(out, "page size  {} bytes", rustix::param::page_size())?;
        writeln!(out, "schema     {SCHEMA_VERSION}")?;
        Ok(())
    }
}
