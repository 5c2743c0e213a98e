//! `lucid-auth tls`: the certificates of HTTPS, to be looked at and trusted.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use serde::Serialize;
use serde_json::json;

use super::{Failure, settings::Common};
use crate::{
    config::Tls,
    domain::timestamp::Timestamp,
    http::tls::{Certificate, local, read_certificate},
};

/// Look at the certificates of HTTPS
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Print the certificate of this machine's own authority, for browsers and systems to trust
    ///
    /// The service makes it at its first start with `TLS_SELF_SIGNED`. Copied from here, it is the right one; of one that came
    /// over the network, compare the fingerprint.
    Ca {
        /// Print its SHA-256 fingerprint alone
        #[arg(long, conflicts_with = "json")]
        fingerprint: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Show the certificate that browsers get: its names, its dates, its fingerprint, and who made it
    Show {
        #[command(flatten)]
        common: Common,
    },
}

impl Arguments {
    /// Print it.
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        match self.what {
            What::Ca { fingerprint, common } => {
                let folder = local::folder(&super::load(common.settings)?.config.data_dir);
                let certificate = local::read_authority(&folder).map_err(|why| {
                    Failure::Refused(format!(
                        "no certificate authority in {}: {why}. The service makes it at its first start with \
                         TLS_SELF_SIGNED=true.",
                        folder.display()
                    ))
                })?;
                if common.json {
                    let mut json = json!(Shown::new(&certificate, None));
                    json["pem"] = certificate.pem().into();
                    writeln!(out, "{json:#}")?;
                } else if fingerprint {
                    writeln!(out, "{}", certificate.fingerprint())?;
                } else {
                    write!(out, "{}", certificate.pem())?;
                }
            }
            What::Show { common } => {
                let config = super::load(common.settings)?.config;
                let file = shown(config.tls, &config.data_dir).ok_or_else(|| {
                    Failure::Refused(
                        "HTTPS is off: set TLS_SELF_SIGNED, or TLS_CERT_FILE and TLS_KEY_FILE".into(),
                    )
                })?;
                let certificate = read_certificate(&file)
                    .map_err(|why| Failure::Refused(format!("{}: {why}", file.display())))?;
                let shown = Shown::new(&certificate, Some(file));
                if common.json {
                    writeln!(out, "{:#}", json!(shown))?;
                } else {
                    shown.print(out)?;
                }
            }
        }
        Ok(())
    }
}

/// The file of the certificate that browsers get.
fn shown(tls: Option<Tls>, data_dir: &Path) -> Option<PathBuf> {
    match tls? {
        Tls::Files { certificate, .. } => Some(certificate),
        Tls::SelfSigned => Some(local::server_file(&local::folder(data_dir))),
    }
}

/// A certificate, as it is printed.
#[derive(Serialize)]
struct Shown {
    subject: String,
    issuer: String,
    names: Vec<String>,
    valid_from: Timestamp,
    valid_until: Timestamp,
    sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<PathBuf>,
}

impl Shown {
    fn new(certificate: &Certificate, file: Option<PathBuf>) -> Self {
        Self {
            subject: certificate.subject.to_string(),
            issuer: certificate.issuer.to_string(),
            names: certificate.names.iter().map(ToString::to_string).collect(),
            valid_from: certificate.valid_from,
            valid_until: certificate.valid_until,
            sha256: certificate.fingerprint(),
            file,
        }
    }

    fn print(&self, out: &mut impl Write) -> Result<(), Failure> {
        writeln!(out, "names        {}", self.names.join(" "))?;
        writeln!(out, "subject      {}", self.subject)?;
        writeln!(out, "made by      {}", self.issuer)?;
        writeln!(out, "valid from   {}", self.valid_from)?;
        writeln!(out, "valid until  {}", self.valid_until)?;
        writeln!(out, "sha256       {}", self.sha256)?;
        if let Some(file) = &self.file {
            writeln!(out, "file         {}", file.display())?;
        }
        Ok(())
    }
}
