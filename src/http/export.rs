//! `/users/me/export`: everything that is stored about the caller.

use std::{net::IpAddr, sync::Arc};

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    app::App,
    bodies::{SessionBody, UserBody},
    hw::WalletBody,
    problem::Problem,
    reply::Attachment,
    request::Request,
};
use crate::{
    domain::{
        attempts::Lockout,
        audit::{Action, Actor, Entry, Outcome},
        id::{SessionId, UserId},
        timestamp::Timestamp,
        wallet::Address,
    },
    service::Principal,
};

const FILE: &str = "lucid-auth-export.json";

/// Everything that is stored about a user, but for what refresh tokens are known by, for them to keep or to take
/// elsewhere ([GDPR, article 20]).
///
/// [GDPR, article 20]: https://eur-lex.europa.eu/eli/reg/2016/679/oj#d1e2753-1-1
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Export")]
pub(super) struct ExportBody {
    exported_at: Timestamp,
    user: UserBody,
    hardware_wallets: Vec<WalletBody>,
    sessions: Vec<SessionBody>,
    /// From where sign-in was locked because it failed too often; some of it may be over.
    lockouts: Vec<LockoutBody>,
    /// What the user did and what was done to them, newest first, as far as the audit log goes back.
    audit: Vec<AuditBody>,
    /// Whether there is more than that: 5000 entries are told.
    audit_truncated: bool,
}

/// A lock of sign-in for one client.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Lockout")]
struct LockoutBody {
    /// The client, or the first address of its network.
    ip: IpAddr,
    /// When it ends, if the service is not started again before.
    until: Timestamp,
}

impl From<Lockout> for LockoutBody {
    fn from(lockout: Lockout) -> Self {
        Self { ip: lockout.client.first(), until: lockout.until }
    }
}

/// Who did something, as far as the user may know.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Doer")]
enum Doer {
    /// The user.
    #[serde(rename = "self")]
    Oneself,
    /// Another user, such as an admin.
    Another,
    /// Somebody who did not show a token.
    Anonymous,
    /// Whoever runs the service.
    Operator,
    /// The service by itself.
    Service,
}

/// An entry of the audit log, without what it tells of the place and session of somebody else.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OwnAuditEntry")]
struct AuditBody {
    at: Timestamp,
    action: Action,
    outcome: Outcome,
    by: Doer,
    /// To whom.
    user_id: Option<UserId>,
    tron_address: Option<Address>,
    session_id: Option<SessionId>,
    ip: Option<IpAddr>,
    request_id: Option<String>,
    detail: Option<String>,
}

impl AuditBody {
    fn new(Entry { event, .. }: Entry, user: UserId) -> Self {
        let by = match event.actor {
            Actor::User(id) if id == user => Doer::Oneself,
            Actor::User(_) => Doer::Another,
            Actor::Anonymous => Doer::Anonymous,
            Actor::Operator => Doer::Operator,
            Actor::Service => Doer::Service,
        };
        // An admin who changed this account has a right to the same silence.
        let own = !matches!(by, Doer::Another);
        Self {
            at: event.at,
            action: event.action,
            outcome: event.outcome,
            by,
            user_id: event.subject,
            tron_address: event.address,
            session_id: event.session.filter(|_| own),
            ip: event.ip.filter(|_| own),
            request_id: event.request_id.filter(|_| own),
            detail: event.detail,
        }
    }
}

/// Export what is stored about the caller.
pub(super) async fn get(
    app: Arc<App>,
    request: Request<Principal, ()>,
) -> Result<Attachment<ExportBody>, Problem> {
    let export = app.service.export(&request.caller).await?;
    let (user, current) = (export.user.id, request.caller.session.session.id);
    let reply = ExportBody {
        exported_at: export.at,
        lockouts: export.user.lockouts.iter().copied().map(LockoutBody::from).collect(),
        user: export.user.into(),
        hardware_wallets: export.hardware_wallets.into_iter().map(WalletBody::from).collect(),
        sessions: export.sessions.iter().map(|live| SessionBody::new(live, current)).collect(),
        audit_truncated: export.audit.next.is_some(),
        audit: export.audit.entries.into_iter().map(|entry| AuditBody::new(entry, user)).collect(),
    };
    Ok(Attachment(FILE, reply))
}
