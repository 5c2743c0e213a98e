//! `/tls…`: how to trust the certificate authority of this machine's own, while it has one.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    app::App,
    code::Code,
    problem::Problem,
    reply::{self, Outcome, Reply, Response},
    request::Request,
    schemas::Schemas,
    tls::Certificate,
    web::{self, File, Page},
};
use crate::domain::timestamp::Timestamp;

/// What Android, iOS, macOS and browsers know a certificate authority by, to be installed; they take it as PEM.
const MEDIA_TYPE: &str = "application/x-x509-ca-cert";

/// The certificate of the authority.
fn authority(app: &App) -> Result<&Certificate, Problem> {
    app.settings.ca.as_deref().ok_or_else(|| Problem::new(Code::PathUnknown))
}

/// What there is to know of the authority before it is trusted.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Authority")]
pub(super) struct AuthorityReply {
    /// What systems list it as.
    name: String,
    /// SHA-256 of its certificate, to be compared with what `lucid-auth tls ca --fingerprint` prints on the machine itself.
    #[schemars(regex(pattern = "^([0-9A-F]{2}:){31}[0-9A-F]{2}$"))]
    sha256: String,
    valid_until: Timestamp,
}

/// Tell what there is to know of the authority before it is trusted.
pub(super) async fn get(app: Arc<App>, _: Request<(), ()>) -> Result<AuthorityReply, Problem> {
    let certificate = authority(&app)?;
    Ok(AuthorityReply {
        name: certificate.subject.common_name().unwrap_or_default().to_owned(),
        sha256: certificate.fingerprint(),
        valid_until: certificate.valid_until,
    })
}

/// Give its certificate.
pub(super) async fn file(app: Arc<App>, request: Request<(), ()>) -> Result<AuthorityFile, Problem> {
    let pem = authority(&app)?.pem();
    File::new(MEDIA_TYPE, pem.into_bytes(), &request.head).map(AuthorityFile)
}

/// The page that says how to trust it. It is read before that, past the browser's warning.
pub(super) async fn page(app: Arc<App>, request: Request<(), ()>) -> Result<Page, Problem> {
    authority(&app)?;
    web::page("tls/index.html", &request.head)
}

/// A certificate of an authority, to be installed.
#[derive(Debug)]
pub(super) struct AuthorityFile(File);

impl Reply for AuthorityFile {
    fn into_response(self) -> Result<Response, Problem> {
        self.0.into_response()
    }

    fn outcomes(_: &mut Schemas) -> Vec<Outcome> {
        web::outcomes(MEDIA_TYPE, reply::text())
    }
}
