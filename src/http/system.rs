//! `/system`: what the service holds and does, for the people who look after it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    app::App,
    info::{Build, HealthReply, VERSION},
    keys::KeyBody,
    problem::Problem,
    request::Request,
};
use crate::{
    domain::{role::Role, timestamp::Timestamp},
    service::{Principal, System},
};

/// What the service holds and does.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "System")]
pub(super) struct SystemReply {
    service: String,
    version: &'static str,
    build: Build,
    started_at: Timestamp,
    uptime_seconds: u64,
    /// As `/health` says it.
    health: HealthReply,
    database_bytes: u64,
    users: UserCounts,
    /// Live sessions. One that is over counts until it is removed, within the hour.
    sessions: u64,
    /// Oldest first.
    signing_keys: Vec<KeyBody>,
    /// The last 24 hours, oldest first; the last one runs still.
    sign_ins: Vec<SignInsBody>,
}

#[derive(Serialize, JsonSchema)]
struct UserCounts {
    total: u64,
    /// One of each role, the lowest first.
    by_role: Vec<RoleCount>,
    /// Those whom an admin keeps out, of any role.
    locked: u64,
}

#[derive(Serialize, JsonSchema)]
struct RoleCount {
    role: Role,
    users: u64,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SignIns")]
struct SignInsBody {
    /// When the hour begins.
    from: Timestamp,
    /// How many signed in. Kept in the database, whether the audit log is on or off.
    succeeded: u64,
    /// How many tried and were not let in: a wrong signature, a challenge that was not good, a locked account, closed
    /// registration. Counted in memory, from `started_at` on: strangers do not make the service write.
    refused: u64,
}

/// Tell what the service holds and does.
pub(super) async fn get(app: Arc<App>, _: Request<Principal, ()>) -> Result<SystemReply, Problem> {
    let System { health, started_at, database_bytes, users, counts, sessions, keys, sign_ins } =
        app.service.system().await?;
    let by_role = Role::ALL.into_iter().zip(counts.by_role);
    Ok(SystemReply {
        service: app.about.service_name.clone(),
        version: VERSION,
        build: Build::this(),
        started_at,
        uptime_seconds: health.uptime.as_secs(),
        health: HealthReply::new(&app, health),
        database_bytes,
        users: UserCounts {
            total: users,
            by_role: by_role.map(|(role, users)| RoleCount { role, users }).collect(),
            locked: counts.locked,
        },
        sessions,
        signing_keys: keys.into_iter().map(KeyBody::from).collect(),
        sign_ins: sign_ins
            .into_iter()
            .map(|one| SignInsBody {
                from: one.hour.begins(),
                succeeded: one.succeeded,
                refused: one.refused,
            })
            .collect(),
    })
}
