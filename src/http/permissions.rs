//! `/permissions`: what roles hold.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{app::App, problem::Problem, request::Request};
use crate::{
    domain::{id::UserId, permission::Permission, role::Role},
    service::{Error, Principal, UserRef},
};

/// A role, and all that it holds.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RolePermissions")]
pub(super) struct RoleBody {
    role: Role,
    permissions: Vec<Permission>,
}

impl RoleBody {
    pub(super) fn of(role: Role) -> Self {
        Self { role, permissions: role.permissions().collect() }
    }
}

/// Read what the caller may do.
pub(super) async fn own(_: Arc<App>, request: Request<Principal, ()>) -> Result<RoleBody, Problem> {
    Ok(RoleBody::of(request.caller.user.role))
}

/// Every role and every permission.
#[derive(Serialize, JsonSchema)]
pub(super) struct PolicyReply {
    roles: Vec<RoleBody>,
    permissions: Vec<PermissionBody>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PermissionDescription")]
struct PermissionBody {
    name: Permission,
    description: &'static str,
    /// The lowest role that holds it; every role above holds it too.
    lowest_role: Role,
}

/// Read the whole policy.
pub(super) async fn policy(_: Arc<App>, _: Request<Principal, ()>) -> Result<PolicyReply, Problem> {
    let describe = |name: Permission| PermissionBody {
        name,
        description: name.description(),
        lowest_role: name.lowest_role(),
    };
    Ok(PolicyReply {
        roles: Role::ALL.map(RoleBody::of).into(),
        permissions: Permission::all().map(describe).collect(),
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckRequest {
    permission: Permission,
    /// Whom it is about; without it, the caller.
    user_id: Option<UserId>,
}

/// Whether they may.
#[derive(Serialize, JsonSchema)]
pub(super) struct CheckReply {
    allowed: bool,
}

/// Tell whether somebody may do something. Another user is only for those who may view users.
pub(super) async fn check(
    app: Arc<App>,
    request: Request<Principal, CheckRequest>,
) -> Result<CheckReply, Problem> {
    let (caller, CheckRequest { permission, user_id }) = (request.caller, request.body);
    let user = match user_id {
        Some(id) if id != caller.user.id => {
            if !caller.holds(Permission::ViewAllUsers) {
                return Err(Error::PermissionMissing(Permission::ViewAllUsers).into());
            }
            Arc::new(app.service.user(UserRef::Id(id)).await?)
        }
        _ => caller.user,
    };
    // Whoever is locked out may do nothing, whatever their role.
    Ok(CheckReply { allowed: user.locked_at.is_none() && user.role.holds(permission) })
}
