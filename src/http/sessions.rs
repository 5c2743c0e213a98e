//! `/sessions`: where somebody is signed in.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    app::App,
    bodies::SessionBody,
    problem::Problem,
    reply::NoContent,
    request::Request,
    target::{Path, Query},
};
use crate::{
    domain::{
        id::{SessionId, UserId},
        permission::Permission,
    },
    service::{Asker, Principal},
};

/// Whose sessions.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionsQuery {
    /// Those of this user; without it, the caller's own.
    user_id: Option<UserId>,
}

/// Sessions, oldest first. A user has so few that they are not paged.
#[derive(Serialize, JsonSchema)]
pub(super) struct SessionsReply {
    sessions: Vec<SessionBody>,
}

/// List the caller's sessions, or another user's.
pub(super) async fn list(
    app: Arc<App>,
    request: Request<Principal, (), Query<SessionsQuery>>,
) -> Result<SessionsReply, Problem> {
    let caller = &request.caller;
    let sessions = app.service.sessions(caller, request.target.0.user_id.unwrap_or(caller.user.id)).await?;
    let current = caller.session.session.id;
    Ok(SessionsReply { sessions: sessions.iter().map(|live| SessionBody::new(live, current)).collect() })
}

/// Read one session.
pub(super) async fn get(
    app: Arc<App>,
    request: Request<Principal, (), Path<SessionId>>,
) -> Result<SessionBody, Problem> {
    let live = app.service.session(&request.caller, request.target.0).await?;
    Ok(SessionBody::new(&live, request.caller.session.session.id))
}

/// End one session.
pub(super) async fn delete(
    app: Arc<App>,
    request: Request<Principal, (), Path<SessionId>>,
) -> Result<NoContent, Problem> {
    app.service.end_session(&request.caller, request.target.0, request.head.client_info()).await?;
    Ok(NoContent)
}

/// How many sessions ended.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SessionsEnded")]
pub(super) struct EndedReply {
    pub(super) sessions_revoked: usize,
}

/// End all of the caller's sessions, this one too.
pub(super) async fn delete_all(
    app: Arc<App>,
    request: Request<Principal, ()>,
) -> Result<EndedReply, Problem> {
    let client = request.head.client_info();
    let sessions_revoked = app.service.sign_out(&request.caller, true, client).await?;
    Ok(EndedReply { sessions_revoked })
}

/// End all sessions of one user.
pub(super) async fn force_logout(
    app: Arc<App>,
    request: Request<Principal, (), Path<UserId>>,
) -> Result<EndedReply, Problem> {
    let asker = Asker::user(request.caller, request.head.client_info(), Permission::ForceUserLogout);
    let sessions_revoked = app.service.end_sessions_of(asker, request.target.0).await?;
    Ok(EndedReply { sessions_revoked })
}
