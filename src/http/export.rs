//! `/users/me/export`: everything that is stored about the caller.

use std::sync::Arc;

use hyper::header::{CONTENT_DISPOSITION, HeaderValue};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    app::App,
    audit::AuditEntry,
    bodies::{SessionBody, UserBody},
    hw::WalletBody,
    problem::Problem,
    reply::{self, Outcome, Reply, Response},
    request::Request,
    schemas::Schemas,
};
use crate::{domain::timestamp::Timestamp, service::Principal};

/// Everything that is stored about a user, for them to keep or to take elsewhere ([GDPR, article 20]).
///
/// [GDPR, article 20]: https://eur-lex.europa.eu/eli/reg/2016/679/oj#d1e2753-1-1
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Export")]
pub(super) struct ExportBody {
    exported_at: Timestamp,
    user: UserBody,
    hardware_wallets: Vec<WalletBody>,
    sessions: Vec<SessionBody>,
    /// What the audit log says by or about the user, newest first.
    audit_entries: Vec<AuditEntry>,
    /// Whether there are older audit entries than these 5000.
    audit_truncated: bool,
}

/// An [`ExportBody`] that a browser keeps as a file.
pub(super) struct ExportFile(ExportBody);

const DISPOSITION: HeaderValue = HeaderValue::from_static("attachment; filename=\"lucid-auth-export.json\"");

impl Reply for ExportFile {
    fn into_response(self) -> Result<Response, Problem> {
        let mut response = self.0.into_response()?;
        response.headers_mut().insert(CONTENT_DISPOSITION, DISPOSITION);
        Ok(response)
    }

    fn outcomes(schemas: &mut Schemas) -> Vec<Outcome> {
        let file = |outcome: Outcome| outcome.with(CONTENT_DISPOSITION, reply::text());
        ExportBody::outcomes(schemas).into_iter().map(file).collect()
    }
}

/// Give the caller everything that is stored about them.
pub(super) async fn get(app: Arc<App>, request: Request<Principal, ()>) -> Result<ExportFile, Problem> {
    let export = app.service.export(&request.caller).await?;
    let current = request.caller.session.session.id;
    Ok(ExportFile(ExportBody {
        exported_at: export.at,
        user: export.user.into(),
        hardware_wallets: export.hardware_wallets.into_iter().map(WalletBody::from).collect(),
        sessions: export.sessions.iter().map(|live| SessionBody::new(live, current)).collect(),
        audit_truncated: export.audit.next.is_some(),
        audit_entries: export.audit.entries.into_iter().map(AuditEntry::from).collect(),
    }))
}
